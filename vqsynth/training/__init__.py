"""From a folder of sounds to a discrete model, which is a codebook, or a continuous model.

    core/         what both trainings share
    codebook/     sounds to a codebook
    continuous/   sounds to a continuous model

Training imports torch.
"""
