"""How often each frame of a corpus is drawn."""

import numpy as np
from numpy.typing import NDArray

from vqsynth.training.codebook.corpus import Corpus

TRANSPOSED_SHARE = 0.4
"""The share of draws that goes to transposed copies, where a corpus has them."""


def sampling_weights(corpus: Corpus) -> NDArray[np.float64]:
    """Weigh the frames, (T,), summing to 1: all originals alike, and a fixed share for their transposed copies."""
    n_original = int(corpus.is_original.sum())
    n_copies = len(corpus.is_original) - n_original
    if not n_copies:
        return np.full(n_original, 1.0 / n_original)
    return np.where(corpus.is_original, (1 - TRANSPOSED_SHARE) / n_original, TRANSPOSED_SHARE / n_copies)
