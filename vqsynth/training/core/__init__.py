"""What both trainings share. A training can be stopped at any step and resumed.

The modules, in order:

    sounds       the sounds, as one waveform in memory
    checkpoint   files that a training is resumed from
    trainer      the state of a training: modules, optimizers, random draws
    claims       locks that keep other trainings off a folder of checkpoints
    job          the sounds and options of a training; how it begins and ends
    held_out     measuring held-out sounds one by one
    stage        running a training: steps, checkpoints, Ctrl-C
"""
