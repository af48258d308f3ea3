"""A session: a player at work, its blocks timed, and what can be told about it at any moment."""

import gc
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from vqsynth.sound.frames import Floats

SWITCH_S = 0.0005
"""How long another thread may hold the interpreter while the audio callback waits for it."""
_LOADS = 512


@dataclass(frozen=True)
class Status:
    """Tell what is played.

    Attributes
    ----------
    code : int or None
        The code that was chosen last.
    asked, got : dict of str to float
        By descriptor: the targets, and what was got. Loudness and centroid are measured, pitch is that of the
        transposed code, others are those of the code.
    level_db : float
        Peak of the last block in dB under full scale.
    load : float
        Share of its time that the slowest of the last blocks took.
    late : int
        Blocks that came too late.
    seconds : float
        How long has been played.

    """

    code: int | None
    asked: dict[str, float]
    got: dict[str, float]
    level_db: float
    load: float
    late: int
    seconds: float

    def errors(self) -> dict[str, float]:
        """Return what was got less what was asked, by descriptor."""
        return {name: self.got[name] - value for name, value in self.asked.items() if name in self.got}


class Plays(Protocol):
    """The interface of players: blocks of sound, and what can be told of them."""

    sr: int
    n_samples: int

    @property
    def time_s(self) -> float:
        """Return the time of the sound to come, in seconds."""
        ...

    def hear(self, y: Floats) -> None:
        """Take the next samples of a sound that comes in."""
        ...

    def read(self, n_samples: int) -> Floats:
        """Return the next block of sound."""
        ...

    def finish(self) -> Floats:
        """End the sound, and return the rest of it."""
        ...

    def describe(self) -> tuple[int | None, dict[str, float], dict[str, float]]:
        """Return the code that plays, what is asked, and what was got."""
        ...


@dataclass
class Session:
    """Time a player's blocks.

    Parameters
    ----------
    player : Plays
        The player.

    """

    player: Plays
    late: int = 0
    over: int = 0
    _peak: float = 0.0
    _began: float = field(default_factory=time.time)
    _loads: Floats = field(default_factory=lambda: np.zeros(_LOADS, np.float32))
    _n_blocks: int = 0

    def block(self, n_samples: int, heard: Floats | None = None) -> Floats:
        """Return the next block (n_samples,), within full scale: peaks over it are cut, and counted in `over`.

        heard: the samples that came in meanwhile, (n,).
        """
        started = time.perf_counter()
        if heard is not None:
            self.player.hear(heard)
        self._began = time.time() - self.player.time_s
        y = self.player.read(n_samples)
        peak = float(np.abs(y).max(initial=0.0))
        if peak > 1:
            self.over += 1
            np.clip(y, -1, 1, out=y)
        self._peak = peak
        load = (time.perf_counter() - started) * self.player.sr / max(n_samples, 1)
        self._loads[self._n_blocks % _LOADS] = load
        self._n_blocks += 1
        self.late += load > 1
        return y

    def time_of(self, wall_s: float) -> float:
        """Return the time of the player's sound, in seconds, that a time of the clock falls on."""
        return wall_s - self._began

    def status(self) -> Status:
        """Tell what is played now. From any thread."""
        code, asked, got = self.player.describe()
        level_db = 20 * math.log10(max(self._peak, 1e-6))
        load = float(self._loads.max())
        return Status(code, asked, got, level_db, load, self.late, self.player.n_samples / self.player.sr)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the collection of garbage, and other threads, from holding up the audio callback."""
    before = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
        gc.enable()
        gc.unfreeze()


def play_null(
    session: Session, *, block: int, seconds: float, put: Callable[[Floats], object], watch: Callable[[], object],
    heard: Floats | None = None,
) -> None:  # fmt: skip
    """Play in real time without a sound card.

    Parameters
    ----------
    session : Session
        The session.
    block : int
        Samples at a time.
    seconds : float
        How long, possibly infinite.
    put : function
        Is given each block.
    watch : function
        Is called between blocks.
    heard : array (n,), optional
        A sound that comes in, at the rate of the player. Silence follows it.

    """
    sr, place = session.player.sr, 0
    n_blocks = seconds * sr / block
    start, done = time.perf_counter(), 0
    while done < n_blocks:
        size = min(block, math.ceil((n_blocks - done) * block)) if math.isfinite(n_blocks) else block
        put(session.block(size, None if heard is None else _cut(heard, place, size)))
        place += size
        done += 1
        watch()
        left = start + done * block / sr - time.perf_counter()
        if left > 0:
            time.sleep(left)
        elif left < -1:  # the machine stood still: go on from here
            start -= left


def _cut(y: Floats, start: int, size: int) -> Floats:
    """Cut samples of a sound that silence follows."""
    part = y[start : start + size]
    return part if len(part) == size else np.pad(part, (0, size - len(part)))
