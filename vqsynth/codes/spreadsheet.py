"""Tables as text: CSV in full precision out and in, JSON, HTML, and numbers for people to read."""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import CodebookError, ParameterError
from vqsynth.notebook import show_rows
from vqsynth.storage.files import StrPath, write_whole

KEYS = ("code", "count")
LARGEST = 3.4028235e38  # the largest float32, as it is written


@dataclass(frozen=True)
class Sheet:
    """Hold the content of a table.

    Parameters
    ----------
    names : tuple of F str
        Names of the columns.
    codes, counts : (K,) int64
        The code of each row, and how often it was used.
    values : (K, F) float32
        The values, NaN for an empty cell.

    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]
    counts: NDArray[np.int64]
    values: NDArray[np.float32]


def csv_text(sheet: Sheet) -> str:
    """Return a sheet as CSV. Each number has the fewest digits that give the same float32 back."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*KEYS, *sheet.names])
    for code, count, row in zip(sheet.codes, sheet.counts, sheet.values, strict=True):
        writer.writerow([int(code), int(count), *("" if np.isnan(v) else str(v) for v in row)])
    return buffer.getvalue()


def parse_csv(text: str, source: str) -> Sheet:
    """Read the CSV of a whole table, whose row k is code k.

    `source` names the file in errors. Raises CodebookError if the header is wrong, a row is too short or too long, a
    cell is not a finite number, or codes are out of order.
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as e:
        raise CodebookError(f"'{source}' is not a CSV file: {e}") from e
    names = _header(rows[0] if rows else [], source)
    if len(rows) == 1:
        raise CodebookError(f"'{source}' holds no codes; expected a row for each; get a fresh copy")
    counts = np.zeros(len(rows) - 1, np.int64)
    values = np.full((len(rows) - 1, len(names)), np.nan, np.float32)
    for k, row in enumerate(rows[1:]):
        where = f"'{source}', row of code {k}"
        if len(row) != len(names) + 2:
            raise CodebookError(f"{where}: expected {len(names) + 2} cells (got {len(row)}); get a fresh copy")
        if row[0] != str(k):
            raise CodebookError(
                f"{where}: expected code {k} (got '{_shorten(row[0])}'); the rows must be in the order of codes"
            )
        counts[k] = _count(row[1], where)
        values[k] = [_value(cell, name, where) for cell, name in zip(row[2:], names, strict=True)]
    return Sheet(names, np.arange(len(counts)), counts, values)


def json_text(sheet: Sheet, units: Sequence[str]) -> str:
    """Return a sheet as JSON: `units` by name, and `rows`, an object each, with null for an unusable value."""
    rows = [
        {"code": int(code), "count": int(count)}
        | {name: None if np.isnan(v) else float(str(v)) for name, v in zip(sheet.names, row, strict=True)}
        for code, count, row in zip(sheet.codes, sheet.counts, sheet.values, strict=True)
    ]
    lines = ",\n  ".join(json.dumps(row) for row in rows)
    units_by_name = json.dumps(dict(zip(sheet.names, units, strict=True)), ensure_ascii=False)
    return f'{{"units": {units_by_name},\n "rows": [\n  {lines}\n ]}}\n'


def html_text(sheet: Sheet, units: Sequence[str], *, max_rows: int = 20) -> str:
    """Return a sheet as an HTML table. If it has more than `max_rows` rows, those in the middle are left out."""
    head = [*KEYS, *(f"{n} [{u}]" if u else n for n, u in zip(sheet.names, units, strict=True))]
    total = len(sheet.codes)
    half = max_rows // 2
    shown = list(range(total)) if total <= max_rows else [*range(half), -1, *range(total - half, total)]
    rows = []
    for i in shown:
        cells = ["…"] * len(head) if i < 0 else [*map(str, (sheet.codes[i], sheet.counts[i]))]
        rows.append(cells if i < 0 else [*cells, *map(format_value, sheet.values[i])])
    return f"{show_rows(head, rows)}<p>{total} codes</p>"


def format_value(value: float) -> str:
    """Return a number with about four digits, and "" for NaN."""
    if math.isnan(value):
        return ""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.4g}"


def _header(row: Sequence[str], source: str) -> tuple[str, ...]:
    if tuple(row[:2]) != KEYS or len(row) < 3:
        got = _shorten(",".join(row))
        raise CodebookError(f"'{source}' must have the columns code,count and a descriptor (got '{got}')")
    if len(set(row)) != len(row):
        raise CodebookError(f"'{source}' names a column twice: {_shorten(','.join(row))}")
    return tuple(row[2:])


def _count(cell: str, where: str) -> int:
    if not (cell.isascii() and cell.isdigit() and len(cell) < 19):
        raise CodebookError(f"{where}: count must be a whole number of 0 or more (got '{_shorten(cell)}')")
    return int(cell)


def _value(cell: str, name: str, where: str) -> float:
    if not cell:
        return math.nan
    try:
        value = float(cell)
    except ValueError as e:
        raise CodebookError(f"{where}: {name} must be a number or empty (got '{_shorten(cell)}')") from e
    if not abs(value) <= LARGEST:
        raise CodebookError(
            f"{where}: {name} must be finite (got '{_shorten(cell)}'); leave the cell of an unusable value empty"
        )
    return value


def _shorten(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:120]}…"


def make_frame(sheet: Sheet) -> Any:
    """Return a sheet as a pandas DataFrame, a row per code. Raises ParameterError if pandas is not installed."""
    try:
        pandas = import_module("pandas")
    except ImportError as e:
        raise ParameterError("to_dataframe needs pandas, which is not installed; pip install pandas") from e
    columns = {"count": sheet.counts} | {name: sheet.values[:, i] for i, name in enumerate(sheet.names)}
    return pandas.DataFrame(columns, index=pandas.Index(sheet.codes, name="code"))


def keep_text(text: str, file: StrPath | None) -> str:
    """Write a text to a file, if a path is given, and return the text."""
    if file is not None:
        write_whole(file, text)
    return text
