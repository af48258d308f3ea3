"""Curves from files: points of time and value as CSV or JSON."""

import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vqsynth.errors import ParameterError

PERCENTILE = re.compile(r"p([0-9]+\.?[0-9]*)")


def read_points(path: Path) -> list[Sequence[Any]]:
    """Read the (time, value) points of a file, by its extension.

    Raises ParameterError for an unknown extension, and for a file that is missing or malformed.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ParameterError(f"a curve file must end in {', '.join(READERS)} (got '{path}')")
    try:
        return reader(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as e:
        raise ParameterError(
            f"cannot read '{path}': {e.strerror if isinstance(e, OSError) else 'not UTF-8 text'}"
        ) from e


def _read_csv(text: str) -> list[Sequence[Any]]:
    """Read rows of time and value, between commas, semicolons or tabs, under a header or not."""
    delimiter = next((mark for mark in ";\t" if mark in text), ",")
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
    except csv.Error as e:
        raise ParameterError(f"the file is no CSV: {e}") from e
    has_header = rows and all(map(_is_word, rows[0]))
    return list(rows[1:] if has_header else rows)


def _is_word(cell: str) -> bool:
    """Tell a heading from a value: `nan` is a value, and a mistake that must be told."""
    return cell[:1].isalpha() and not PERCENTILE.fullmatch(cell) and cell.lower() not in ("nan", "inf", "infinity")


def _read_json(text: str) -> list[Sequence[Any]]:
    """Read [[time, value], ...] or {"times": [...], "values": [...]}."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise ParameterError(f"the file is no JSON: {e}") from e
    if isinstance(content, dict):
        times, values = content.get("times"), content.get("values")
        if not isinstance(times, list) or not isinstance(values, list) or len(times) != len(values):
            raise ParameterError('the file must hold "times" and "values", lists of one length')
        return list(zip(times, values, strict=True))
    if not isinstance(content, list) or not all(isinstance(point, list) for point in content):
        raise ParameterError("the file must hold a list of [time, value]")
    return list(content)


READERS: dict[str, Callable[[str], list[Sequence[Any]]]] = {".csv": _read_csv, ".tsv": _read_csv, ".json": _read_json}
