"""Codes for curves: the nearest code of every frame, or the path that follows the curve and moves smoothly.

`nearest` is Algorithm 2 of Bitton, Esling, Harada, "Vector-Quantized Timbre Representation" (2020). `best_path` finds
the cheapest path through all codes by dynamic programming (Viterbi, 1967; for unit selection Hunt, Black, 1996). The
cost is that of missing the target in each frame plus that of each step between spectra.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.index import Demand, Targets, Weights, find_candidates
from vqsynth.codes.motion import HELD, draw_changes, hold_codes, sway, usual_runs
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_choice, check_mapping, check_number, check_whole, show
from vqsynth.sound.frames import Floats

Method = Literal["nearest", "best_path"]
METHODS: tuple[str, ...] = get_args(Method)
MISS_COST = 100.0
"""Cost of missing a target by one spread of the table, against a smoothness of 1 times the squared distance of two unit
spectra."""
SMOOTHNESS = 2.0
_FRAMES_AT_ONCE = 256
_MOST_NEAR, _MOST_PATHS = 256, 48
"""How many codes and paths are followed in a frame, at most, where motion makes codes change. On the shipped codebooks
that takes a third to a fifth of the time of following all."""
_FORBIDDEN = np.float32(1e6)
"""Cost of a code that stays where it must change. It is finite: in some frames no other code can be used."""


@dataclass(frozen=True)
class Selection:
    """Hold the options by which codes are chosen.

    Parameters
    ----------
    method : {"best_path", "nearest"}
        "nearest" ignores `smoothness` and `style`.
    weights : dict of str to float or (T,), optional
        How much each target counts, by descriptor.
    smoothness : float
        Cost of steps between spectra, 0 to 1e6.
    style : float
        0 to 1. At 0 the cost of a step grows with the distance of the spectra, at 1 with how seldom the instrument
        makes it.
    rest : int
        Frames for which a code that sounded must rest, 0 to 1e6.
    variation : float
        Codes may be chosen by chance if they miss the target by at most so many spreads more than the best, 0 to 100.
    seed : int
        Seed of that chance, and of the runs of `motion`.
    motion : float
        0 to 1. At 0 a code is held while it meets the target, at .5 for as long as in the training sounds, at 1 for a
        frame. "nearest" and `rest` ignore it.

    Raises
    ------
    ParameterError
        If a value is not as above.

    """

    method: str = "best_path"
    weights: Weights | None = None
    smoothness: float = SMOOTHNESS
    style: float = 0.0
    rest: int = 0
    variation: float = 0.0
    seed: int = 0
    motion: float = 0.0

    def __post_init__(self) -> None:
        check_choice("method", self.method, METHODS)
        check_mapping("weights", self.weights)
        check_whole("rest", self.rest, 0, 1_000_000)
        check_whole("seed", self.seed)
        for name, most in (("smoothness", 1e6), ("style", 1), ("variation", 100), ("motion", 1)):
            check_number(name, getattr(self, name), 0, most)

    @property
    def strength(self) -> float:
        """Return how much motion lets usual steps count, 0 to 1: from .5 on, wholly; with "nearest" and rest not."""
        return 0.0 if self.method == "nearest" or self.rest else min(2 * self.motion, 1.0)


def check_taken(taken: Any, n_frames: int) -> None:
    """Check that codes of other layers have shape (N, T). None passes. Raises ParameterError otherwise."""
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
    transitions: NDArray[np.int64] | None = None,
    taken: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Choose a code for each frame. Targets must not include loudness, which is met by gain.

    Parameters
    ----------
    table : DescriptorTable
        The descriptors of K codes.
    jumps : (K, K) float32
        The cost of each step from code to code, see `price_jumps`.
    targets : dict of str to (T,) float64
        Values by descriptor; NaN asks for nothing.
    selection : Selection
        How codes are chosen.
    transitions : (N, 3) int64, optional
        Steps in the training corpus, from which motion knows how long codes are held.
    taken : (N, T) int64, optional
        Codes that may not be chosen in each frame.

    Returns
    -------
    (T,) int64

    Raises
    ------
    ParameterError
        As `Demand` does, and if all usable codes are taken in a frame.

    """
    plain = selection.rest == 0 and selection.variation == 0 and taken is None
    if selection.method == "nearest" and plain:
        return find_candidates(table, targets, weights=selection.weights, k=1).codes[:, 0]
    demand = Demand(table, targets, selection.weights)
    if selection.method == "nearest":
        jumps = np.zeros_like(jumps)
    rows = _misses(demand, selection, taken)
    if selection.rest:
        return find_resting_path(rows, jumps, selection.rest)
    if selection.strength == 0:
        return find_best_path(rows, jumps)
    frames, shares = usual_runs(transitions, len(table))
    changes = draw_changes(len(demand), frames, shares, motion=selection.motion, seed=selection.seed)
    price = selection.smoothness * selection.strength / np.log(max(len(table), 2))
    return find_best_path(sway(rows, changes, price, seed=selection.seed), jumps, changes)


def most_used(table: DescriptorTable, n_frames: int, *, taken: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Choose in each frame the code that the corpus used most and that is not taken.

    Parameters
    ----------
    table : DescriptorTable
        The codes and their counts.
    n_frames : int
        Number of frames, T.
    taken : (N, T) int64, optional
        Codes that may not be chosen in each frame.

    Returns
    -------
    (T,) int64

    Raises
    ------
    ParameterError
        If all codes are taken.

    """
    if taken is None:
        return np.full(n_frames, int(np.argmax(table.counts)))
    order = np.argsort(-table.counts, kind="stable")[: len(taken) + 1]
    free = (order[:, None, None] != taken).all(axis=1)
    if not free.any(axis=0).all():
        raise ParameterError(
            f"{len(taken)} other layers use all {len(table)} codes, so none is left; ask for fewer layers"
        )
    codes: NDArray[np.int64] = order[free.argmax(axis=0)]
    return codes


def price_jumps(distances: Floats, selection: Selection, transitions: NDArray[np.int64] | None = None) -> Floats:
    """Compute the cost of all steps between codes.

    The cost grows with the distance of the two spectra and, by `selection.style` and `selection.motion`, with how
    seldom the instrument makes the step.

    Parameters
    ----------
    distances : (K, K) float32
        Squared distances between the spectra, at unit power.
    selection : Selection
        Gives smoothness and style.
    transitions : (N, 3) int64, optional
        Steps in the training corpus: from, to, count. A style above 0 needs them.

    Returns
    -------
    (K, K) float32

    Raises
    ------
    ParameterError
        If there are no transitions for a style above 0.

    """
    prices = np.float32(selection.smoothness * (1 - selection.style)) * distances
    usual = 0.0 if transitions is None else selection.strength
    if selection.style == 0 and usual == 0:
        return prices
    if transitions is None:
        raise ParameterError(
            "style needs the transitions of the training sounds, which this codebook does not hold; use style 0, "
            "or train it again"
        )
    price = selection.smoothness * max(selection.style, usual) / np.log(max(len(distances), 2))
    seldom = np.log(_chances(transitions, len(distances)))
    seldom *= np.float32(-price)
    seldom += prices
    return hold_codes(seldom, HELD * selection.smoothness * usual) if usual else seldom


def _chances(transitions: NDArray[np.int64], n_codes: int) -> Floats:
    """Return the chance of each step, (K, K). That of a step never made grows with the use of the code it leads to."""
    counts = np.zeros((n_codes, n_codes), np.float32)
    counts[transitions[:, 0], transitions[:, 1]] = transitions[:, 2]
    usual = (counts.sum(axis=0) + 0.5) / (counts.sum() + 0.5 * n_codes)
    heard = counts.sum(axis=1, keepdims=True)
    counts += usual.astype(np.float32)
    counts /= heard + 1
    return counts


def find_best_path(
    misses: Iterator[Floats], jumps: Floats, changes: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Find the cheapest of all paths through all codes.

    No step costs more than the dearest one. A path that is behind the best by more than this can never catch up and is
    dropped, which changes no result and saves nearly all of the work. Where the code must change, the best path may not
    step to its own code, and the second best stands in for it. With `changes`, no more than the 256 best codes and the
    48 best paths of a frame are followed; in codebooks that are larger, the path may not be the very cheapest.

    Parameters
    ----------
    misses : iterator of (K,) float32
        The cost of each code, frame after frame.
    jumps : (K, K) float32
        The cost of each step.
    changes : (T,) bool, optional
        The frames whose code must not be that of the frame before.

    Returns
    -------
    (T,) int64

    """
    dearest = float(jumps.max() - min(0.0, float(jumps.min())))
    kept: list[tuple[NDArray[np.int64], NDArray[np.intp]]] = []
    codes, total = np.zeros(0, np.int64), np.zeros(0, np.float32)
    for t, missed in enumerate(misses):
        must, leads = (0, 0) if changes is None else (int(changes[t]), int(changes[t + 1 : t + 2].any()))
        near = _cheapest(missed, must + leads, 2 * dearest, most=None if changes is None else _MOST_NEAR)
        came_from = np.zeros(len(near), np.intp)
        cost = missed[near]
        if kept:
            steps = jumps[codes[:, None], near] + total[:, None]
            if must:
                steps[codes[:, None] == near] += _FORBIDDEN
            came_from = steps.argmin(axis=0)
            cost = cost + steps[came_from, np.arange(len(near))]
        alive = _cheapest(cost, leads, dearest, most=None if changes is None else _MOST_PATHS)
        codes, total = near[alive], cost[alive] - cost.min()
        kept.append((codes, came_from[alive]))
    return _trace_back(kept, int(total.argmin()))


def _cheapest(costs: Floats, rank: int, within: float, *, most: int | None) -> NDArray[np.intp]:
    """Return where costs exceed the lowest, or with a rank above 0 one of the next, by no more than `within`."""
    if most is not None and len(costs) > most:
        within = min(within, float(np.partition(costs, most)[most]) - float(costs.min()))
    low = np.partition(costs, min(rank, len(costs) - 1))[: rank + 1] if rank else costs.min(keepdims=True)
    return np.flatnonzero(costs <= low[np.isfinite(low)].max(initial=costs.min()) + within)


def find_resting_path(misses: Iterator[Floats], jumps: Floats, rest: int) -> NDArray[np.int64]:
    """Choose in each frame the cheapest code that did not sound in the last `rest` frames.

    If all usable codes rest, the one that has rested longest is chosen.

    Parameters
    ----------
    misses : iterator of (K,) float32
        The cost of each code, frame after frame.
    jumps : (K, K) float32
        The cost of each step.
    rest : int
        Frames for which a code rests.

    Returns
    -------
    (T,) int64

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
    """Yield the cost of all codes, (K,), for each frame: distance, chance, and infinity for codes that are taken."""
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
                    f"in some frames, {len(taken)} other layers use all codes that can be used; ask for fewer layers"
                )
        yield from missed


def _trace_back(kept: list[tuple[NDArray[np.int64], NDArray[np.intp]]], last: int) -> NDArray[np.int64]:
    path = np.empty(len(kept), np.int64)
    for t in range(len(kept) - 1, -1, -1):
        codes, came_from = kept[t]
        path[t], last = codes[last], int(came_from[last])
    return path
