"""The interface of streams, and its implementation for frames: push frames, get samples, with a known delay."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import numpy as np

from vqsynth.sound.arrays import Ints
from vqsynth.sound.frames import Floats, FrameGrid, fade

Frames = TypeVar("Frames")


class Stream(Protocol):
    """The interface of streams: they return sound as frames or samples are pushed.

    How the input is split into pushes changes no sample. The returned samples, joined, are `delay_samples` samples of
    silence and then the sound that the whole input gives.
    """

    @property
    def delay_samples(self) -> int:
        """Return by how many samples the sound is behind the input."""
        ...

    @property
    def push(self) -> Callable[..., Floats]:
        """Take the next part of the input, and return the samples (n,) that are final now."""
        ...

    def finish(self) -> Floats:
        """End the sound, and return the rest of it."""
        ...


class HeldFrames(Generic[Frames]):
    """Play frames as they come, hold the first and the last one for half a window, and fade both ends of the sound.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop.
    play : callable
        Turns T frames into (T * hop_length,) samples. The first sample is the first of the first frame.
    take : callable
        Takes frames and an array of indices, and returns those frames.
    channels : int, optional
        The sound is (n, channels). By default it is (n,).

    """

    def __init__(
        self,
        grid: FrameGrid,
        *,
        play: Callable[[Frames], Floats],
        take: Callable[[Frames, Ints], Frames],
        channels: int | None = None,
    ) -> None:
        self._wide = () if channels is None else (channels,)
        self._grid, self._play, self._take = grid, play, take
        self._last: Frames | None = None
        self.n_frames = 0

    @property
    def delay_samples(self) -> int:
        """Return by how many samples the sound is behind the frames: half a window."""
        return self._grid.n_fft // 2

    def push(self, frames: Frames, n_frames: int) -> Floats:
        """Play the next `n_frames` frames, and return (n_frames * hop_length,) samples."""
        if not n_frames:
            return np.zeros((0, *self._wide), np.float32)
        hop = self._grid.hop_length
        lead = 0 if self._last is not None else self.delay_samples // hop
        held = self._take(frames, np.maximum(np.arange(-lead, n_frames), 0)) if lead else frames
        start = self.n_frames * hop - self.delay_samples
        self._last = self._take(frames, np.array([n_frames - 1]))
        y = self._play(held)[lead * hop :]
        self.n_frames += n_frames
        return fade(y, start, length=hop // 2)

    def end_samples(self) -> int:
        """Return the length in samples of a sound that ends at the centre of its last frame."""
        return max(0, self.n_frames - 1) * self._grid.hop_length

    @property
    def is_empty(self) -> bool:
        """Tell whether no frame has been pushed since the start, or since the sound ended."""
        return self._last is None

    def finish(self, n_samples: int) -> Floats:
        """End a sound of `n_samples`, which must fit the number of frames pushed, and return the rest of it."""
        if self._last is None:
            return np.zeros((n_samples, *self._wide), np.float32)
        hop = self._grid.hop_length
        start = self.n_frames * hop - self.delay_samples
        y = self._play(self._take(self._last, np.zeros(self.delay_samples // hop, np.int64)))
        self._last = None
        return fade(y[: n_samples - start], start, length=hop // 2, n_samples=n_samples)
