"""Predict, verify, correct: move the controls of a path against the error that its rendered sound has.

Noise is seeded, so what frames do to each other when they overlap can be measured on the rendered sound and taken back.
Gain is moved against loudness, transposition against pitch, and one tilt per frame against all descriptors that tilt
moves, by a Newton step in the least squares sense: how far tilt moves a descriptor is known from the spectra. The steps
are not smoothed over time (smoothed by a quarter, a half, a quarter, the error after eight rounds is 2.5 times larger).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.checks import check_kind
from vqsynth.codes.controls import SIZES, no_controls, tilt_octaves
from vqsynth.codes.index import Targets
from vqsynth.codes.spectra import CodeSpectra
from vqsynth.codes.voice import LOUDEST_DB, SILENT_DB
from vqsynth.curves.misses import error_scale
from vqsynth.follow.limits import Limits, check_limits, check_rounds
from vqsynth.follow.report import EDGE, measure_errors
from vqsynth.follow.steps import Steps
from vqsynth.path import CodePath
from vqsynth.render import render_path
from vqsynth.sound.descriptors import REGISTRY, Analysis, lookup
from vqsynth.sound.frames import Floats

TILTED = ("centroid", "bandwidth", "rolloff", "flatness", "crest")
"""Descriptors that a tilt moves and a Newton step can follow."""
RUGGED = {"rolloff"}
"""Descriptors that jump as a spectrum is tilted, so that a full step may well land further off (mean nrmse of four
curves after eight rounds with guarded steps and without: rolloff .017, .024; flatness .0085, .0027)."""
ROUNDS = 5
MEDIAN_FRAMES = 17
FARTHEST_CENTS = 300.0
"""A pitch further off than this is another pitch, an octave error or another note, and is left alone."""
MOST_GAIN_DB = 6.0
"""How far gain is moved from what the table says, at most: at a sudden drop, loudness cannot be met within a window."""
CLEAR_DB = -12.0
"""Where a fundamental is raised to, under the strongest partial: a tracker of the fundamental hears it there (the share
of a sine over the cello and the choir that pyworld hears: 96 and 94 % as the codes are, 99.9 and 99.5 % raised)."""
_PROBE_DB = 0.5


@dataclass(frozen=True, eq=False)
class Trial:
    """Hold a path, its sound as rendered, what that has of each target, name to (T,), and the errors that add up.

    These are over `misses.error_scale`, None where nothing is measured.
    """

    path: CodePath
    y: Floats
    got: dict[str, Floats]
    errors: dict[str, float | None]

    def sum_errors(self, names: Collection[str] | None = None) -> float:
        """Add up the errors of some targets, by default of all, those that are not measured left out."""
        return sum(error for name, error in self.errors.items() if error is not None and name in (names or self.errors))


@dataclass(frozen=True, eq=False)
class Correction:
    """Hold the best path, its sound as rendered, and what the rounds came to.

    errors: per round those of its trial, by descriptor. kept: the round that is the best one.
    """

    path: CodePath
    y: Floats
    errors: list[dict[str, float | None]]
    kept: int

    def spent(self) -> dict[str, float]:
        """Tell the mean size of each control used, in its unit."""
        controls = self.path.controls
        if controls is None:
            return {}
        sizes = {name: getattr(controls, name) for name in SIZES}
        return {name: float(np.abs(values).mean()) for name, values in sizes.items() if values.any()}


def correct_path(
    path: CodePath,
    spectra: CodeSpectra,
    targets: Targets,
    *,
    rounds: int = ROUNDS,
    limits: Limits | None = None,
    tried: Trial | None = None,
) -> Correction:
    """Render a path, measure it, and correct it for some rounds, keeping the best.

    targets: descriptor name to (T,), NaN where nothing is asked. tried: spares the first round where it is of this very
    path and these targets. Raises ParameterError for rounds and limits that are none.
    """
    rounds, limits = check_rounds(rounds), check_limits(limits)
    followers = _Followers(path, spectra, targets, limits)
    if tried is not None:
        check_kind("tried", tried, Trial, "a Trial or None")
    is_first = tried is not None and tried.path is path and tried.got.keys() == REGISTRY.keys() & targets.keys()
    trial = tried if tried is not None and is_first else try_path(path, spectra, targets)
    best, kept, errors = trial, 0, [trial.errors]
    for number in range(1, rounds + 1):
        path = followers.move(trial.path, trial.got)
        del trial  # and with it a sound that may last an hour, unless it is the best one
        trial = try_path(path, spectra, targets)
        errors.append(trial.errors)
        if trial.sum_errors() < best.sum_errors():
            best, kept = trial, number
    return Correction(best.path, best.y, errors, kept)


def try_path(path: CodePath, spectra: CodeSpectra, targets: Targets) -> Trial:
    """Render a path and measure it against targets."""
    y = render_path(path, spectra)
    got, misses = measure_errors(y, spectra.grid, targets)
    return Trial(path, y, got, {name: miss.scaled if miss else None for name, miss in misses.items()})


def smooth_median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the median over 17 frames around each, (T,), what is not known left out; 0 where nothing is."""
    padded = np.pad(values, MEDIAN_FRAMES // 2, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, MEDIAN_FRAMES)
    known = np.where(np.isnan(around).all(axis=1, keepdims=True), 0.0, around)
    return np.asarray(np.nanmedian(known, axis=1))


def predict_transposition(
    path: CodePath, pitches_hz: NDArray[np.float64], asked_hz: NDArray[np.float64], limits: Limits
) -> CodePath:
    """Transpose a path from the pitches that its codes have to those asked for, (T,) each, as far as allowed."""
    with np.errstate(invalid="ignore", divide="ignore"):
        cents = np.nan_to_num(1200 * np.log2(asked_hz / pitches_hz))
    controls = path.controls or no_controls(len(path))
    bounded = np.clip(cents, -limits.transpose_cents, limits.transpose_cents)
    return replace(path, controls=replace(controls, transpose_cents=bounded))


def raise_fundamentals(
    path: CodePath, pitches_hz: Floats, levels_db: Floats, asked_hz: NDArray[np.float64], limits: Limits
) -> CodePath:
    """Raise weak fundamentals towards `CLEAR_DB` where a pitch is asked for, as far as allowed.

    pitches_hz, levels_db: (T,), what the path's codes have, and what `measure_fundamentals` says of them.
    """
    controls = path.controls or no_controls(len(path))
    missing = np.where(np.isnan(asked_hz), 0.0, np.nan_to_num(CLEAR_DB - levels_db.astype(np.float64)))
    raised_db, place_hz = np.clip(missing, 0, limits.fundamental_db), np.nan_to_num(pitches_hz.astype(np.float64))
    return replace(path, controls=replace(controls, fundamental_hz=place_hz, fundamental_db=raised_db))


def tilt_slopes(spectra: CodeSpectra, codes: NDArray[np.int64], names: list[str]) -> dict[str, NDArray[np.float64]]:
    """Tell how far a tilt of 1 dB per octave moves the descriptors of codes, (T,) each, from their spectra alone.

    A slope much smaller than is usual, as a rolloff has that sits on a strong partial, is raised: steps stay finite.
    """
    used, place = np.unique(codes, return_inverse=True)
    octaves = tilt_octaves(spectra.grid)
    ends = []
    for tilt_db in (-_PROBE_DB, _PROBE_DB):
        tilted = spectra.amplitudes[used] * 10 ** (tilt_db * octaves / 20)
        sound = _Spectra(tilted.astype(np.float32, copy=False), spectra)
        ends.append({name: np.asarray(lookup(name).function(sound), np.float64) for name in names})
    found = {}
    for name in names:
        slope = (ends[1][name] - ends[0][name]) / (2 * _PROBE_DB)
        usual = float(np.median(slope))
        found[name] = (np.sign(usual) * np.maximum(np.sign(usual) * slope, 0.3 * abs(usual)))[place]
    return found


class _Spectra(Analysis):
    """Magnitudes to be described without a sound: (K, n_bins), scaled so that each code has the power it sounds at."""

    def __init__(self, magnitudes: Floats, spectra: CodeSpectra) -> None:
        super().__init__(magnitudes, partial(np.asarray, magnitudes), spectra.grid, lambda n: magnitudes)
        self.__dict__["magnitude"] = magnitudes


class _Followers:
    """What moves the controls of one path against its errors, round after round."""

    def __init__(self, path: CodePath, spectra: CodeSpectra, targets: Targets, limits: Limits) -> None:
        controls = path.controls or no_controls(len(path))
        self._targets, self._start_db = targets, path.gain_db
        self._gain = limits.gain and "loudness" in targets
        self._slopes = tilt_slopes(spectra, path.codes, [name for name in targets if name in TILTED])
        rugged = bool(RUGGED & set(self._slopes))
        self._tilt = (
            Steps(controls.tilt_db, limits.tilt_db, guarded=rugged) if self._slopes and limits.tilt_db else None
        )
        transposes = "pitch" in targets and limits.transpose_cents
        self._transpose = Steps(controls.transpose_cents, limits.transpose_cents, guarded=True) if transposes else None

    def move(self, path: CodePath, got: Mapping[str, Floats]) -> CodePath:
        """Give the path that the next round tries, from what the last one measured."""
        controls, gain_db = path.controls or no_controls(len(path)), path.gain_db
        if self._gain:
            wanted = gain_db + hold_edges(self._targets["loudness"] - got["loudness"])
            bounded = np.clip(wanted, self._start_db - MOST_GAIN_DB, self._start_db + MOST_GAIN_DB)
            gain_db = np.where(gain_db > SILENT_DB, np.clip(bounded, SILENT_DB + 1, LOUDEST_DB), gain_db)
        if self._transpose:
            controls = replace(controls, transpose_cents=self._transpose.move(*self._pitch_step(got["pitch"])))
        if self._tilt:
            controls = replace(controls, tilt_db=self._tilt.move(*self._tilt_step(got)))
        return replace(path, gain_db=gain_db, controls=controls)

    def _pitch_step(self, got: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        with np.errstate(invalid="ignore", divide="ignore"):
            missed = 1200 * np.log2(self._targets["pitch"] / got)
        near = np.abs(missed) < FARTHEST_CENTS
        smooth = np.convolve(np.pad(np.where(near, missed, 0.0), 1, mode="edge"), (0.25, 0.5, 0.25), "valid")
        return smooth, np.where(near, np.abs(missed), FARTHEST_CENTS)

    def _tilt_step(self, got: Mapping[str, Floats]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Take the step that lowers the sum of the squared errors, each over its scale, and that sum."""
        up, down, cost = np.zeros((3, len(next(iter(got.values())))))
        for name, slope in self._slopes.items():
            asked = self._targets[name]
            scale = error_scale(asked, unit=lookup(name).unit, scale=lookup(name).scale)
            missed = hold_edges(asked - got[name]) / scale
            up, down, cost = up + slope * missed / scale, down + (slope / scale) ** 2, cost + missed**2
        return np.divide(up, down, out=np.zeros_like(up), where=down > 1e-18), cost


def hold_edges(missed: NDArray[Any]) -> NDArray[np.float64]:
    """Take what is not known as no error, and hold the edges, where a window looks beyond the sound. missed: (T,)."""
    known = np.nan_to_num(np.asarray(missed, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    if len(known) > 2 * EDGE:
        known[:EDGE], known[-EDGE:] = known[EDGE], known[-EDGE - 1]
    return known
