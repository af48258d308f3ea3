"""Curves as people write them, and the values that they ask of a codebook, frame by frame.

    shapes      lines, sines, steps: curves as functions of time
    values      values as people write them: 2k, A4, p50+100
    cells       numbers, times and gaps as other programs write them
    tables      tables of time and value, written by other programs
    praat       files of Praat
    files       curves from files
    sources     files and sounds as curves, and changes of their values
    language    the language of curves, from text, files and numbers
    misses      errors: how far a sound is from a target
    ranges      targets brought into the range of a codebook
    listening   the descriptors of a sound, as targets
    targets     the target of every frame

The modules from shapes to language know nothing of codes, and the continuous model uses them too.
"""
