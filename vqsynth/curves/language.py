"""Descriptor targets over time, from whatever people draw them with.

A curve is written as

    1200                             a number
    0:600 2.5:3000 6:900             breakpoints in seconds, joined by lines, held outside; one alone is a constant
    line(a,b) exp(a,b)               straight, by equal ratios
    sin(low,high,hz[,phase])         from the middle, rising; phase in turns
    steps(a,b,c,...)                 equal parts
    random(low,high,hz,seed)         new values hz times a second, joined by lines
    @file.csv @file.txt @file.json   breakpoints in a file, as other programs write them too
    @voice.wav                       what a sound has, and nothing where it has none

and any value in it may be a percentile of the codebook's own table, `p5` or `p50.5`. The text is matched against these
forms, never evaluated.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vqsynth.checks import check_positive, check_row, unknown_name
from vqsynth.curves.files import LARGEST, Reading, read_points
from vqsynth.curves.shapes import NAMED, Doubles, Shape, breakpoints, constant, spread
from vqsynth.curves.tables import PERCENTILE
from vqsynth.errors import ParameterError
from vqsynth.sound.audio import SUFFIXES

Percentile = Callable[[float], float]
Hear = Callable[[Path], tuple[Doubles, Doubles]]


USAGES = ", ".join(shape.usage for shape in NAMED.values())
FORMS = f"a number, p50, '0:600 2.5:3000', {USAGES}, @file.csv, @sound.wav"

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CALL = re.compile(r"(\w+)\s*\((.*)\)", re.DOTALL)


@dataclass(frozen=True)
class Curve:
    """Hold a target over time: what it was written as, its shape, and whether it may ask for nothing, NaN, at times."""

    text: str
    shape: Shape
    gaps: bool = False

    def sample(self, times_s: ArrayLike, seconds: float) -> Doubles:
        """Take the curve's values.

        times_s: (T,) and the curve's duration, in seconds. Returns (T,) float64, finite but for gaps.
        Raises ParameterError for a duration that is not above zero, and for values that are not finite.
        """
        seconds = check_positive("seconds", seconds)
        times = check_row("times_s must be finite, of shape (T,); they", times_s)
        if not np.isfinite(times).all():
            raise ParameterError("times_s must be finite, of shape (T,) (got NaN or infinite ones)")
        values = np.array(self.shape(times, seconds), dtype=np.float64)
        finite = np.isfinite(values) | (np.isnan(values) & self.gaps)
        if values.shape != times.shape or not finite.all():
            raise ParameterError(f"the curve {self.text} must give a finite value for each of {len(times)} times")
        return values


def make_curve(
    value: Any, *, percentile: Percentile | None = None, hear: Hear | None = None, reading: Reading | None = None
) -> Curve:
    """Make a curve of a text as above, a number, points, an array, a function, or a curve.

    Points are a list of (seconds, value) or an array (P, 2). An array (N,) is taken as it is where there are N frames,
    and is else spread evenly over the duration. A function takes times (T,) in seconds and returns (T,) or a number.
    `percentile` gives the table's p-th percentile; `hear` gives a sound's times and values, (T,) each; `reading` says
    what a file may leave out, by default nothing.
    Raises ParameterError for NaN, infinite or huge values, times that do not rise or are below zero, unknown or wrongly
    filled shapes, a file that is missing or malformed, an empty curve, and percentiles where there is no table.
    """
    if isinstance(value, Curve):
        return value
    text = "a function" if callable(value) else _shorten(value if isinstance(value, str) else repr(value))
    try:
        if isinstance(value, str) and value.strip().startswith("@") and not _is_sound(value):
            return Curve(text, _from_file(Path(value.strip()[1:]), percentile, reading or Reading()), gaps=True)
        if isinstance(value, str) and value.strip().startswith("@"):
            return Curve(text, _from_sound(Path(value.strip()[1:]), hear), gaps=True)
        return Curve(text, _shape(value, percentile))
    except ParameterError as e:
        raise ParameterError(f"curve '{text}': {e}") from e


def _shape(value: Any, percentile: Percentile | None) -> Shape:
    if isinstance(value, str):
        return _parse(value.strip(), percentile)
    if isinstance(value, bool) or value is None:
        raise ParameterError(f"expected {FORMS}")
    if isinstance(value, int | float | np.integer | np.floating):
        return constant(_finite(value))
    if callable(value):
        return _from_function(value)
    if isinstance(value, bytes | Mapping | set):
        raise ParameterError(f"expected a list of (seconds, value), or one of {FORMS} (got a {type(value).__name__})")
    return _from_sequence(value, percentile)


def _parse(text: str, percentile: Percentile | None) -> Shape:
    if not text:
        raise ParameterError(f"it is empty; expected {FORMS}")
    if call := _CALL.fullmatch(text):
        return _from_call(call[1], [part.strip() for part in call[2].split(",")], percentile)
    if ":" in text:
        points = [part.split(":", 1) for part in re.split(r"[\s,]+", text) if part]
        return _from_points(points, percentile)
    return constant(_value(text, percentile))


def _from_sound(path: Path, hear: Hear | None) -> Shape:
    if hear is None:
        raise ParameterError("a sound can be a target only where a codebook says how to hear it")
    times_s, values = hear(path)
    return lambda times, seconds: np.interp(times, times_s, values)


def _is_sound(text: str) -> bool:
    return Path(text.strip()).suffix.lower() in SUFFIXES


def _from_file(path: Path, percentile: Percentile | None, reading: Reading) -> Shape:
    points = read_points(path, reading)
    values = [v if isinstance(v, float) else _value(v, percentile) for _, _, v in points]
    return breakpoints(np.array([point.time_s for point in points]), np.array(values))


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
        given = function(times)
        try:
            values = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError) as e:
            raise ParameterError(f"a function of times (T,) in seconds must return numbers: {e}") from e
        return values if values.shape else np.full(len(times), float(values))

    return shape


def _value(item: Any, percentile: Percentile | None) -> float:
    """Read a number, or a text of a number or a percentile."""
    if isinstance(item, int | float | np.integer | np.floating) and not isinstance(item, bool):
        return _finite(item)
    text = item.strip() if isinstance(item, str) else ""
    if _NUMBER.fullmatch(text):
        return _finite(float(text))
    found = PERCENTILE.fullmatch(text)
    if not found:
        expected = "a number" if percentile is None else "a number or a percentile such as p50"
        raise ParameterError(f"expected {expected} (got '{_shorten(str(item))}'); a curve is {FORMS}")
    if percentile is None:
        raise ParameterError(f"a percentile such as {text} stands for a value only, and needs a codebook's table")
    if float(found[1]) > 100:
        raise ParameterError(f"a percentile must lie between p0 and p100 (got {text})")
    return _finite(percentile(float(found[1])))


def _finite(number: Any) -> float:
    if not abs(number) <= LARGEST:
        raise ParameterError(f"numbers must be finite and at most {LARGEST:g} (got {_shorten(str(number))})")
    return float(number)


def _shorten(text: str) -> str:
    """Show a text in 60 characters: of a file the end, which names it."""
    shown = " ".join(text.split())
    if shown.startswith("@") and len(shown) > 60:
        return f"@…{shown[-58:]}"
    return shown if len(shown) <= 60 else shown[:59] + "…"
