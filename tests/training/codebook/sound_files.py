"""Small corpora of notes and noise that tests of training share."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from vqsynth.sound.frames import FrameGrid
from vqsynth.training.codebook.corpus import Corpus, load_corpus

GRID = FrameGrid(sr=8000, n_fft=256, hop_length=64)


def note(f_hz: float, *, seconds: float = 0.5, sr: int = 8000) -> NDArray[np.float32]:
    """Make a decaying tone with four partials."""
    t = np.arange(round(seconds * sr)) / sr
    y = sum(np.sin(2 * np.pi * k * f_hz * t) / k for k in range(1, 5))
    return (0.3 * np.exp(-2 * t) * y).astype(np.float32)


def write_notes(folder: Path, count: int = 4) -> list[Path]:
    """Write notes a few semitones apart, and return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"note{i:02d}.wav" for i in range(count)]
    for i, path in enumerate(paths):
        soundfile.write(path, note(200 * 2 ** (i / 4)), 8000, subtype="FLOAT")
    return paths


def small_corpus(folder: Path, *, transpose: int = 0) -> Corpus:
    """Load a corpus of four notes, two seconds in all."""
    return load_corpus(write_notes(folder), GRID, transpose=transpose)
