"""What every training shares.

    sounds       the sounds, as one waveform in memory
    checkpoint   long work, put down and taken up again
    trainer      the state of a training, and what its steps share
    stage        a training: its steps, its checkpoints, Ctrl-C

A training can be put down at any step and taken up again.
"""
