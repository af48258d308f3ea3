"""The sounds to train on, as one waveform in memory and the frames that may be cut from it.

Files stand one after the other with a window of zeros between them, so that a frame never spans two files. Frames are
cut when they are asked for: an hour at 44.1 kHz takes 0.6 GB, its windows would take 2.5.

Each sound can also stand there transposed: played a few semitones slower or faster. A corpus of a few notes then has
codes for the pitches between them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import AudioError
from vqsynth.sound import audio
from vqsynth.sound.folders import Skipped, check_usable, read_each, summarize_sounds
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.offset import SILENT, remove_offset

Ints = NDArray[np.int64]

QUIETEST = 1e-4
"""Frames this far (80 dB) under the loudest of their file are not trained on; nor is digital silence."""


@dataclass(frozen=True)
class Corpus:
    """Hold sounds (n,) float32 at the grid's rate, and where their frames start.

    starts: (T,) first samples of the frames with something in them. is_original: (T,) false for frames of transposed
    copies. seconds counts the files as they came, without copies.
    """

    grid: FrameGrid
    y: Floats
    starts: Ints
    is_original: NDArray[np.bool_]
    files: tuple[Path, ...]
    skipped: tuple[Skipped, ...]
    seconds: float

    def windows(self, rows: Ints | slice) -> Floats:
        """Cut frames, neither windowed nor level-normalised: (len(rows), n_fft)."""
        view = np.lib.stride_tricks.sliding_window_view(self.y, self.grid.n_fft)
        frames: Floats = view[self.starts[rows]]
        return frames

    @cached_property
    def fingerprint(self) -> str:
        """Hash the samples and the frames, so that a checkpoint knows its corpus again."""
        digest = hashlib.sha256(repr(self.grid).encode())
        for part in (self.y, self.starts, self.is_original):
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()

    def summary(self) -> str:
        """Say in one line what is used and what is not."""
        return summarize_sounds(len(self.files), self.seconds, self.skipped)


def load_corpus(
    paths: Sequence[Path], grid: FrameGrid, *, transpose: int = 0, skipped: Sequence[Skipped] = ()
) -> Corpus:
    """Read sounds and find the frames worth training on.

    transpose: also keep copies 1 to this many semitones up and down. Files that cannot be read, or hold only silence,
    are listed in `skipped`, after those that are given; short ones are used, padded with zeros.
    Raises AudioError where nothing usable is left.
    """
    pieces = _Pieces(grid)
    used, unread = read_each(paths, lambda path: pieces.add_file(path, transpose))
    check_usable(used, unread)
    return pieces.to_corpus(used, (*skipped, *unread))


class _Pieces:
    """Gather waveforms and frame starts file by file."""

    def __init__(self, grid: FrameGrid) -> None:
        self.grid = grid
        self.sounds: list[Floats] = [np.zeros(grid.n_fft, np.float32)]
        self.starts: list[Ints] = []
        self.is_original: list[NDArray[np.bool_]] = []
        self.n_samples, self.seconds = grid.n_fft, 0.0

    def add_file(self, path: Path, transpose: int) -> None:
        """Read a file, and gather it and its transposed copies. Raises AudioError for what is no sound or silent."""
        y, sr = audio.load(path)
        y = remove_offset(y, sr)
        at_rate = audio.resample(y, orig_sr=sr, sr=self.grid.sr)
        if audio.measure_peak(y) <= SILENT:
            raise AudioError(f"'{path}' holds only silence")
        self._add(at_rate, is_original=True)
        self.seconds += len(y) / sr
        for semitones in (s for s in range(-transpose, transpose + 1) if s):
            played_at = round(sr * 2.0 ** (semitones / 12))
            self._add(audio.resample(y, orig_sr=played_at, sr=self.grid.sr), is_original=False)

    def _add(self, y: Floats, *, is_original: bool) -> None:
        first = self.n_samples - self.grid.n_fft // 2
        starts = np.arange(self.grid.count(len(y))) * self.grid.hop_length
        kept = starts[_is_audible(y, starts, self.grid)]
        self.starts.append(first + kept)
        self.is_original.append(np.full(len(kept), is_original))
        self.sounds += [y, np.zeros(self.grid.n_fft, np.float32)]
        self.n_samples += len(y) + self.grid.n_fft

    def to_corpus(self, files: tuple[Path, ...], skipped: tuple[Skipped, ...]) -> Corpus:
        return Corpus(
            grid=self.grid,
            y=np.concatenate(self.sounds),
            starts=np.concatenate(self.starts),
            is_original=np.concatenate(self.is_original),
            files=files,
            skipped=skipped,
            seconds=self.seconds,
        )


def _is_audible(y: Floats, starts: Ints, grid: FrameGrid) -> NDArray[np.bool_]:
    """Tell which centred frames hold something within 80 dB of the file's loudest frame."""
    power = np.concatenate([[0.0], np.cumsum(y.astype(np.float64) ** 2)])
    half = grid.n_fft // 2
    energy = power[np.minimum(starts + half, len(y))] - power[np.maximum(starts - half, 0)]
    audible: NDArray[np.bool_] = energy > max(float(energy.max()) * QUIETEST**2, 1e-20)
    return audible
