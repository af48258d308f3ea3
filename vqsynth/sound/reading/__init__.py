"""What sound files hold, whatever their headers promise.

    splicing      parts of a file read as one
    headers       what the headers promise, and what is there
    rareheaders   those of formats that one meets seldom
    mpeg          the frames of an MP3
    ogg           the pages of an Ogg
    flac          the frames of a FLAC
    layouts       what of a sound file libsndfile is shown
    blocks        sound files read block by block

Headers hold estimates and placeholders as often as facts: what can be decoded is read, and what is missing is said.
"""
