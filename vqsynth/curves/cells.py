"""Read the cells of tables that other programs wrote: decimal commas, thousands, units, times with colons, gaps."""

import math
import re
from collections.abc import Sequence

from vqsynth.errors import ParameterError

GAPS = frozenset(
    ("", "nan", "-nan", "+nan", "na", "n/a", "#n/a", "#nv", "#na", "null", "none", "nil", "undefined", "--undefined--",
     "unvoiced", "-", "--", "---", "?", ".", "1.#qnan", "-1.#ind", "-nan(ind)", "nan(ind)")
)  # fmt: skip
"""How Praat, Excel, R, MATLAB, Python and C write that there is no value, in lower case."""
SILENCE = frozenset(("-inf", "-infinity", "-∞", "-1.#inf"))
"""How programs write the level of silence in decibels."""
UNITS = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0, "sek": 1.0, "ms": 1e-3, "msec": 1e-3,
    "hz": 1.0, "khz": 1e3, "k": 1e3, "db": 1.0, "dbfs": 1.0, "lufs": 1.0, "lkfs": 1.0,
}  # fmt: skip
"""Units that may follow a number, in lower case, and the factor that converts each to seconds, Hz or dB."""
LONGEST_CELL = 64

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MEASURE = re.compile(r"(.*?[0-9.,])\s*([a-zA-Z]+)")
_CLOCK = re.compile(r"(?:([0-9]+):)?([0-9]+):([0-9]{1,2}(?:\.[0-9]*)?)")
_SPACED = re.compile(r"([0-9]{1,3})((?:[ '\u00a0\u2009\u202f\u2019][0-9]{3})+)(?![0-9])")
_GROUPED = {mark: re.compile(rf"[+-]?[1-9][0-9]{{0,2}}(\{mark}[0-9]{{3}})+") for mark in ".,"}
_MANTISSA = re.compile(r"[+-]?[0-9.,]+")


def is_gap(cell: str) -> bool:
    """Return whether a cell says that there is no value."""
    return cell.lower() in GAPS


def to_number(cell: str, mark: str = ".") -> float | None:
    """Read a number with its unit, if it has one.

    Parameters
    ----------
    cell : str
        The text of the cell.
    mark : {".", ","}
        The decimal mark.

    Returns
    -------
    float or None
        In seconds, Hz or dB where a unit follows the number. None if the cell is not a number.

    Examples
    --------
    >>> from vqsynth.curves.cells import to_number
    >>> to_number("1.2 kHz"), to_number("1.234,5", ","), to_number("loud")
    (1200.0, 1234.5, None)

    """
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
    """Read a time: seconds, minutes:seconds, or hours:minutes:seconds.

    Parameters
    ----------
    cell : str
        The text of the cell.
    mark : {".", ","}
        The decimal mark.

    Returns
    -------
    float or None
        In seconds. None if the cell is not a time.

    Examples
    --------
    >>> from vqsynth.curves.cells import to_seconds
    >>> to_seconds("1:02.5"), to_seconds("250 ms")
    (62.5, 0.25)

    """
    clock = _CLOCK.fullmatch(cell.replace(",", ".")) if ":" in cell[:LONGEST_CELL] else None
    if not clock:
        return to_number(cell, mark)
    hours, minutes, seconds = float(clock[1] or 0), float(clock[2]), float(clock[3])
    return 3600 * hours + 60 * minutes + seconds if seconds < 60 and (minutes < 60 or not clock[1]) else None


def find_mark(cells: Sequence[tuple[int, str]]) -> str:
    """Find the decimal mark of a table.

    Parameters
    ----------
    cells : sequence of (int, str)
        The cells, each with the number of its line.

    Returns
    -------
    {".", ","}

    Raises
    ------
    ParameterError
        If both marks are used, or if a comma may be that of thousands.

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
            f"line {line}: the file must have one decimal mark ('{comma}' has a comma, and '{point}' in line "
            f"{seen['.'][0]} a point); save it with one of the two"
        )
    if doubtful and not seen:
        line, cell = doubtful
        thousands = cell.replace(",", "")
        raise ParameterError(
            f"line {line}: '{cell}' may mean {cell.replace(',', '.')} or {thousands}; write {thousands} without comma "
            "or decimals with a point"
        )
    return next(iter(seen), ".")


def _mark_of(cell: str) -> str:
    """Return the decimal mark of a cell, "?" if its comma may be that of thousands, or "" if it shows none."""
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
    """Write a number with a decimal point and without marks of thousands.

    A text whose marks of thousands stand in wrong places does not become a number.
    """
    head, exponent, tail = text.partition("e" if "e" in text else "E")
    whole, at, decimals = head.partition(mark)
    other = "." if mark == "," else ","
    if _GROUPED[other].fullmatch(whole):
        whole = whole.replace(other, "")
    return f"{whole}{'.' if at else ''}{decimals}{exponent}{tail}"
