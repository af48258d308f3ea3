"""Onsets: where loudness rises by 12 dB or more within 50 ms, an onset of the training sounds is played.

Its attack is that of the onset: the sound before ends there, and the new one rises as fast as that of the training
sounds. Its codes are played for as long as they meet what is asked for, and its peak stands out of the loudness asked
for, down to which it falls.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.controls import no_controls
from vqsynth.codes.index import Demand, Targets
from vqsynth.codes.onsets import ARRIVED_DB, HELD_DB, NO_CODE, find_rises
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.selection import Selection
from vqsynth.codes.voice import find_attacks
from vqsynth.path import CodePath
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.attacks import RISING, ramp, ramp_samples
from vqsynth.sound.frames import FrameGrid

ACCENT_DB = 4.0
"""How far the peak of an onset stands out of what is asked for, at most. Drums fall by 15 dB in .15 s, guitars by 4;
but with 6 dB a sound of -15 LUFS is turned down by up to 1.2 dB to stay in full scale."""
MISS_MORE = 0.05
"""By how much a code of an onset may miss the targets more than the code that it takes the place of, in squared spreads
of the table. Steps of loudness and of the centroid on the guitar: the centroid is missed by .050 of its range, as
without onsets; with .25 by .053."""
HIT = 0.25
"""What is asked for and falls at once is a hit, in which a rise takes at most so much of the time until it has fallen.
A drum loop followed by a violin, whose own notes rise in 40 ms: loudness is missed by 6.2 dB with 1, 3.5 with .5, 2.2
with .25, and by 8.4 without onsets."""
_UNUSABLE = 1e6
"""Cost of a code that has no value of what is asked for, or that another layer has."""
_POINTS = 8
"""Points per hop at which a planned level is taken."""


@dataclass(frozen=True, eq=False)
class Struck:
    """Hold a path with onsets: T codes, the loudness that is to be heard of each, and where attacks are.

    Attributes
    ----------
    codes : (T,) int64
    loudness_db : (T,)
    attack_ms : (T,)
        0 where no sound sets in.

    """

    codes: NDArray[np.int64]
    loudness_db: Doubles
    attack_ms: Doubles


def unstruck(codes: NDArray[np.int64], targets: Targets) -> Struck:
    """Take a path as it is."""
    return Struck(codes.copy(), targets["loudness"].astype(np.float64), np.zeros(len(codes)))


def strike(
    book: CodebookRecord,
    codes: NDArray[np.int64],
    targets: Targets,
    selection: Selection,
    *,
    taken: NDArray[np.int64] | None = None,
) -> Struck:
    """Play the codebook's onsets where the loudness asked for rises as an onset.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.
    codes : (T,) int64
        The codes that are played without onsets.
    targets : dict of name to (T,)
        What is asked for; loudness in dB must be among them.
    selection : Selection
        How much each target counts. With "nearest" nothing is struck, and with rest no codes of onsets are played.
    taken : (N, T) int64, optional
        Codes that may not be chosen in each frame.

    Returns
    -------
    Struck
        The same codes and the loudness asked for, where the codebook has no onsets or nothing rises.

    """
    asked = targets["loudness"]
    struck = unstruck(codes, targets)
    if book.onsets is None or selection.method == "nearest":
        return struck
    timbre = {name: values for name, values in targets.items() if name != "loudness"}
    demand = Demand(book.table, timbre, selection.weights) if timbre else None
    rises = find_rises(asked, book.grid)
    ends = [*(before + 1 for before, _ in rises[1:]), len(codes)]
    for (before, start), end in zip(rises, ends, strict=False):
        struck.loudness_db[before + 1 : start] = asked[before]
        onset = _pick(book, codes[start:end], demand, start, taken)
        played = 0 if selection.rest else _count_played(onset.misses)
        struck.codes[start : start + played] = onset.codes[:played]
        lasts = len(onset.codes)
        accent = _accent(onset.levels_db, asked[start : start + lasts])
        struck.loudness_db[start : start + lasts] += accent
        struck.attack_ms[start] = min(
            onset.rise_ms, _most_rise_ms(asked[start:end], book.grid, is_step=_is_step(asked, start))
        )
    return struck


@dataclass(frozen=True, eq=False)
class _Picked:
    """Hold an onset as it fits: codes, how much more they miss than those they replace, levels, rise."""

    codes: NDArray[np.int64]
    misses: Doubles
    levels_db: Doubles
    rise_ms: float


def _pick(
    book: CodebookRecord, codes: NDArray[np.int64], demand: Demand | None, start: int, taken: NDArray[np.int64] | None
) -> _Picked:
    """Pick the onset that meets best what is asked for from a frame on, or that comes nearest to the codes there."""
    onsets = book.onsets
    assert onsets is not None
    lasting = min(onsets.codes.shape[1], len(codes))
    rows, frames = onsets.codes[:, :lasting], np.arange(lasting)
    if demand is None:  # nothing is asked of the timbre, so that nothing is missed
        missed = book.spectra.distances[codes[:lasting]]
        more = np.zeros(rows.shape, np.float32)
    else:
        missed = demand.misses(slice(start, start + lasting), doubtful=True)
        more = np.asarray(missed[frames, rows] - missed[frames, codes[:lasting]])
    if taken is not None:
        more = np.where((rows[None] == taken[:, None, start : start + lasting]).any(axis=0), np.inf, more)
    heard = rows != NO_CODE
    costs = np.where(np.isfinite(more), np.minimum(missed[frames, rows], _UNUSABLE), _UNUSABLE)
    cost = np.where(heard, costs, 0).sum(axis=1) / heard.sum(axis=1)
    best = int(cost.argmin())
    lasts = int(heard[best].sum())
    levels = onsets.levels_db[best, :lasts] + book.table.column("loudness")[rows[best, :lasts]]
    misses = more[best, :lasts].astype(np.float64)
    return _Picked(rows[best, :lasts], misses, levels.astype(np.float64), float(onsets.rises_ms[best]))


def _count_played(misses: Doubles) -> int:
    """Count the first codes of an onset that miss the targets by little more than others."""
    beyond = np.flatnonzero(~(misses <= MISS_MORE))
    return int(beyond[0]) if len(beyond) else len(misses)


def _is_step(asked_db: Doubles, t: int) -> bool:
    """Tell whether a loudness rises to a frame from one frame to the next, as no window sees it in a sound."""
    return bool(asked_db[t - 1] <= asked_db[max(0, t - 2)] + HELD_DB)


def _most_rise_ms(asked_db: Doubles, grid: FrameGrid, *, is_step: bool) -> float:
    """Tell how long a rise may take, so that it is over before the loudness asked for falls from its top.

    One that was measured on a sound takes no more than a hop, since a window has smeared it already.
    """
    top = int(asked_db.argmax())
    falling = np.flatnonzero(asked_db[top:] < asked_db[top] - ARRIVED_DB)
    frames = HIT * (top + int(falling[0])) if len(falling) else float(len(asked_db))
    ramp_s = (frames if is_step else min(frames, 1.0)) * grid.hop_length / grid.sr
    return max(1.0, 1000 * RISING * ramp_s)


def _accent(levels_db: Doubles, asked_db: Doubles) -> Doubles:
    """Tell by how many dB an onset stands out of the loudness asked for, (T,).

    At most 4 dB, no more than it falls itself, and less where what is asked for moves, by twice as much.
    """
    under = levels_db - levels_db.max()
    most = float(np.clip(min(ACCENT_DB, -under[-1]) - 2 * np.ptp(asked_db), 0, ACCENT_DB))
    return np.asarray(np.maximum(under, -most) + most)


def plan_loudness(path: CodePath, levels_db: Doubles, asked_db: Doubles, grid: FrameGrid) -> Doubles:
    """Tell what loudness is to be measured of a path with attacks: frames at an attack hold what is before and after.

    Parameters
    ----------
    path : CodePath
        The path.
    levels_db : (T,)
        The loudness that each of its frames is to have.
    asked_db : (T,)
        The loudness that was asked for. Where it does not rise from one frame to the next, it was measured on a sound,
        and is what frames at an attack have.
    grid : FrameGrid
        Window and hop.

    Returns
    -------
    (T,)
        The same levels away from attacks.

    """
    power = 10 ** (levels_db / 10)
    fine = np.interp(np.arange(_POINTS * len(power)) / _POINTS, np.arange(len(power)), power)
    near = np.zeros(len(power), np.bool_)
    reach = grid.n_fft // (2 * grid.hop_length)
    planned = levels_db.copy()
    for t in (t for t in find_attacks(path.controls) if t):
        if _is_step(asked_db, t):
            near[max(0, t - reach) : t + reach + 1] = True
        else:
            planned[max(0, t - reach) : t] = asked_db[max(0, t - reach) : t]
        before = power[t - 1]
        fine[_POINTS * (t - 1) : _POINTS * t] = before
        rising = _rise(path, t)[: len(fine) - _POINTS * t]
        there = slice(_POINTS * t, _POINTS * t + len(rising))
        fine[there] = rising**2 * fine[there] + (1 - rising) ** 2 * before
    window = np.hanning(_POINTS * 2 * reach + 1)
    heard = np.convolve(np.pad(fine, _POINTS * reach, mode="edge"), window / window.sum(), "valid")[::_POINTS]
    return np.where(near, 10 * np.log10(np.maximum(heard, 1e-12)), planned)


def _rise(path: CodePath, t: int) -> Doubles:
    """Return the amplitude of the ramp in frame t of a path, at the points of a planned level."""
    assert path.controls is not None
    n_ramp = ramp_samples(float(path.controls.attack_ms[t]), path.sr)
    return ramp(max(1, round(_POINTS * n_ramp / path.hop_length))).astype(np.float64)


def with_attacks(path: CodePath, attack_ms: Doubles) -> CodePath:
    """Give a path attacks, (T,) in ms."""
    if not attack_ms.any():
        return path
    return replace(path, controls=replace(path.controls or no_controls(len(path)), attack_ms=attack_ms))
