"""How long a path holds its codes, beside the training sounds; what that costs in error; and how fast codes are chosen.

    python tests/bench/motion.py [BOOK ...]

Five gestures of 20 s over the 5th to 95th percentile of the centroid, corrected. Runs are in frames, those cut off by
the ends left out; quantiles are those of grouped data. Those of the training sounds follow from the counted steps: a
code that is followed by itself with chance s is held for n frames or more with chance s^(n - 1). Errors are RMS over
the 5th to 95th percentile.
"""

import sys
import time

import numpy as np
from _bars import finish, note, show
from numpy.typing import NDArray

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.codes.motion import NATURAL, usual_runs
from vqsynth.follow.synthesis import Synthesis

BOOKS = ("violin", "cello", "choir", "guitar", "percussion")
SECONDS, FACTOR, MORE_ERROR = 20.0, 1.5, 0.005
GESTURES = {
    "sine": "sin({p5},{p95},0.2)",
    "line": "line({p5},{p95})",
    "steps": "steps({p10},{p80},{p30},{p90},{p20})",
    "random": "random({p5},{p95},4,1)",
    "held": "{p50}",
}
MINUTES_10 = 600.0


def run_lengths(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Measure all runs but the first and the last, in frames."""
    return np.diff(np.flatnonzero(np.diff(codes)))


def quantile(shares: NDArray[np.float64], share: float) -> float:
    """Return a quantile of run lengths 1, 2, ... of such shares, as of grouped data: n stands for n - .5 to n + .5.

    Half of the runs of some training sounds last one frame; a plain median would leap from 1 to 2 there.
    """
    edges = np.arange(len(shares) + 1) + 0.5
    return float(np.interp(share, np.append(0, np.cumsum(shares)), edges))


def usual_quantile(book: Codebook, share: float) -> float:
    """Return the quantile of the runs of the training sounds."""
    frames, shares = usual_runs(book.transitions, len(book))
    lengths = np.arange(1, 1000)
    return quantile(((1 - 1 / frames)[:, None] ** (lengths - 1) / frames[:, None] * shares[:, None]).sum(0), share)


def usual_steps(book: Codebook, codes: NDArray[np.int64]) -> float:
    """Return the share of a path's changes of code that the training sounds make too."""
    made = {(int(a), int(b)) for a, b, _ in book.transitions} if book.transitions is not None else set()
    changes = [(int(a), int(b)) for a, b in zip(codes[:-1], codes[1:], strict=True) if a != b]
    return sum(step in made for step in changes) / max(len(changes), 1)


def error(made: Synthesis, book: Codebook) -> float:
    """Return the error of the centroid over its 5th to 95th percentile."""
    missed = made.report["descriptors"]["centroid"]["error"]
    return float(missed / np.subtract(*(book.table.percentile("centroid", p) for p in (95, 5))))


def off(figure: float, usual: float) -> float:
    """Return by what factor a figure is off, 1 or more."""
    return max(figure / usual, usual / figure)


def bench_book(book: Codebook) -> None:
    """Print the bars of one codebook."""
    levels = {f"p{p}": book.table.percentile("centroid", p) for p in (5, 10, 20, 30, 50, 80, 90, 95)}
    usual = {share: usual_quantile(book, share) for share in (0.5, 0.95)}
    note(f"{book.name}: training sounds, median run", usual[0.5], "frames")
    note(f"{book.name}: training sounds, 95th percentile", usual[0.95], "frames")
    for gesture, curve in GESTURES.items():
        curve = curve.format(**levels)
        made, without = (book.synthesize(centroid=curve, seconds=SECONDS, **o) for o in ({}, {"motion": 0.0}))
        runs, held = (run_lengths(each.path.codes) for each in (made, without))
        said = f"{book.name}, {gesture}"
        for share, name in ((0.5, "median"), (0.95, "95th percentile")):
            figure, before = (quantile(np.bincount(r)[1:] / len(r), share) if len(r) else np.inf for r in (runs, held))
            show(f"{said}: {name} {figure:.1f} (held {before:.1f}), off by", off(figure, usual[share]), FACTOR)
        errors = [error(each, book) for each in (made, without)]
        show(f"{said}: error {errors[0]:.4f}, more than held", errors[0] - errors[1], MORE_ERROR)
        note(f"    {len(set(made.path.codes))} codes; of their changes the training sounds make, %",
             100 * usual_steps(book, made.path.codes))  # fmt: skip
        note(f"    held: {len(set(without.path.codes))} codes; of their changes, %",
             100 * usual_steps(book, without.path.codes))  # fmt: skip


def bench_speed(book: Codebook) -> None:
    """Print how long it takes to choose the codes of ten minutes, at the default and held."""
    for motion, bar in ((0.0, None), (NATURAL, 10.0)):
        start = time.perf_counter()
        book.follow(centroid="random(p5,p95,4,1)", seconds=MINUTES_10, motion=motion)
        took = time.perf_counter() - start
        if bar:
            show(f"{book.name}: codes for 10 minutes", took, bar, unit="s")
        else:
            note("    held", took, "s")


def main(*names: str) -> None:
    """Print every bar for every codebook."""
    for name in names or BOOKS:
        bench_book(vqsynth.load(name))
    bench_speed(vqsynth.load(names[0] if names else "violin"))


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
