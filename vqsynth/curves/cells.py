"""Cells of tables that other programs wrote, as numbers: decimal commas, thousands, units, times with colons, gaps."""

import math
import re
from collections.abc import Sequence

from vqsynth.errors import ParameterError

GAPS = frozenset(
    ("", "nan", "-nan", "+nan", "na", "n/a", "#n/a", "#nv", "#na", "null", "none", "nil", "undefined", "--undefined--",
     "unvoiced", "-", "--", "---", "?", ".", "1.#qnan", "-1.#ind", "-nan(ind)", "nan(ind)")
)  # fmt: skip
"""What stands, in small letters, where a program had no value: Praat, Excel, R, MATLAB, Python, C."""
SILENCE = frozenset(("-inf", "-infinity", "-∞", "-1.#inf"))
"""The level of silence in decibels."""
UNITS = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0, "sek": 1.0, "ms": 1e-3, "msec": 1e-3,
    "hz": 1.0, "khz": 1e3, "k": 1e3, "db": 1.0, "dbfs": 1.0, "lufs": 1.0, "lkfs": 1.0,
}  # fmt: skip
"""Units that may follow a number, in small letters, and what they are worth in ours."""
LONGEST_CELL = 64

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MEASURE = re.compile(r"(.*?[0-9.,])\s*([a-zA-Z]+)")
_CLOCK = re.compile(r"(?:([0-9]+):)?([0-9]+):([0-9]{1,2}(?:\.[0-9]*)?)")
_SPACED = re.compile(r"([0-9]{1,3})((?:[ '\u00a0\u2009\u202f\u2019][0-9]{3})+)(?![0-9])")
_GROUPED = {mark: re.compile(rf"[+-]?[1-9][0-9]{{0,2}}(\{mark}[0-9]{{3}})+") for mark in ".,"}
_MANTISSA = re.compile(r"[+-]?[0-9.,]+")


def is_gap(cell: str) -> bool:
    """Tell whether a program wrote that it has no value here."""
    return cell.lower() in GAPS


def to_number(cell: str, mark: str = ".") -> float | None:
    """Read a number that has `mark` before its decimals, and maybe a unit behind it; None where it is none."""
    if mark == "." and _NUMBER.fullmatch(cell):
        return float(cell)
    if len(cell) > LONGEST_CELL:
        return None
    if cell.lower() in SILENCE:
        return -math.inf
    text, factor = _tidy(cell), 1.0
    if measure := _MEASURE.fullmatch(text):
        text, factor = measure[1], UNITS.get(measure[2].lower(), math.nan)
    text = _point(text, mark)
    return float(text) * factor if _NUMBER.fullmatch(text) and not math.isnan(factor) else None


def to_seconds(cell: str, mark: str = ".") -> float | None:
    """Read a time in seconds, as minutes:seconds, or as hours:minutes:seconds; None where it is none."""
    clock = _CLOCK.fullmatch(cell.replace(",", ".")) if ":" in cell[:LONGEST_CELL] else None
    if not clock:
        return to_number(cell, mark)
    hours, minutes, seconds = float(clock[1] or 0), float(clock[2]), float(clock[3])
    return 3600 * hours + 60 * minutes + seconds if seconds < 60 and (minutes < 60 or not clock[1]) else None


def find_mark(cells: Sequence[tuple[int, str]]) -> str:
    """Find what stands before the decimals in a table's cells, each with its line: a point or a comma.

    Raises ParameterError where both do, and where commas may as well be those of thousands.
    """
    if not any("," in cell for _, cell in cells):
        return "."
    seen: dict[str, tuple[int, str]] = {}
    doubtful: tuple[int, str] | None = None
    for line, cell in cells:
        found = _mark_of(cell)
        if found == "?":
            doubtful = doubtful or (line, cell)
        elif found:
            seen.setdefault(found, (line, cell))
    if len(seen) == 2:
        (line, comma), (_, point) = seen[","], seen["."]
        raise ParameterError(
            f"line {line}: '{comma}' has a decimal comma, and '{point}' in line {seen['.'][0]} a decimal point; "
            "save the file with one of the two"
        )
    if doubtful and not seen:
        line, cell = doubtful
        thousands = cell.replace(",", "")
        raise ParameterError(
            f"line {line}: '{cell}' may be {cell.replace(',', '.')} or {thousands}; write {thousands} without a comma, "
            "or decimals with a point"
        )
    return next(iter(seen), ".")


def _mark_of(cell: str) -> str:
    """Tell the decimal mark that a cell gives away: a point, a comma, "?" for a comma in doubt, or nothing."""
    if ("," not in cell and "." not in cell) or len(cell) > LONGEST_CELL:
        return ""
    mantissa = _MANTISSA.match(_tidy(cell.rpartition(":")[2]))
    text = mantissa[0] if mantissa else ""
    if "," in text and "." in text:
        return max(",.", key=text.rindex)
    for mark, other in (",.", ".,"):
        if mark in text and _GROUPED[mark].fullmatch(text):
            return other if text.count(mark) > 1 else "?" if mark == "," else ""
        if mark in text and text.count(mark) == 1:
            return mark
    return ""


def _tidy(cell: str) -> str:
    text = cell.strip().replace("\u2212", "-")
    return _SPACED.sub(lambda found: found[1] + re.sub(r"[^0-9]", "", found[2]), text)


def _point(text: str, mark: str) -> str:
    """Write a number with a point and without thousands; what has these in wrong places stays no number."""
    head, exponent, tail = text.partition("e" if "e" in text else "E")
    whole, at, decimals = head.partition(mark)
    other = "." if mark == "," else ","
    if _GROUPED[other].fullmatch(whole):
        whole = whole.replace(other, "")
    return f"{whole}{'.' if at else ''}{decimals}{exponent}{tail}"
