"""Curves from files: points of time and value in tables, JSON or Praat's text files.

A row without a value, such as an unvoiced frame of a pitch tracker, becomes NaN. Nothing is asked for there.
"""

import json
import math
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from vqsynth.curves.cells import is_gap, to_number, to_seconds
from vqsynth.curves.praat import is_praat, read_praat
from vqsynth.curves.tables import VALUES, read_table
from vqsynth.curves.values import LARGEST, PERCENTILE, is_value
from vqsynth.errors import ParameterError

SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".f0", ".json", ".pitchtier", ".intensitytier", ".pitch")
MOST_BYTES = 16 * 2**20
PLACES = (("x",), ("y",))
_MARKS_OF_ORDER = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Reading:
    """Describe the values that a file may hold.

    Parameters
    ----------
    name : str
        The descriptor. A heading may name the column of values by it.
    gaps : bool
        Whether a value may be missing. It is then read as NaN.
    above_zero : bool
        Whether values of 0 and less count as missing, as pitch trackers write them.
    silence : float
        What a level of minus infinity is read as.
    unit : str
        Unit of the descriptor.

    """

    name: str = ""
    gaps: bool = False
    above_zero: bool = False
    silence: float = math.nan
    unit: str = ""


class Point(NamedTuple):
    """Hold a point of a file: its place in the file, its time in seconds, and its value: a number, a text or NaN."""

    where: str
    time_s: float
    value: float | str


def read_points(file: Path, reading: Reading | None = None) -> list[Point]:
    """Read the points of a file. Its content decides which format it has.

    Parameters
    ----------
    file : Path
        A table, JSON or a text file of Praat, of at most 16 MB.
    reading : Reading, optional
        Which values are allowed. By default every row needs a number, a note or a percentile.

    Returns
    -------
    list of Point
        In rising time.

    Raises
    ------
    ParameterError
        If the extension is unknown, the file is missing, not a regular file, too large or malformed, or a time or a
        value cannot be used. The message names the line.

    """
    reading = reading or Reading()
    names = (reading.name, *VALUES) if reading.name else VALUES
    points: list[Point] = []
    for where, time_s, (value,) in _read_rows(file, (names,)):
        _check_time(points[-1] if points else None, where, time_s)
        points.append(Point(where, time_s, _read_value(where, value, reading)))
    if not points:
        raise ParameterError("the file has no points; give at least one row of a time and a value")
    if reading.gaps and all(isinstance(point.value, float) and math.isnan(point.value) for point in points):
        raise ParameterError(f"none of the {len(points)} rows of the file has a value; give at least one value")
    return points


def read_places(file: Path) -> list[tuple[float, float, float]]:
    """Read rows of time in seconds, x and y. Raises ParameterError as `read_points` does."""
    rows = []
    for where, time_s, values in _read_rows(file, PLACES):
        x, y = (_read_value(where, value, Reading()) for value in values)
        if isinstance(x, str) or isinstance(y, str):
            raise ParameterError(f"{where}: expected the numbers x and y (got '{x}', '{y}')")
        rows.append((time_s, x, y))
    return rows


def _read_rows(file: Path, names: Sequence[tuple[str, ...]]) -> Iterable[tuple[str, float, Sequence[Any]]]:
    """Read the place of each row in the file, its time in seconds and its values."""
    if file.suffix.lower() not in SUFFIXES:
        raise ParameterError(f"a curve file must end in {', '.join(SUFFIXES)} (got '{file}')")
    text = _read_text(file)
    if is_praat(text):
        return ((f"line {line}", float(time), [_cell(value)]) for line, time, value in read_praat(text))
    if file.suffix.lower() == ".json" or text.lstrip()[:1] in ("[", "{"):
        return _read_json(text, names)
    return ((f"line {line}", time, values) for line, time, values in read_table(text, names))


def _read_text(file: Path) -> str:
    if "\0" in str(file):
        raise ParameterError(f"a file name cannot hold a NUL character (got {str(file)!r}); correct it")
    try:
        about, content = file.stat(), None
        if stat.S_ISREG(about.st_mode):
            with file.open("rb") as opened:
                content = opened.read(MOST_BYTES + 1)
    except OSError as e:
        raise ParameterError(f"cannot read '{file}': {e.strerror}") from e
    if content is None:
        raise ParameterError(f"cannot read '{file}': it must be a file (got a folder, a pipe or a device)")
    if len(content) > MOST_BYTES:
        size = max(about.st_size, len(content)) / 2**20
        raise ParameterError(
            f"a curve file must have at most {MOST_BYTES >> 20} MB ('{file}' has {size:.0f}); thin it out"
        )
    return _decode(content, file)


def _decode(content: bytes, file: Path) -> str:
    """Decode a text by its byte order mark, otherwise as UTF-8, otherwise as Latin-1."""
    encoding = next((name for mark, name in _MARKS_OF_ORDER if content.startswith(mark)), "")
    if not encoding and b"\0" in content[:4]:
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError as e:
        if encoding:
            raise ParameterError(
                f"cannot read '{file}': it starts as {encoding[:6].upper()} text and is malformed; save it again"
            ) from e
        text = content.decode("latin-1")
    if "\0" in text:
        raise ParameterError(f"cannot read '{file}': expected text (got binary data); save it as text")
    return text


def _read_json(text: str, names: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, float, Sequence[Any]]]:
    """Read [[time, value], ...], {"times": [...], "values": [...]}, or [{"time": ..., "value": ...}, ...]."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise ParameterError(f"the file is not valid JSON: {e}") from e
    keys = [("time", "times", "t"), *names]
    if isinstance(content, dict):
        columns = [next((content[key] for key in known if key in content), None) for known in keys]
        if not all(isinstance(c, list) for c in columns) or len({len(c) for c in columns if isinstance(c, list)}) != 1:
            raise ParameterError('the file must hold "times" and "values", two lists of the same length')
        content = [list(row) for row in zip(*(c for c in columns if c is not None), strict=True)]
    if not isinstance(content, list) or not all(isinstance(point, list | dict) for point in content):
        raise ParameterError("the file must hold a list of points, [[time, value], ...]")
    for i, point in enumerate(content, 1):
        row = point if isinstance(point, list) else [point.get(next((k for k in ks if k in point), "")) for ks in keys]
        if len(row) != len(keys):
            raise ParameterError(f"point {i}: expected a time and a value (got {_show(row)})")
        yield f"point {i}", _json_time(i, row[0]), [None if v is None else _cell(v) for v in row[1:]]


def _json_time(i: int, value: Any) -> float:
    found = to_seconds(value) if isinstance(value, str) else _cell(value)
    if isinstance(found, float):
        return found
    if isinstance(value, str) and PERCENTILE.fullmatch(value):
        raise ParameterError(f"point {i}: a time must be a number of seconds (got the percentile {value})")
    raise ParameterError(f"point {i}: expected a number of seconds (got {_show(value)})")


def _cell(value: Any) -> Any:
    """Turn a number, or the text of a number, into a float. Return anything else unchanged."""
    if isinstance(value, str):
        number = to_number(value.strip())
        return value.strip() if number is None else number
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value if isinstance(value, float) else float(value) if abs(value) < LARGEST else math.inf


def _check_time(before: Point | None, where: str, time_s: float) -> None:
    if not 0 <= time_s <= LARGEST:
        raise ParameterError(f"{where}: a time must be finite and 0 or more (got {time_s:g} s)")
    if before and time_s <= before.time_s:
        raise ParameterError(
            f"{where}: times must rise and not repeat (got {before.time_s:g} s, then {time_s:g} s); sort the rows"
        )


def _read_value(where: str, value: Any, reading: Reading) -> float | str:
    """Return a value that is allowed, NaN if it is missing. Raises ParameterError for any other."""
    if value is None or (isinstance(value, str) and is_gap(value)) or (isinstance(value, float) and math.isnan(value)):
        return _gap(where, value, reading)
    if isinstance(value, str) and is_value(value):
        return value
    if not isinstance(value, float):
        raise ParameterError(f"{where}: expected a number or a percentile such as p50 (got {_show(value)})")
    if value == -math.inf and reading.gaps:
        return reading.silence
    if not abs(value) <= LARGEST:
        raise ParameterError(f"{where}: numbers must be finite and at most {LARGEST:g} (got {value:g})")
    return math.nan if reading.above_zero and value <= 0 else value


def _gap(where: str, value: Any, reading: Reading) -> float:
    if not reading.gaps:
        raise ParameterError(f"{where}: expected a number (got {_show(value)}); give every row a finite value")
    return math.nan


def _show(value: Any) -> str:
    text = " ".join(str(value).split()) if isinstance(value, str) else json.dumps(value)
    text = text if len(text) <= 40 else text[:39] + "…"
    return f"'{text}'" if isinstance(value, str) else text
