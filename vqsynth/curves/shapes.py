"""The shapes of curves, as functions of time and duration.

A shape takes times (T,) and the duration, both in seconds, and returns values (T,). It holds its first value before 0
and its last value after the duration. A sine and random values continue instead. No shape leaves the range of its own
values.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError
from vqsynth.sound.arrays import Doubles

Shape = Callable[[Doubles, float], Doubles]

MAX_HZ = 1000.0  # no codebook has so many frames per second


@dataclass(frozen=True)
class NamedShape:
    """Hold a function that makes a shape, and describe its arguments.

    Parameters
    ----------
    make : callable
        Makes the shape.
    usage : str
        The shape as people write it, "line(a,b)".
    least, most : int
        Smallest and largest number of arguments.
    values : int
        How many arguments, from the first on, are values of the descriptor. These may be percentiles and notes.

    """

    make: Callable[..., Shape]
    usage: str
    least: int
    most: int
    values: int = 2


def constant(value: float) -> Shape:
    """Hold one value."""
    return lambda times, seconds: np.full(len(times), value)


def breakpoints(at_s: Doubles, values: Doubles, ratios: NDArray[np.bool_] | None = None) -> Shape:
    """Join points by straight lines. The first and the last value are held outside. A single point is a constant.

    Parameters
    ----------
    at_s : (P,) float
        Times of the points in seconds, rising.
    values : (P,) float
        Values of the points, NaN for a gap. Next to a gap, a value is held for half the way to it.
    ratios : (P,) bool, optional
        Whether the curve reaches each point by equal ratios, instead of along a straight line. By default no point.

    Returns
    -------
    Shape

    Raises
    ------
    ParameterError
        If times do not rise, or if a value beside equal ratios is not above zero.

    Examples
    --------
    >>> import numpy as np
    >>> from vqsynth.curves.shapes import breakpoints
    >>> shape = breakpoints(np.array([0.0, 2.0]), np.array([100.0, 400.0]), np.array([False, True]))
    >>> shape(np.array([1.0]), 2.0).round(6).tolist()
    [200.0]

    """
    falls = np.flatnonzero(np.diff(at_s) <= 0)
    if len(falls):
        first, second = at_s[falls[0]], at_s[falls[0] + 1]
        raise ParameterError(f"times must rise and not repeat (got {first:g} s, then {second:g} s); sort the points")
    if ratios is None or not ratios.any():
        return lambda times, seconds: _interpolate(times, at_s, values)
    return _glide(at_s, values, ratios)


def _glide(at_s: Doubles, values: Doubles, ratios: NDArray[np.bool_]) -> Shape:
    """Join points as `breakpoints` does. Points in `ratios` (P,) are joined to the point before by equal ratios."""
    if ratios[0]:
        raise ParameterError(f"~ needs a point before it (got ~{at_s[0]:g} as the first point); leave out its ~")
    ends = np.flatnonzero(ratios | np.append(ratios[1:], False))
    wrong = ends[~(values[ends] > 0)]
    if len(wrong):
        raise ParameterError(
            f"equal ratios need values above zero at both ends (got {values[wrong[0]]:g} at {at_s[wrong[0]]:g} s); "
            "leave out the ~"
        )
    logs = np.where(values > 0, np.log(np.where(values > 0, values, 1.0)), 0.0)

    def shape(times: Doubles, seconds: float) -> Doubles:
        last = np.searchsorted(at_s, times, side="left").clip(1, len(at_s) - 1)
        low, high = (np.minimum, np.maximum)
        glided = np.exp(_interpolate(times, at_s, logs))
        inside = glided.clip(low(values[last - 1], values[last]), high(values[last - 1], values[last]))
        return np.where(ratios[last], inside, _interpolate(times, at_s, values))

    return shape


def spread(values: Doubles) -> Shape:
    """Return a shape that spreads values evenly over the duration. With one value per time, each is used unchanged."""

    def shape(times: Doubles, seconds: float) -> Doubles:
        if len(times) == len(values):
            return values
        return _interpolate(times, np.linspace(0.0, seconds, len(values)), values)

    return shape


def line(a: float, b: float) -> Shape:
    """Go straight from a to b."""
    return lambda times, seconds: _mix(a, b, times / seconds)


def exponential(a: float, b: float) -> Shape:
    """Go from a to b by equal ratios. Raises ParameterError unless both are above zero."""
    if a <= 0 or b <= 0:
        raise ParameterError(f"exp(a,b) needs both values above zero (got {a:g}, {b:g}); use line(a,b)")
    low, high = min(a, b), max(a, b)
    return lambda times, seconds: np.exp(_mix(np.log(a), np.log(b), times / seconds)).clip(low, high)


def sine(low: float, high: float, hz: float, phase: float = 0.0) -> Shape:
    """Return a sine that starts in the middle and rises.

    Parameters
    ----------
    low, high : float
        The smallest and the largest value.
    hz : float
        Frequency, 0 to 1000 Hz.
    phase : float
        Phase in turns: .25 starts at `high`, .5 in the middle and falls.

    Returns
    -------
    Shape

    Raises
    ------
    ParameterError
        If hz lies outside 0 to 1000.

    """
    _check_rate(hz)
    middle, half = low / 2 + high / 2, high / 2 - low / 2

    def shape(times: Doubles, seconds: float) -> Doubles:
        values: Doubles = middle + half * np.sin(2 * np.pi * (times * hz + phase))
        return values.clip(min(low, high), max(low, high))

    return shape


def steps(*values: float) -> Shape:
    """Hold each value for an equal part of the duration."""
    levels = np.array(values, dtype=np.float64)

    def shape(times: Doubles, seconds: float) -> Doubles:
        part = np.floor(times / seconds * len(levels)).clip(0, len(levels) - 1)
        chosen: Doubles = levels[part.astype(np.int64)]
        return chosen

    return shape


def wander(low: float, high: float, hz: float, seed: float) -> Shape:
    """Return random values that are joined by straight lines.

    The same seed gives the same values. A longer duration begins with the values of a shorter one.

    Parameters
    ----------
    low, high : float
        Range of the values, which are drawn uniformly.
    hz : float
        Number of new values per second, 0 to 1000.
    seed : float
        A whole number of 0 or more.

    Returns
    -------
    Shape

    Raises
    ------
    ParameterError
        If hz lies outside 0 to 1000, or the seed is not a whole number of 0 or more.

    """
    _check_rate(hz)
    if seed < 0 or seed != int(seed):
        raise ParameterError(f"seed must be a whole number of 0 or more (got {seed:g})")

    def shape(times: Doubles, seconds: float) -> Doubles:
        last = max(float(np.max(times, initial=0.0)), seconds)
        draws = np.random.default_rng(int(seed)).random(int(last * hz) + 2)
        return _interpolate(times * hz, np.arange(len(draws), dtype=np.float64), _mix(low, high, draws))

    return shape


NAMED = {
    "line": NamedShape(line, "line(a,b)", 2, 2),
    "exp": NamedShape(exponential, "exp(a,b)", 2, 2),
    "sin": NamedShape(sine, "sin(low,high,hz[,phase])", 3, 4),
    "steps": NamedShape(steps, "steps(a,b,c,...)", 1, 10000, values=10000),
    "random": NamedShape(wander, "random(low,high,hz,seed)", 4, 4),
}


def _check_rate(hz: float) -> None:
    if not 0 <= hz <= MAX_HZ:
        raise ParameterError(f"hz must lie between 0 and {MAX_HZ:g} (got {hz:g})")


def _mix(a: float | Doubles, b: float | Doubles, share: Doubles) -> Doubles:
    """Go from a to b as share goes from 0 to 1. The result is clipped to this range, which rounding could leave."""
    x = share.clip(0.0, 1.0)
    mixed: Doubles = np.clip(a * (1 - x) + b * x, np.minimum(a, b), np.maximum(a, b))
    return mixed


def _interpolate(times: Doubles, at: Doubles, values: Doubles) -> Doubles:
    """Interpolate as np.interp does, but without its slopes, which overflow between times that nearly touch."""
    if len(at) == 1:
        return np.full(len(times), values[0])
    i = np.searchsorted(at, times, side="right").clip(1, len(at) - 1)
    with np.errstate(over="ignore"):  # an infinite share, between times that nearly touch, is clipped to 1
        share = (times - at[i - 1]) / (at[i] - at[i - 1])
    before, after = values[i - 1], values[i]
    mixed = _mix(before, after, share)
    return np.where(np.isnan(mixed), np.where(share < 0.5, before, after), mixed)
