"""The interface of all vocoders: frames in, sound out, whole or as the frames come.

Frame t is centred on sample t * hop_length of the sound. The first and the last frame are held for half a window more,
so that each sample is made of equally many frames. A raised cosine of half a hop at both ends prevents clicks.

Delay. A sample is final when the frame half a window after it is known. So a stream is delayed behind its frames by
`delay_samples` = n_fft / 2: after T frames it has returned T * hop_length samples, the first n_fft / 2 of them silence,
and sample i of the stream is sample i - delay_samples of `render`. The analysis of frame t needs the input up to sample
t * hop_length + n_fft / 2. With blocks of one hop in and out, an event comes out n_fft - hop_length samples after the
block it came in with, and at most n_fft samples after it came in itself: 46 ms at 44.1 kHz with 2048 and 512.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.errors import ParameterError
from vqsynth.sound.arrays import Ints
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.mel import MelGrid
from vqsynth.sound.streams import HeldFrames

_FRAMES_AT_ONCE = 256


class Player(Protocol):
    """The sound maker of one stream. How frames are split into pushes changes no sample."""

    def push(self, log_mel: Floats, loudness_db: Floats) -> Floats:
        """Turn frames (t, B) and (t,) into (t * hop_length,) samples.

        The first sample of the first push lies half a window before the first frame's centre, and samples of the
        first window lack the frames before it.
        """
        ...


class VocoderStream:
    """Turn frames into sound as they come, `delay_samples` behind them."""

    def __init__(self, player: Player, grid: MelGrid) -> None:
        self._grid = grid
        self._held = HeldFrames(grid.frames, play=lambda frames: player.push(*frames), take=_take_frames)

    @property
    def delay_samples(self) -> int:
        """Tell by how many samples the sound runs behind the frames: half a window."""
        return self._held.delay_samples

    def push(self, log_mel: ArrayLike, loudness_db: ArrayLike) -> Floats:
        """Take the next frames, (t, B) and (t,) for any t from 0 on, and return (t * hop_length,) samples.

        Raises ParameterError for frames of wrong size or not finite.
        """
        frames = check_frames(log_mel, loudness_db, self._grid)
        return self._held.push(frames, len(frames[0]))

    def finish(self, n_samples: int | None = None) -> Floats:
        """End a sound of `n_samples` and return what is left of it.

        By default the sound ends at the centre of its last frame, which is where a whole number of hops ended.
        Returns (delay_samples + n_samples - T * hop_length,) samples after T frames.
        Raises ParameterError where T frames are not those of a sound of `n_samples`.
        """
        n_samples = self._held.end_samples() if n_samples is None else n_samples
        if not self._held.is_empty:
            check_count(self._held.n_frames, n_samples, self._grid.frames)
        return self._held.finish(n_samples)


class Vocoder(ABC):
    """Turn log mel spectra and loudness into sound.

    Attributes
    ----------
    name : str
        Its key in `VOCODERS`.
    excitations : tuple of str
        The excitations it can be given; the first one is the default of `render`.
    network : Module or None
        The torch module that is trained, see `networks`.

    """

    name: ClassVar[str]
    excitations: ClassVar[tuple[str, ...]] = ()
    network: Any = None

    def __init__(self, grid: MelGrid) -> None:
        self.grid = grid

    @property
    def delay_samples(self) -> int:
        """Tell by how many samples a stream runs behind its frames: half a window."""
        return self.grid.frames.n_fft // 2

    @property
    def config(self) -> dict[str, Any]:
        """Describe the network by its sizes, as JSON can hold it."""
        return {}

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """Copy the weights of the network."""
        return {}

    @abstractmethod
    def play(self, *, excitation: str | None, seed: int) -> Player:
        """Return a player for one stream. Raises ParameterError for an excitation that needs the whole sound."""

    def stream(self, *, excitation: str | None = None, seed: int = 0) -> VocoderStream:
        """Return a stream that makes sound as frames come.

        Raises ParameterError for an excitation, or a vocoder, that needs the whole sound.
        """
        return VocoderStream(self.play(excitation=excitation, seed=seed), self.grid)

    def render(
        self,
        log_mel: ArrayLike,
        loudness_db: ArrayLike,
        *,
        n_samples: int,
        excitation: str | None = None,
        seed: int = 0,
    ) -> Floats:
        """Turn the frames of a whole sound into samples.

        Parameters
        ----------
        log_mel : (T, B)
            Level-free log mel bands, T = grid.frames.count(n_samples).
        loudness_db : (T,)
            Loudness in LUFS.
        n_samples : int
            Length of the sound in samples.
        excitation : str, optional
            One of `excitations`, by default the first.
        seed : int
            Seed of the noise.

        Returns
        -------
        y : (n_samples,) float32
            The sound. It may exceed full scale.

        Raises
        ------
        ParameterError
            For frames of wrong size or number, values that are not finite, and an unknown excitation.

        """
        self.check_excitation(excitation)
        frames = check_frames(log_mel, loudness_db, self.grid)
        check_count(len(frames[0]), n_samples, self.grid.frames)
        return self.render_whole(*frames, n_samples=n_samples, excitation=excitation, seed=seed)

    def render_whole(
        self, log_mel: Floats, loudness_db: Floats, *, n_samples: int, excitation: str | None, seed: int
    ) -> Floats:
        """Render checked frames, here by streaming them."""
        stream = self.stream(excitation=excitation, seed=seed)
        blocks = [slice(i, i + _FRAMES_AT_ONCE) for i in range(0, len(log_mel), _FRAMES_AT_ONCE)]
        parts = [stream.push(log_mel[block], loudness_db[block]) for block in blocks]
        return np.concatenate([*parts, stream.finish(n_samples)])[self.delay_samples :]

    def check_excitation(self, excitation: str | None) -> None:
        """Raise ParameterError for an excitation that this vocoder does not have."""
        known = isinstance(excitation, str) and excitation in self.excitations
        if excitation is not None and not known:
            expected = (
                f"must be one of {', '.join(self.excitations)}" if self.excitations else "is its own; leave it away"
            )
            raise ParameterError(f"the excitation of the vocoder '{self.name}' {expected} (got {excitation!r})")


def check_frames(log_mel: ArrayLike, loudness_db: ArrayLike, grid: MelGrid) -> tuple[Floats, Floats]:
    """Return frames (T, B) and (T,) as float32. Raises ParameterError for wrong sizes, NaN and infinite values."""
    bands, level = np.asarray(log_mel, np.float32), np.asarray(loudness_db, np.float32)
    if bands.ndim != 2 or bands.shape[1] != grid.n_mels or level.shape != bands.shape[:1]:
        raise ParameterError(
            f"log_mel must have shape (T, {grid.n_mels}) and loudness_db (T,) (got {bands.shape} and {level.shape})"
        )
    for name, values in (("log_mel", bands), ("loudness_db", level)):
        if not np.isfinite(values).all():
            raise ParameterError(f"{name} holds NaN or infinite values")
    return bands, level


def check_count(n_frames: int, n_samples: int, grid: FrameGrid) -> None:
    """Raise ParameterError where a sound of `n_samples` has another number of frames."""
    if n_samples < 0 or grid.count(n_samples) != n_frames:
        raise ParameterError(
            f"n_samples must lie between {max(0, n_frames - 1) * grid.hop_length} and "
            f"{max(1, n_frames) * grid.hop_length - 1} for {n_frames} frames (got {n_samples})"
        )


def hold_ends(log_mel: Floats, loudness_db: Floats, *, before: int = 0, after: int = 0) -> tuple[Floats, Floats]:
    """Repeat the first frame `before` times and the last one `after` times."""
    return _take_frames((log_mel, loudness_db), np.pad(np.arange(len(log_mel)), (before, after), mode="edge"))


def _take_frames(frames: tuple[Floats, Floats], rows: Ints) -> tuple[Floats, Floats]:
    return frames[0][rows], frames[1][rows]
