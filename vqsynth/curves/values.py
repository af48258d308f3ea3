"""Values as people write them: 1200, 2k, A4, p50, p50+100. The text is matched against these forms, never evaluated."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vqsynth.errors import ParameterError

Percentile = Callable[[float], float]
PERCENTILE = re.compile(r"p([0-9]+\.?[0-9]*)")
LARGEST = 1e12  # sums of larger values lose digits
CONCERT_A_HZ = 440.0
UNITS = {"k": (1e3, ()), "hz": (1.0, ("Hz",)), "khz": (1e3, ("Hz",)), "db": (1.0, ("dB", "LUFS")),
         "lufs": (1.0, ("LUFS",))}  # fmt: skip
"""Units that may follow a number, in lower case: the factor, and the descriptor units that it fits (empty for any)."""

_DIGITS = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"([+-]?{_DIGITS})\s*([a-zA-Z]*)")
_NOTE = re.compile(r"([A-Ga-g])([#♯b♭]?)(-1|10|[0-9])")
_MOVED = re.compile(rf"(.+?)\s*([-+*/])\s*({_DIGITS})\s*(k?)")
_SEMITONES = {"c": -9, "d": -7, "e": -5, "f": -4, "g": -2, "a": 0, "b": 2}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}


@dataclass(frozen=True)
class Meaning:
    """Describe what a value may be besides a number.

    Parameters
    ----------
    percentile : callable, optional
        Returns the p-th percentile of a table, p in 0 to 100. By default there are no percentiles.
    unit : str
        Unit of the descriptor. If it is Hz, notes are values too.

    """

    percentile: Percentile | None = None
    unit: str = ""

    def read(self, item: Any) -> float:
        """Read a value.

        Parameters
        ----------
        item : float or str
            A number, or the text of a value.

        Returns
        -------
        float
            In the unit of the descriptor.

        Raises
        ------
        ParameterError
            If the item is not a value, or is not finite.

        Examples
        --------
        >>> from vqsynth.curves.values import Meaning
        >>> Meaning(unit="Hz").read("A4*1.5"), Meaning(unit="Hz").read("2k")
        (660.0, 2000.0)

        """
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
            here = f"in {self.unit}" if self.unit else "a number without that unit"
            raise ParameterError(f"the value must be {here} (got '{text}'); leave out '{found[2]}'")
        return float(found[1]) * factor

    def _read_base(self, text: str) -> float | None:
        if note := _NOTE.fullmatch(text):
            if self.unit != "Hz":
                raise ParameterError(f"a note can only stand for a value in Hz (got '{text}'); write a number")
            return note_hz(note[1], note[2], int(note[3]))
        found = PERCENTILE.fullmatch(text)
        if found and self.percentile is None:
            raise ParameterError(
                f"a percentile can only stand for a value of a codebook's table (got '{text}'); write a number"
            )
        if found and float(found[1]) > 100:
            raise ParameterError(f"a percentile must lie between p0 and p100 (got {text})")
        return self.percentile(float(found[1])) if found and self.percentile else None

    def _forms(self) -> str:
        notes = ["a note such as A4"] if self.unit == "Hz" else []
        percentiles = ["a percentile such as p50, p50+100 or p50*1.5"] if self.percentile else []
        return " or ".join(["a number", *notes, *percentiles])


def is_value(text: str) -> bool:
    """Return whether a text is a note or a percentile, moved or not."""
    moved = _MOVED.fullmatch(text)
    return any(pattern.fullmatch(part) for pattern in (_NOTE, PERCENTILE) for part in (text, moved[1] if moved else ""))


def note_hz(letter: str, accidental: str, octave: int) -> float:
    """Return the frequency of a note in Hz, in equal temperament with A4 at 440 Hz."""
    semitones = _SEMITONES[letter.lower()] + _ACCIDENTALS[accidental] + 12 * (octave - 4)
    return float(CONCERT_A_HZ * 2 ** (semitones / 12))


def check_finite(number: Any) -> float:
    """Return a number as a float. Raises ParameterError if it is not finite or exceeds 1e12 in size."""
    if not abs(number) <= LARGEST:
        raise ParameterError(f"numbers must be finite and at most {LARGEST:g} (got {shorten(str(number))})")
    return float(number)


def shorten(text: str) -> str:
    """Shorten a text to 60 characters. For a file, the end is kept, which holds its name."""
    shown = " ".join(text.split())
    if shown.startswith("@") and len(shown) > 60:
        return f"@…{shown[-58:]}"
    return shown if len(shown) <= 60 else shown[:59] + "…"


def _move(base: float, sign: str, by: float) -> float:
    if sign == "/" and by == 0:
        raise ParameterError("a value cannot be divided by 0")
    return {"+": base + by, "-": base - by, "*": base * by, "/": base / by if by else 0.0}[sign]
