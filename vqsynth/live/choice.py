"""The code of the next frame: the nearest to the targets, and not far from the code before. Nothing is known ahead.

What a transposition or a tilt can bridge counts less than what they cannot, and a transposition moves the descriptors
in Hz along with the pitch.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.controls import tilt_octaves
from vqsynth.codes.index import Demand
from vqsynth.codes.motion import draw_changes, usual_runs
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.selection import MISS_COST, Selection, price_jumps
from vqsynth.live.asking import Asked
from vqsynth.sound.frames import Floats

BRIDGED = 0.3
"""What a miss costs that a control bridges, against one that stays, as amplitudes."""
UNSTEADY = 16
"""How much more a code of unsteady centroid counts as a miss than where the sound is corrected afterwards. A centroid
sine, alone and beside a pitch, nrmse: violin .0106, .049 at 1; .0067, .039 at 16; choir .0137, .070 and .0105, .066."""
_DRAWS = 1 << 16
_CHANGES = 1 << 13
"""Frames of which the changes are drawn at once; a minute and a half at a hop of 512, then they come again."""


@dataclass(frozen=True, eq=False)
class Pace:
    """Hold how often codes change, made ahead for one motion.

    Attributes
    ----------
    jumps : array (K, K) float32
        The cost of each step at a smoothness of 1.
    changes : array (T,) bool
        Frames whose code must not be that of the frame before.
    chances : array (N,) float32
        What chance adds to the cost of codes, at a smoothness of 1: draws of Gumbel's distribution, as in
        `vqsynth.codes.motion.sway`, made ahead.
    starts : array (T,) int64
        From where on each frame takes them.

    """

    jumps: Floats
    changes: NDArray[np.bool_]
    chances: Floats
    starts: NDArray[np.int64]

    def must_change(self, t: int) -> bool:
        """Tell whether the code must change in a frame."""
        return bool(len(self.changes)) and bool(self.changes[t % len(self.changes)])


class Chooser:
    """Choose codes of a codebook, one after the other.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.

    """

    def __init__(self, book: CodebookRecord) -> None:
        self._book, self._table = book, book.table
        names = [name for name in self._table.names if name != "loudness"]
        demand = Demand(self._table, {name: np.full(1, np.nan) for name in names})
        self._rows: dict[str, Floats] = {}
        self._doubts: dict[str, Floats] = {}
        for name, column, doubt in zip(names, demand.columns.T, demand.doubts, strict=True):
            usable = np.where(np.isnan(column) | ~self._table.used, np.inf, column)
            self._rows[name] = np.ascontiguousarray(usable, np.float32)
            doubt = UNSTEADY * doubt if name == "centroid" else doubt
            self._doubts[name] = np.nan_to_num(np.broadcast_to(doubt, usable.shape), nan=np.inf).astype(np.float32)
        self._octaves_per_db = _measure_slopes(book)
        self.usual = int(np.argmax(self._table.counts))
        self.pace = self.make_pace(0.0)

    def make_pace(self, motion: float, seed: int = 0) -> Pace:
        """Prepare a motion, 0 to 1. This takes some ms, so it is not for the audio callback."""
        selection, table = Selection(smoothness=1.0, motion=motion), self._table
        jumps = price_jumps(self._book.spectra.distances, selection, self._book.transitions)
        none = np.zeros(0)
        if not selection.strength:
            return Pace(jumps, none.astype(np.bool_), none.astype(np.float32), none.astype(np.int64))
        frames, shares = usual_runs(self._book.transitions, len(table))
        changes = draw_changes(_CHANGES, frames, shares, motion=motion, seed=seed)
        rng, price = np.random.default_rng([seed, 1]), selection.strength / math.log(max(len(table), 2))
        chances = (-price * rng.gumbel(size=_DRAWS + len(table))).astype(np.float32)
        return Pace(jumps, changes, chances, rng.integers(_DRAWS, size=_CHANGES))

    def choose(self, asked: Asked, previous: int | None, pace: Pace, t: int) -> int:
        """Choose the code of frame t, after the code `previous`, None for the first one."""
        cost = self._misses(asked)
        if cost is None:
            return self.usual if previous is None else previous
        if previous is not None:
            cost += np.float32(asked.smoothness) * pace.jumps[previous]
            if pace.must_change(t):
                start = int(pace.starts[t % len(pace.starts)])
                cost += np.float32(asked.smoothness) * pace.chances[start : start + len(cost)]
                cost[previous] = np.inf
        best = int(cost.argmin())
        return best if math.isfinite(cost[best]) else self.usual if previous is None else previous

    def _misses(self, asked: Asked) -> Floats | None:
        """Return the cost of missing the targets, (K,), or None where nothing is asked."""
        moved: Floats | np.float32 = np.float32(0)
        cost: Floats | None = None
        for name in sorted(asked.targets, key="pitch".__ne__):  # pitch first: it moves what is in Hz
            weight = asked.weights.get(name, 1.0)
            if name not in self._rows or weight == 0:
                continue
            missed, moved = self._miss(name, asked, moved)
            cost = missed * np.float32(MISS_COST * weight) if cost is None else cost + MISS_COST * weight * missed
        return cost

    def _miss(self, name: str, asked: Asked, moved: Floats | np.float32) -> tuple[Floats, Floats | np.float32]:
        """Return the squared miss of each code, and by how many octaves each is transposed."""
        i = self._table.position(name)
        spread, value = float(self._table.spreads[i]), asked.targets[name]
        is_octave = self._table.scales[i] == "octave"
        wanted = np.float32((math.log2(value) if is_octave else value) / spread)
        if name == "pitch" and asked.max_transpose:
            away = (wanted - self._rows[name]) * np.float32(spread)
            most = np.float32(asked.max_transpose / 1200)
            moved = np.clip(away, -most, most)
            rest = (away - moved) / np.float32(spread)
            bridged = moved * np.float32(BRIDGED / spread)
            return rest**2 + bridged**2 + self._doubts[name], moved
        away = wanted - self._rows[name]
        if is_octave and name != "pitch":
            away = away - moved / np.float32(spread)
        if name == "centroid" and asked.max_tilt:
            reach = self._octaves_per_db * np.float32(asked.max_tilt / spread)
            tilted = np.clip(away, -reach, reach)
            return (away - tilted) ** 2 + (np.float32(BRIDGED) * tilted) ** 2 + self._doubts[name], moved
        return away**2 + self._doubts[name], moved


def _measure_slopes(book: CodebookRecord) -> Floats:
    """Tell by how many octaves a dB per octave of tilt moves the centroid of each code, (K,)."""
    hz, octaves = book.grid.frequencies_hz, tilt_octaves(book.grid)
    magnitudes = book.spectra.magnitudes
    total, moment = magnitudes.sum(axis=1), magnitudes @ hz
    slopes = (magnitudes @ (hz * octaves)) / moment - (magnitudes @ octaves) / total
    return np.asarray(slopes * (math.log(10) / 20 / math.log(2)), np.float32)
