"""Curves to a sound and a report of what came out: follow, render, measure, correct."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.audio import limit_peak
from vqsynth.codebook import OPTIONS, Codebook
from vqsynth.correction import ROUNDS, Limits, correct_path, predict_transposition
from vqsynth.descriptors import REGISTRY
from vqsynth.errors import ParameterError
from vqsynth.files import StrPath
from vqsynth.frames import Floats
from vqsynth.index import Targets
from vqsynth.path import CodePath
from vqsynth.report import make_report
from vqsynth.targets import curves_like, sample_weight

PITCH_WEIGHT = 12.0
"""Weight of pitch where nothing else is said and controls correct: tilt makes good what a code misses in centroid, but
transposition reaches no further than a quarter tone. Centroid, loudness and pitch together, nrmse of pitch: .032 at a
weight of 1."""
LIKE_MAPPING = {"centroid": "rank", "flatness": "rank", "pitch": "octave"}
"""How a sound is brought into a codebook's range: order is kept in timbre (rank correlation of centroid over speech
.97, against .74 unmapped), and melody in pitch."""


@dataclass(frozen=True, eq=False)
class Synthesis:
    """Hold a path, its sound (n_samples,) within full scale, and the report of what was asked and got."""

    path: CodePath
    y: Floats
    report: dict[str, Any]


def synthesize(
    book: Codebook,
    *,
    seconds: float | None = None,
    like: StrPath | None = None,
    mapping: str | None = None,
    excitation: str = "coherent",
    seed: int = 0,
    rounds: int = ROUNDS,
    limits: Limits | None = None,
    **curves: Any,
) -> Synthesis:
    """Follow curves, such as `centroid="sin(p5,p95,0.2)"`, render the path, and measure the sound.

    Fields of `selection.Selection`, such as `method`, may be given beside the curves; weights may be curves. like: a
    sound whose loudness, centroid, flatness and pitch are asked for, for as long as it lasts; curves replace what it
    has. mapping: how targets are brought into range (`vqsynth.mapping`), "clamp", or with `like` as suits each.
    rounds: how often the controls are moved against the error that the sound has; `limits` bounds them.
    Raises ParameterError for curves, names, durations and options that cannot be used.
    """
    options: dict[str, Any] = {name: curves.pop(name) for name in OPTIONS & set(curves)}
    weights = options.pop("weights", None)
    targets, weights, seconds = gather_targets(
        book, seconds=seconds, like=like, mapping=mapping, weights=weights, **curves
    )
    if rounds and "pitch" in targets:
        weights.setdefault("pitch", PITCH_WEIGHT)
    path = book.choose(targets, seconds=seconds, seed=seed, weights=weights, **options)
    path = replace(path, excitation=excitation, seed=seed)
    return correct_and_report(book, path, targets, rounds=rounds, limits=limits)


def gather_targets(
    book: Codebook,
    *,
    seconds: float | None = None,
    like: StrPath | None = None,
    mapping: str | None = None,
    weights: Mapping[str, Any] | None = None,
    **curves: Any,
) -> tuple[dict[str, NDArray[np.float64]], dict[str, ArrayLike], float]:
    """Turn curves, and what a sound has, into targets (T,) and weights by descriptor, and the seconds they last.

    The arguments are those of `synthesize`.
    """
    factors = dict(weights or {})
    if like is not None:
        heard, sure, lasts = curves_like(like, book.grid)
        curves, seconds = {**heard, **curves}, lasts if seconds is None else seconds
        factors = {name: curve for name, curve in sure.items() if curves[name] is heard[name]} | factors
    if seconds is None:
        raise ParameterError("seconds must be given where no sound says how long it lasts")
    suits = LIKE_MAPPING if like is not None else {}
    targets = book.sample_curves(seconds=seconds, mapping=mapping or suits, **curves)
    return targets, {n: sample_weight(w, book.grid, seconds=seconds) for n, w in factors.items()}, seconds


def correct_and_report(
    book: Codebook, path: CodePath, targets: Targets, *, rounds: int = ROUNDS, limits: Limits | None = None
) -> Synthesis:
    """Render a path, correct it against its targets, name to (T,), and report what came of it."""
    limits = limits or Limits()
    if rounds and limits.transpose_cents and "pitch" in targets:
        pitches_hz = book.table.column("pitch")[path.codes].astype(np.float64)
        path = predict_transposition(path, pitches_hz, targets["pitch"], limits)
    measurable = {name: values for name, values in targets.items() if name in REGISTRY}
    done = correct_path(path, book.grains, measurable, rounds=rounds, limits=limits)
    y, scaled_db = limit_peak(done.y)
    report = make_report(done.path, targets, book.table, y, book.grid, scaled_db=scaled_db)
    report |= {"rounds": done.errors, "kept": done.kept, "spent": done.spent()}
    report |= {"gain_db": done.path.gain_db.tolist()}
    report |= {"controls": done.path.controls.to_fields()} if done.path.controls else {}
    return Synthesis(done.path, y, report)
