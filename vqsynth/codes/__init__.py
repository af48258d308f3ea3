"""The codes of a codebook: their spectra, their descriptors, and the search among them.

    controls       tilt, transposition, fundamental: what moves the spectrum of a code
    spectra        the spectrum of every code, and its descriptors
    voice          sound from codes, live: push frames, get samples
    runs           rows of codes as a person writes them, an entry per run
    pathtext       path files as text
    fundamentals   the strength of the fundamental in a spectrum
    filters        the language of table filters
    spreadsheet    tables as CSV, JSON and HTML
    table          the descriptors of every code: sort, filter, scale
    reaching       the values that the codes surely have
    record         everything that a codebook holds, as one record
    display        a notebook's view of a codebook
    measuring      the measurement of all codes into a table
    index          the nearest codes
    selection      a code for every frame: the nearest, or the best path
    projection     the codes in two dimensions

A code is a sound. Its spectrum is the same in every context, so a descriptor that is measured once holds everywhere.
"""
