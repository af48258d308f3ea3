"""How strong the fundamental of a code is, by which some listeners and most trackers of the fundamental find a pitch.

A low string or a vowel may have its second and third partial 20 dB and more over the first. Autocorrelation hears the
pitch all the same, a tracker of the fundamental hears an octave up, or nothing.
"""

import numpy as np

from vqsynth.sound.frames import Floats, FrameGrid

FAINTEST_DB = -120.0


def measure_fundamentals(magnitudes: Floats, pitches_hz: Floats, grid: FrameGrid) -> Floats:
    """Compare the fundamental of spectra to their strongest bin, in dB of 0 and less, NaN where there is no pitch.

    magnitudes: (K, n_bins), linear. pitches_hz: (K,). Returns (K,); a fundamental is the largest of the three bins
    about it.
    """
    place = np.nan_to_num(pitches_hz) * grid.n_fft / grid.sr
    bins = np.clip(np.rint(place).astype(np.int64)[:, None] + np.arange(-1, 2), 0, grid.n_bins - 1)
    nearby = np.take_along_axis(magnitudes, bins, axis=1).max(axis=1)
    level_db = 20 * np.log10(np.maximum(nearby / magnitudes.max(axis=1), 10 ** (FAINTEST_DB / 20)))
    return np.where(np.isnan(pitches_hz), np.float32(np.nan), level_db).astype(np.float32)
