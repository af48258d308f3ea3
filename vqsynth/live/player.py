"""A player: commands and control frames in, blocks of sound of any size out.

Commands may come from any thread. They cross to the audio callback in a queue that nobody waits for, and are taken at
the next frame. All that takes long, a codebook that is loaded say, is done in the thread that sends.
"""

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import count
from typing import Any

import numpy as np

from vqsynth.codes.record import CodebookRecord
from vqsynth.errors.checks import check_whole
from vqsynth.live.asking import Asked
from vqsynth.live.choice import Pace
from vqsynth.live.listening import Source
from vqsynth.live.parts import Part
from vqsynth.live.sounding import Instrument, Keep, Sounding
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.frames import Floats
from vqsynth.sound.resampling import make_resampler

Change = Callable[["LivePlayer"], object]
MOST_VOICES = 32


class LivePlayer:
    """Play a codebook live.

    How the sound is cut into blocks changes no sample, as long as commands come at the same places.

    Parameters
    ----------
    book : Codebook
        The codebook.
    sr : int, optional
        Sample rate of the blocks in Hz. By default that of the codebook.
    seed : int
        Seed of the noise and of chance. Voice i has `seed` + i.
    voices : int
        How many parts can sound together, 1 to 32. All but the first sleep until something is asked of them.
    keep : sequence of functions, optional
        For each voice, what is given every frame as it is played. With it, no voice sleeps.
    **asked
        Entries of `Asked`, for every voice: smoothness, max_transpose ...

    Raises
    ------
    ParameterError
        For a seed or a rate that cannot be used.

    Examples
    --------
    >>> import vqsynth
    >>> from vqsynth.live.player import LivePlayer
    >>> player = LivePlayer(vqsynth.load("violin"))
    >>> player.asked.targets.update(centroid=1200, pitch=440)
    >>> player.read(300).shape
    (300,)

    """

    def __init__(
        self, book: CodebookRecord, *, sr: int | None = None, seed: int = 0, voices: int = 1,
        keep: Sequence[Keep] = (), **asked: Any,
    ) -> None:  # fmt: skip
        self.sr = check_whole("sr", book.grid.sr if sr is None else sr, 4000, 384_000)
        instrument = Instrument(book)
        pace = instrument.chooser.make_pace(Asked(**asked).motion, check_seed(seed))
        soundings = make_soundings(instrument, check_whole("voices", voices, 1, MOST_VOICES), seed, pace, keep)
        self.parts = [Part(Asked(**asked), each, sleeps=bool(i) and not keep) for i, each in enumerate(soundings)]
        self._resampler = make_resampler(book.grid.sr, self.sr)
        self._ready: deque[Floats] = deque()
        self._n_ready = 0
        self._tail = np.zeros(0, np.float32)
        self._sent: deque[tuple[float, int, Change]] = deque()
        self._due: list[tuple[float, int, Change]] = []
        self._order = count()
        self.n_samples = 0
        self.source: Source | None = None

    @property
    def asked(self) -> Asked:
        """Return what is asked of the first voice."""
        return self.parts[0].asked

    @property
    def sounding(self) -> Sounding:
        """Return what plays the first voice."""
        return self.parts[0].sounding

    def describe(self) -> tuple[int | None, dict[str, float], dict[str, float]]:
        """Return the code that the first voice plays, what is asked of it, and what was got, by descriptor."""
        asked = dict(self.asked.targets)
        return self.sounding.code, asked, self.sounding.got(asked)

    def hear(self, y: Floats) -> None:
        """Take the next samples (n,) of a sound that comes in, at the rate `sr`, before the block that is read then."""
        if self.source is not None:
            self.source.ear.push(y)

    @property
    def time_s(self) -> float:
        """Return the time of the next frame in seconds: how much sound was made so far."""
        return (self.n_samples + self._n_ready) / self.sr

    @property
    def latency_s(self) -> float:
        """Return the seconds from a frame that is asked for, or a sound that comes in, to the middle of its sound.

        The block of the sound card comes on top.
        """
        heard = 0 if self.source is None else self.sounding.grid.n_fft // 2
        return (self.sounding.voice.delay_samples + heard) / self.sounding.grid.sr

    def send(self, change: Change, *, at_s: float = -math.inf) -> None:
        """Have the player changed at the next frame, or at the first one from a time on; from any thread.

        Parameters
        ----------
        change : function
            Is called with the player, in the audio callback: it must be quick, and must not fail.
        at_s : float
            The time in seconds of the player's sound.

        """
        self._sent.append((at_s, next(self._order), change))

    def read(self, n_samples: int) -> Floats:
        """Return the next block of sound.

        Parameters
        ----------
        n_samples : int
            Length of the block.

        Returns
        -------
        y : array (n_samples,) of float32
            It may exceed full scale.

        """
        while self._n_ready < n_samples:
            self._take_changes()
            self._put(self._resampler(self._frame()))
        return self._get(n_samples)

    def finish(self) -> Floats:
        """End the sound, and return the rest of it: what is left of the last window, faded out."""
        self._put(self._resampler(_end(self.parts, 0)))
        return self._get(self._n_ready)

    def switch(self, soundings: Sequence[Sounding]) -> None:
        """Go on with another codebook, or anew with the same, without a gap: one fades out while the other begins.

        `soundings` are what is to play the voices, one for each.
        """
        before, after = self.sounding.grid, soundings[0]
        start_s, fade_s = after.voice.delay_samples / after.grid.sr, after.grid.hop_length / 2 / after.grid.sr
        kept = before.n_fft // 2 - 3 * before.hop_length // 2  # of the end, what comes before its own fade
        held = max(0, math.ceil(((start_s + fade_s) * before.sr - kept) / before.hop_length))
        rest = self._resampler(_end(self.parts, held))
        self._tail = _add(self._tail, rest * _fade_out(len(rest), start_s * self.sr, fade_s * self.sr))
        for part, sounding in zip(self.parts, soundings, strict=True):
            part.sounding = sounding
        self._resampler = make_resampler(after.grid.sr, self.sr)

    def _frame(self) -> Floats:
        """Play the next frame of all voices that sound."""
        first, *others = self.parts
        y = first.frame() if self.source is None else self.source.frame(first.sounding, first.asked)
        for part in others:
            if part.is_needed():
                y = y + part.frame()
        return y

    def _take_changes(self) -> None:
        while self._sent:
            heapq.heappush(self._due, self._sent.popleft())
        while self._due and self._due[0][0] <= self.time_s:
            heapq.heappop(self._due)[2](self)

    def _put(self, y: Floats) -> None:
        rest = min(len(y), len(self._tail))
        if rest:
            y = y.copy()
            y[:rest] += self._tail[:rest]
            self._tail = self._tail[rest:]
        self._ready.append(y)
        self._n_ready += len(y)

    def _get(self, n_samples: int) -> Floats:
        block, done = np.empty(n_samples, np.float32), 0
        while done < n_samples:
            part = self._ready.popleft()
            taken = min(len(part), n_samples - done)
            block[done : done + taken] = part[:taken]
            if taken < len(part):
                self._ready.appendleft(part[taken:])
            done += taken
        self._n_ready -= n_samples
        self.n_samples += n_samples
        return block


def make_soundings(
    instrument: Instrument, voices: int, seed: int, pace: Pace | None, keep: Sequence[Keep] = ()
) -> list[Sounding]:
    """Prepare what plays a codebook with some voices: voice i has the seed `seed` + i, and is kept by `keep[i]`."""
    return [Sounding(instrument, seed=seed + i, pace=pace, keep=keep[i] if keep else None) for i in range(voices)]


def _end(parts: Sequence[Part], held: int) -> Floats:
    """Hold the last frames for a while, end the sound of all parts, and return all that is left of it."""
    ends = [part.sounding.end(held) for part in parts if part.sounding.last is not None]
    return reduce(_add, ends, np.zeros(0, np.float32))


def _fade_out(n_samples: int, start: float, length: float) -> Floats:
    """Return the gain (n_samples,) that goes out as a sound comes in by a raised cosine: both together are 1."""
    place = np.clip((np.arange(n_samples) - start) / length, 0, 1)
    gain: Floats = (0.5 + 0.5 * np.cos(np.pi * place)).astype(np.float32)
    return gain


def _add(first: Floats, second: Floats) -> Floats:
    """Add two sounds of any lengths that begin together."""
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total
