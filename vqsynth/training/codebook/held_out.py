"""Measure how well a finished codebook resynthesizes sounds that it was not trained on."""

from collections.abc import Callable, Sequence
from pathlib import Path

from vqsynth.codebook import Codebook
from vqsynth.render import render_path
from vqsynth.sound import audio
from vqsynth.sound.distances import Distances, compare_sounds
from vqsynth.training.core.held_out import measure_each

LEAST_S = 3.0
"""The least seconds of each file that are measured, however many files there are."""


def share_seconds(paths: Sequence[Path], seconds: float | None) -> float | None:
    """Return how many seconds from the start of each file are measured of `seconds` in all; None for whole files."""
    return None if seconds is None else max(LEAST_S, seconds / max(1, len(paths)))


def pick_files(paths: Sequence[Path], most: int) -> list[Path]:
    """Pick so many files at most, evenly spread."""
    count = min(most, len(paths))
    return [paths[i * len(paths) // count] for i in range(count)]


def measure_reconstruction(
    book: Codebook,
    paths: Sequence[Path],
    *,
    seconds: float | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, Distances]:
    """Encode and decode sound files with `refined`, and compare: file name to distances.

    seconds: how much of each file. Files that cannot be measured are reported to `say` and left out.
    """
    return measure_each(paths, lambda path: _measure(book, path, seconds), say=say)


def _measure(book: Codebook, file: Path, seconds: float | None) -> Distances:
    sr = book.grid.sr
    y, _ = audio.load(file, sr=sr)
    y = y if seconds is None else y[: round(seconds * sr)]
    # Not `book.render`, which turns down sounds whose peaks exceed full scale.
    decoded = render_path(
        book.encode(y, sr, keep={"pitch": 0, "envelope": 0}, codes_by="encoder"), book.spectra, excitation="refined"
    )
    return compare_sounds(y, decoded, sr=sr)
