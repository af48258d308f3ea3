"""Files and sounds as curves, and what is done to them on the way: `@voice.wav(transpose=12, smooth=0.1)`."""

import re
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from vqsynth.checks import unknown_name
from vqsynth.curves.shapes import Shape
from vqsynth.curves.values import Meaning
from vqsynth.errors import ParameterError
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.audio import SUFFIXES

LONGEST_SMOOTH_S = 60.0
MOST_SEMITONES = 120.0
USAGE = "scale=2, shift=-3, smooth=0.1 (seconds), transpose=12 (semitones)"
_STEP_S, _FEWEST, _MOST = 0.005, 8, 64
_NAMED = re.compile(r"(.+?)\s*\(([^()]*)\)")


@dataclass(frozen=True)
class Source:
    """Hold a file that a curve comes from, and what is done to its values, in this order.

    smooth: a mean over so many seconds, weighted by a Hann window twice as wide, of frequencies in octaves; where there
    is no value none comes. transpose: semitones. scale: a factor. shift: what is added, in the descriptor's unit.
    """

    file: Path
    smooth: float = 0.0
    transpose: float = 0.0
    scale: float = 1.0
    shift: float = 0.0

    @property
    def is_sound(self) -> bool:
        """Tell whether it is a sound, by its name."""
        return self.file.suffix.lower() in SUFFIXES

    def change(self, shape: Shape, unit: str) -> Shape:
        """Do to a shape what is to be done. Raises ParameterError for a transposition of what is no frequency."""
        if self.transpose and unit != "Hz":
            raise ParameterError("transpose counts semitones, of what is in Hz only; use shift or scale")
        smoothed = _smooth(shape, self.smooth, octaves=unit == "Hz") if self.smooth else shape
        factor = self.scale * 2 ** (self.transpose / 12)
        if factor == 1 and not self.shift:
            return smoothed
        return lambda times, seconds: smoothed(times, seconds) * factor + self.shift


def read_source(text: str) -> Source | None:
    """Read `@FILE` or `@FILE(NAME=NUMBER, ...)`; None for a text that names no file.

    What stands in parentheses at the very end is what is to be done; a file's own stand before its extension.
    Raises ParameterError for what cannot be done.
    """
    text = text.strip()
    if not text.startswith("@"):
        return None
    called = _NAMED.fullmatch(text[1:])
    if not called:
        return Source(Path(text[1:].strip()))
    return Source(Path(called[1]), **_read_changes(called[2]))


def source_file(text: str) -> Path | None:
    """Tell the file that a curve is read from; None where it is drawn. Raises as `read_source` does."""
    source = read_source(text)
    return source.file if source else None


def _read_changes(text: str) -> dict[str, float]:
    known = tuple(field.name for field in fields(Source) if field.name != "file")
    changes: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ParameterError(f"expected NAME=NUMBER in the parentheses, such as {USAGE} (got '{part[:40]}')")
        if name not in known:
            raise unknown_name(name, known, "change of a file's curve")
        if name in changes:
            raise ParameterError(f"{name} is given twice; give it once")
        changes[name] = Meaning().read(value)
    if not changes:
        raise ParameterError(f"the parentheses are empty; give {USAGE}, or leave them away")
    for name, low, high in (("smooth", 0.0, LONGEST_SMOOTH_S), ("transpose", -MOST_SEMITONES, MOST_SEMITONES)):
        if not low <= changes.get(name, 0.0) <= high:
            raise ParameterError(f"{name} must lie between {low:g} and {high:g} (got {changes[name]:g})")
    return changes


def _smooth(shape: Shape, width_s: float, *, octaves: bool) -> Shape:
    """Take means over a width in seconds; values keep their places, and gaps stay."""
    n = int(np.clip(width_s / _STEP_S, _FEWEST, _MOST))
    places = np.arange(-n, n + 1) / (n + 1)

    def smoothed(times: Doubles, seconds: float) -> Doubles:
        here = shape(times, seconds)
        total, weight = np.zeros(len(times)), np.zeros(len(times))
        for place in places:
            values, share = shape(times + place * width_s, seconds), 0.5 + 0.5 * np.cos(np.pi * place)
            usable = (values > 0) if octaves else ~np.isnan(values)
            known = np.where(usable, values, 1.0)
            total += share * np.where(usable, np.log2(known) if octaves else known, 0.0)
            weight += share * usable
        mean = total / np.maximum(weight, 1e-12)
        own = ~(here > 0) if octaves else np.isnan(here)
        return np.where(own, here, np.exp2(mean) if octaves else mean)

    return smoothed
