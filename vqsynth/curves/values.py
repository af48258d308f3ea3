"""Values as people write them: 1200, 2k, A4, p50, p50+100. They are matched against these forms, never evaluated."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vqsynth.errors import ParameterError

Percentile = Callable[[float], float]
PERCENTILE = re.compile(r"p([0-9]+\.?[0-9]*)")
LARGEST = 1e12  # beyond it sums of values lose their digits
CONCERT_A_HZ = 440.0
UNITS = {"k": (1e3, ()), "hz": (1.0, ("Hz",)), "khz": (1e3, ("Hz",)), "db": (1.0, ("dB", "LUFS")),
         "lufs": (1.0, ("LUFS",))}  # fmt: skip
"""What may follow a number, in lower case: what it is worth, and the units that it fits, any where none is named."""

_DIGITS = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"([+-]?{_DIGITS})\s*([a-zA-Z]*)")
_NOTE = re.compile(r"([A-Ga-g])([#♯b♭]?)(-1|10|[0-9])")
_MOVED = re.compile(rf"(.+?)\s*([-+*/])\s*({_DIGITS})\s*(k?)")
_SEMITONES = {"c": -9, "d": -7, "e": -5, "f": -4, "g": -2, "a": 0, "b": 2}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}


@dataclass(frozen=True)
class Meaning:
    """Say what a value may be besides a number.

    percentile: gives the p-th percentile of a table. unit: that of the descriptor; where it is Hz, notes are values.
    """

    percentile: Percentile | None = None
    unit: str = ""

    def read(self, item: Any) -> float:
        """Read a number, or the text of a value. Raises ParameterError for what is none."""
        if isinstance(item, int | float | np.integer | np.floating) and not isinstance(item, bool):
            return check_finite(item)
        text = item.strip() if isinstance(item, str) else ""
        number = self._read_number(text)
        if number is None:
            number = self._read_base(text)
        if number is None and (moved := _MOVED.fullmatch(text)):
            base, by = self._read_base(moved[1]), float(moved[3]) * (1e3 if moved[4] else 1.0)
            number = None if base is None else _move(base, moved[2], by)
        if number is None:
            raise ParameterError(f"expected {self._forms()} (got '{shorten(str(item))}')")
        return check_finite(number)

    def _read_number(self, text: str) -> float | None:
        found = _NUMBER.fullmatch(text)
        if not found or (found[2] and found[2].lower() not in UNITS):
            return None
        factor, fits = UNITS[found[2].lower()] if found[2] else (1.0, ())
        if fits and self.unit not in fits:
            here = f"is in {self.unit}" if self.unit else "has no such unit"
            raise ParameterError(f"'{text}' is in {found[2]}, and what it stands for {here}; give a plain number")
        return float(found[1]) * factor

    def _read_base(self, text: str) -> float | None:
        if note := _NOTE.fullmatch(text):
            if self.unit != "Hz":
                raise ParameterError(f"a note such as {text} is a pitch, and stands for a value in Hz only")
            return note_hz(note[1], note[2], int(note[3]))
        found = PERCENTILE.fullmatch(text)
        if found and self.percentile is None:
            raise ParameterError(f"a percentile such as {text} stands for a value only, and needs a codebook's table")
        if found and float(found[1]) > 100:
            raise ParameterError(f"a percentile must lie between p0 and p100 (got {text})")
        return self.percentile(float(found[1])) if found and self.percentile else None

    def _forms(self) -> str:
        notes = ["a note such as A4"] if self.unit == "Hz" else []
        percentiles = ["a percentile such as p50, p50+100 or p50*1.5"] if self.percentile else []
        return " or ".join(["a number", *notes, *percentiles])


def is_value(text: str) -> bool:
    """Tell whether a text is a note, a percentile, or one of them moved; what it comes to depends on a table."""
    moved = _MOVED.fullmatch(text)
    return any(pattern.fullmatch(part) for pattern in (_NOTE, PERCENTILE) for part in (text, moved[1] if moved else ""))


def note_hz(letter: str, accidental: str, octave: int) -> float:
    """Give the frequency of a note in equal temperament, A4 being 440 Hz."""
    semitones = _SEMITONES[letter.lower()] + _ACCIDENTALS[accidental] + 12 * (octave - 4)
    return float(CONCERT_A_HZ * 2 ** (semitones / 12))


def check_finite(number: Any) -> float:
    """Take a finite number that is not huge. Raises ParameterError."""
    if not abs(number) <= LARGEST:
        raise ParameterError(f"numbers must be finite and at most {LARGEST:g} (got {shorten(str(number))})")
    return float(number)


def shorten(text: str) -> str:
    """Show a text in 60 characters: of a file the end, which names it."""
    shown = " ".join(text.split())
    if shown.startswith("@") and len(shown) > 60:
        return f"@…{shown[-58:]}"
    return shown if len(shown) <= 60 else shown[:59] + "…"


def _move(base: float, sign: str, by: float) -> float:
    if sign == "/" and by == 0:
        raise ParameterError("a value cannot be divided by 0")
    return {"+": base + by, "-": base - by, "*": base * by, "/": base / by if by else 0.0}[sign]
