"""Tables of time and value as other programs write them: Excel in any language, pitch trackers, Sonic Visualiser.

A row of words is a heading, a row that starts with #, %, ; or // is a comment, and blank rows are skipped. Tabs,
semicolons, commas, bars or spaces separate the columns. If the heading names the columns, it decides which column is
which. Otherwise the first column of numbers is the time, and the next column is the value.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vqsynth.curves.cells import find_mark, is_gap, to_number, to_seconds
from vqsynth.curves.values import PERCENTILE, is_value
from vqsynth.errors import ParameterError

MOST_ROWS = 500_000
"""An hour at 138 rows per second."""
LONGEST_LINE = 20_000
TIMES = frozenset(
    ("time", "times", "t", "seconds", "second", "secs", "sec", "s", "onset", "start", "begin", "timestamp", "ms",
     "zeit", "sekunden", "temps", "secondes", "tiempo", "segundos", "tempo", "secondi", "tid", "tijd", "czas", "aika")
)  # fmt: skip
VALUES = ("f0", "frequency", "freq", "pitch", "hz", "value", "values", "wert", "werte", "valeur", "valor", "valore")
"""Words of headings that name the column of values, the surest first."""
FOREIGN = {
    "frame": "frames", "frames": "frames", "sample": "samples", "samples": "samples", "midi": "notes",
    "semitones": "semitones", "st": "semitones", "cents": "cents",
}  # fmt: skip
"""Words of headings that say a column is in another unit than seconds or the descriptor's unit."""

_BREAK = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r'(#|%|//|"(?=[^"]*$))')
_INTEGER = re.compile(r"[+-]?[0-9]+")
_MARKS = ("\t", ";", ",", "|", None)

Row = tuple[int, list[str]]
"""The number of a line, and its cells."""


@dataclass(frozen=True)
class Columns:
    """Hold the numbers of the columns of time and values, and the factors that convert them to seconds and to Hz."""

    time: int
    values: tuple[int, ...]
    time_unit: float = 1.0
    value_unit: float = 1.0


def read_table(text: str, names: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, float, list[str | float]]]:
    r"""Yield the rows of a table.

    Parameters
    ----------
    text : str
        The whole table.
    names : sequence of tuples of str
        For each value of a row, the words by which a heading may name its column, the surest first.

    Yields
    ------
    line : int
        Number of the line in the text.
    time : float
        Time in seconds.
    values : list of float or str
        Numbers, and the text of each cell that does not hold a number.

    Raises
    ------
    ParameterError
        If a row cannot be read. The message names the line, its content and the likely cause.

    Examples
    --------
    >>> from vqsynth.curves.tables import VALUES, read_table
    >>> list(read_table("time,hz\n0,440\n1.5,A4", [VALUES]))
    [(2, 0.0, [440.0]), (3, 1.5, ['A4'])]

    """
    rows, heading, mark = _split(text)
    if not rows:
        return
    if mark == ",":
        _check_commas(rows, heading, len(names))
    columns = _find_columns(rows[0], heading, names)
    wanted = (columns.time, *columns.values)
    point = find_mark([(line, cells[i]) for line, cells in rows for i in wanted if i < len(cells)])
    for line, cells in rows:
        if len(cells) <= max(wanted):
            raise ParameterError(f"line {line}: a row must hold a time and a value (got '{_show(cells)}')")
        time = to_seconds(cells[columns.time], point)
        if time is None:
            raise ParameterError(f"line {line}: {_expected_time(cells[columns.time])}")
        yield line, time * columns.time_unit, [_value(cells[i], point, columns.value_unit) for i in columns.values]


def _value(cell: str, point: str, unit: float) -> str | float:
    number = to_number(cell, point)
    return cell if number is None else number * unit


def _expected_time(cell: str) -> str:
    if PERCENTILE.fullmatch(cell):
        return f"a time must be a number of seconds (got the percentile {cell})"
    return f"expected a number of seconds, or minutes:seconds (got '{cell[:40]}')"


def _split(text: str) -> tuple[list[Row], Row | None, str | None]:
    """Split a text into the rows with values and the heading above them, and find the mark between the columns."""
    if text.count("\n") + text.count("\r") > 4 * MOST_ROWS:
        raise ParameterError(f"a table must have at most {MOST_ROWS} rows (got more); thin them out")
    lines: list[tuple[int, str]] = []
    comment = None
    for number, line in enumerate(_BREAK.split(text), 1):
        if len(line) > LONGEST_LINE:
            raise ParameterError(f"line {number}: a row must hold a time and a value (got {len(line)} characters)")
        bare = line.strip(" \t,;|\"'") and line.lstrip()
        if bare and bare[0] in '#%/"' and _COMMENT.match(bare):
            comment = (number, line) if not lines else comment
        elif bare:
            lines.append((number, line))
    mark = _find_mark(lines)
    if lines and re.fullmatch(r"(?i)sep=.", lines[0][1].strip(" ")):  # Excel's first line
        mark = lines.pop(0)[1].strip(" ")[-1]
    lines = [row for row in lines if mark == ";" or not row[1].lstrip().startswith(";")]
    if len(lines) > MOST_ROWS:
        raise ParameterError(f"a table must have at most {MOST_ROWS} rows (got {len(lines)}); thin them out")
    rows = [(number, _cells(line, mark)) for number, line in lines]
    first = next((i for i, (_, cells) in enumerate(rows) if not all(map(_is_word, cells))), len(rows))
    heading = rows[first - 1] if first else None
    if comment and not heading and rows:
        said = _cells(re.sub(r'^[\s#%/";]+', "", comment[1]), mark)
        heading = (comment[0], said) if len(said) == len(rows[0][1]) else None
    return rows[first:], heading, mark


def _cells(line: str, mark: str | None) -> list[str]:
    """Split a line at a mark, or at spaces. Quotes, and a comment after the values, are removed."""
    if "#" in line or "//" in line:
        line = re.sub(r"\s(#|//).*", "", line)
    if mark is None:
        return [cell.strip("\"'") for cell in line.split()]
    if '"' not in line:
        return [cell.strip() for cell in line.split(mark)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=mark, skipinitialspace=True), [])]


def _is_word(cell: str) -> bool:
    """Return whether a cell is a word of a heading. `nan` counts as a value, so that it is reported as a mistake."""
    if not cell:
        return True
    is_said = PERCENTILE.fullmatch(cell) or is_gap(cell) or cell.lower() in ("inf", "infinity")
    return not is_said and not _is_number(cell) and not cell[0].isdigit()  # F0 is a heading, although it is also a note


def _is_number(cell: str) -> bool:
    return any(to_seconds(cell, mark) is not None for mark in ".,")


def _find_mark(lines: Sequence[tuple[int, str]]) -> str | None:
    """Find the mark between the columns: the first that splits a line into a number and a value."""
    for _, line in lines[:1000]:
        for mark in _MARKS:
            cells = _cells(line, mark)
            parts_numbers = mark != "," or not any(re.search(r"[0-9]\s+[-+.0-9]", cell) for cell in cells)
            pairs = zip(cells, cells[1:], strict=False)
            if parts_numbers and any(_is_number(a) and (not _is_word(b) or is_value(b)) for a, b in pairs):
                return mark
    first = lines[0][1] if lines else ""
    return next((mark for mark in _MARKS if mark and mark in first), None)


def _find_columns(first: Row, heading: Row | None, names: Sequence[tuple[str, ...]]) -> Columns:
    words = [[*re.findall(r"[^\W_]+", cell.lower()), cell.lower()] for cell in heading[1]] if heading else []
    cells = first[1]
    named = [i for i, said in enumerate(words) if TIMES & set(said) and i < len(cells)]
    numbers = (i for i, cell in enumerate(cells) if cell and not _is_word(cell))
    time = next(iter(named), next(numbers, 0))
    values: list[int] = []
    for known in names:
        free = [i for i in range(len(cells)) if i != time and i not in values]
        found = (i for word in known for i in free if i < len(words) and word in words[i])
        later = (i for i in free if i > time)
        values.append(next(found, next(later, next(iter(free), len(cells)))))
    said = [words[i] if i < len(words) else [] for i in (time, *values)]
    _check_units(heading, (time, *values), said)
    return Columns(time, tuple(values), 1e-3 if "ms" in said[0] else 1.0, 1e3 if "khz" in said[1] else 1.0)


def _check_units(heading: Row | None, columns: Sequence[int], words: Sequence[Sequence[str]]) -> None:
    """Raise ParameterError if the heading says that a column holds frames, notes or another foreign unit."""
    for place, said in enumerate(words):
        foreign = next((word for word in said if word in FOREIGN), None)
        if heading and foreign and (place or not TIMES & set(said)):
            wanted = "the descriptor's unit, such as Hz" if place else "seconds"
            cell = heading[1][columns[place]]
            raise ParameterError(
                f"line {heading[0]}: the column '{cell[:40]}' must be in {wanted} (got {FOREIGN[foreign]}); convert it"
            )


def _check_commas(rows: Sequence[Row], heading: Row | None, n_values: int) -> None:
    """Raise ParameterError if commas seem to separate the columns and to mark the decimals as well."""
    expected = len([cell for cell in heading[1] if cell]) if heading else 0
    is_flag = all(len(cells) == 3 and cells[2] in ("0", "1") for _, cells in rows)
    if n_values > 1 or is_flag:
        return
    for line, cells in rows:
        filled = [cell for cell in cells if cell]
        if len(filled) > max(expected, 2) and all(map(_INTEGER.fullmatch, filled)):
            raise ParameterError(
                f"line {line}: '{','.join(filled[-2:])}' looks like a decimal comma between commas; save the file with "
                "semicolons between the columns, or with decimal points"
            )


def _show(cells: Sequence[str]) -> str:
    return " ".join(cells)[:40]
