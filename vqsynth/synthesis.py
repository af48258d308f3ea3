"""Curves to a sound and a report of what came out: follow, render, measure, correct."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vqsynth.audio import limit_peak
from vqsynth.codebook import Codebook
from vqsynth.correction import ROUNDS, Limits, correct_path
from vqsynth.descriptors import REGISTRY
from vqsynth.frames import Floats
from vqsynth.index import Targets, Weights
from vqsynth.path import CodePath
from vqsynth.report import make_report
from vqsynth.selection import SMOOTHNESS


@dataclass(frozen=True, eq=False)
class Synthesis:
    """Hold a path, its sound (n_samples,) within full scale, and the report of what was asked and got."""

    path: CodePath
    y: Floats
    report: dict[str, Any]


def synthesize(
    book: Codebook,
    *,
    seconds: float,
    method: str = "best_path",
    weights: Weights | None = None,
    smoothness: float = SMOOTHNESS,
    excitation: str = "coherent",
    seed: int = 0,
    rounds: int = ROUNDS,
    limits: Limits | None = None,
    **curves: Any,
) -> Synthesis:
    """Follow curves, such as `centroid="sin(p5,p95,0.2)"`, render the path, and measure the sound.

    rounds: how often the controls are moved against the error that the sound has; `limits` bounds them.
    Raises ParameterError for curves, names, durations and options that cannot be used.
    """
    targets = book.sample_curves(seconds=seconds, **curves)
    path = book.choose(targets, seconds=seconds, method=method, weights=weights, smoothness=smoothness)
    path = replace(path, excitation=excitation, seed=seed)
    return correct_and_report(book, path, targets, rounds=rounds, limits=limits)


def correct_and_report(
    book: Codebook, path: CodePath, targets: Targets, *, rounds: int = ROUNDS, limits: Limits | None = None
) -> Synthesis:
    """Render a path, correct it against its targets, name to (T,), and report what came of it."""
    measurable = {name: values for name, values in targets.items() if name in REGISTRY}
    done = correct_path(path, book.grains, measurable, rounds=rounds, limits=limits)
    y, scaled_db = limit_peak(done.y)
    report = make_report(done.path, targets, book.table, y, book.grid, scaled_db=scaled_db)
    report |= {"rounds": done.errors, "kept": done.kept, "spent": done.spent()}
    if done.path.controls is not None:
        report["controls"] = done.path.controls.to_fields()
    report["gain_db"] = np.asarray(done.path.gain_db).tolist()
    return Synthesis(done.path, y, report)
