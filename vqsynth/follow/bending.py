"""Envelopes moved against the errors of several descriptors at once.

How far each band moves each descriptor is known from the spectrum of the code, by finite differences. A step is the
smallest one, of least norm, that takes back all errors, each over its scale and by its weight (a ridge keeps it small
where two descriptors ask for opposite things). The slopes of a frame are measured again where its envelope has moved
away from where they were.

Frames overlap, and a window hears its neighbours: an error that comes and goes from frame to frame is taken back by a
part only. What is lost so is added to the step beforehand. Beside a jump of a target a window hears both sides of it,
and no step takes its error back, so steps are small there.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.codes.controls import MAX_ENVELOPE_DB
from vqsynth.codes.envelopes import BANDS, spread_bands
from vqsynth.codes.index import Targets
from vqsynth.codes.spectra import CodeSpectra
from vqsynth.curves.misses import error_scale
from vqsynth.follow.report import EDGE
from vqsynth.follow.steps import Steps
from vqsynth.sound.analysis import Analysis
from vqsynth.sound.descriptors import lookup
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.measuring import JUDGED_N_FFT

BENT = ("centroid", "bandwidth", "rolloff", "flatness", "crest")
"""Descriptors that an envelope moves and a Newton step can follow."""
RUGGED = frozenset({"rolloff"})
"""Descriptors that jump as a spectrum is bent, so that a full step may well land further off."""
RIDGE = 0.01
"""What is added to the squared slopes, over their mean (.001: the sum of the errors of centroid, bandwidth and flatness
of the cello after eight rounds is 2.5 times larger)."""
LEAST_SLOPE = 0.001
"""Share of its scale that a dB of all bands has to move a descriptor by, for a step to count on it."""
MOVED_DB = 1.5
"""How far a band moves before the slopes of its frame are measured again (never: centroid, bandwidth and flatness at
once do not converge)."""
PROBE_DB = 0.5
TERMS = 3
"""Number of terms of the series that undoes the blur of the windows (van Cittert, 1931). A sine of the centroid on
violin, choir and cello: errors of .0013, .0030, .0008 with two, of .0010, .0027, .0006 with three. One term more where
nothing but one descriptor of timbre is asked for: .0008, .0026, .0006; a centroid beside a pitch on violin is missed
by .020 with it, and by .017 without."""
NOISY = frozenset({"flatness"})
"""Descriptors that follow the noise of each frame, so that a term less undoes the blur: beside a centroid, flatness on
violin is missed by .014 with two terms and by .016 with three."""
JUMP = 0.1
"""A jump of a target from frame to frame, in its scale, beside which steps are halved and the blur is not undone. Steps
of the centroid on violin, choir, cello: .032, .033, .036 without, .028, .025, .027 so."""
_AT_ONCE = 256


class Bending:
    """Move the envelopes of a path against its errors, round after round.

    Parameters
    ----------
    envelope_db : array (T, 24)
        Where the envelopes start.
    codes : array (T,)
        Those of the path.
    spectra : CodeSpectra
        Those of the codebook.
    targets : dict of name to array (T,)
        What is asked for; only what stands in `BENT` counts.
    weights : dict of name to float or array (T,)
        How much each error counts, 1 where nothing is said.
    limit_db : float
        How far each band may be moved; no further than a path can hold.

    """

    def __init__(
        self,
        envelope_db: NDArray[np.float64],
        codes: NDArray[np.int64],
        spectra: CodeSpectra,
        targets: Targets,
        *,
        weights: Mapping[str, ArrayLike],
        limit_db: float,
    ) -> None:
        self._names = [name for name in targets if name in BENT]
        self._envelope, self._limit = envelope_db, np.full((len(codes), 1), min(limit_db, MAX_ENVELOPE_DB))
        self._codes, self._spectra, self._targets = codes, spectra, targets
        kinds = {name: lookup(name) for name in self._names}
        self._scales = {n: error_scale(targets[n], unit=kinds[n].unit, scale=kinds[n].scale) for n in self._names}
        self._weights = np.stack([np.sqrt(np.broadcast_to(weights.get(n, 1.0), len(codes))) for n in self._names], -1)
        used, place = np.unique(codes, return_inverse=True)
        self._slopes = self._measure(used, np.zeros((len(used), BANDS)))[place]
        self._measured_at = np.zeros_like(envelope_db)
        self._pushes = {
            name: Steps(np.zeros(len(codes)), np.inf, guarded=True) for name in self._names if name in RUGGED
        }
        self._blur = overlap_weights(spectra.grid)
        n_counted = int((self._weights > 0).any(axis=0).sum())
        self._terms = TERMS + (n_counted == 1 and "pitch" not in targets)
        self._jumps = {n: _find_jumps(targets[n] / self._scales[n], len(self._blur)) for n in self._names}

    def move(self, got: Mapping[str, Floats]) -> NDArray[np.float64]:
        """Give the envelopes, (T, 24), that the next round tries, from what the last one measured, name to (T,)."""
        self._measure_again()
        pushes = np.stack([self._push(name, got[name]) for name in self._names], axis=-1)
        slopes = self._slopes * self._weights[..., None]
        squares = slopes @ slopes.transpose(0, 2, 1)
        mean = np.trace(squares, axis1=1, axis2=2) / len(self._names)
        ridge = np.maximum(RIDGE * mean, LEAST_SLOPE**2)
        squares = squares + ridge[:, None, None] * np.eye(len(self._names))
        shares = np.linalg.solve(squares, (self._weights * pushes)[..., None])
        step = (slopes.transpose(0, 2, 1) @ shares)[..., 0]
        self._envelope = np.clip(self._envelope + step, -self._limit, self._limit)
        return self._envelope

    def hold_back(self, lost: NDArray[np.bool_]) -> None:
        """Halve the envelopes, now and for good, of frames (T,) where they cost something else.

        Those of the frames beside them stay: held back too, flatness beside a pitch is four times further off.
        """
        bound = np.minimum(self._limit, 0.5 * np.abs(self._envelope).max(axis=1, keepdims=True))
        self._limit = np.where(lost[:, None], bound, self._limit)
        self._envelope = np.where(lost[:, None], 0.5 * self._envelope, self._envelope)

    def _push(self, name: str, got: Floats) -> NDArray[np.float64]:
        """Tell by how much of its scale a descriptor is to be moved, (T,)."""
        missed = hold_edges(self._targets[name] - got) / self._scales[name]
        if name in self._pushes:
            before = self._pushes[name].values
            return self._pushes[name].move(missed, missed**2) - before
        push = np.where(self._jumps[name], 0.5 * missed, _sharpen(missed, self._blur, self._terms - (name in NOISY)))
        return np.where(np.isnan(self._targets[name]), 0.0, push)

    def _measure_again(self) -> None:
        """Measure the slopes of frames that have moved."""
        moved = np.flatnonzero(np.abs(self._envelope - self._measured_at).max(axis=1) > MOVED_DB)
        self._slopes[moved] = self._measure(self._codes[moved], self._envelope[moved])
        self._measured_at[moved] = self._envelope[moved]

    def _measure(self, codes: NDArray[np.int64], envelope_db: NDArray[np.float64]) -> Floats:
        slopes = measure_slopes(self._spectra, codes, self._names, envelope_db)
        return slopes / np.array([self._scales[name] for name in self._names], np.float32)[:, None]


def measure_slopes(
    spectra: CodeSpectra, codes: NDArray[np.int64], names: Sequence[str], envelope_db: NDArray[np.float64]
) -> Floats:
    """Tell how far a dB of each band moves descriptors, from the spectra of codes alone.

    Parameters
    ----------
    spectra : CodeSpectra
        Those of the codebook.
    codes : array (N,)
        Codes to be bent.
    names : list of str
        n descriptors.
    envelope_db : array (N, 24)
        Where each code is bent already.

    Returns
    -------
    array (N, n, 24) float32
        In units of each descriptor per dB.

    """
    found = np.empty((len(codes), len(names), BANDS), np.float32)
    probes = 10 ** (spread_bands(np.float32(PROBE_DB) * np.eye(BANDS, dtype=np.float32), spectra.grid) / 20)
    functions = [_SMOOTHED.get(name, lookup(name).function) for name in names]
    for start in range(0, len(codes), _AT_ONCE):
        block = slice(start, start + _AT_ONCE)
        bent = spectra.amplitudes[codes[block]]
        if envelope_db[block].any():
            gains_db = spread_bands(envelope_db[block].astype(np.float32), spectra.grid)
            bent = np.asarray(bent * 10 ** (gains_db / 20), np.float32)
        here = [np.asarray(function(_Spectra(bent, spectra)), np.float64) for function in functions]
        for band, probe in enumerate(probes):
            sound = _Spectra(bent * probe, spectra)
            for i, function in enumerate(functions):
                found[block, i, band] = (np.asarray(function(sound), np.float64) - here[i]) / PROBE_DB
    return found


def overlap_weights(grid: FrameGrid) -> NDArray[np.float64]:
    """Tell how much a window in which a spectrum is judged hears of the frames before, at and after its centre.

    Parameters
    ----------
    grid : FrameGrid
        The clock of the frames that are rendered.

    Returns
    -------
    array (2 * n + 1,)
        Shares of the power, which sum to 1.

    """
    hop, n_judged = grid.hop_length, min(JUDGED_N_FFT, grid.n_fft)
    reach = (grid.n_fft + n_judged) // (2 * hop)
    heard = np.hanning(n_judged + 1)[:-1] ** 2
    window = np.pad(grid.window.astype(np.float64) ** 4, n_judged)
    middle = n_judged + grid.n_fft // 2 - n_judged // 2
    shares = np.array([
        heard @ np.pad(window, reach * hop)[reach * hop + middle + lag * hop :][:n_judged]
        for lag in range(-reach, reach + 1)
    ])  # fmt: skip
    return np.asarray(shares / shares.sum())


def _sharpen(missed: NDArray[np.float64], blur: NDArray[np.float64], terms: int) -> NDArray[np.float64]:
    """Undo the blur of the windows, as far as so many terms do. missed: (T,)."""
    left = push = missed
    for _ in range(terms - 1):
        left = left - np.convolve(np.pad(left, len(blur) // 2, mode="edge"), blur, "valid")
        push = push + left
    return push


def _find_jumps(scaled: NDArray[Any], n_frames: int) -> NDArray[np.bool_]:
    """Tell the frames, (T,), within whose `n_frames` about them a target, in its scale, jumps."""
    with np.errstate(invalid="ignore"):
        jumps = np.abs(np.diff(scaled, prepend=scaled[:1])) > JUMP
    around = np.pad(jumps, n_frames // 2)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(around, n_frames).any(axis=1))


def hold_edges(missed: NDArray[Any]) -> NDArray[np.float64]:
    """Take what is not known as no error, and hold the edges, where a window looks beyond the sound. missed: (T,)."""
    known = np.nan_to_num(np.asarray(missed, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    if len(known) > 2 * EDGE:
        known[:EDGE], known[-EDGE:] = known[EDGE], known[-EDGE - 1]
    return known


class _Spectra(Analysis):
    """Magnitudes to be described without a sound: (N, n_bins), scaled so that each code has the power it sounds at."""

    def __init__(self, magnitudes: Floats, spectra: CodeSpectra) -> None:
        super().__init__(magnitudes, partial(np.asarray, magnitudes), spectra.grid, lambda n: magnitudes)
        self.__dict__["magnitude"] = magnitudes


def _smooth_rolloff(sound: Analysis) -> Floats:
    """Take the mean frequency from 75 to 95 % of the magnitude: as a rolloff at 85 %, without its jumps."""
    low, high = 0.75, 0.95
    shares = np.clip(np.cumsum(sound.shares, axis=-1), low, high)
    mean_hz: Floats = np.diff(shares, axis=-1, prepend=np.float32(low)) @ sound.grid.frequencies_hz / (high - low)
    return mean_hz


_SMOOTHED: Mapping[str, Callable[[Analysis], Floats]] = {"rolloff": _smooth_rolloff}
"""What slopes are taken of instead."""
