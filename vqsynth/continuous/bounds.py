"""Limits of the mel spectra that a decoder returns."""

import numpy as np

from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import EPS

LARGEST_MEL = 3.0
"""The largest natural logarithm of a mel band. A sinusoid reaches 0.2 at most, at 40 Hz; other sounds reach less."""


def bound_mel(log_mel: Floats) -> Floats:
    """Clip decoded log mel bands to the range of real sounds, however far a path was bent."""
    return np.clip(log_mel, np.float32(np.log(EPS)), np.float32(LARGEST_MEL))
