"""The `refined` excitation: iterations of Griffin and Lim (1984) over a rendered sound, at two windows.

At the window of the spectra, a rendered sound is wrong mostly where frames overlap. At twice that window it is wrong in
the noise between the partials: the level of the noise varies from bin to bin and from frame to frame, although the
spectrum has one level there. So a round alternates. Two iterations at twice the window lead towards the partials as
they sound alone, with the noise level of the spectra between them. One iteration at the window itself leads towards the
spectra.

Measured on held-out violin: log-spectral distance 6.37 dB before, 5.79 after 16 iterations at the window itself alone,
where more iterations bring nothing, and 5.14 after ten rounds; mel-cepstral distance 1.65, 1.39 and 1.40 dB.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.excitation import FrameSpectra
from vqsynth.sound.frames import Floats, FrameGrid, OverlapAdd

ROUNDS = 10
WIDE_PER_ROUND = 2
_FRAMES_AT_ONCE = 32
_MOST_KEPT = 256
"""Blocks whose target magnitudes are kept from one iteration to the next: 67 MB, three minutes of sound."""
Wanted = Callable[[slice, Floats], Floats]


class ShapedFrames(Protocol):
    """The interface of the frames of a path, as `refine` needs it."""

    def __len__(self) -> int:
        """Return the number of frames."""
        ...

    def look_up(self, block: slice) -> FrameSpectra:
        """Return some frames, (1, T, n_bins), at gain 1."""
        ...

    def magnitudes(self, block: slice) -> Floats:
        """Return the magnitudes (T, n_bins) of some frames at their gain."""
        ...


def refine(
    y: Floats,
    partials: Floats,
    frames: ShapedFrames,
    grid: FrameGrid,
    *,
    rounds: int = ROUNDS,
    wide_per_round: int = WIDE_PER_ROUND,
    momentum: float = 0.0,
) -> Floats:
    """Bring the magnitudes of a rendered sound nearer to its frames, starting from its own phases.

    Parameters
    ----------
    y : (len(frames) * hop_length,) float32
        The sound as overlap-add gave it. Its first sample is the first of frame 0.
    partials : (len(frames) * hop_length,) float32
        The same sound without its noise.
    frames : ShapedFrames
        The spectra to come near to.
    grid : FrameGrid
        Window and hop.
    rounds : int
        Number of rounds.
    wide_per_round : int
        Iterations at twice the window in each round.
    momentum : float
        How far each of these goes on in the direction of the last one, as in the fast Griffin-Lim algorithm.

    Returns
    -------
    (len(frames) * hop_length,) float32

    References
    ----------
    Griffin, Lim, "Signal estimation from modified short-time Fourier transform", 1984.

    Perraudin, Balazs, Sondergaard, "A fast Griffin-Lim algorithm", 2013.

    """
    wide = FrameGrid(grid.sr, 2 * grid.n_fft, 2 * grid.hop_length)
    around = (grid.n_fft, 2 * wide.n_fft)  # so that every sample has as many wide frames as any other
    padded_partials = np.pad(partials, around)
    kept: dict[int, Floats] = {}

    def wanted_wide(block: slice, window: Floats) -> Floats:
        """Return the target magnitudes (T, 2 * n_bins - 1) of some wide frames: partials and noise level."""
        if block.start in kept:
            return kept[block.start]
        tonal = np.abs(np.fft.rfft(cut_frames(padded_partials, wide)[block] * window, axis=-1))
        wanted: Floats = np.hypot(tonal, _noise_level(frames, block, grid))
        if len(kept) < _MOST_KEPT:
            kept[block.start] = wanted
        return wanted

    for _ in range(rounds):
        padded, last = np.pad(y, around), None
        for _ in range(wide_per_round):
            made = _iterate(padded, wanted_wide, wide)[: len(y) + grid.n_fft]
            padded[: len(made)] = made if last is None else made + np.float32(momentum) * (made - last)
            last = made
        y = (padded if last is None else last)[grid.n_fft :][: len(y)]
        y = _iterate(np.pad(y, (0, grid.n_fft)), lambda block, _: frames.magnitudes(block), grid)[: len(y)]
    return y


def _iterate(padded: Floats, wanted: Wanted, grid: FrameGrid) -> Floats:
    """Give every frame of a sound its target magnitudes, and add the frames up again."""
    adder, parts = OverlapAdd(grid), []
    frames = cut_frames(padded, grid)
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        block = slice(start, min(start + _FRAMES_AT_ONCE, len(frames)))
        spectra = np.fft.rfft(frames[block] * grid.window, axis=-1)
        spectra *= wanted(block, grid.window) / np.maximum(np.abs(spectra), 1e-12)
        parts.append(adder.push(np.fft.irfft(spectra, axis=-1).astype(np.float32, copy=False)))
    return np.concatenate(parts)


def cut_frames(padded: Floats, grid: FrameGrid) -> Floats:
    """Return a view of the frames (T, n_fft) of a sound that ends in a window of padding. No frame starts in it."""
    starts = np.lib.stride_tricks.sliding_window_view(padded, grid.n_fft)
    return starts[: len(padded) - grid.n_fft : grid.hop_length]


def _noise_level(frames: ShapedFrames, block: slice, grid: FrameGrid) -> Floats:
    """Return the level of the noise in wide frames, (T, 2 * n_bins - 1); under partials, that around them.

    Wide frame u begins n_fft before sample u * 2 * hop_length, so its centre is that of frame 2 u - n_fft / (2
    hop_length).
    """
    first = -(grid.n_fft // (2 * grid.hop_length))
    rows = np.clip(2 * np.arange(block.start, block.stop) + first, 0, len(frames) - 1)
    near = slice(int(rows[0]), int(rows[-1]) + 1)
    tonal = frames.look_up(near).tonal[0][rows - near.start]
    level = _bridge(np.log(np.maximum(frames.magnitudes(near)[rows - near.start], 1e-9)), tonal)
    wide = np.empty((len(rows), 2 * grid.n_bins - 1), np.float32)
    wide[:, ::2] = level
    wide[:, 1::2] = (level[:, 1:] + level[:, :-1]) / 2
    # Noise of one level has twice the power in a transform of twice the length.
    return np.exp(wide) * np.float32(np.sqrt(2))


def _bridge(level: Floats, tonal: NDArray[np.bool_]) -> Floats:
    """Draw straight lines over the tonal bins of each row, from the nearest bin on the left to that on the right."""
    bins = np.arange(level.shape[1])
    left = np.maximum.accumulate(np.where(tonal, -1, bins), axis=1)
    right = np.minimum.accumulate(np.where(tonal, len(bins), bins)[:, ::-1], axis=1)[:, ::-1]
    left, right = np.where(left < 0, right, left), np.where(right == len(bins), left, right)
    left, right = np.clip(left, 0, len(bins) - 1), np.clip(right, 0, len(bins) - 1)
    share = ((bins - left) / np.maximum(right - left, 1)).astype(np.float32)
    ends = np.take_along_axis(level, left, axis=1), np.take_along_axis(level, right, axis=1)
    bridged: Floats = (1 - share) * ends[0] + share * ends[1]
    return bridged
