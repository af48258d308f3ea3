"""Curves to a sound and a report of what came out: follow, render and measure in one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vqsynth.audio import limit_peak
from vqsynth.codebook import Codebook
from vqsynth.frames import Floats
from vqsynth.path import CodePath
from vqsynth.render import render_path
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
    weights: Mapping[str, float] | None = None,
    smoothness: float = SMOOTHNESS,
    excitation: str = "coherent",
    seed: int = 0,
    **curves: Any,
) -> Synthesis:
    """Follow curves, such as `centroid="sin(p5,p95,0.2)"`, render the path, and measure the sound.

    Raises ParameterError for curves, names, durations and options that cannot be used.
    """
    targets = book.sample_curves(seconds=seconds, **curves)
    path = book.choose(targets, seconds=seconds, method=method, weights=weights, smoothness=smoothness)
    path = replace(path, excitation=excitation, seed=seed)
    y, scaled_db = limit_peak(render_path(path, book.grains))
    return Synthesis(path, y, make_report(path, targets, book.table, y, book.grid, scaled_db=scaled_db))
