"""Curves to a sound and its report: rendered, measured, corrected.

    limits       how far the correction may move each control
    steps        Newton steps of many independent values
    report       measuring what was asked and what was got
    striking     onsets where loudness rises
    choosing     curves to a path of codes, by the table alone
    record       the report as a record
    reach        how much of some targets a codebook can meet
    bending      envelopes moved against several errors at once
    correction   moving the controls of a path against the measured error
    mixing       several paths moved against the errors of their mix
    layers       several paths that sound together
    synthesis    curves to a sound and its report
    translation  a path of one codebook played by another
    batch        many sounds and one summary

The command line and `Codebook` both call these modules.
"""
