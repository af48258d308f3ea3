"""Descriptor targets over time, from whatever people draw them with.

A curve is written as

    1200                             a number
    0:600 2.5:3000 6:900             breakpoints in seconds, joined by lines, held outside; one alone is a constant
    line(a,b) exp(a,b)               straight, by equal ratios
    sin(low,high,hz[,phase])         from the middle, rising; phase in turns
    steps(a,b,c,...)                 equal parts
    random(low,high,hz,seed)         new values hz times a second, joined by lines
    @file.csv @file.json             breakpoints in a file

and any value in it may be a percentile of the codebook's own table, `p5` or `p50.5`. The text is matched against these
forms, never evaluated.
"""

import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vqsynth.errors import ParameterError
from vqsynth.expressions import unknown_name
from vqsynth.shapes import NAMED, Doubles, Shape, breakpoints, constant, spread

Percentile = Callable[[float], float]

LARGEST = 1e12  # beyond it sums of values lose their digits
FORMS = "a number, p50, '0:600 2.5:3000', " + ", ".join(shape.usage for shape in NAMED.values()) + ", @file.csv"

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_PERCENTILE = re.compile(r"p([0-9]+\.?[0-9]*)")
_CALL = re.compile(r"(\w+)\s*\((.*)\)", re.DOTALL)


@dataclass(frozen=True)
class Curve:
    """Hold a target over time: what it was written as, and its shape."""

    text: str
    shape: Shape

    def sample(self, times_s: ArrayLike, seconds: float) -> Doubles:
        """Take the curve's values.

        times_s: (T,) and the curve's duration, in seconds. Returns (T,) float64, all finite.
        Raises ParameterError for a duration that is not above zero, and for values that are not finite.
        """
        times = np.asarray(times_s, dtype=np.float64)
        if not (math.isfinite(seconds) and seconds > 0):
            raise ParameterError(f"seconds must be above zero (got {seconds:g})")
        if times.ndim != 1 or not np.isfinite(times).all():
            raise ParameterError(f"times_s must be finite, of shape (T,) (got shape {times.shape})")
        values = np.array(self.shape(times, seconds), dtype=np.float64)
        if values.shape != times.shape or not np.isfinite(values).all():
            raise ParameterError(f"the curve {self.text} must give a finite value for each of {len(times)} times")
        return values


def make_curve(value: Any, *, percentile: Percentile | None = None) -> Curve:
    """Make a curve of a text as above, a number, points, an array, a function, or a curve.

    Points are a list of (seconds, value) or an array (P, 2). An array (N,) is taken as it is where there are N frames,
    and is else spread evenly over the duration. A function takes times (T,) in seconds and returns (T,) or a number.
    `percentile` gives the table's p-th percentile.
    Raises ParameterError for NaN, infinite or huge values, times that do not rise or are below zero, unknown or wrongly
    filled shapes, a file that is missing or malformed, an empty curve, and percentiles where there is no table.
    """
    if isinstance(value, Curve):
        return value
    text = "a function" if callable(value) else _shorten(value if isinstance(value, str) else repr(value))
    try:
        return Curve(text, _shape(value, percentile))
    except ParameterError as e:
        raise ParameterError(f"curve '{text}': {e}") from e


def _shape(value: Any, percentile: Percentile | None) -> Shape:
    if isinstance(value, str):
        return _parse(value.strip(), percentile)
    if isinstance(value, bool) or value is None:
        raise ParameterError(f"expected {FORMS}")
    if isinstance(value, int | float | np.integer | np.floating):
        return constant(_finite(float(value)))
    if callable(value):
        return _from_function(value)
    return _from_sequence(value, percentile)


def _parse(text: str, percentile: Percentile | None) -> Shape:
    if not text:
        raise ParameterError(f"it is empty; expected {FORMS}")
    if text.startswith("@"):
        return _from_points(read_points(Path(text[1:])), percentile)
    if call := _CALL.fullmatch(text):
        return _from_call(call[1], [part.strip() for part in call[2].split(",")], percentile)
    if ":" in text:
        points = [part.split(":", 1) for part in re.split(r"[\s,]+", text) if part]
        return _from_points(points, percentile)
    return constant(_value(text, percentile))


def _from_call(name: str, arguments: Sequence[str], percentile: Percentile | None) -> Shape:
    if name not in NAMED:
        raise unknown_name(name, tuple(NAMED), "shape")
    shape = NAMED[name]
    given = [a for a in arguments if a]
    if len(given) != len(arguments) or not shape.least <= len(given) <= shape.most:
        raise ParameterError(f"expected {shape.usage} (got {len(given)} values)")
    is_value = [i < shape.values for i in range(len(given))]
    return shape.make(*(_value(a, percentile if v else None) for a, v in zip(given, is_value, strict=True)))


def _from_points(points: Iterable[Sequence[Any]], percentile: Percentile | None) -> Shape:
    rows = [tuple(point) for point in points]
    if not rows:
        raise ParameterError("it has no points; give at least one time and value")
    wrong = [row for row in rows if len(row) != 2]
    if wrong:
        raise ParameterError(f"each point must be a time and a value, as in 0:600 (got {_shorten(str(wrong[0]))})")
    times = np.array([_value(time, None) for time, _ in rows])
    if times.min() < 0:
        raise ParameterError(f"times must be 0 or more (got {times.min():g} s)")
    return breakpoints(times, np.array([_value(value, percentile) for _, value in rows]))


def _from_sequence(value: Any, percentile: Percentile | None) -> Shape:
    try:
        rows = list(value)
    except TypeError as e:
        raise ParameterError(f"expected {FORMS}") from e
    if any(isinstance(row, str) or not np.isscalar(row) for row in rows):
        if not all(isinstance(row, list | tuple | np.ndarray) for row in rows):
            raise ParameterError("expected a list of (seconds, value), or of numbers, one per frame")
        return _from_points(rows, percentile)
    if not rows:
        raise ParameterError("it is empty; give at least one value")
    return spread(np.array([_value(row, percentile) for row in rows]))


def _from_function(function: Callable[[Doubles], Any]) -> Shape:
    def shape(times: Doubles, seconds: float) -> Doubles:
        values = np.asarray(function(times), dtype=np.float64)
        return values if values.shape else np.full(len(times), float(values))

    return shape


def _value(item: Any, percentile: Percentile | None) -> float:
    """Read a number, or a text of a number or a percentile."""
    if isinstance(item, int | float | np.integer | np.floating) and not isinstance(item, bool):
        return _finite(float(item))
    text = item.strip() if isinstance(item, str) else ""
    if _NUMBER.fullmatch(text):
        return _finite(float(text))
    found = _PERCENTILE.fullmatch(text)
    if not found:
        expected = "a number" if percentile is None else "a number or a percentile such as p50"
        raise ParameterError(f"expected {expected} (got '{_shorten(str(item))}'); a curve is {FORMS}")
    if percentile is None:
        raise ParameterError(f"a percentile such as {text} stands for a value only, and needs a codebook's table")
    if float(found[1]) > 100:
        raise ParameterError(f"a percentile must lie between p0 and p100 (got {text})")
    return _finite(percentile(float(found[1])))


def _finite(number: float) -> float:
    if not abs(number) <= LARGEST:
        raise ParameterError(f"numbers must be finite and at most {LARGEST:g} (got {number:g})")
    return number


def _shorten(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 60 else shown[:59] + "…"


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
    has_header = rows and rows[0][0][:1].isalpha()
    return list(rows[1:] if has_header else rows)


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
