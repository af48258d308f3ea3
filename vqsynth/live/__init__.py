"""A codebook played live: targets come in by OSC, MIDI or as a sound, and sound goes out, block by block.

    asking      what is asked at the moment
    choice      the code of the next frame
    shaping     transposition, tilt and gain of the next frame
    metering    what went out, and what its errors teach
    sounding    a codebook that sounds, frame after frame
    recording   what was played, as paths
    parts       the voices of a player
    listening   a sound that comes in, as targets or codes
    player      commands in, blocks of any size out
    addresses   what can be said, and how values are read
    desk        what is said by address and value, sent to the player
    session     blocks that are timed, and what can be told
    cards       sound cards
    osc         OSC in and out
    mapping     what MIDI controls, as a file
    keyboard    notes and controllers of MIDI and MPE
    midi        MIDI files and ports
    gliding     the continuous model

Nothing knows what comes next. A frame is heard half a window after it is asked for. Gliding alone imports torch.
"""
