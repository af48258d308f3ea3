"""Sound files decoded in spite of wrong headers.

    splicing      parts of a file read as one
    headers       the length that headers promise, and the length that is there
    rareheaders   the headers of rare formats
    mpeg          the frames of an MP3
    ogg           the pages of an Ogg
    flac          the frames of a FLAC
    layouts       the parts of a sound file that libsndfile reads
    blocks        sound files read block by block

Headers hold estimates and placeholders as often as facts. So all that can be decoded is read, and a warning tells what
is missing.
"""
