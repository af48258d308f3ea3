"""The language of curves, in which targets over time are written.

A curve is written as

    1200 2k                          a constant
    0:600 2.5:3000 6:900             breakpoints, seconds:value, joined by lines and held outside; one is a constant
    0:200 ~2:800                     the same, but 800 is reached by equal ratios: a pitch glides evenly in semitones
    line(a,b) exp(a,b)               from a to b, straight or by equal ratios
    sin(low,high,hz[,phase])         a sine that starts in the middle and rises; the phase is in turns
    steps(a,b,c,...)                 steps of equal length
    random(low,high,hz,seed)         hz new values per second, joined by lines
    @file.csv @file.txt @file.json   breakpoints in a file, also as other programs write them
    @voice.wav                       the descriptor of a sound; nothing is asked for where the sound has no value
    @voice.wav(transpose=12)         the same, changed: smooth (seconds), transpose (semitones), scale, shift

Any value may be a percentile of the codebook's table, `p5` or `p50.5`. Where values are in Hz, it may be a note, `A4`,
`C#3` or `Bb2`. Percentiles and notes can be moved: `p50+100`, `p50*1.5`, `A4/2`. The text is matched against these
forms, never evaluated.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vqsynth.curves.files import Reading, read_points
from vqsynth.curves.shapes import NAMED, Shape, breakpoints, constant, spread
from vqsynth.curves.sources import Source, read_source
from vqsynth.curves.values import Meaning, Percentile, shorten
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_positive, check_row, unknown_name
from vqsynth.sound.arrays import Doubles

Hear = Callable[[Path], tuple[Doubles, Doubles, float]]


USAGES = ", ".join(shape.usage for shape in NAMED.values())
FORMS = f"a number, p50, p50*1.5, A4, '0:600 2.5:3000 ~6:900', {USAGES}, @file.csv, @sound.wav(transpose=12)"

_CALL = re.compile(r"(\w+)\s*\((.*)\)", re.DOTALL)
_PLAIN = Meaning()


@dataclass(frozen=True)
class Curve:
    """Hold a target over time.

    Parameters
    ----------
    text : str
        The curve as it was written.
    shape : callable
        Takes times (T,) and the duration, in seconds, and returns values (T,).
    gaps : bool
        Whether values may be NaN, for times at which nothing is asked for.
    ends_s : float, optional
        Time in seconds of the last breakpoint, or of the end of the sound. None for a curve of any length.

    """

    text: str
    shape: Shape
    gaps: bool = False
    ends_s: float | None = None

    def sample(self, times_s: ArrayLike, seconds: float) -> Doubles:
        """Return the values of the curve at given times.

        Parameters
        ----------
        times_s : (T,) float
            Times in seconds.
        seconds : float
            Duration of the curve, above 0.

        Returns
        -------
        (T,) float64
            Finite, except for NaN in gaps.

        Raises
        ------
        ParameterError
            If the duration is not above 0, or a time or a value is not finite.

        Examples
        --------
        >>> from vqsynth.curves.language import make_curve
        >>> make_curve("line(100,300)").sample([0, 1, 2], 2).tolist()
        [100.0, 200.0, 300.0]

        """
        seconds = check_positive("seconds", seconds)
        times = check_row("times_s", times_s)
        if not np.isfinite(times).all():
            raise ParameterError("times_s must be finite, of shape (T,) (got NaN or infinite values)")
        values = np.array(self.shape(times, seconds), dtype=np.float64)
        finite = np.isfinite(values) | (np.isnan(values) & self.gaps)
        if values.shape != times.shape or not finite.all():
            raise ParameterError(f"the curve {self.text} must give a finite value for each of {len(times)} times")
        return values


def make_curve(
    value: Any, *, percentile: Percentile | None = None, hear: Hear | None = None, reading: Reading | None = None
) -> Curve:
    """Make a curve from anything that people draw it with.

    Parameters
    ----------
    value : str, float, list, array, callable or Curve
        A text as above, a number, or a curve. Points are a list of (seconds, value), or an array (P, 2). An array (N,)
        is used unchanged if there are N frames, and is otherwise spread evenly over the duration. A function takes
        times (T,) in seconds, and returns (T,) or a number.
    percentile : callable, optional
        Returns the p-th percentile of the codebook's table. By default percentiles are refused.
    hear : callable, optional
        Takes the path of a sound, and returns its times (T,), its values (T,) and its duration in seconds. By default
        sounds are refused.
    reading : Reading, optional
        The unit of the descriptor, and which values of a file may be missing. By default none.

    Returns
    -------
    Curve

    Raises
    ------
    ParameterError
        If the curve is empty, a shape is unknown or has the wrong number of arguments, a file is missing or malformed,
        times do not rise from 0 on, a value is NaN, infinite or huge, or a percentile or a note cannot be used here.

    Examples
    --------
    >>> from vqsynth.curves.language import make_curve
    >>> make_curve("0:600 2:1000 4:800").sample([1, 3], 4).tolist()
    [800.0, 900.0]
    >>> make_curve([(0, 600), (2, 1000)]).ends_s
    2.0

    """
    if isinstance(value, Curve):
        return value
    text = "a function" if callable(value) else shorten(value if isinstance(value, str) else repr(value))
    reading = reading or Reading()
    meaning = Meaning(percentile, reading.unit)
    try:
        source = read_source(value) if isinstance(value, str) else None
        if source is not None:
            shape, ends_s = _from_sound(source, hear) if source.is_sound else _from_file(source, meaning, reading)
            return Curve(text, source.change(shape, meaning.unit), gaps=True, ends_s=ends_s)
        shape, ends_s = _shape(value, meaning)
        return Curve(text, shape, ends_s=ends_s)
    except ParameterError as e:
        raise ParameterError(f"curve '{text}': {e}") from e


def has_length(text: str) -> bool:
    """Return whether the text of a curve fixes its length. Breakpoints, files and sounds do."""
    return text.strip().startswith("@") or ":" in text


Ending = tuple[Shape, float | None]


def _shape(value: Any, meaning: Meaning) -> Ending:
    if isinstance(value, str):
        return _parse(value.strip(), meaning)
    if isinstance(value, bool) or value is None:
        raise ParameterError(f"expected {FORMS} (got {value})")
    if isinstance(value, int | float | np.integer | np.floating):
        return constant(meaning.read(value)), None
    if callable(value):
        return _from_function(value), None
    if isinstance(value, bytes | Mapping | set):
        raise ParameterError(f"expected a list of (seconds, value), or one of {FORMS} (got a {type(value).__name__})")
    return _from_sequence(value, meaning)


def _parse(text: str, meaning: Meaning) -> Ending:
    if not text:
        raise ParameterError(f"expected {FORMS} (got an empty text)")
    if call := _CALL.fullmatch(text):
        return _from_call(call[1], [part.strip() for part in call[2].split(",")], meaning), None
    if ":" in text:
        parts = [part for part in re.split(r"[\s,]+", re.sub(r"~\s+", "~", text)) if part]
        points = [part.removeprefix("~").split(":", 1) for part in parts]
        return _from_points(points, meaning, np.array([part.startswith("~") for part in parts]))
    try:
        return constant(meaning.read(text)), None
    except ParameterError as e:
        raise ParameterError(f"{e}; a curve may be {FORMS}" if str(e).startswith("expected") else str(e)) from e


def _from_sound(source: Source, hear: Hear | None) -> Ending:
    if hear is None:
        raise ParameterError(
            "a sound can only be a target of a codebook, which measures it; give numbers or breakpoints"
        )
    times_s, values, seconds = hear(source.file)
    return lambda times, _: np.interp(times, times_s, values), seconds


def _from_file(source: Source, meaning: Meaning, reading: Reading) -> Ending:
    points = read_points(source.file, reading)
    values = [v if isinstance(v, float) else _read_at(where, v, meaning) for where, _, v in points]
    return breakpoints(np.array([point.time_s for point in points]), np.array(values)), points[-1].time_s or None


def _read_at(where: str, text: str, meaning: Meaning) -> float:
    try:
        return meaning.read(text)
    except ParameterError as e:
        raise ParameterError(f"{where}: {e}") from e


def _from_call(name: str, arguments: Sequence[str], meaning: Meaning) -> Shape:
    if name not in NAMED:
        raise unknown_name(name, tuple(NAMED), "shape")
    shape = NAMED[name]
    given = [a for a in arguments if a]
    if len(given) != len(arguments) or not shape.least <= len(given) <= shape.most:
        raise ParameterError(f"expected {shape.usage} (got {len(given)} arguments)")
    return shape.make(*((meaning if i < shape.values else _PLAIN).read(text) for i, text in enumerate(given)))


def _from_points(points: Iterable[Sequence[Any]], meaning: Meaning, ratios: Any = None) -> Ending:
    rows = [tuple(point) for point in points]
    if not rows:
        raise ParameterError("expected at least one point of a time and a value (got none)")
    wrong = [row for row in rows if len(row) != 2]
    if wrong:
        raise ParameterError(f"each point must have a time and a value, as in 0:600 (got {shorten(str(wrong[0]))})")
    times = np.array([_PLAIN.read(time) for time, _ in rows])
    if times.min() < 0:
        raise ParameterError(f"times must be 0 or more (got {times.min():g} s)")
    shape = breakpoints(times, np.array([meaning.read(value) for _, value in rows]), ratios)
    return shape, float(times[-1]) or None


def _from_sequence(value: Any, meaning: Meaning) -> Ending:
    try:
        rows = list(value)
    except TypeError as e:
        raise ParameterError(f"expected {FORMS}") from e
    if any(isinstance(row, str) or not np.isscalar(row) for row in rows):
        if not all(isinstance(row, list | tuple | np.ndarray) for row in rows):
            raise ParameterError("expected a list of (seconds, value), or a list of numbers")
        return _from_points(rows, meaning)
    if not rows:
        raise ParameterError("expected at least one value (got an empty list)")
    return spread(np.array([meaning.read(row) for row in rows])), None


def _from_function(function: Callable[[Doubles], Any]) -> Shape:
    def shape(times: Doubles, seconds: float) -> Doubles:
        given = function(times)
        try:
            values = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError) as e:
            raise ParameterError(f"a function of times (T,) in seconds must return numbers: {e}") from e
        return values if values.shape else np.full(len(times), float(values))

    return shape
