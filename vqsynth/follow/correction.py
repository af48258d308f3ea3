"""Predict, verify, correct: move the controls of a path against the error that its rendered sound has.

Noise is seeded, so what frames do to each other when they overlap can be measured on the rendered sound and taken back.
Gain is moved against loudness, transposition against pitch, and one envelope per frame against all descriptors of
timbre, see `vqsynth.follow.bending`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.codes.controls import SIZES, no_controls
from vqsynth.codes.index import Targets
from vqsynth.codes.spectra import CodeSpectra
from vqsynth.codes.voice import LOUDEST_DB, SILENT_DB
from vqsynth.errors.checks import check_kind
from vqsynth.follow.bending import BENT, Bending, hold_edges
from vqsynth.follow.limits import Limits, check_limits, check_rounds
from vqsynth.follow.report import measure_errors
from vqsynth.follow.steps import Steps
from vqsynth.path import CodePath
from vqsynth.render import render_path
from vqsynth.running.observing import SILENT, Advance, Observer
from vqsynth.sound.descriptors import REGISTRY
from vqsynth.sound.frames import Floats

Weights = Mapping[str, ArrayLike]
"""How much the errors of descriptors count, a number or (T,) each."""
ROUNDS = 5
CORRECTING = "correcting"
"""What the rounds are called, where somebody hears of them."""
MEDIAN_FRAMES = 17
FARTHEST_CENTS = 300.0
"""A pitch further off than this is another pitch, an octave error or another note, and is left alone."""
MOST_GAIN_DB = 6.0
"""How far gain is moved from what the table says, at most: at a sudden drop, loudness cannot be met within a window."""
CLEAR_DB = -12.0
"""Where a fundamental is raised to, under the strongest partial: a tracker of the fundamental hears it there (the share
of a sine over the cello and the choir that pyworld hears: 96 and 94 % as the codes are, 99.9 and 99.5 % raised)."""


@dataclass(frozen=True, eq=False)
class Heard:
    """Hold a sound as rendered, what it has of each target, name to (T,), and the errors that add up.

    These are over `misses.error_scale`, None where nothing is measured.
    """

    y: Floats
    got: dict[str, Floats]
    errors: dict[str, float | None]

    def sum_errors(self, names: Collection[str] | None = None, *, weights: Weights | None = None) -> float:
        """Add up the errors of some targets, by default of all, those that are not measured left out.

        A weight that is a curve counts by its mean.
        """
        factors = {name: float(np.mean(np.asarray(weight, np.float64))) for name, weight in (weights or {}).items()}
        heard = {name: error for name, error in self.errors.items() if error is not None}
        return sum(factors.get(name, 1.0) * error for name, error in heard.items() if name in (names or heard))


@dataclass(frozen=True, eq=False)
class Trial(Heard):
    """Hold a path beside what is heard of it."""

    path: CodePath


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
        return tell_spent(self.path)


def correct_path(
    path: CodePath,
    spectra: CodeSpectra,
    targets: Targets,
    *,
    rounds: int = ROUNDS,
    limits: Limits | None = None,
    weights: Weights | None = None,
    tried: Trial | None = None,
    observer: Observer = SILENT,
) -> Correction:
    """Render a path, measure it, and correct it for some rounds, keeping the best.

    Parameters
    ----------
    path : CodePath
        Where the rounds start.
    spectra : CodeSpectra
        Those of its codebook.
    targets : dict of name to array (T,)
        What is asked for, NaN where nothing is.
    rounds : int
        How often the path is moved and rendered again.
    limits : Limits, optional
        How far the controls are moved.
    weights : dict of name to float or array (T,), optional
        How much each target counts, in a step and in the sum of errors that tells the best round; 1 where nothing is
        said.
    tried : Trial, optional
        Spares the first round where it is of this very path and these targets.
    observer : Observer
        Hears of every round. By default nobody does.

    Returns
    -------
    Correction
        The round whose weighted errors add up to the least.

    Raises
    ------
    ParameterError
        For rounds and limits that are none.

    """
    weights = weights or {}
    rounds, limits = check_rounds(rounds), check_limits(limits)
    followers = Followers(path, spectra, targets, weights, limits)
    if tried is not None:
        check_kind("tried", tried, Trial, "a Trial or None")
    is_first = tried is not None and tried.path is path and tried.got.keys() == REGISTRY.keys() & targets.keys()
    trial = tried if tried is not None and is_first else try_path(path, spectra, targets)
    best, kept, errors = trial, 0, [trial.errors]
    for number in range(1, rounds + 1):
        observer.advance(Advance(CORRECTING, (number - 1) / rounds, step=number, total=rounds))
        path = followers.move(trial.path, trial.got)
        del trial  # and with it a sound that may last an hour, unless it is the best one
        trial = try_path(path, spectra, targets)
        errors.append(trial.errors)
        if trial.sum_errors(weights=weights) < best.sum_errors(weights=weights):
            best, kept = trial, number
    return Correction(best.path, best.y, errors, kept)


def try_path(path: CodePath, spectra: CodeSpectra, targets: Targets) -> Trial:
    """Render a path and measure it against targets."""
    return Trial(**vars(hear(render_path(path, spectra, spread=0), spectra, targets)), path=path)


def hear(y: Floats, spectra: CodeSpectra, targets: Targets) -> Heard:
    """Measure a sound, (n_samples,), against targets."""
    got, misses = measure_errors(y, spectra.grid, targets)
    return Heard(y, got, {name: miss.scaled if miss else None for name, miss in misses.items()})


def tell_spent(path: CodePath) -> dict[str, float]:
    """Tell the mean size of each control that a path uses, in its unit."""
    if path.controls is None:
        return {}
    sizes = {name: getattr(path.controls, name) for name in SIZES}
    return {name: float(np.abs(values).mean()) for name, values in sizes.items() if values.any()}


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


class Followers:
    """Move the controls of one path against errors, round after round: its own, or those of a mix that it is part of.

    Parameters
    ----------
    path : CodePath
        Where the rounds start.
    spectra : CodeSpectra
        Those of its codebook.
    targets : dict of name to (T,)
        What is asked for, NaN where nothing is.
    weights : dict of name to number or (T,)
        How much each target counts, 1 where nothing is said.
    limits : Limits
        How far the controls are moved.
    most_gain_db : float
        How far gain is moved, either way.

    """

    def __init__(
        self,
        path: CodePath,
        spectra: CodeSpectra,
        targets: Targets,
        weights: Weights,
        limits: Limits,
        *,
        most_gain_db: float = MOST_GAIN_DB,
    ) -> None:
        controls = path.controls or no_controls(len(path))
        self._targets, self._start_db, self._most_gain_db = targets, path.gain_db, most_gain_db
        self._gain = limits.gain and "loudness" in targets
        self._had_pitch: NDArray[np.bool_] | None = None
        bends = limits.envelope_db and any(name in BENT for name in targets)
        self._bending = (
            Bending(controls.envelope_db, path.codes, spectra, targets, weights=weights, limit_db=limits.envelope_db)
            if bends
            else None
        )
        transposes = "pitch" in targets and limits.transpose_cents
        self._transpose = Steps(controls.transpose_cents, limits.transpose_cents, guarded=True) if transposes else None

    def move(self, path: CodePath, got: Mapping[str, Floats]) -> CodePath:
        """Give the path that the next round tries, from what the last one measured."""
        path = self.level(path, got)
        controls = path.controls or no_controls(len(path))
        if self._transpose:
            controls = replace(controls, transpose_cents=self._transpose.move(*self._pitch_step(got["pitch"])))
        if self._bending:
            if "pitch" in self._targets:
                self._bending.hold_back(self._lose_pitch(got["pitch"]))
            controls = replace(controls, envelope_db=self._bending.move(got))
        return replace(path, controls=controls)

    def level(self, path: CodePath, got: Mapping[str, Floats]) -> CodePath:
        """Give the path with nothing but its gain moved."""
        if not self._gain:
            return path
        gain_db = path.gain_db
        wanted = gain_db + hold_edges(self._targets["loudness"] - got["loudness"])
        bounded = np.clip(wanted, self._start_db - self._most_gain_db, self._start_db + self._most_gain_db)
        bounded = np.clip(bounded, SILENT_DB + 1, LOUDEST_DB)
        return replace(path, gain_db=np.where(gain_db > SILENT_DB, bounded, gain_db))

    def _lose_pitch(self, got: Floats) -> NDArray[np.bool_]:
        """Tell the frames, (T,), whose pitch was near before envelopes were moved, and is no longer."""
        with np.errstate(invalid="ignore", divide="ignore"):
            near = np.abs(1200 * np.log2(self._targets["pitch"] / got)) < FARTHEST_CENTS
        self._had_pitch = near if self._had_pitch is None else self._had_pitch
        return np.asarray(self._had_pitch & ~near)

    def _pitch_step(self, got: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        with np.errstate(invalid="ignore", divide="ignore"):
            missed = 1200 * np.log2(self._targets["pitch"] / got)
        near = np.abs(missed) < FARTHEST_CENTS
        smooth = np.convolve(np.pad(np.where(near, missed, 0.0), 1, mode="edge"), (0.25, 0.5, 0.25), "valid")
        return smooth, np.where(near, np.abs(missed), FARTHEST_CENTS)
