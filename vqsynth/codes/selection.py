"""Curves to a path of codes: the nearest per frame, or the path that follows and moves smoothly.

`nearest` is Algorithm 2 of Bitton, Esling, Harada, "Vector-Quantized Timbre Representation" (2020). `best_path` finds
by dynamic programming (Viterbi, 1967; for unit selection Hunt, Black, 1996) the path through all codes that costs
least, a cost being what a frame misses and what a step between spectra jumps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vqsynth.checks import check_choice, check_mapping, check_number, check_whole, show
from vqsynth.codes.index import Demand, Targets, Weights, find_candidates
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import ParameterError
from vqsynth.sound.frames import Floats

Method = Literal["nearest", "best_path"]
METHODS: tuple[str, ...] = get_args(Method)
MISS_COST = 100.0
"""Cost of missing a target by one spread of the table, against a smoothness of 1 times the squared distance of two unit
spectra."""
SMOOTHNESS = 2.0
_FRAMES_AT_ONCE = 256


@dataclass(frozen=True)
class Selection:
    """Say how codes are chosen.

    method: "best_path", or "nearest", which knows nothing of the rest. weights: descriptor name to a factor, or to one
    per frame. smoothness: the price of jumps between spectra. style: 0 to 1, from jumps being dear as spectra differ to
    their being dear as the instrument seldom makes them. rest: frames for which a code that sounded must rest.
    variation: codes that miss a target by so many spreads more than the best may be taken by chance, under `seed`.
    Raises ParameterError for values out of range.
    """

    method: str = "best_path"
    weights: Weights | None = None
    smoothness: float = SMOOTHNESS
    style: float = 0.0
    rest: int = 0
    variation: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("method", self.method, METHODS)
        check_mapping("weights", self.weights)
        check_whole("rest", self.rest, 0, 1_000_000)
        check_whole("seed", self.seed)
        for name, most in (("smoothness", 1e6), ("style", 1), ("variation", 100)):
            check_number(name, getattr(self, name), 0, most)


def check_taken(taken: Any, n_frames: int) -> None:
    """Refuse what are no codes of other layers, (N, T). Raises ParameterError."""
    if taken is None:
        return
    codes = np.asarray(taken) if isinstance(taken, np.ndarray) else np.zeros(0)
    if codes.ndim != 2 or codes.shape[1] != n_frames or codes.dtype.kind not in "iu" or (codes < 0).any():
        raise ParameterError(f"taken must be codes of shape (N, {n_frames}), or None (got {show(taken)})")


def select_codes(
    table: DescriptorTable,
    jumps: Floats,
    targets: Targets,
    selection: Selection,
    *,
    taken: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Choose a code per frame for targets other than loudness, which is met by gain.

    targets: descriptor name to (T,) values. jumps: what a step from code to code costs, (K, K), see `price_jumps`.
    taken: codes that each frame must not have, (N, T). Returns codes (T,).
    """
    plain = selection.rest == 0 and selection.variation == 0 and taken is None
    if selection.method == "nearest" and plain:
        return find_candidates(table, targets, weights=selection.weights, k=1).codes[:, 0]
    demand = Demand(table, targets, selection.weights)
    if selection.method == "nearest":
        jumps = np.zeros_like(jumps)
    rows = _misses(demand, selection, taken)
    return find_resting_path(rows, jumps, selection.rest) if selection.rest else find_best_path(rows, jumps)


def most_used(table: DescriptorTable, n_frames: int, *, taken: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Take in every frame the code that the corpus used most and that is not among those taken, (N, T).

    Returns codes (T,). Raises ParameterError where all are taken.
    """
    if taken is None:
        return np.full(n_frames, int(np.argmax(table.counts)))
    order = np.argsort(-table.counts, kind="stable")[: len(taken) + 1]
    free = (order[:, None, None] != taken).all(axis=1)
    if not free.any(axis=0).all():
        raise ParameterError(f"all {len(table)} codes are taken by {len(taken)} other layers; ask for fewer layers")
    codes: NDArray[np.int64] = order[free.argmax(axis=0)]
    return codes


def price_jumps(distances: Floats, selection: Selection, transitions: NDArray[np.int64] | None = None) -> Floats:
    """Price the steps between codes, (K, K): how far apart their spectra are, how seldom the instrument makes them.

    distances: squared, of unit spectra, (K, K). transitions: (N, 3), from, to and how often, of the training corpus.
    Raises ParameterError for a style without transitions.
    """
    prices = np.float32(selection.smoothness * (1 - selection.style)) * distances
    if selection.style == 0:
        return prices
    if transitions is None:
        raise ParameterError("this codebook does not know how its instrument moves; use style 0, or train it again")
    n_codes = len(distances)
    counts = np.zeros((n_codes, n_codes), np.float32)
    counts[transitions[:, 0], transitions[:, 1]] = transitions[:, 2]
    usual = (counts.sum(axis=0) + 0.5) / (counts.sum() + 0.5 * n_codes)
    chance = (counts + usual) / (counts.sum(axis=1, keepdims=True) + 1)
    price = np.float32(selection.smoothness * selection.style / np.log(max(n_codes, 2)))
    seldom: Floats = prices - price * np.log(chance)
    return seldom


def find_best_path(misses: Iterator[Floats], jumps: Floats) -> NDArray[np.int64]:
    """Find the cheapest of all paths through all codes, (T,).

    misses: what each code costs, (K,), frame after frame. jumps: what a step costs, (K, K). A path costs the sum. No
    jump costs more than the dearest one does; what is behind the best by more than that can never catch up and is left
    out, which changes no result and saves nearly all of the work.
    """
    dearest = float(jumps.max() - min(0.0, float(jumps.min())))
    kept: list[tuple[NDArray[np.int64], NDArray[np.intp]]] = []
    codes, total = np.zeros(0, np.int64), np.zeros(0, np.float32)
    for missed in misses:
        near = np.flatnonzero(missed <= missed.min() + 2 * dearest)
        came_from = np.zeros(len(near), np.intp)
        cost = missed[near]
        if kept:
            steps = jumps[codes[:, None], near] + total[:, None]
            came_from = steps.argmin(axis=0)
            cost = cost + steps[came_from, np.arange(len(near))]
        alive = np.flatnonzero(cost <= cost.min() + dearest)
        codes, total = near[alive], cost[alive] - cost.min()
        kept.append((codes, came_from[alive]))
    return _trace_back(kept, int(total.argmin()))


def find_resting_path(misses: Iterator[Floats], jumps: Floats, rest: int) -> NDArray[np.int64]:
    """Take in every frame the cheapest code that did not sound in the last `rest` frames, (T,).

    Where all that can be had rest, the one that has rested longest sounds.
    """
    path: list[int] = []
    for missed in misses:
        recent = path[-min(rest, len(missed) - 1) :] if len(missed) > 1 else []
        cost = missed + jumps[path[-1]] if path else missed
        rested = np.isfinite(cost)
        rested[recent] = False
        while not rested.any() and recent:
            oldest = recent.pop(0)
            rested[oldest] = np.isfinite(cost[oldest]) and oldest not in recent
        path.append(int(np.where(rested, cost, np.inf).argmin()))
    return np.array(path, np.int64)


def _misses(demand: Demand, selection: Selection, taken: NDArray[np.int64] | None) -> Iterator[Floats]:
    """Price the codes of each frame, (K,): what they miss, what chance adds, and infinity for those taken."""
    rng = np.random.default_rng(selection.seed)
    for start in range(0, len(demand), _FRAMES_AT_ONCE):
        block = slice(start, start + _FRAMES_AT_ONCE)
        missed = MISS_COST * demand.misses(block, doubtful=selection.method == "best_path")
        if selection.variation:
            missed += MISS_COST * selection.variation**2 * rng.random(missed.shape, np.float32)
        if taken is not None:
            missed[np.arange(len(missed)), taken[:, block]] = np.inf
            if np.isinf(missed.min(axis=1)).any():
                raise ParameterError(
                    f"in some frames, all codes that can be used are taken by {len(taken)} other layers; "
                    "ask for fewer layers"
                )
        yield from missed


def _trace_back(kept: list[tuple[NDArray[np.int64], NDArray[np.intp]]], last: int) -> NDArray[np.int64]:
    path = np.empty(len(kept), np.int64)
    for t in range(len(kept) - 1, -1, -1):
        codes, came_from = kept[t]
        path[t], last = codes[last], int(came_from[last])
    return path


def reach(table: DescriptorTable, name: str, values: NDArray[np.float64]) -> float:
    """Tell the share of a target's frames, 0 to 1, that lies outside what the table's codes have.

    values: (T,), those that are NaN not counted.
    """
    column = table.column(name)
    asked = values[~np.isnan(values)]
    return float(np.mean((asked < np.nanmin(column)) | (asked > np.nanmax(column)))) if len(asked) else 0.0
