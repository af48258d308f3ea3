"""How far from the sounds of the world what comes out of a model's decoder may lie."""

import numpy as np

from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import EPS

LARGEST_MEL = 3.0
"""Of log mel bands, natural logarithms: those of a sinusoid come to 0.2 at most, at 40 Hz, of all the largest."""


def bound_mel(log_mel: Floats) -> Floats:
    """Keep decoded log mel bands where those of sounds are, however far a path was bent."""
    return np.clip(log_mel, np.float32(np.log(EPS)), np.float32(LARGEST_MEL))
