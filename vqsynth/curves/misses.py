"""Errors of a sound against its targets, in the descriptor's unit and as a share of the target's range.

The share of the range says how well a curve was followed. For a target that stands still it would say nothing, so it is
given only if the range is large enough to be heard as a change. To add up the errors of several descriptors, each is
divided by a scale that is never close to zero.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_RANGE_DB = 0.1
"""A target in dB whose range is not above this counts as standing still."""
LEAST_RATIO = 1.01
"""A target on an octave scale, such as a frequency, counts as standing still if its largest value is at most this many
times its smallest. A target in any other unit does if its range is at most a hundredth of its largest value."""
LEAST_VALUE = 1e-6


@dataclass(frozen=True)
class Miss:
    """Hold the error of a sound against a target, as RMS over frames.

    Parameters
    ----------
    error : float
        In the descriptor's unit.
    cents : float or None
        In cents, for an octave scale. Otherwise None.
    nrmse : float or None
        Divided by the range of the target. None if the target stands still.
    scaled : float
        Divided by `error_scale`, so that errors of different descriptors can be added.

    """

    error: float
    cents: float | None
    nrmse: float | None
    scaled: float


def measure_miss(
    got: NDArray[Any], asked: NDArray[np.float64], counted: NDArray[np.bool_], *, unit: str, scale: str
) -> Miss | None:
    """Measure the error of a descriptor against its target.

    Parameters
    ----------
    got : (T,) float
        Values of the sound, NaN for a frame without a value.
    asked : (T,) float64
        The target, NaN where nothing is asked for.
    counted : (T,) bool
        The frames that count. Frames without a value are left out of them.
    unit : str
        Unit of the descriptor.
    scale : {"octave", "linear"}
        How values of the descriptor are compared.

    Returns
    -------
    Miss or None
        None if no frame is left.

    Examples
    --------
    >>> import numpy as np
    >>> from vqsynth.curves.misses import measure_miss
    >>> asked = np.array([100.0, 200.0])
    >>> measure_miss(asked + 1, asked, np.array([True, True]), unit="Hz", scale="linear").nrmse
    0.01

    """
    valid = counted & np.isfinite(got) & np.isfinite(asked)
    if not valid.any():
        return None
    reached, wanted = np.asarray(got, np.float64)[valid], asked[valid]
    error = _rms(reached - wanted)
    span = find_range(asked, unit=unit, scale=scale)
    cents = None
    if scale == "octave":
        above = (reached > 0) & (wanted > 0)
        cents = _rms(1200 * np.log2(reached[above] / wanted[above])) if above.any() else None
    by = error_scale(asked, unit=unit, scale=scale)
    return Miss(error, cents, None if span is None else error / span, error / by)


def find_range(asked: NDArray[np.float64], *, unit: str, scale: str) -> float | None:
    """Return the range of a target (T,), or None if it stands still."""
    known = asked[np.isfinite(asked)]
    if not len(known):
        return None
    span = float(np.ptp(known))
    return span if span > least_range(known, unit=unit, scale=scale) else None


def least_range(known: NDArray[np.float64], *, unit: str, scale: str) -> float:
    """Return the range that values (N,) of a descriptor must exceed so as not to stand still."""
    largest = float(np.abs(known).max())
    if scale == "octave":
        return max((LEAST_RATIO - 1) * max(float(known.min()), 0.0), LEAST_VALUE)
    return LEAST_RANGE_DB if unit == "dB" else max(0.01 * largest, LEAST_VALUE)


def error_scale(asked: NDArray[np.float64], *, unit: str, scale: str) -> float:
    """Return the number by which errors of a target (T,) are divided before they are added up.

    It is the range of the target. For a target that stands still it is the size of its mean, but at least a hundred
    times the least range: 10 dB for a target in dB.
    """
    span = find_range(asked, unit=unit, scale=scale)
    known = asked[np.isfinite(asked)]
    if span is not None or not len(known):
        return span or 1.0
    return max(abs(float(known.mean())), 100 * least_range(known, unit=unit, scale=scale))


def describe_miss(error: float | None, cents: float | None, nrmse: float | None, unit: str) -> str:
    """Describe an error in words, such as "0.14 % of the range, 3.1 Hz (2.4 cents)". Return "" if there is none."""
    share = "" if nrmse is None else f"{100 * nrmse:.2f} % of the range"
    relative = "" if cents is None else f" ({_round(cents)} cents)"
    plain = "" if error is None else f"{_round(error)} {unit}".rstrip() + relative
    return ", ".join(filter(None, (share, plain)))


def _round(error: float) -> str:
    return f"{error:.2g}" if error < 100 else f"{error:.0f}"


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))
