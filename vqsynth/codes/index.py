"""Nearest codes, found by FAISS or by computing every distance.

Only the descriptors that a target names are compared, each in its own scale (frequencies in octaves, decibels as they
are), divided by its spread over the codes, and weighted. A target that is NaN in a frame asks for nothing there.

FAISS works in float32. The distances of the candidates that it finds are computed again in float64, and these decide
the order, so that close calls do not depend on rounding.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_mapping, check_row, check_whole
from vqsynth.running.forking import mind_forks
from vqsynth.sound.frames import Floats

Targets = Mapping[str, NDArray[np.float64]]
Weights = Mapping[str, ArrayLike]
HEAVIEST = 1e6
WEAKNESS_DOUBT = 0.003
"""Penalty of a weak fundamental, in spreads for every dB under the strongest partial. For a sine over the choir, pyin
hears 99.2 % of the frames at .001, 99.5 % at .002, and all at .003."""
UNSTEADY_DOUBT = 2.0
"""Penalty of an unsteady code, in multiples of its own deviation. Rolloff over four curves on cello and choir, mean
nrmse: .0167 and .0285 at 0, .0109 and .0178 at 1, .0121 and .0118 at 2."""
MANY = 20000
"""With more codes than this, only some cells of them are searched."""
CELLS, CELLS_SEARCHED = 512, 8
_SPARE = 8


@dataclass(frozen=True)
class Candidates:
    """Hold the C nearest codes of each of T frames, nearest first.

    Parameters
    ----------
    codes : (T, C) int64
        The codes.
    distances : (T, C) float64
        Squared distances, weighted, in spreads of the table.

    """

    codes: NDArray[np.int64]
    distances: NDArray[np.float64]


class Demand:
    """Hold targets and codes on the scale on which they are compared: `columns` (K, F) and `queries` (T, F).

    Parameters
    ----------
    table : DescriptorTable
        The descriptors of K codes.
    targets : dict of str to (T,) float64
        What is asked for in each frame, by descriptor; NaN asks for nothing.
    weights : dict of str to float or (T,), optional
        How much each target counts, by descriptor. By default 1.

    Raises
    ------
    ParameterError
        If a name is unknown, a weight is negative or has no target, a frequency is 0 Hz or less, or no code has a
        usable value of a descriptor.

    """

    def __init__(self, table: DescriptorTable, targets: Targets, weights: Weights | None = None) -> None:
        self.columns = np.stack([table.rescale(name, table.column(name)) for name in targets], axis=1)
        self.queries = np.stack([table.rescale(name, values) for name, values in targets.items()], axis=1)
        self.weights = check_weights(targets, weights)
        self.doubts = [_doubt_pitch(table) if name == "pitch" else _doubt_unsteady(table, name) for name in targets]
        asked = ~np.isnan(np.stack(list(targets.values()), axis=1))
        for i, name in enumerate(targets):
            if np.isnan(self.queries[asked[:, i], i]).any():
                raise ParameterError(f"a target for {name} must lie above 0 in every frame; raise the curve")
            if asked[:, i].any() and np.isnan(self.columns[:, i]).all():
                raise ParameterError(f"no code of this codebook has a usable {name}; choose another target")

    def __len__(self) -> int:
        return len(self.queries)

    def misses(self, frames: slice, *, doubtful: bool = False) -> Floats:
        """Measure how far every code is from the target in some frames.

        Parameters
        ----------
        frames : slice
            The frames.
        doubtful : bool
            Whether unreliable codes get a penalty: unsteady ones, and those with an uncertain pitch.

        Returns
        -------
        (T, K) float32
            Squared distances, infinite where a code has no usable value.

        """
        missed = np.zeros((len(self.queries[frames]), len(self.columns)), np.float32)
        for i, column in enumerate(self.columns.T):
            asked = ~np.isnan(self.queries[frames, i])
            away = (column[None] - self.queries[frames, i][asked, None]).astype(np.float32)
            doubt = self.doubts[i] if doubtful else np.float32(0)
            weighed = np.broadcast_to(self.weights[:, i], len(self))[frames][asked, None] * (away**2 + doubt)
            missed[asked] += np.where(np.isnan(away), np.float32(np.inf), weighed)
        return missed


def _doubt_unsteady(table: DescriptorTable, name: str) -> Floats | np.float32:
    """Return a penalty, as a squared distance (K,), for codes whose descriptor varies while they are held."""
    if table.deviations is None:
        return np.float32(0)
    i = table.position(name)
    doubts: Floats = (UNSTEADY_DOUBT * table.deviations[:, i] / np.float32(table.spreads[i])) ** 2
    return doubts


def _doubt_pitch(table: DescriptorTable) -> Floats:
    """Return a penalty, as a squared distance (K,), for codes with an uncertain pitch or a weak fundamental.

    0.1 less confidence counts as 0.1 spread of pitch; 10 dB less of a fundamental count as ten times WEAKNESS_DOUBT.
    """
    doubts = np.zeros(len(table), np.float32)
    if "pitch_confidence" in table.names:
        doubts += (1 - table.column("pitch_confidence")) ** 2
    if table.fundamentals is not None:
        doubts += (np.float32(WEAKNESS_DOUBT) * np.nan_to_num(table.fundamentals)) ** 2
    return doubts


def find_candidates(
    table: DescriptorTable, targets: Targets, *, weights: Weights | None = None, k: int = 1
) -> Candidates:
    """Find the k codes that are nearest to a target, frame by frame.

    Parameters
    ----------
    table : DescriptorTable
        The descriptors of K codes. Codes without a usable value of a descriptor that is asked for are left out.
    targets, weights
        As for `Demand`.
    k : int
        Number of codes for each frame. If there are fewer, all of them are returned.

    Returns
    -------
    Candidates

    Raises
    ------
    ParameterError
        As `Demand` does.

    """
    check_whole("k", k, 1)
    demand = Demand(table, targets, weights)
    if len(demand.weights) > 1 or np.isnan(demand.queries).any():
        return _search_all(demand, k)
    factors = np.sqrt(demand.weights)
    return CodeIndex(demand.columns * factors).search(demand.queries * factors, k)


class CodeIndex:
    """Search codes by their scaled and weighted columns.

    With up to MANY codes every distance is computed. With more, the codes are divided into cells, and only the nearest
    cells are searched; this misses the nearest code in one of some thousand queries.

    Parameters
    ----------
    columns : (K, F) float64
        Descriptors of K codes. Codes with a NaN are left out.

    Raises
    ------
    ParameterError
        If no code is left.

    """

    def __init__(self, columns: NDArray[np.float64]) -> None:
        import faiss

        mind_forks()
        self._usable = np.flatnonzero(~np.isnan(columns).any(axis=1))
        if not len(self._usable):
            raise ParameterError(
                "no code has usable values of all descriptors that are asked for; ask for fewer at once"
            )
        self._columns = columns[self._usable]
        self._centre = self._columns.mean(axis=0)
        points = np.ascontiguousarray(self._columns - self._centre, np.float32)
        flat = faiss.IndexFlatL2(points.shape[1])
        self._index: Any = flat
        if len(points) > MANY:
            self._flat = flat  # the index refers to it but does not keep it alive
            self._index = faiss.IndexIVFFlat(flat, points.shape[1], CELLS)
            self._index.cp.niter, self._index.nprobe = 8, CELLS_SEARCHED
            self._index.train(points)
        self._index.add(points)

    def search(self, queries: NDArray[np.float64], k: int) -> Candidates:
        """Find the k nearest codes of each query (T, F), by distances in float64. Equal distances go by code number."""
        n_rows = min(k + _SPARE, len(self._usable))
        rows: NDArray[np.int64] = self._index.search(np.ascontiguousarray(queries - self._centre, np.float32), n_rows)[
            1
        ]
        rows.sort(axis=1)
        distances = ((self._columns[rows] - queries[:, None]) ** 2).sum(-1)
        distances[rows < 0] = np.inf
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        codes = self._usable[np.take_along_axis(rows, order, 1)]
        return Candidates(codes, np.take_along_axis(distances, order, 1))


def check_weights(targets: Targets, weights: Weights | None) -> NDArray[np.float64]:
    """Check weights, and return them as (1, F) or, if one varies over time, (T, F).

    Raises ParameterError if a weight is negative or has no target.
    """
    weights = check_mapping("weights", weights)
    n_frames = len(next(iter(targets.values()), ()))
    found = []
    for name in targets:
        weight = _as_array(weights.get(name, 1.0))
        is_number = weight.dtype.kind in "fiu" and ((weight >= 0) & (weight <= HEAVIEST)).all()
        if not is_number or weight.shape not in ((1,), (n_frames,)):
            raise ParameterError(
                f"the weight of {name!r} must be a number of 0 or more, up to {HEAVIEST:g}, or one per frame"
            )
        found.append(weight.astype(np.float64))
    for name in weights:
        if name not in targets:
            raise ParameterError(
                f"a weight for {name!r} needs a target of that name; a target for loudness is met by gain and has no "
                f"weight; targets are {', '.join(targets) or 'none'}"
            )
    return np.stack(np.broadcast_arrays(*found), axis=1) if found else np.ones((1, 0))


def _as_array(weight: Any) -> NDArray[Any]:
    try:
        return np.atleast_1d(weight)
    except ValueError:  # rows of different lengths
        return np.array([None])


def check_targets(table: DescriptorTable, targets: Any) -> dict[str, NDArray[np.float64]]:
    """Check targets by descriptor, values (T,) each, loudness among them, and return them. Raises ParameterError."""
    rows = {name: check_row(f"the target for {name}", row) for name, row in check_mapping("targets", targets).items()}
    for name in rows:
        table.position(name)
    lengths = {len(row) for row in rows.values()}
    if "loudness" not in rows or len(lengths) != 1 or not lengths.pop() or np.isnan(rows["loudness"]).any():
        raise ParameterError(
            "targets must have the same length, and a loudness in every frame; make them with Codebook.sample_curves"
        )
    return rows


def _search_all(demand: Demand, k: int) -> Candidates:
    """Search by computing every distance, which allows frames to ask for different descriptors."""
    k = min(k, len(demand.columns))
    codes, distances = np.empty((len(demand), k), np.int64), np.empty((len(demand), k))
    for start in range(0, len(demand), 256):
        block = slice(start, start + 256)
        missed = demand.misses(block)
        codes[block] = np.argsort(missed, axis=1, kind="stable")[:, :k]
        distances[block] = np.take_along_axis(missed, codes[block], axis=1)
    return Candidates(codes, distances)
