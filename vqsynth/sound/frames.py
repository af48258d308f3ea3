"""Windows, framing, overlap-add, and conversions between samples, frames and seconds.

The whole library has one convention, that of librosa's `center=True`: frame t is centred on sample `t * hop_length`,
the signal is zero outside the sound, and a sound of n samples has `1 + n // hop_length` frames. The window is a
periodic Hann window, used at analysis and again at synthesis; the overlap-add of `hann**2` is constant for any hop that
divides the window and is at most a third of it. The refinement needs an even number of hops in a window.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError
from vqsynth.sound.arrays import Floats as Floats


@dataclass(frozen=True)
class FrameGrid:
    """Hold the sample rate, window and hop of a codebook.

    Parameters
    ----------
    sr : int
        Sample rate in Hz, 4000 to 384000.
    n_fft : int
        Length of a window in samples: a multiple of 4, 64 to 32768.
    hop_length : int
        Samples from one frame to the next. It must divide half the window, and be a quarter of it at most.

    Raises
    ------
    ParameterError
        If a value is not a whole number, or not as above.

    Examples
    --------
    >>> from vqsynth.sound.frames import FrameGrid
    >>> grid = FrameGrid(44100)
    >>> grid.count(44100), grid.n_bins
    (87, 1025)

    """

    sr: int = 44100
    n_fft: int = 2048
    hop_length: int = 512

    def __post_init__(self) -> None:
        for name in ("sr", "n_fft", "hop_length"):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or isinstance(value, bool):
                raise ParameterError(f"{name} must be a whole number (got {value!r})")
        if not 4000 <= self.sr <= 384000:
            raise ParameterError(f"sr must lie between 4000 and 384000 Hz (got {self.sr})")
        if not 64 <= self.n_fft <= 32768 or self.n_fft % 4:
            raise ParameterError(f"n_fft must be a multiple of 4 from 64 to 32768 (got {self.n_fft}); try 2048")
        if not 1 <= self.hop_length <= self.n_fft // 4 or (self.n_fft // 2) % self.hop_length:
            raise ParameterError(
                f"hop_length must divide {self.n_fft // 2}, half of n_fft, and be at most {self.n_fft // 4} "
                f"(got {self.hop_length}); try {self.n_fft // 4}"
            )

    @property
    def n_bins(self) -> int:
        """Return the number of bins of a real transform, DC and Nyquist included."""
        return self.n_fft // 2 + 1

    @cached_property
    def window(self) -> Floats:
        """Return the periodic Hann window, (n_fft,)."""
        n = np.arange(self.n_fft)
        return (0.5 - 0.5 * np.cos(2 * np.pi * n / self.n_fft)).astype(np.float32)

    @cached_property
    def frequencies_hz(self) -> Floats:
        """Return the bins' centre frequencies in Hz, (n_bins,)."""
        return (np.arange(self.n_bins) * (self.sr / self.n_fft)).astype(np.float32)

    def count(self, n_samples: int) -> int:
        """Return the number of frames of a sound of `n_samples` samples."""
        return 1 + n_samples // self.hop_length

    def times_s(self, n_frames: int) -> NDArray[np.float64]:
        """Return the frames' centres in seconds, (n_frames,)."""
        return np.arange(n_frames, dtype=np.float64) * (self.hop_length / self.sr)

    def samples(self, seconds: float) -> int:
        """Return a duration in seconds as a number of samples, rounded."""
        return round(seconds * self.sr)


def frame_signal(y: Floats, grid: FrameGrid) -> Floats:
    """Cut a sound into centred frames.

    Parameters
    ----------
    y : (..., n)
        The sound.
    grid : FrameGrid
        Window and hop.

    Returns
    -------
    (..., T, n_fft)
        T = grid.count(n) frames, not windowed: a read-only view of one padded copy.

    """
    return frames_between(y, 0, grid.count(y.shape[-1]), n_fft=grid.n_fft, hop_length=grid.hop_length)


def frames_between(y: Floats, start: int, stop: int, *, n_fft: int, hop_length: int) -> Floats:
    """Cut some of the frames that `frame_signal` cuts, copying no more of the sound than they need.

    Parameters
    ----------
    y : (..., n)
        The sound.
    start, stop : int
        The first frame, and the one after the last.
    n_fft, hop_length : int
        Length of a frame, and step between frames, in samples.

    Returns
    -------
    (..., stop - start, n_fft)
        The frames, not windowed: a read-only view.

    """
    first, last = start * hop_length - n_fft // 2, (stop - 1) * hop_length + n_fft // 2
    missing = (max(0, -first), max(0, last - y.shape[-1]))
    padded = np.pad(y[..., max(0, first) : last], [(0, 0)] * (y.ndim - 1) + [missing])
    return np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=-1)[..., ::hop_length, :]


def frame_blocks(
    blocks: Iterable[Floats], n_samples: int, grid: FrameGrid, *, at_once: int, n_fft: int | None = None
) -> Iterator[Floats]:
    """Cut the frames that `frame_signal` cuts of a sound that comes in blocks.

    Parameters
    ----------
    blocks : iterable of (n,) float32
        The sound.
    n_samples : int
        Length of the whole sound.
    grid : FrameGrid
        Window and hop.
    at_once : int
        Most frames in one result.
    n_fft : int, optional
        Length of the frames, where it is not that of the grid; their centres are the same.

    Yields
    ------
    (t, n_fft) float32
        The next frames, not windowed; t is `at_once` or, at the end, less. Only the frames of one result are in memory.

    """
    n_fft = grid.n_fft if n_fft is None else n_fft
    half, hop = n_fft // 2, grid.hop_length
    kept, left = np.zeros(half, np.float32), grid.count(n_samples)
    for block in chain(blocks, (np.zeros(half + hop, np.float32),)):
        kept = np.concatenate([kept, block])
        while (ready := min(left, at_once, 1 + (len(kept) - n_fft) // hop)) > 0:
            if ready < at_once and ready < left:
                break
            yield np.lib.stride_tricks.sliding_window_view(kept, n_fft)[::hop][:ready]
            kept, left = kept[ready * hop :], left - ready


def rfft(x: Floats, n: int | None = None) -> NDArray[np.complex64]:
    """Transform real rows in their own precision.

    With its default scale, 1 as a whole number, NumPy 2.4 transforms single precision as double, at a fourth of the
    speed.

    Parameters
    ----------
    x : (..., m) float
        The rows.
    n : int, optional
        Length to which rows are cut or padded with zeros. By default m.

    Returns
    -------
    (..., n // 2 + 1) complex64

    """
    n = x.shape[-1] if n is None else n
    spectra = np.fft.rfft(x, n, norm="forward").astype(np.complex64, copy=False)
    spectra *= np.float32(n)
    return spectra


def fast_length(n: int) -> int:
    """Round a length up to one whose transform is fast: a power of two, or 9 or 12 sixteenths of one."""
    power = 1 << (n - 1).bit_length()
    return next(length for length in (9 * power // 16, 3 * power // 4, power) if length >= n and not length % 2)


class OverlapAdd:
    """Window frames and add them up to sound as they come.

    How frames are split into pushes changes no bit of the result. Samples are added from the oldest frame to the
    newest, and divided by the constant sum of the squared windows.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop.

    """

    def __init__(self, grid: FrameGrid) -> None:
        self._grid = grid
        self._scale = grid.window * np.float32(grid.hop_length / np.sum(grid.window.astype(np.float64) ** 2))
        self._tail: Floats | None = None

    def push(self, frames: Floats) -> Floats:
        """Add frames, and return the samples that no later frame can change.

        Parameters
        ----------
        frames : (..., T, n_fft)
            The next frames, not windowed.

        Returns
        -------
        (..., T * hop_length) float32
            The first sample of the first push is the first sample of the first frame.

        """
        n_frames, hop = frames.shape[-2], self._grid.hop_length
        parts = (frames * self._scale).reshape(*frames.shape[:-1], self._grid.n_fft // hop, hop)
        n_parts = parts.shape[-2]
        y = np.zeros((*frames.shape[:-2], n_frames + n_parts - 1, hop), np.float32)
        if self._tail is not None:
            y[..., : n_parts - 1, :] = self._tail
        for i in reversed(range(n_parts)):
            y[..., i : i + n_frames, :] += parts[..., i, :]
        self._tail = y[..., n_frames:, :]
        return y[..., :n_frames, :].reshape(*frames.shape[:-2], n_frames * hop)


def fade(y: Floats, start: int, *, length: float, n_samples: int | None = None) -> Floats:
    """Fade the ends of a sound, (n,) or (n, channels), of which y begins at sample `start`: see `fade_ends`."""
    gain = fade_ends(start, len(y), fade=length, n_samples=n_samples)
    faded: Floats = y * (gain if y.ndim == 1 else gain[:, None])
    return faded


def fade_ends(start: int, length: int, *, fade: float, n_samples: int | None = None) -> Floats:
    """Return the gain that fades a sound in at its start and out at its end.

    Parameters
    ----------
    start : int
        The first sample of the part for which the gain is returned. It is negative before the sound, where the gain is
        0.
    length : int
        Number of samples in that part.
    fade : float
        Samples that each fade takes, at most half of the sound.
    n_samples : int, optional
        Length of the sound. Without it there is no fade at the end.

    Returns
    -------
    (length,) float32

    """
    inward = np.arange(start, start + length)
    if n_samples is not None:
        fade = min(fade, n_samples // 2)
        inward = np.minimum(inward, n_samples - 1 - inward)
    shape, fade = np.ones(length, np.float32), max(1, fade)
    fading = inward < fade
    shape[fading] = 0.5 - 0.5 * np.cos(np.pi * np.maximum(inward[fading] / fade, 0))
    return shape
