"""Curves to a sound and its report: rendered, measured, corrected.

    limits       how far controls are moved, at most
    steps        Newton steps of many values, each on its own
    report       what was asked and what was got
    choosing     curves to a path of codes, by the table alone
    record       the report as a record
    display      what a notebook shows of a sound
    reach        what of a demand is within reach
    bending      envelopes moved against several errors at once
    correction   controls moved against the measured error
    layers       several paths that sound together
    synthesis    curves to a sound and its report
    translation  a path played by another codebook
    batch        many sounds, one summary

The command line and Python both come here.
"""
