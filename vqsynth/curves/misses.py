"""How far what was got is from what was asked: in the descriptor's unit, and over the range of what was asked.

A share of a range says how well a curve was followed, and nothing where there is next to no curve: a range has to come
to the least that is heard as a change. What several descriptors miss together is added up over scales that are never
next to nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_RANGE_DB = 0.1
"""Range of decibels under which a target stands still."""
LEAST_RATIO = 1.01
"""Range under which frequencies, and what else is compared in octaves, stand still: from its lowest value to this many
times that. Everything else does under a hundredth of its largest value."""
LEAST_VALUE = 1e-6


@dataclass(frozen=True)
class Miss:
    """Hold how far a sound is from a target, as RMS over frames.

    error: in the descriptor's unit. cents: the same of an octave scale, else None. nrmse: over the target's range, None
    where that is next to nothing. scaled: over the scale by which misses of different descriptors are added up.
    """

    error: float
    cents: float | None
    nrmse: float | None
    scaled: float


def measure_miss(
    got: NDArray[Any], asked: NDArray[np.float64], counted: NDArray[np.bool_], *, unit: str, scale: str
) -> Miss | None:
    """Measure how far got (T,) is from asked (T,) over the frames counted (T,).

    unit, scale: those of the descriptor. Frames without a value are left out; None where no frame is left.
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
    """Take the range of a target (T,), None where it is next to nothing."""
    known = asked[np.isfinite(asked)]
    if not len(known):
        return None
    span = float(np.ptp(known))
    return span if span > least_range(known, unit=unit, scale=scale) else None


def least_range(known: NDArray[np.float64], *, unit: str, scale: str) -> float:
    """Tell the range that values (N,) of a descriptor must have not to stand still."""
    largest = float(np.abs(known).max())
    if scale == "octave":
        return max((LEAST_RATIO - 1) * max(float(known.min()), 0.0), LEAST_VALUE)
    return LEAST_RANGE_DB if unit == "dB" else max(0.01 * largest, LEAST_VALUE)


def error_scale(asked: NDArray[np.float64], *, unit: str, scale: str) -> float:
    """Tell by what errors of a target (T,) are divided to be added up: its range, or what a steady one is judged by.

    That is its own size, but never less than a hundred times the least range, 10 dB say.
    """
    span = find_range(asked, unit=unit, scale=scale)
    known = asked[np.isfinite(asked)]
    if span is not None or not len(known):
        return span or 1.0
    return max(abs(float(known.mean())), 100 * least_range(known, unit=unit, scale=scale))


def describe_miss(error: float | None, cents: float | None, nrmse: float | None, unit: str) -> str:
    """Say an error in words, such as "0.14 % of the range, 3.1 Hz (2.4 cents)"; nothing where there is none."""
    share = "" if nrmse is None else f"{100 * nrmse:.2f} % of the range"
    relative = "" if cents is None else f" ({_round(cents)} cents)"
    plain = "" if error is None else f"{_round(error)} {unit}".rstrip() + relative
    return ", ".join(filter(None, (share, plain)))


def _round(error: float) -> str:
    return f"{error:.2g}" if error < 100 else f"{error:.0f}"


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))
