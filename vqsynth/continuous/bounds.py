"""How far from the sounds of the world what goes into a model, and what comes out of its decoder, may lie."""

import numpy as np

from vqsynth.continuous.mel import EPS
from vqsynth.errors import AudioError
from vqsynth.frames import Floats

LARGEST_SAMPLE = 1e5
"""100 dB over full scale."""
LARGEST_MEL = 3.0
"""Of log mel bands, natural logarithms: those of a sinusoid come to 0.2 at most, at 40 Hz, of all the largest."""


def check_level(y: Floats) -> Floats:
    """Refuse samples (n,) far beyond full scale, whose loudness no latent path could hold. Raises AudioError."""
    peak = float(np.abs(y).max())
    if peak > LARGEST_SAMPLE:
        raise AudioError(f"y must lie near full scale, -1 to 1 (got a peak of {peak:.3g}); scale it down before")
    return y


def bound_mel(log_mel: Floats) -> Floats:
    """Keep decoded log mel bands where those of sounds are, however far a path was bent."""
    return np.clip(log_mel, np.float32(np.log(EPS)), np.float32(LARGEST_MEL))
