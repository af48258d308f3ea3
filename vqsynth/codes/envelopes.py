"""An envelope: by how many dB the 24 bands of a spectrum are raised or lowered.

The bands lie evenly over ln(1 + f / 200 Hz), from 60 Hz to half the sample rate: a little closer at the top than over
octaves. Between two of them dB go straight over that scale, so that a band is a triangle; under the lowest the spectrum
moves as the lowest does.

Sounds from elsewhere, encoded with an envelope: log-spectral distance, spectral convergence and mel-cepstral distance
with 16, 24 and 32 bands 7.9 dB, .38, 3.9 dB; 7.6, .33, 3.1; 7.5, .31, 2.9. Evenly over octaves, 24 bands 7.7, .33, 3.2.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.frames import Floats, FrameGrid

BANDS = 24
LOWEST_BAND_HZ, WARP_HZ = 60.0, 200.0
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
    array (24,)
        From 60 Hz to half the sample rate.

    """
    low, high = _warp(np.array([LOWEST_BAND_HZ, grid.sr / 2]))
    return WARP_HZ * np.expm1(np.linspace(low, high, BANDS))


def spread_bands(envelope_db: Floats, grid: FrameGrid) -> Floats:
    """Tell what envelopes do to each bin.

    Parameters
    ----------
    envelope_db : array (T, 24) float32
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
    place = np.interp(_warp(grid.frequencies_hz.astype(np.float64)), _warp(band_centres(grid)), np.arange(BANDS))
    below = np.minimum(place.astype(np.int64), BANDS - 2)
    return below, (place - below).astype(np.float32)


def measure_bands(power: NDArray[np.float64], grid: FrameGrid) -> NDArray[np.float64]:
    """Sum the power of frames in each band, as a triangle.

    Parameters
    ----------
    power : array (T, n_bins)
        Squared magnitudes.
    grid : FrameGrid
        The clock of the spectra.

    Returns
    -------
    array (T, 24)

    """
    return np.asarray(power @ _triangles(grid))


@lru_cache(maxsize=8)
def _triangles(grid: FrameGrid) -> NDArray[np.float64]:
    below, between = _places(grid)
    triangles, bins = np.zeros((grid.n_bins, BANDS)), np.arange(grid.n_bins)
    triangles[bins, below] = 1 - between
    triangles[bins, below + 1] = between
    return triangles


def _warp(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log1p(hz / WARP_HZ)
