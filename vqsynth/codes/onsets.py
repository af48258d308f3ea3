"""How sounds set in, in codes and levels: the onsets of the training sounds, and where a loudness asks for one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.voice import SILENT_DB
from vqsynth.errors import CodebookError
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.attacks import MAX_ATTACK_MS
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.onsets import RISE_DB, WITHIN_S
from vqsynth.storage.files import StrPath

NO_CODE = -1
"""Stands after the end of an onset that is shorter than the others."""
ARRAYS = ("onset_codes", "onset_levels", "onset_rises")
ARRIVED_DB = 6.0
"""A rise has arrived where it is no more than this under its top: the level of a window that is half filled."""
HELD_DB = 1.0
"""A level that moves by no more than this for 50 ms is held."""


@dataclass(frozen=True, eq=False)
class Onsets:
    """Hold how N onsets go, over up to F frames from their first sample on.

    Attributes
    ----------
    codes : (N, F) int64
        The code of each frame, -1 after the end.
    levels_db : (N, F) float32
        The level of each frame, in dB under the loudest.
    rises_ms : (N,) float32
        Time in which the amplitude rises from 10 to 90 %.

    """

    codes: NDArray[np.int64]
    levels_db: NDArray[np.float32]
    rises_ms: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.codes)

    def lengths(self) -> NDArray[np.int64]:
        """Return the number of frames of each onset, (N,)."""
        return np.asarray((self.codes != NO_CODE).sum(axis=1), np.int64)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that a codebook's folder holds."""
        stored = self.codes.astype(np.int32), self.levels_db, self.rises_ms
        return dict(zip(ARRAYS, map(np.ascontiguousarray, stored), strict=True))

    @classmethod
    def take_from(cls, arrays: dict[str, NDArray[Any]], n_codes: int, folder: StrPath) -> "Onsets | None":
        """Take the onsets out of the arrays of a folder. Raises CodebookError for onsets that are none.

        None where there are no onsets, as in folders of earlier versions.
        """
        found = {name: arrays.pop(name) for name in ARRAYS if name in arrays}
        if not found:
            return None
        if not _are_onsets(found, n_codes):
            raise CodebookError(f"'{folder}' holds damaged onsets; get a fresh copy of the folder")
        codes, levels, rises = (found[name] for name in ARRAYS)
        return cls(codes.astype(np.int64), levels.astype(np.float32), rises.astype(np.float32))


def _are_onsets(found: Mapping[str, NDArray[Any]], n_codes: int) -> bool:
    if set(found) != set(ARRAYS):
        return False
    codes, levels, rises = (found[name] for name in ARRAYS)
    kinds = codes.dtype.kind, levels.dtype.kind, rises.dtype.kind
    if kinds != ("i", "f", "f") or codes.ndim != 2 or not codes.size:
        return False
    if levels.shape != codes.shape or rises.shape != codes.shape[:1]:
        return False
    heard = codes != NO_CODE
    in_order = heard[:, 0].all() and not (heard[:, 1:] & ~heard[:, :-1]).any()
    codes_fit = (codes >= NO_CODE).all() and (codes < n_codes).all()
    levels_fit = ((levels >= SILENT_DB) & (levels <= 0)).all()
    return bool(in_order and codes_fit and levels_fit and ((rises > 0) & (rises <= MAX_ATTACK_MS)).all())


def find_rises(loudness_db: Doubles, grid: FrameGrid) -> list[tuple[int, int]]:
    """Find where a loudness rises by 12 dB or more within 50 ms, at once or out of a level that was held.

    At once is within what a window smears. A slower rise that follows a fall is a loudness that goes up and down, as
    that of speech.

    Parameters
    ----------
    loudness_db : (T,)
        The loudness of frames.
    grid : FrameGrid
        Window and hop.

    Returns
    -------
    list of (int, int)
        For each rise the frame before it, and the one in which it has arrived: within 6 dB of its top.

    """
    within = max(1, int(WITHIN_S * grid.sr / grid.hop_length))
    smeared = 1 + grid.n_fft // (2 * grid.hop_length)
    rises, t = list[tuple[int, int]](), 1
    while t < len(loudness_db):
        start = max(0, t - within)
        lowest = t - 1 - int(loudness_db[start:t][::-1].argmin())
        if loudness_db[t] - loudness_db[lowest] < RISE_DB:
            t += 1
            continue
        top = loudness_db[t : t + within + 1].max()
        arrived = t + int(np.argmax(loudness_db[t:] >= top - ARRIVED_DB))
        if arrived - lowest <= smeared or np.ptp(loudness_db[max(0, lowest - within) : lowest + 1]) <= HELD_DB:
            rises.append((lowest, arrived))
        t = arrived + within
    return rises
