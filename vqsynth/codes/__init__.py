"""The codes of a codebook: their spectra, their descriptors, and the search among them.

    envelopes      24 bands of a spectrum, raised or lowered
    controls       transposition, tilt, envelope, fundamental: what moves the spectrum of a code
    spectra        the spectrum of every code, and its descriptors
    voice          sound from codes, live: push frames, get samples
    runs           rows of codes as a person writes them, an entry per run
    onsets         how sounds set in, in codes and levels
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
    nearest        the model of a codebook without a network: centres in mel bands
    matching       the code of each frame of a sound by its spectrum
    encoding       a sound to codes, gains, and what it has besides
    motion         how long codes are held
    selection      a code for every frame: the nearest, or the best path
    projection     the codes in two dimensions

A code is a sound. Its spectrum is the same in every context, so a descriptor that is measured once holds everywhere.
"""
