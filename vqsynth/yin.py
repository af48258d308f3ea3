"""Pitch by YIN (de Cheveigné, Kawahara, "YIN, a fundamental frequency estimator for speech and music", 2002).

Batched over frames through the FFT. After the first dip of the normalised difference is found, its lag is refined at
2, 4, 8 ... times the period, as far as the frame reaches: a short period is thereby measured over many.
"""

import numpy as np
from numpy.typing import NDArray

from vqsynth.frames import Floats, FrameGrid

THRESHOLD = 0.15
"""A dip of the normalised difference under this counts as periodic; the paper has 0.1 to 0.15."""
SHORT_LAG_THRESHOLD = 0.3
"""The same for lags of a few samples, where a dip falls between two of them."""
HIGHEST_HZ = 4000.0


def estimate_pitch(frames: Floats, grid: FrameGrid) -> tuple[Floats, Floats]:
    """Estimate fundamental and confidence of frames.

    frames: (..., n_fft), not windowed. Returns f0 in Hz and a confidence from 0 to 1, (...) each. The lowest pitch has
    three periods in a frame. A silent frame gets NaN and 0, and so do one too short for the highest pitch, and a tone
    above it.
    """
    x = frames.reshape(-1, grid.n_fft)
    shortest, n_lags = max(2, int(grid.sr / HIGHEST_HZ)), grid.n_fft // 3 + 2
    if shortest + 2 > n_lags:  # the window is too short for any pitch
        return np.full(frames.shape[:-1], np.nan, np.float32), np.zeros(frames.shape[:-1], np.float32)
    difference = _difference(x, n_lags)
    lags = np.arange(difference.shape[1], dtype=np.float32)
    total = np.cumsum(difference, axis=1)
    normal = np.ones_like(difference)
    np.divide(difference * lags, total, out=normal, where=total > 1e-12)
    lag = _first_dip(normal, shortest)
    period = _refine(difference, lag)
    depth = np.take_along_axis(normal, lag[:, None], axis=1)[:, 0]
    audible = (total[:, -1] > 1e-12) & ~_is_higher(normal, shortest)
    f0_hz = np.where(audible, grid.sr / period, np.nan).astype(np.float32)
    confidence = np.where(audible, np.clip(1 - depth, 0, 1), 0).astype(np.float32)
    return f0_hz.reshape(frames.shape[:-1]), confidence.reshape(frames.shape[:-1])


def _difference(x: Floats, n_lags: int) -> Floats:
    """Sum (x[j] - x[j + lag])**2 over the first n_fft - n_lags samples, for every lag: equation 6 of the paper."""
    n_fft = x.shape[1]
    width = n_fft - n_lags
    start = np.zeros_like(x)
    start[:, :width] = x[:, :width]
    product = np.conj(np.fft.rfft(start, axis=1)) * np.fft.rfft(x, axis=1)
    correlation = np.fft.irfft(product, axis=1)[:, :n_lags]
    energy = np.pad(np.cumsum(x.astype(np.float64) ** 2, axis=1), ((0, 0), (1, 0)))
    moving = energy[:, width : width + n_lags] - energy[:, :n_lags]
    return np.maximum(moving[:, :1] + moving - 2 * correlation, 0).astype(np.float32)


def _is_higher(normal: Floats, shortest: int) -> NDArray[np.bool_]:
    """Find the frames whose first dip lies at a lag shorter than that of the highest pitch."""
    inner = normal[:, 2:shortest]
    is_dip = (inner < normal[:, 1 : shortest - 1]) & (inner <= normal[:, 3 : shortest + 1])
    return np.asarray((is_dip & (inner < SHORT_LAG_THRESHOLD)).any(axis=1))


def _first_dip(normal: Floats, shortest: int) -> NDArray[np.intp]:
    """Find the first local minimum under the threshold, or the deepest where there is none."""
    inner = normal[:, shortest:-1]
    is_dip = (inner < normal[:, shortest - 1 : -2]) & (inner <= normal[:, shortest + 1 :])
    good = is_dip & (inner < THRESHOLD)
    deepest = np.argmin(np.where(is_dip, inner, np.float32(2)), axis=1)
    first: NDArray[np.intp] = np.where(good.any(axis=1), np.argmax(good, axis=1), deepest) + shortest
    return first


def _refine(difference: Floats, lag: NDArray[np.intp]) -> NDArray[np.float64]:
    """Place the dip between the samples by a parabola, then again at doubled lags while these are inside."""
    rows, longest = np.arange(len(lag)), difference.shape[1] - 2
    period = _vertex(difference, rows, lag)
    times = np.ones(len(lag), np.int64)
    for _ in range(int(np.log2(longest))):
        doubled = 2 * times
        guess = np.rint(doubled * period).astype(np.int64)
        inside = guess + 1 <= longest
        place = np.where(inside, guess, lag)
        nearby = np.stack([difference[rows, place + k] for k in (-1, 0, 1)])
        place = place + np.argmin(nearby, axis=0) - 1
        inside &= (place >= 1) & (place <= longest)
        place = np.clip(place, 1, longest)
        period = np.where(inside, _vertex(difference, rows, place) / doubled, period)
        times = np.where(inside, doubled, times)
    return period


def _vertex(values: Floats, rows: NDArray[np.intp], place: NDArray[np.intp]) -> NDArray[np.float64]:
    left, middle, right = (values[rows, place + k].astype(np.float64) for k in (-1, 0, 1))
    curvature = np.maximum(left - 2 * middle + right, 1e-12)
    offset = np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)
    return place.astype(np.float64) + offset
