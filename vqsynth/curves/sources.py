"""Files and sounds as curves, and changes of their values: `@voice.wav(transpose=12, smooth=0.1)`."""

import re
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from vqsynth.curves.shapes import Shape
from vqsynth.curves.values import Meaning
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import unknown_name
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.audio import SUFFIXES

LONGEST_SMOOTH_S = 60.0
MOST_SEMITONES = 120.0
USAGE = "scale=2, shift=-3, smooth=0.1 (seconds), transpose=12 (semitones)"
_STEP_S, _FEWEST, _MOST = 0.005, 8, 64
_NAMED = re.compile(r"(.+?)\s*\(([^()]*)\)")


@dataclass(frozen=True)
class Source:
    """Hold the file of a curve, and the changes of its values. They are applied in the order below.

    Parameters
    ----------
    file : Path
        The file.
    smooth : float
        Width in seconds, 0 to 60, of a moving mean. It is weighted by a Hann window twice as wide, and taken in octaves
        for frequencies. Gaps stay gaps.
    transpose : float
        Semitones, -120 to 120. Only for values in Hz.
    scale : float
        Factor.
    shift : float
        Number that is added, in the unit of the descriptor.

    """

    file: Path
    smooth: float = 0.0
    transpose: float = 0.0
    scale: float = 1.0
    shift: float = 0.0

    @property
    def is_sound(self) -> bool:
        """Return whether the file is a sound, judged by its extension."""
        return self.file.suffix.lower() in SUFFIXES

    def change(self, shape: Shape, unit: str) -> Shape:
        """Apply the changes to a shape. Raises ParameterError if values that are not in Hz are transposed."""
        if self.transpose and unit != "Hz":
            raise ParameterError(
                f"transpose needs values in Hz (got values in {unit or 'no unit'}); use shift or scale"
            )
        smoothed = _smooth(shape, self.smooth, octaves=unit == "Hz") if self.smooth else shape
        factor = self.scale * 2 ** (self.transpose / 12)
        if factor == 1 and not self.shift:
            return smoothed
        return lambda times, seconds: smoothed(times, seconds) * factor + self.shift


def read_source(text: str) -> Source | None:
    """Read `@FILE` or `@FILE(NAME=NUMBER, ...)`.

    Parameters
    ----------
    text : str
        The curve. Parentheses at its very end hold the changes; parentheses before the extension belong to the file
        name.

    Returns
    -------
    Source or None
        None if the text does not begin with @.

    Raises
    ------
    ParameterError
        If a change is unknown, is given twice, or is out of range.

    Examples
    --------
    >>> from vqsynth.curves.sources import read_source
    >>> read_source("@voice (2).wav(transpose=12)").transpose
    12.0

    """
    text = text.strip()
    if not text.startswith("@"):
        return None
    called = _NAMED.fullmatch(text[1:])
    if not called:
        return Source(Path(text[1:].strip()))
    return Source(Path(called[1]), **_read_changes(called[2]))


def source_file(text: str) -> Path | None:
    """Return the file of a curve, or None if the curve names no file. Raises ParameterError as `read_source` does."""
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
        raise ParameterError(f"the parentheses are empty; give {USAGE}, or leave them out")
    for name, low, high in (("smooth", 0.0, LONGEST_SMOOTH_S), ("transpose", -MOST_SEMITONES, MOST_SEMITONES)):
        if not low <= changes.get(name, 0.0) <= high:
            raise ParameterError(f"{name} must lie between {low:g} and {high:g} (got {changes[name]:g})")
    return changes


def _smooth(shape: Shape, width_s: float, *, octaves: bool) -> Shape:
    """Take moving means over a width in seconds. Gaps stay gaps."""
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
