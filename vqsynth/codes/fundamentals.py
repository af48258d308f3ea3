"""The strength of a code's fundamental. Some listeners, and most pitch trackers, find a pitch by it.

In a low string or a vowel, the second or third partial may be 20 dB and more above the first. Autocorrelation still
finds the pitch; a tracker of the fundamental hears an octave up, or nothing.
"""

import numpy as np

from vqsynth.sound.frames import Floats, FrameGrid

FAINTEST_DB = -120.0


def measure_fundamentals(magnitudes: Floats, pitches_hz: Floats, grid: FrameGrid) -> Floats:
    """Compare the fundamental of each spectrum with its strongest bin.

    Parameters
    ----------
    magnitudes : (K, n_bins) float32
        Linear magnitudes.
    pitches_hz : (K,) float32
        The pitch of each spectrum in Hz, NaN for none.
    grid : FrameGrid
        Sample rate and window.

    Returns
    -------
    (K,) float32
        Level of the fundamental in dB, 0 or less; NaN without a pitch. The fundamental is the largest of the three bins
        about its frequency.

    """
    place = np.nan_to_num(pitches_hz) * grid.n_fft / grid.sr
    bins = np.clip(np.rint(place).astype(np.int64)[:, None] + np.arange(-1, 2), 0, grid.n_bins - 1)
    nearby = np.take_along_axis(magnitudes, bins, axis=1).max(axis=1)
    level_db = 20 * np.log10(np.maximum(nearby / magnitudes.max(axis=1), 10 ** (FAINTEST_DB / 20)))
    return np.where(np.isnan(pitches_hz), np.float32(np.nan), level_db).astype(np.float32)
