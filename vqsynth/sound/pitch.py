"""Pitch by YIN (de Cheveigné, Kawahara, "YIN, a fundamental frequency estimator for speech and music", 2002).

The dip is chosen as pYIN does it (Mauch, Dixon, "pYIN: a fundamental frequency estimator using probabilistic threshold
distributions", 2014), without its hidden Markov model, so that a frame knows nothing of the others: not the first dip
under one threshold, but the one that most thresholds would choose. A bass whose even partials are strong has a dip at
half its period, and a far deeper one at the period.

Every lag compares as much of the frame as there is, so that the two halves lie evenly about its centre: a pitch that
glides is the one at the centre. All is batched over frames through the FFT. A lag that is found is refined at 2, 4, 8
... times the period, as far as the frame reaches: a short period is thereby measured over many.
"""

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.frames import Floats

LONGEST_S = 4096 / 44100
"""How much of a sound a pitch is looked for in, in seconds; what is not low is looked for in the half of it about the
centre, since a voice glides too far in the whole."""
HIGHEST_HZ = 4000.0
LOWEST_HZ = 30.0
USABLE_CONFIDENCE = 0.8
"""Below this confidence a pitch is no pitch."""
THINNED_HZ = 11025
"""A low pitch is looked for at about this rate."""
LONG_COST = 0.2
"""By how much the longest lag is dearer than none: of several periods one is meant. Without it, sounds whose partials
are not quite in tune, mixed codes most of all, are heard at a fifth or a tenth of their pitch."""
_PRIMES = (2, 2, 2, 3, 3, 5, 7)  # by which a lag is divided
_HOPELESS = 0.7  # a normalised difference about a part of a lag that rules the part out
_PRIOR = 18
"""Thresholds are spread as pYIN's, by the beta distribution of 2 and 18, with a mean of 0.1."""
_QUIETEST, _FAINTEST = 1e-9, 1e-6  # under this, and under this share of an offset, a frame holds rounding and no sound


def count_samples(sr: int) -> int:
    """Count the samples of the frames that `estimate_pitch` looks at, a multiple of 4."""
    return 4 * max(2, round(LONGEST_S * sr / 4))


def estimate_pitch(frames: Floats, sr: int) -> tuple[Floats, Floats]:
    """Estimate fundamental and confidence of frames.

    frames: (..., n), not windowed, n of `count_samples`. Returns f0 in Hz and a confidence from 0 to 1, (...) each. A
    silent frame gets NaN and 0, and so does a tone above the highest pitch.
    """
    x = frames.reshape(-1, frames.shape[-1])
    quarter = x.shape[1] // 4
    period, depth = _find_periods(x[:, quarter : 3 * quarter], sr, LONG_COST)
    # A dip at a half or a third of a period that does not fit the short frame may stand for it. That of the long frame
    # is twice as deep then, else it may be another string that sounds along (a double bass's E2 beside its open E1).
    low = np.flatnonzero((depth > 1 - USABLE_CONFIDENCE) | (period > quarter / 3))
    thinning = 4 if sr >= 4 * THINNED_HZ else 2 if sr >= 2 * THINNED_HZ else 1
    long_period, long_depth = _find_periods(_thin(x[low], thinning), sr / thinning, LONG_COST / 2)
    better = (thinning * long_period > quarter / 2) & (long_depth < depth[low] / 2)
    period[low[better]], depth[low[better]] = thinning * long_period[better], long_depth[better]
    heard = period >= 0.99 * sr / HIGHEST_HZ
    f0_hz = np.divide(sr, period, out=np.full_like(period, np.nan), where=heard)
    confidence = np.where(heard, 1 - depth, 0)
    shape = frames.shape[:-1]
    return f0_hz.astype(np.float32).reshape(shape), confidence.astype(np.float32).reshape(shape)


def _level(x: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Take the offset out of frames, bring their peaks to 1, and find those that hold a sound."""
    offset = x.mean(axis=1, keepdims=True)
    x = x - offset
    peak = np.abs(x).max(axis=1, keepdims=True)
    audible = peak > np.maximum(_QUIETEST, _FAINTEST * np.abs(offset))
    return np.divide(x, peak, out=np.zeros_like(x), where=audible), audible[:, 0]


def _thin(x: Floats, times: int) -> Floats:
    """Keep the lower part of the spectrum of frames (B, n) in so many times fewer samples, n a multiple of `times`."""
    n = x.shape[1] // times
    return np.fft.irfft(np.fft.rfft(x, axis=1)[:, : n // 2 + 1], n, axis=1).astype(np.float32, copy=False)


def _find_periods(x: Floats, sr: float, cost: float) -> tuple[NDArray[np.float64], Floats]:
    """Find periods in samples and the depths of their dips, (B,) each, NaN and 1 where there is none. x: (B, n)."""
    x, audible = _level(x)
    n_lags = min(x.shape[1] // 2, int(sr / LOWEST_HZ) + 2)
    difference, power = _difference(x, n_lags)
    usual = np.cumsum(difference, axis=1) / np.maximum(np.arange(n_lags, dtype=np.float32), 1)
    normal = np.ones_like(difference)
    np.divide(difference, usual, out=normal, where=usual > 0)
    lag, depth = _choose_dip(normal, cost)
    period = np.where(audible & (lag > 0), _refine(difference, np.maximum(lag, 2)), np.nan)
    for prime in _PRIMES:  # the dip of a short period lies between two samples and looks shallow: try parts of the lag
        part = period / prime
        near = np.rint(np.nan_to_num(part)).astype(np.int64)
        rows = np.flatnonzero((near > 1) & (normal[np.arange(len(near)), near] < _HOPELESS))
        exact = _difference_at(x[rows], power[rows], part[rows]) / usual[rows, near[rows]]
        under = _share_under(np.stack([exact, depth[rows]]))
        rows, exact = (values[1 - under[0] > under[0] - under[1]] for values in (rows, exact))
        period[rows], depth[rows] = part[rows], exact
    return period, np.where(np.isnan(period), np.float32(1), depth)


def _difference(x: Floats, n_lags: int) -> tuple[Floats, Floats]:
    """Take the mean of (x[j] - x[j + lag])**2 over all the pairs that a frame has, for every lag.

    Returns it, (B, n_lags), and the power spectra that it comes from.
    """
    n = x.shape[1]
    length = _fast_length(n + n_lags)
    spectra = np.fft.rfft(x, length, axis=1)
    power = spectra.real**2 + spectra.imag**2
    correlation = np.fft.irfft(power, length, axis=1)[:, :n_lags]
    energy = np.pad(np.cumsum(x.astype(np.float64) ** 2, axis=1), ((0, 0), (1, 0)))
    both = energy[:, n - n_lags + 1 :][:, ::-1] + energy[:, -1:] - energy[:, :n_lags]
    difference: Floats = (np.maximum(both - 2 * correlation, 0) / (n - np.arange(n_lags))).astype(np.float32)
    return difference, power.astype(np.float32, copy=False)


def _difference_at(x: Floats, power: Floats, lag: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take `_difference` of frames at a lag each that is no whole number, (B,)."""
    n, length = x.shape[1], 2 * (power.shape[1] - 1)
    turns = lag[:, None] / length * np.arange(power.shape[1])
    waves = np.cos((2 * np.pi * (turns - np.rint(turns))).astype(np.float32))
    waves[:, 1:-1] *= 2
    correlation = np.einsum("bk,bk->b", power, waves, dtype=np.float64) / length
    squares = x.astype(np.float64) ** 2
    outside = np.clip(lag[:, None] - np.arange(n), 0, 1)  # how much of each sample has no partner
    inside = 2 * squares.sum(axis=1) - (squares * outside).sum(axis=1) - (squares[:, ::-1] * outside).sum(axis=1)
    return np.asarray(np.maximum(inside - 2 * correlation, 0) / (n - lag))


def _fast_length(n: int) -> int:
    """Round up to a power of two or three quarters of one."""
    power = 1 << (n - 1).bit_length()
    return 3 * power // 4 if n <= 3 * power // 4 else power


def _choose_dip(normal: Floats, cost: float) -> tuple[NDArray[np.intp], Floats]:
    """Find the lag of the dip that most thresholds choose and its depth, (B,) each; 0 and 1 where there is no dip.

    A threshold chooses the first dip under it: those between the depths of two dips, each deeper than all before,
    choose the latter. A depth is that of a parabola through three samples, and up to `cost` is added to it.
    """
    before, inner, after = normal[:, 1:-2], normal[:, 2:-1], normal[:, 3:]
    rows, place = np.nonzero((inner < before) & (inner <= after))
    depths = np.ones_like(inner)
    left, middle, right = before[rows, place], inner[rows, place], after[rows, place]
    curvature = np.maximum(left - 2 * middle + right, 1e-12)
    depths[rows, place] = np.clip(middle - (left - right) ** 2 / (8 * curvature), 0, 1)
    costs = np.float32(cost / normal.shape[1]) * np.arange(2, normal.shape[1] - 1, dtype=np.float32)
    deepest = np.minimum.accumulate(depths + costs, axis=1)
    rows, place = np.nonzero(deepest[:, 1:] < deepest[:, :-1])
    share = np.zeros_like(depths)
    share[rows, place + 1] = _share_under(deepest[rows, place]) - _share_under(deepest[rows, place + 1])
    chosen = np.argmax(share, axis=1)
    depth = np.take_along_axis(depths, chosen[:, None], axis=1)[:, 0]
    return np.where(depth < 1, chosen + 2, 0), depth


def _share_under(depths: Floats) -> Floats:
    """Tell what share of the thresholds lies under some depths, by the beta distribution of 2 and 18."""
    inside = np.minimum(depths, 1)
    return np.asarray(1 - (1 - inside) ** _PRIOR * (1 + _PRIOR * inside))


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
