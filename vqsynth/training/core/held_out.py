"""Measure held-out sounds one by one. Where one fails, only its own figures are missing."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from vqsynth.errors import VqsynthError
from vqsynth.sound.folders import name_apart

Figures = TypeVar("Figures")


def measure_each(
    paths: Sequence[Path], measure: Callable[[Path], Figures], *, say: Callable[[str], object]
) -> dict[str, Figures]:
    """Return the figures of files by their names, made unique. Files that fail are reported to `say` and left out."""
    figures = {}
    for path, name in zip(paths, name_apart(paths), strict=True):
        try:
            figures[name] = measure(path)
        except (VqsynthError, OSError, MemoryError) as e:
            say(f"'{path}' could not be measured: {e}")
    return figures
