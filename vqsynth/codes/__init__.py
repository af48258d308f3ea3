"""The codes of a codebook: their spectra, their descriptors, and the search among them.

    controls       tilt, transposition, fundamental: what moves the spectrum of a code
    spectra        every code to its spectrum, every spectrum to its short sound
    voice          frames pushed into a voice, sound given
    runs           rows of codes as a person writes them, a run an entry
    pathtext       path files as text
    fundamentals   how strong the fundamental of a spectrum is
    filters        the language of table filters
    spreadsheet    tables as CSV, JSON and HTML
    table          the descriptors of every code: sort, filter, scale
    record         what a codebook holds, as one record
    measuring      the codes measured into their table
    index          the nearest codes
    nearest        the model of a codebook without a network
    selection      a code for every frame: the nearest, or the best path
    projection     the codes in two dimensions

A code is a sound: its spectrum is the same in every context, so what is measured once holds everywhere.
"""
