"""The frames of the sounds that a codebook is trained on, and how often each of them is drawn."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.arrays import Ints
from vqsynth.sound.folders import Skipped
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.training.core.sounds import Pieces, Sounds, hash_sounds, share_out

QUIETEST = 1e-4
"""Frames more than 80 dB below the loudest of their file, and digital silence, are not trained on."""


TRANSPOSED_SHARE = 0.4
"""The share of draws that goes to transposed copies, where a corpus has them."""


@dataclass(frozen=True)
class Corpus(Sounds):
    """Hold sounds at the grid's rate, and where their frames start.

    starts: (T,), first samples of the audible frames. is_original: (T,), false for frames of transposed copies.
    """

    grid: FrameGrid
    starts: Ints

    def windows(self, rows: Ints | slice) -> Floats:
        """Cut frames, neither windowed nor level-normalised: (len(rows), n_fft)."""
        view = np.lib.stride_tricks.sliding_window_view(self.y, self.grid.n_fft)
        frames: Floats = view[self.starts[rows]]
        return frames

    @cached_property
    def fingerprint(self) -> str:
        """Hash the samples and the frames; a checkpoint recognises its corpus by it."""
        return hash_sounds(self.grid, self.y, self.starts, self.is_original)

    @property
    def joined(self) -> NDArray[np.bool_]:
        """Tell which frames the next one follows a hop later, (T - 1,)."""
        joined: NDArray[np.bool_] = np.diff(self.starts) == self.grid.hop_length
        return joined

    @property
    def n_frames(self) -> int:
        """Return the number of frames, those of copies included."""
        return len(self.starts)

    def sampling_weights(self) -> NDArray[np.float64]:
        """Return the weights of the frames, (T,), summing to 1: equal, with a fixed share for transposed copies."""
        weights = np.ones(len(self.starts))
        share_out(weights, self.is_original, transposed=TRANSPOSED_SHARE)
        return weights


def load_corpus(
    paths: Sequence[Path],
    grid: FrameGrid,
    *,
    transpose: int = 0,
    transposed: Collection[Path] | None = None,
    skipped: Sequence[Skipped] = (),
) -> Corpus:
    """Read sounds and find their audible frames.

    Parameters
    ----------
    paths : sequence of Path
        Sound files. Short ones are padded with zeros.
    grid : FrameGrid
        The frames.
    transpose : int
        Also add copies transposed by 1 to this many semitones, up and down.
    transposed : collection of Path, optional
        The files that get copies, by default all.
    skipped : sequence of Skipped
        Files that were skipped before. Files that cannot be read or hold only silence are added to them.

    Returns
    -------
    Corpus

    Raises
    ------
    AudioError
        Where no file is usable.

    """
    pieces = _Frames(grid)
    chosen = None if transposed is None else set(transposed)
    read = pieces.read(
        paths, transpose=lambda path: transpose if chosen is None or path in chosen else 0, skipped=skipped
    )
    starts, is_original = np.concatenate(pieces.starts), np.concatenate(pieces.is_original)
    return Corpus(grid=grid, starts=starts, is_original=is_original, **read)


class _Frames(Pieces):
    """Gather the audible frames of each sound."""

    def __init__(self, grid: FrameGrid) -> None:
        super().__init__(grid)
        self.starts: list[Ints] = []
        self.is_original: list[NDArray[np.bool_]] = []

    def _take(self, y: Floats, *, is_original: bool) -> Floats:
        starts = np.arange(self._grid.count(len(y))) * self._grid.hop_length
        kept = starts[_is_audible(y, starts, self._grid)]
        self.starts.append(self.n_samples - self._grid.n_fft // 2 + kept)
        self.is_original.append(np.full(len(kept), is_original))
        return y


def _is_audible(y: Floats, starts: Ints, grid: FrameGrid) -> NDArray[np.bool_]:
    """Tell which centred frames lie within 80 dB of the file's loudest frame."""
    power = np.concatenate([[0.0], np.cumsum(y.astype(np.float64) ** 2)])
    half = grid.n_fft // 2
    energy = power[np.minimum(starts + half, len(y))] - power[np.maximum(starts - half, 0)]
    audible: NDArray[np.bool_] = energy > max(float(energy.max()) * QUIETEST**2, 1e-20)
    return audible
