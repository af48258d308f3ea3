"""What streams have in common: frames or samples pushed in, samples out, and a delay that is told."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import numpy as np

from vqsynth.sound.arrays import Ints
from vqsynth.sound.frames import Floats, FrameGrid, fade_ends

Frames = TypeVar("Frames")


class Stream(Protocol):
    """Give sound as its frames, or its samples, come; the split into pushes changes no sample.

    What is returned, end to end, is `delay_samples` samples of silence and then the sound that the whole gives.
    """

    @property
    def delay_samples(self) -> int:
        """Tell by how many samples the sound runs behind what is pushed."""
        ...

    @property
    def push(self) -> Callable[..., Floats]:
        """Take what comes next and return the samples (n,) that it makes final."""
        ...

    def finish(self) -> Floats:
        """End the sound and return what is left of it."""
        ...


class HeldFrames(Generic[Frames]):
    """Play frames as they come, the first and the last one held for half a window, and fade both ends of the sound.

    play: turns frames (T) into (T * hop_length,) samples, the first of them the first of the first frame. take: takes
    some of the frames, by their indices.
    """

    def __init__(
        self, grid: FrameGrid, *, play: Callable[[Frames], Floats], take: Callable[[Frames, Ints], Frames]
    ) -> None:
        self._grid, self._play, self._take = grid, play, take
        self._last: Frames | None = None
        self.n_frames = 0

    @property
    def delay_samples(self) -> int:
        """Tell by how many samples the sound runs behind the frames: half a window."""
        return self._grid.n_fft // 2

    def push(self, frames: Frames, n_frames: int) -> Floats:
        """Play the next frames, so many of them: (n_frames * hop_length,) samples."""
        if not n_frames:
            return np.zeros(0, np.float32)
        hop = self._grid.hop_length
        lead = 0 if self._last is not None else self.delay_samples // hop
        held = self._take(frames, np.maximum(np.arange(-lead, n_frames), 0)) if lead else frames
        start = self.n_frames * hop - self.delay_samples
        self._last = self._take(frames, np.array([n_frames - 1]))
        y = self._play(held)[lead * hop :]
        self.n_frames += n_frames
        return y * fade_ends(start, len(y), fade=hop // 2)

    def end_samples(self) -> int:
        """Tell how long a sound is that ends at the centre of its last frame."""
        return max(0, self.n_frames - 1) * self._grid.hop_length

    @property
    def is_empty(self) -> bool:
        """Tell whether no frame was pushed, or none since the sound ended."""
        return self._last is None

    def finish(self, n_samples: int) -> Floats:
        """End a sound of `n_samples`, as many as its frames are of, and return what is left of it."""
        if self._last is None:
            return np.zeros(n_samples, np.float32)
        hop = self._grid.hop_length
        start = self.n_frames * hop - self.delay_samples
        y = self._play(self._take(self._last, np.zeros(self.delay_samples // hop, np.int64)))
        self._last = None
        return y[: n_samples - start] * fade_ends(start, n_samples - start, fade=hop // 2, n_samples=n_samples)
