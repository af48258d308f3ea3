"""Magnitude spectra split into partials and noise, once per code. The `coherent` excitation looks its phases up here.

The peaks of a spectrum are partials, and the bins around a peak belong to it (Laroche, Dolson, "Improved phase vocoder
time-scale modification of audio", 1999). A peak that does not stand out of its surroundings is noise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.frames import Floats, FrameGrid

PROMINENCE_DB = 9.0
"""How far a peak must stand over the median of its surroundings to be tonal (measured on violin: 10 % of the bins,
97 % of the power)."""
SURROUNDINGS = 41
"""Number of bins of that median."""
LOBE = 2
"""Number of bins to either side of a peak that the main lobe of a Hann window covers."""


@dataclass(frozen=True)
class Partials:
    """Hold the partials of K spectra.

    Parameters
    ----------
    frequency : (K, n_bins) float32
        Frequency, in bins, of the partial that each bin belongs to.
    peak : (K, n_bins) int16
        The bin in which that partial peaks.
    advance : (K, n_bins) float32
        Phase advance in radians, see `phase_advance`.
    tonal : (K, n_bins) bool
        Whether the bin sounds with the phase of the partial, or as noise.

    """

    frequency: Floats
    peak: NDArray[np.int16]
    advance: Floats
    tonal: NDArray[np.bool_]


def phase_advance(frequency: Floats, peak: NDArray[np.int16], grid: FrameGrid) -> Floats:
    """Return by how many radians the phase of each bin advances over a hop, from the phase that its peak had.

    Neighbours inside the main lobe of a Hann window have opposite signs.

    Parameters
    ----------
    frequency : (..., n) float32
        Frequency of the partial that each bin belongs to, in bins, from the first bin on.
    peak : (..., n) int16
        The bin in which that partial peaks.
    grid : FrameGrid
        Window and hop.

    Returns
    -------
    (..., n) float32

    """
    turns = frequency * np.float32(grid.hop_length / grid.n_fft)
    opposite = (np.arange(frequency.shape[-1], dtype=np.int16) - peak) & 1
    # the remainder by 1, exactly, and eight times faster than by %
    advance: Floats = np.float32(2 * np.pi) * (turns - np.floor(turns)) + np.float32(np.pi) * opposite
    return advance


def find_partials(magnitudes: Floats, grid: FrameGrid) -> Partials:
    """Split every spectrum into partials and noise.

    The frequency of a peak comes from a parabola through the log magnitudes of the peak and its neighbours. The bins
    between two peaks are divided at the valley between them.

    Parameters
    ----------
    magnitudes : (K, n_bins) float32
        Linear magnitudes.
    grid : FrameGrid
        Window and hop.

    Returns
    -------
    Partials

    """
    log = np.log(np.maximum(magnitudes, 1e-9)).astype(np.float32)
    is_peak = np.zeros(log.shape, bool)
    is_peak[:, 1:-1] = (log[:, 1:-1] > log[:, :-2]) & (log[:, 1:-1] >= log[:, 2:])
    rows, bins = np.nonzero(is_peak)
    left, top, right = log[rows, bins - 1], log[rows, bins], log[rows, bins + 1]
    offset = np.clip(0.5 * (left - right) / np.minimum(left - 2 * top + right, -1e-9), -0.5, 0.5)
    owner = _nearest_peak(log, is_peak)
    peak = np.append(bins, 0)[owner].astype(np.int16)
    distance = np.arange(grid.n_bins, dtype=np.int32) - peak
    frequency = np.append(bins + offset, 0.0)[owner].astype(np.float32)
    prominent = top - _median_around(log, rows, bins) > PROMINENCE_DB * np.log(10) / 20
    tonal = np.append(prominent, False)[owner] & (np.abs(distance) <= LOBE)
    return Partials(frequency, peak, phase_advance(frequency, peak, grid), tonal)


def _nearest_peak(log: Floats, is_peak: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return, for each bin, the running number of the peak on whose hill it stands, or -1 in a row without peaks."""
    is_valley = np.zeros(log.shape, bool)
    is_valley[:, 1:-1] = (log[:, 1:-1] <= log[:, :-2]) & (log[:, 1:-1] < log[:, 2:])
    climbs = np.cumsum(is_valley, axis=1)
    before = np.cumsum(is_peak, axis=1)
    per_row = before[:, -1:]
    # Hill h of a row holds its peak h, except that a row which starts by falling has a hill without a peak first.
    first_hill = np.take_along_axis(climbs, np.argmax(is_peak, axis=1)[:, None], axis=1)
    within = np.clip(climbs - first_hill, 0, np.maximum(per_row - 1, 0))
    starts = np.concatenate([[0], np.cumsum(per_row[:-1, 0])])[:, None]
    return np.where(per_row > 0, starts + within, -1)


def _median_around(log: Floats, rows: NDArray[np.intp], bins: NDArray[np.intp]) -> Floats:
    """Return the median of the bins around each peak. The spectrum is mirrored at its ends."""
    half = SURROUNDINGS // 2
    padded = np.pad(log, ((0, 0), (half, half)), mode="symmetric")
    around = np.lib.stride_tricks.sliding_window_view(padded, SURROUNDINGS, axis=1)[rows, bins]
    around.partition(half, axis=1)
    return around[:, half]
