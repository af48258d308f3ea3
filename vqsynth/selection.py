"""Curves to a path of codes: the nearest per frame, or the path that follows and moves smoothly.

`nearest` is Algorithm 2 of Bitton, Esling, Harada, "Vector-Quantized Timbre Representation" (2020). `best_path` finds
by dynamic programming (Viterbi, 1967; for unit selection Hunt, Black, 1996) the path through all codes that costs
least, a cost being what a frame misses and what a step between spectra jumps.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError
from vqsynth.frames import Floats
from vqsynth.index import Demand, Targets, Weights, find_candidates
from vqsynth.table import DescriptorTable

Method = Literal["nearest", "best_path"]
METHODS: tuple[str, ...] = get_args(Method)
MISS_COST = 100.0
"""Cost of missing a target by one spread of the table, against a smoothness of 1 times the squared distance of two unit
spectra."""
SMOOTHNESS = 2.0
DEFAULT_LOUDNESS_DB = -20.0
_FRAMES_AT_ONCE = 256


def select_codes(
    table: DescriptorTable,
    spectral_distances: Floats,
    targets: Targets,
    *,
    method: str = "best_path",
    weights: Weights | None = None,
    smoothness: float = SMOOTHNESS,
) -> NDArray[np.int64]:
    """Choose a code per frame for targets other than loudness, which is met by gain.

    targets: descriptor name to (T,) values. spectral_distances: (K, K). Returns codes (T,).
    Raises ParameterError for an unknown method or a smoothness that is no number of 0 or more.
    """
    if method not in METHODS:
        raise ParameterError(f"method must be one of {', '.join(METHODS)} (got {method!r})")
    if not (np.isfinite(smoothness) and smoothness >= 0):
        raise ParameterError(f"smoothness must be a number of 0 or more (got {smoothness})")
    if method == "nearest":
        return find_candidates(table, targets, weights=weights, k=1).codes[:, 0]
    return find_best_path(Demand(table, targets, weights), spectral_distances, smoothness=smoothness)


def find_best_path(demand: Demand, spectral_distances: Floats, *, smoothness: float) -> NDArray[np.int64]:
    """Find the cheapest of all paths through all codes, (T,).

    The cost of a path is the sum over its frames of MISS_COST times the squared distance to the target, and over its
    steps of `smoothness` times the distance of the two spectra. No jump costs more than the dearest one does; what is
    behind the best by more than that can never catch up and is left out, which changes no result and saves nearly all
    of the work.
    """
    dearest = smoothness * float(spectral_distances.max())
    kept: list[tuple[NDArray[np.int64], NDArray[np.intp]]] = []
    codes, total = np.zeros(0, np.int64), np.zeros(0, np.float32)
    for start in range(0, len(demand), _FRAMES_AT_ONCE):
        for missed in MISS_COST * demand.misses(slice(start, start + _FRAMES_AT_ONCE)):
            near = np.flatnonzero(missed <= missed.min() + 2 * dearest)
            came_from = np.zeros(len(near), np.intp)
            cost = missed[near]
            if kept:
                jumps = smoothness * spectral_distances[codes[:, None], near]
                jumps += total[:, None]
                came_from = jumps.argmin(axis=0)
                cost = cost + jumps[came_from, np.arange(len(near))]
            alive = np.flatnonzero(cost <= cost.min() + dearest)
            codes, total = near[alive], cost[alive] - cost.min()
            kept.append((codes, came_from[alive]))
    return _trace_back(kept, int(total.argmin()))


def _trace_back(kept: list[tuple[NDArray[np.int64], NDArray[np.intp]]], last: int) -> NDArray[np.int64]:
    path = np.empty(len(kept), np.int64)
    for t in range(len(kept) - 1, -1, -1):
        codes, came_from = kept[t]
        path[t], last = codes[last], int(came_from[last])
    return path


def reach(table: DescriptorTable, name: str, values: NDArray[np.float64]) -> float:
    """Tell the share of a target's frames, 0 to 1, that lies outside what the table's codes have. values: (T,)."""
    column = table.column(name)
    low, high = np.nanmin(column), np.nanmax(column)
    return float(np.mean((values < low) | (values > high)))
