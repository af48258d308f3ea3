"""From a folder of sounds to a codebook or a continuous model.

    core/         what every training shares
    codebook/     sounds to a codebook
    continuous/   sounds to a continuous model

Torch is imported by all that train.
"""
