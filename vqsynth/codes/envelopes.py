"""An envelope: by how many dB the 16 bands of a spectrum are raised or lowered.

The bands lie log-spaced from 60 Hz to half the sample rate. Between two of them dB go straight over the logarithm of
the frequency, so that a band is a triangle; under the lowest the spectrum moves as the lowest does.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.frames import Floats, FrameGrid

BANDS = 16
LOWEST_BAND_HZ = 60.0
ENVELOPE_DECIMALS = 1
"""Envelopes are kept to a tenth of a decibel, so that a path file says exactly what is rendered and stays small."""


def band_centres(grid: FrameGrid) -> NDArray[np.float64]:
    """List the centres of the bands in Hz.

    Parameters
    ----------
    grid : FrameGrid
        The clock of the spectra.

    Returns
    -------
    array (16,)
        From 60 Hz to half the sample rate.

    """
    return np.geomspace(LOWEST_BAND_HZ, grid.sr / 2, BANDS)


def spread_bands(envelope_db: Floats, grid: FrameGrid) -> Floats:
    """Tell what envelopes do to each bin.

    Parameters
    ----------
    envelope_db : array (T, 16) float32
        A row for each frame, in dB.
    grid : FrameGrid
        The clock of the spectra.

    Returns
    -------
    array (T, n_bins) float32
        In dB. A row depends on nothing but its envelope: any number of frames at a time gives the same numbers.

    """
    below, between = _places(grid)
    steps = np.diff(envelope_db, axis=1)
    gains_db: Floats = np.take(steps, below, axis=1)
    gains_db *= between
    gains_db += np.take(envelope_db, below, axis=1)
    return gains_db


@lru_cache(maxsize=8)
def _places(grid: FrameGrid) -> tuple[NDArray[np.int64], Floats]:
    """Tell of each bin, (n_bins,), which band lies under it, and how far it is on the way to the next, 0 to 1."""
    centres = np.log(band_centres(grid))
    place = np.interp(np.log(np.maximum(grid.frequencies_hz.astype(np.float64), 1.0)), centres, np.arange(BANDS))
    below = np.minimum(place.astype(np.int64), BANDS - 2)
    return below, (place - below).astype(np.float32)
