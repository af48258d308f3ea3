"""Held-out sounds, measured one by one: what goes wrong with one costs its own figures."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from vqsynth.errors import VqsynthError
from vqsynth.sound.folders import name_apart

Figures = TypeVar("Figures")


def measure_each(
    paths: Sequence[Path], measure: Callable[[Path], Figures], *, say: Callable[[str], object]
) -> dict[str, Figures]:
    """Measure files, and return the figures by name, told apart. What cannot be measured is told, and left out."""
    figures = {}
    for path, name in zip(paths, name_apart(paths), strict=True):
        try:
            figures[name] = measure(path)
        except (VqsynthError, OSError, MemoryError) as e:
            say(f"'{path}' could not be measured: {e}")
    return figures
