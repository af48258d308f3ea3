"""Curves to a path of codes: the nearest per frame, or the path that follows and moves smoothly.

`nearest` is Algorithm 2 of Bitton, Esling, Harada, "Vector-Quantized Timbre Representation" (2020). `best_path` finds
by dynamic programming (Viterbi, 1967; for unit selection Hunt, Black, 1996) the path through the nearest candidates of
every frame that costs least, a cost being what the frame misses and what the step between spectra jumps.
"""

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError
from vqsynth.frames import Floats
from vqsynth.index import Candidates, Targets, find_candidates
from vqsynth.table import DescriptorTable

Method = Literal["nearest", "best_path"]
METHODS: tuple[str, ...] = get_args(Method)
CANDIDATES = 64
MISS_COST = 100.0
"""Cost of missing a target by one spread of the table, against a smoothness of 1 times the squared distance of two unit
spectra."""
SMOOTHNESS = 2.0
DEFAULT_LOUDNESS_DB = -20.0


def select_codes(
    table: DescriptorTable,
    spectral_distances: Floats,
    targets: Targets,
    *,
    method: str = "best_path",
    weights: Mapping[str, float] | None = None,
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
    candidates = find_candidates(table, targets, weights=weights, k=CANDIDATES)
    return find_best_path(candidates, spectral_distances, smoothness=smoothness)


def find_best_path(candidates: Candidates, spectral_distances: Floats, *, smoothness: float) -> NDArray[np.int64]:
    """Find the cheapest path through the candidates, (T,) codes.

    The cost of a path is the sum over its frames of MISS_COST times the squared distance to the target, and over its
    steps of `smoothness` times the distance of the two spectra.
    """
    codes, misses = candidates.codes, MISS_COST * candidates.distances
    total, came_from = misses[0], np.zeros(codes.shape, np.intp)
    for t in range(1, len(codes)):
        jumps = spectral_distances[codes[t - 1][:, None], codes[t]]
        cost = total[:, None] + smoothness * jumps
        came_from[t] = cost.argmin(axis=0)
        total = np.take_along_axis(cost, came_from[t][None], axis=0)[0] + misses[t]
    return _trace_back(codes, came_from, int(total.argmin()))


def _trace_back(codes: NDArray[np.int64], came_from: NDArray[np.intp], last: int) -> NDArray[np.int64]:
    path = np.empty(len(codes), np.int64)
    for t in range(len(codes) - 1, -1, -1):
        path[t] = codes[t, last]
        last = int(came_from[t, last])
    return path


def reach(table: DescriptorTable, name: str, values: NDArray[np.float64]) -> float:
    """Tell the share of a target's frames, 0 to 1, that lies outside what the table's codes have. values: (T,)."""
    column = table.column(name)
    low, high = np.nanmin(column), np.nanmax(column)
    return float(np.mean((values < low) | (values > high)))
