"""Nearest codes: FAISS over the columns of the descriptor table that a target names.

Descriptors are compared in their scale (frequencies in octaves, decibels as they are), each divided by its spread over
the codes, then weighted. Faiss answers in float32; the candidates it finds are measured again in float64 and put in
order by that, so that close calls do not depend on rounding.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError
from vqsynth.table import DescriptorTable

Targets = Mapping[str, NDArray[np.float64]]
_SPARE = 8


@dataclass(frozen=True)
class Candidates:
    """Hold the C nearest codes of each of T frames, nearest first.

    codes: (T, C) int64. distances: (T, C) float64, squared, in spreads of the table, weighted.
    """

    codes: NDArray[np.int64]
    distances: NDArray[np.float64]


def find_candidates(
    table: DescriptorTable, targets: Targets, *, weights: Mapping[str, float] | None = None, k: int = 64
) -> Candidates:
    """Find the k codes of a table that are nearest to a target, frame by frame.

    targets: descriptor name to values (T,). weights: descriptor name to factor, 1 where it says nothing. Codes without
    a usable value of a demanded descriptor are no candidates. k is lowered to the number of codes that are.
    Raises ParameterError for unknown names, negative weights, and where no code has all demanded descriptors.
    """
    factors = np.sqrt(check_weights(targets, weights))
    columns = np.stack([table.rescale(name, table.column(name)) for name in targets], axis=1) * factors
    queries = np.stack([table.rescale(name, values) for name, values in targets.items()], axis=1) * factors
    if np.isnan(queries).any():
        raise ParameterError("targets of frequencies must lie above 0 Hz in every frame; raise the curve")
    usable = np.flatnonzero(~np.isnan(columns).any(axis=1))
    if not len(usable):
        raise ParameterError(f"no code of this codebook has a usable {' and '.join(targets)}; choose another target")
    centre = columns[usable].mean(axis=0)
    rows = _search(columns[usable] - centre, queries - centre, min(k + _SPARE, len(usable)))
    distances = ((columns[usable][rows] - queries[:, None]) ** 2).sum(-1)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return Candidates(usable[np.take_along_axis(rows, order, 1)], np.take_along_axis(distances, order, 1))


def check_weights(targets: Targets, weights: Mapping[str, float] | None) -> NDArray[np.float64]:
    """List the weight of each target, (F,). Raises ParameterError for a weight that is negative or of no target."""
    for name, weight in (weights or {}).items():
        if name not in targets:
            raise ParameterError(f"a weight for {name!r} needs a target for it; targets are {', '.join(targets)}")
        if not (np.isfinite(weight) and weight >= 0):
            raise ParameterError(f"the weight of {name!r} must be a number of 0 or more (got {weight})")
    return np.array([(weights or {}).get(name, 1.0) for name in targets])


def _search(columns: NDArray[np.float64], queries: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Search with faiss: columns (N, F), queries (T, F) to rows (T, k), sorted by row for ties to fall the same way."""
    import faiss

    index = faiss.IndexFlatL2(columns.shape[1])
    index.add(np.ascontiguousarray(columns, np.float32))
    rows: NDArray[np.int64] = index.search(np.ascontiguousarray(queries, np.float32), k)[1]
    rows.sort(axis=1)
    return rows
