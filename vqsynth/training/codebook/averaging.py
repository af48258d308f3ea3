"""The spectrum of a code as the mean of the log spectra of its frames, at unit energy."""

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.arrays import Doubles
from vqsynth.sound.frames import rfft
from vqsynth.training.codebook.corpus import Corpus

SPECTRUM_FLOOR = 2e-4
"""Added to magnitudes, of white noise about 1, before their logarithm: with .002 lsd is .06 dB worse, with .006 .4."""
_FRAMES_AT_ONCE = 512


def average_spectra(corpus: Corpus, codes: NDArray[np.int64], n_codes: int) -> Doubles:
    """Average the log magnitudes of the frames of each code, each counted as often as it is drawn.

    Parameters
    ----------
    corpus : Corpus
        The T frames.
    codes : array (T,) of int64
        The code of each.
    n_codes : int
        How many codes there are.

    Returns
    -------
    array (n_codes, n_bins)
        Linear magnitudes, those of white noise about 1. A code without frames has those of all frames.

    """
    weights = corpus.sampling_weights() * corpus.n_frames
    sums, totals = np.zeros((n_codes, corpus.grid.n_bins)), np.bincount(codes, weights, minlength=n_codes)
    for start in range(0, corpus.n_frames, _FRAMES_AT_ONCE):
        block = slice(start, start + _FRAMES_AT_ONCE)
        windows = corpus.windows(block) * corpus.grid.window
        size = np.maximum(np.linalg.norm(windows, axis=1, keepdims=True), np.float32(1e-30))
        magnitudes = np.abs(rfft(windows / size))
        order = np.argsort(codes[block], kind="stable")
        found, first = np.unique(codes[block][order], return_index=True)
        logs = np.log(magnitudes + np.float32(SPECTRUM_FLOOR))[order] * weights[block][order, None]
        sums[found] += np.add.reduceat(logs, first, axis=0)
    empty = totals == 0
    sums[empty], totals[empty] = sums.sum(axis=0), totals.sum()
    return np.exp(sums / totals[:, None])
