"""Curves as people write them, and what they ask of a codebook, frame by frame.

    shapes      lines, sines, steps: curves as functions of time
    values      values as people write them: 2k, A4, p50+100
    cells       numbers, times and gaps as other programs write them
    tables      tables of time and value of other programs
    praat       tiers of Praat
    files       curves from files
    sources     files and sounds as curves, and what is done to them on the way
    language    the language of curves, from text, files and numbers
    misses      how far from a target, in its unit and over its range
    ranges      targets brought into the range of a codebook
    listening   what a sound has, to be asked for
    targets     what is asked for, frame by frame

Down to the language, the room knows nothing of codes and serves the continuous model too.
"""
