"""What every training shares.

    checkpoint   long work, put down and taken up again
    stage        a training: its steps, its checkpoints, Ctrl-C

A training can be put down at any step and taken up again.
"""
