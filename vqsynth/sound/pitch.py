"""Pitch by YIN (de Cheveigné, Kawahara, "YIN, a fundamental frequency estimator for speech and music", 2002).

The dip is chosen as in pYIN (Mauch, Dixon, "pYIN: a fundamental frequency estimator using probabilistic threshold
distributions", 2014), but without its hidden Markov model, so that a frame does not depend on others. This is not the
first dip under one threshold, but the dip that most thresholds would choose. A bass with strong even partials, for
example, has a dip at half its period, and a far deeper one at the period.

Every lag compares as many samples of the frame as there are, so that the two halves lie evenly about its centre. The
pitch of a glide is therefore the one at the centre. Frames are processed in batches through the FFT. A lag that is
found is refined at 2, 4, 8 ... times the period, as far as the frame reaches, so a short period is measured over many
periods.
"""

import math

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.arrays import Doubles
from vqsynth.sound.frames import Floats, fast_length, rfft

LONGEST_S = 4096 / 44100
"""Length in seconds of the frame in which a low pitch is sought. Other pitches are sought in the half of it about the
centre, because a voice glides too far in the whole."""
HIGHEST_HZ = 4000.0
LOWEST_HZ = 30.0
USABLE_CONFIDENCE = 0.8
"""A frame with less confidence has no pitch.

Three voices, share of the frames voiced by pyin that agree with it, and share of its unvoiced frames that get a pitch:
.82 .76 .59 and .00 .03 .08 at a confidence of .8; .91 .85 .74 and .02 .06 .19 at .7; .95 .90 .84 and .04 .13 .36 at .6.
Of frames that both call voiced, 97 to 99 % agree at each. `vqsynth.sound.tracking` does better where frames follow each
other.
"""
THINNED_HZ = 11025
"""The approximate sample rate in Hz at which a low pitch is sought."""
LONG_COST = 0.2
"""Cost of the longest lag, so that one period is preferred to several. Without it, sounds whose partials are slightly
out of tune, mixed codes most of all, get a fifth or a tenth of their pitch."""
_PRIMES = (2, 2, 2, 3, 3, 5, 7)  # divisors that are tried on a lag
_HOPELESS = 0.7  # a part of a lag is not tried where the normalised difference is larger than this
_PRIOR = 18
"""The thresholds follow the beta distribution of 2 and 18, with a mean of 0.1, as in pYIN."""
_QUIETEST, _FAINTEST = 1e-9, 1e-6  # a frame whose peak is under this, or this share of its offset, holds only rounding
_SUMMED = np.triu(np.ones((32, 32), np.float32))


def count_samples(sr: int) -> int:
    """Return the length in samples of the frames that `estimate_pitch` takes, a multiple of 4."""
    return 4 * max(2, round(LONGEST_S * sr / 4))


def estimate_pitch(frames: Floats, sr: int) -> tuple[Floats, Floats]:
    """Estimate the fundamental of frames, and the confidence in it.

    Parameters
    ----------
    frames : (..., n) float32
        Frames, not windowed, with n from `count_samples`.
    sr : int
        The sample rate in Hz.

    Returns
    -------
    f0_hz : (...) float32
        The fundamental in Hz, NaN in silent frames and where it would be above 4000 Hz.
    confidence : (...) float32
        From 0 to 1; 0 where f0_hz is NaN.

    """
    shape, quarter, many = frames.shape[:-1], frames.shape[-1] // 4, np.atleast_2d(frames)
    short = many[..., quarter : 3 * quarter]
    period, depth = _find_periods(short.reshape(-1, 2 * quarter), sr, LONG_COST)
    # If a period does not fit into the short frame, the dip found there may lie at a half or a third of it. Then the
    # dip in the long frame is at least twice as deep. A dip that is not may come from another string that sounds along
    # (a double bass's E2 beside its open E1).
    low = np.flatnonzero((depth > 1 - USABLE_CONFIDENCE) | (period > quarter / 3))
    thinning = 4 if sr >= 4 * THINNED_HZ else 2 if sr >= 2 * THINNED_HZ else 1
    long = many[np.unravel_index(low, many.shape[:-1])]
    long_period, long_depth = _find_periods(_thin(long, thinning), sr / thinning, LONG_COST / 2)
    better = (thinning * long_period > quarter / 2) & (long_depth < depth[low] / 2)
    period[low[better]], depth[low[better]] = thinning * long_period[better], long_depth[better]
    heard = period >= 0.99 * sr / HIGHEST_HZ
    f0_hz = np.divide(sr, period, out=np.full_like(period, np.nan), where=heard)
    confidence = np.where(heard, 1 - depth, 0)
    return f0_hz.astype(np.float32).reshape(shape), confidence.astype(np.float32).reshape(shape)


def keep_usable(f0_hz: Floats, confidence: Floats) -> Floats:
    """Return the pitches that are sure enough to be used, and NaN for the others. Arrays of any one shape."""
    return np.where(confidence >= USABLE_CONFIDENCE, f0_hz, np.float32(np.nan))


def _level(x: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Remove the offset of frames, scale their peaks to 1, and tell which frames hold a sound."""
    offset = x.mean(axis=1, keepdims=True)
    x = x - offset
    peak = np.maximum(x.max(axis=1, keepdims=True), -x.min(axis=1, keepdims=True))
    audible = peak > np.maximum(_QUIETEST, _FAINTEST * np.abs(offset))
    x /= np.where(audible, peak, np.float32(np.inf))
    return x, audible[:, 0]


def _thin(x: Floats, times: int) -> Floats:
    """Keep the lower part of the spectrum of frames (B, n) in n / `times` samples. n is a multiple of `times`."""
    n = x.shape[1] // times
    return np.fft.irfft(rfft(x)[:, : n // 2 + 1], n, axis=1).astype(np.float32, copy=False)


def _find_periods(x: Floats, sr: float, cost: float) -> tuple[Doubles, Floats]:
    """Find the periods in samples and the depths of their dips, (B,) each, NaN and 1 without a period. x: (B, n)."""
    x, audible = _level(x)
    n_lags = min(x.shape[1] // 2, int(sr / LOWEST_HZ) + 2)
    difference, power, energy = _difference(x, n_lags)
    usual = _run_sums(difference)
    usual /= np.maximum(np.arange(n_lags, dtype=np.float32), 1)
    normal = np.ones_like(difference)
    np.divide(difference, usual, out=normal, where=usual > 0)
    lag, depth = _choose_dip(normal, cost)
    period = np.where(audible & (lag > 0), _refine(difference, np.maximum(lag, 2)), np.nan)
    for (
        prime
    ) in _PRIMES:  # the dip of a short period lies between two samples and looks shallow, so try parts of the lag
        part = period / prime
        near = np.rint(np.nan_to_num(part)).astype(np.int64)
        rows = np.flatnonzero((near > 1) & (normal[np.arange(len(near)), near] < _HOPELESS))
        exact = _difference_at(part[rows], power[rows], energy[rows], x.shape[1]) / usual[rows, near[rows]]
        under = _share_under(np.stack([exact, depth[rows]]))
        rows, exact = (values[1 - under[0] > under[0] - under[1]] for values in (rows, exact))
        period[rows], depth[rows] = part[rows], exact
    return period, np.where(np.isnan(period), np.float32(1), depth)


def _difference(x: Floats, n_lags: int) -> tuple[Floats, Floats, Floats]:
    """Compute the mean of (x[j] - x[j + lag])**2 over all pairs in a frame, for every lag.

    Returns this difference, (B, n_lags), and what `_difference_at` needs: the power spectra, and the energy of all
    pairs, (B, n_lags).
    """
    n = x.shape[1]
    length = fast_length(n + n_lags)
    spectra = rfft(x, length)
    spectra *= spectra.conj()
    correlation: Floats = np.fft.irfft(spectra, length, axis=1)[:, :n_lags].astype(np.float32, copy=False)
    squares = x * x
    energy = np.repeat(2 * squares.sum(axis=1, keepdims=True), n_lags, axis=1)
    alone = squares[:, : n_lags - 1] + squares[:, : n - n_lags : -1]  # samples at either end that have no partner
    energy[:, 1:] -= _run_sums(alone)
    difference = energy - 2 * correlation
    np.maximum(difference, 0, out=difference)
    difference /= n - np.arange(n_lags, dtype=np.float32)
    return difference, spectra.real, energy


def _run_sums(values: Floats) -> Floats:
    """Sum rows (B, n) as `np.cumsum` does, but in blocks: twice as fast, and exact in single precision."""
    n, size = values.shape[1], _SUMMED.shape[0]
    padded = np.pad(values, ((0, 0), (0, -n % size)))
    blocks = (padded.reshape(-1, size) @ _SUMMED).reshape(len(values), padded.shape[1] // size, size)
    blocks[:, 1:] += np.cumsum(blocks[:, :-1, -1:], axis=1)
    return blocks.reshape(padded.shape)[:, :n]


def _difference_at(lag: Doubles, power: Floats, energy: Floats, n: int) -> Doubles:
    """Compute `_difference` of frames of n samples at one fractional lag each, (B,).

    The wave of a bin is the product of two out of a few, so few waves are computed.
    """
    n_bins, whole, rows = power.shape[1], lag.astype(np.int64), np.arange(len(lag))
    turn, fine = np.pi * lag[:, None] / (n_bins - 1), math.gcd(n_bins - 1, 64)
    angle, far = turn * np.arange(fine), turn * np.arange(0, n_bins - 1, fine)
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=2).astype(np.float32)
    parts = power[:, :-1].reshape(-1, far.shape[1], fine) @ waves
    sums = (parts[:, :, 0] * np.cos(far) - parts[:, :, 1] * np.sin(far)).sum(axis=1)
    correlation = (2 * sums - power[:, 0] + power[:, -1] * np.cos(np.pi * lag)) / (2 * (n_bins - 1))
    below, above = energy[rows, whole], energy[rows, whole + 1]
    paired = below + (lag - whole) * (above - below)
    return np.asarray(np.maximum(paired - 2 * correlation, 0) / (n - lag))


def _choose_dip(normal: Floats, cost: float) -> tuple[NDArray[np.intp], Floats]:
    """Find the lag of the dip that most thresholds choose, and its depth, (B,) each; 0 and 1 where there is no dip.

    A threshold chooses the first dip under it. Of two dips, each deeper than all before it, the second is chosen by the
    thresholds between their depths. A depth is that of a parabola through three samples, and up to `cost` is added to
    it.
    """
    rows, lags, depths = _list_dips(normal)
    if not len(rows):
        return np.zeros(len(normal), np.intp), np.ones(len(normal), normal.dtype)
    counts = np.bincount(rows, minlength=len(normal))
    first = np.cumsum(counts) - counts
    dear = np.full((len(normal), 1 + counts.max()), 2, np.float32)  # a row per frame: 1 for no dip, then its dips
    dear[:, 0] = 1
    dear[rows, 1 + np.arange(len(rows)) - first[rows]] = depths + np.float32(cost / normal.shape[1]) * lags
    deepest = np.minimum.accumulate(dear, axis=1)
    share = np.zeros((len(normal), dear.shape[1] - 1))
    falls = np.nonzero(deepest[:, 1:] < deepest[:, :-1])
    share[falls] = _share_under(deepest[:, :-1][falls]) - _share_under(deepest[:, 1:][falls])
    share[rows[lags == 2], 0] = np.finfo(np.float64).tiny  # inaudibly short: only if there is no other
    chosen = np.argmax(share, axis=1)
    found = np.minimum(first + chosen, len(rows) - 1)
    there = share[np.arange(len(normal)), chosen] > 0
    return np.where(there, lags[found], 0), np.where(there, depths[found], np.float32(1))


def _list_dips(normal: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """List the dips of all frames (B, n_lags), row by row: rows, lags from 2 on, and depths."""
    before, inner, after = normal[:, 1:-2], normal[:, 2:-1], normal[:, 3:]
    rows, place = np.divmod(np.flatnonzero((inner < before) & (inner <= after)), inner.shape[1])
    left, middle, right = (normal[rows, place + k] for k in (1, 2, 3))
    curvature = np.maximum(left - 2 * middle + right, 1e-12)
    return rows, place + 2, np.clip(middle - (left - right) ** 2 / (8 * curvature), 0, 1)


def _share_under(depths: Floats) -> Floats:
    """Return the share of thresholds that lie under given depths, by the beta distribution of 2 and 18."""
    inside = np.minimum(depths, 1)
    return np.asarray(1 - (1 - inside) ** _PRIOR * (1 + _PRIOR * inside))


def _refine(difference: Floats, lag: NDArray[np.intp]) -> Doubles:
    """Locate the dip between samples by a parabola, then again at doubled lags as long as these lie in the frame."""
    rows, longest = np.arange(len(lag)), difference.shape[1] - 2
    period = _vertex(difference, rows, lag)
    for times in 2 ** np.arange(1, 1 + int(np.log2(longest))):
        place = np.rint(times * period[rows]).astype(np.int64)
        rows, place = (values[place + 1 <= longest] for values in (rows, place))
        nearby = np.stack([difference[rows, place + k] for k in (-1, 0, 1)])
        place += np.argmin(nearby, axis=0) - 1
        rows, place = (values[(place >= 1) & (place <= longest)] for values in (rows, place))
        period[rows] = _vertex(difference, rows, place) / times
    return period


def _vertex(values: Floats, rows: NDArray[np.intp], place: NDArray[np.intp]) -> Doubles:
    left, middle, right = (values[rows, place + k].astype(np.float64) for k in (-1, 0, 1))
    curvature = np.maximum(left - 2 * middle + right, 1e-12)
    offset = np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)
    return place.astype(np.float64) + offset
