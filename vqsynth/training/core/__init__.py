"""What every training shares.

    sounds       the sounds, as one waveform in memory
    checkpoint   long work, put down and taken up again
    trainer      the state of a training, and what its steps share
    claims       whose a folder of checkpoints is meanwhile
    job          what is to be trained on; how that begins and ends
    held_out     held-out sounds, measured one by one
    stage        a training: its steps, its checkpoints, Ctrl-C

A training can be put down at any step and taken up again.
"""
