"""The sounds to train on, as one waveform in memory, and where their frames come from.

Files follow each other with a window of zeros between them, so that no frame spans two files. Frames are cut when they
are needed: an hour at 44.1 kHz takes 0.6 GB, its windows would take 2.5 GB.

Transposed copies of the sounds, played slower or faster by some semitones, can be added. They give a corpus of a few
notes the pitches between them.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import AudioError, ParameterError
from vqsynth.sound import audio
from vqsynth.sound.folders import Skipped, check_usable, read_each, summarize_sounds
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.offset import SILENT, remove_offset

MOST_SEMITONES = 12


@dataclass(frozen=True)
class Sounds(ABC):
    """Hold the sounds of a training, (n,) float32, and what is known of their files.

    is_original: false for transposed copies. seconds: duration of the files, without copies.
    """

    y: Floats
    is_original: NDArray[np.bool_]
    files: tuple[Path, ...]
    skipped: tuple[Skipped, ...]
    seconds: float

    @property
    @abstractmethod
    def n_frames(self) -> int:
        """Return the number of frames, those of copies included."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Hash all that decides the frames; a checkpoint recognises its corpus by it."""

    def summary(self) -> str:
        """Return a line that says which files are used and which are not."""
        return summarize_sounds(len(self.files), self.seconds, self.skipped)


class Pieces(ABC):
    """Gather waveforms file by file, and what `_take` makes of each."""

    def __init__(self, grid: FrameGrid) -> None:
        self._grid, self._gap = grid, np.zeros(grid.n_fft, np.float32)
        self._sounds, self.n_samples, self._seconds = [self._gap], len(self._gap), 0.0

    def add_file(self, file: Path, transpose: int) -> None:
        """Add a file and its transposed copies. Raises AudioError if the file is silent or not a sound."""
        y, sr = audio.load(file)
        y = remove_offset(y, sr)
        at_rate = audio.resample(y, orig_sr=sr, sr=self._grid.sr)
        if audio.measure_peak(y) <= SILENT:
            raise AudioError(f"'{file}' holds only silence")
        self._add(at_rate, is_original=True)
        self._seconds += len(y) / sr
        for semitones in (s for s in range(-transpose, transpose + 1) if s):
            played_at = round(sr * 2.0 ** (semitones / 12))
            self._add(audio.resample(y, orig_sr=played_at, sr=self._grid.sr), is_original=False)

    def read(
        self, paths: Sequence[Path], *, transpose: Callable[[Path], int], skipped: Sequence[Skipped]
    ) -> dict[str, Any]:
        """Read files and their transposed copies, and return the fields of `Sounds`.

        transpose: for each file, the semitones up to which copies are added, up and down. Files that cannot be read or
        are silent are appended to `skipped`. Raises AudioError where no file is usable.
        """
        used, unread = read_each(paths, lambda path: self.add_file(path, transpose(path)))
        check_usable(used, unread)
        y = np.concatenate(self._sounds)
        return {"y": y, "files": used, "skipped": (*skipped, *unread), "seconds": self._seconds}

    def _add(self, y: Floats, *, is_original: bool) -> None:
        y = self._take(y, is_original=is_original)
        self._sounds += [y, self._gap]
        self.n_samples += len(y) + len(self._gap)

    @abstractmethod
    def _take(self, y: Floats, *, is_original: bool) -> Floats:
        """Take one sound, which will begin at sample `n_samples`, and return it as it is to be stored."""


def hash_sounds(grid: Any, *parts: NDArray[Any]) -> str:
    """Hash arrays and the grid that they are cut by."""
    digest = hashlib.sha256(repr(grid).encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def share_out(weights: NDArray[np.float64], is_original: NDArray[np.bool_], *, transposed: float) -> None:
    """Scale weights (N,) in place to a sum of 1; where there are copies, their share is `transposed`."""
    groups = [group for group in (is_original, ~is_original) if weights[group].any()]
    shares = [1.0] if len(groups) == 1 else [1 - transposed, transposed]
    for group, share in zip(groups, shares, strict=True):
        weights[group] *= share / weights[group].sum()


def check_transpose(semitones: int) -> None:
    """Raise ParameterError for semitones out of range."""
    if not 0 <= semitones <= MOST_SEMITONES:
        raise ParameterError(f"transpose must lie between 0 and {MOST_SEMITONES} semitones (got {semitones})")
