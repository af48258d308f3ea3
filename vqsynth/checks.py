"""Arguments checked at the public edge: what is no whole number, no number, no choice is refused in one sentence.

True is no number, 2.0 no whole one; NumPy's numbers are as good as Python's.
"""

import math
import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError

T = TypeVar("T")


def check_whole(name: str, value: Any, low: int = 0, high: int | None = None) -> int:
    """Take a whole number from low to high, by default without end. Raises ParameterError."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < low or (high is not None and value > high):
        raise ParameterError(f"{name} must be a whole number {_bounds(low, high)} (got {show(value)})")
    return int(value)


def check_number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """Take a finite number from low to high. Raises ParameterError."""
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not is_number or not (low <= value <= high) or abs(value) > _LARGEST:
        raise ParameterError(f"{name} must be a number {_bounds(low, high)} (got {show(value)})")
    return float(value)


def check_positive(name: str, value: Any) -> float:
    """Take a finite number above zero. Raises ParameterError."""
    try:
        number = check_number(name, value)
    except ParameterError:
        number = 0.0
    if number <= 0:
        raise ParameterError(f"{name} must be above zero (got {show(value)})")
    return number


def check_flag(name: str, value: Any) -> bool:
    """Take True or False. Raises ParameterError."""
    if not isinstance(value, bool | np.bool_):
        raise ParameterError(f"{name} must be True or False (got {show(value)})")
    return bool(value)


def check_choice(name: str, value: Any, known: Sequence[str]) -> str:
    """Take one of some words. Raises ParameterError."""
    if not isinstance(value, str) or value not in known:
        raise ParameterError(f"{name} must be one of {', '.join(known)} (got {show(value)})")
    return value


def check_kind(name: str, value: Any, kind: type[T], noun: str) -> T:
    """Take what is of a class. Raises ParameterError, which calls it by its noun."""
    if not isinstance(value, kind):
        raise ParameterError(f"{name} must be {noun} (got {show(value)})")
    return value


def check_path(name: str, value: Any) -> Path:
    """Take the name of a file or folder, as text or a Path. Raises ParameterError."""
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str) or not value:
        raise ParameterError(f"{name} must be the name of a file or folder (got {show(value)})")
    if "\0" in os.fspath(value):
        raise ParameterError(f"{name} must be the name of a file or folder, without NUL (got {show(value)})")
    return Path(value)


def check_mapping(name: str, value: Any) -> dict[str, Any]:
    """Take a mapping from descriptors to something; None is an empty one. Raises ParameterError."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ParameterError(f"{name} must be a dict by descriptor, such as {{'centroid': ...}} (got {show(value)})")
    return dict(value)


def check_row(name: str, value: Any, *, whole: bool = False) -> NDArray[Any]:
    """Take a row of numbers, float64, or, where whole ones are meant, int64. Raises ParameterError."""
    try:
        row = np.asarray(value)
    except ValueError:
        row = np.array(None)
    if row.ndim != 1 or row.dtype.kind not in ("iu" if whole else "iuf"):
        kind = "integers" if whole else "numbers"
        raise ParameterError(f"{name} must be a row of {kind} (got {show(value)})")
    return row.astype(np.int64 if whole else np.float64)


def show(value: Any) -> str:
    """Show a value in a message, in 60 characters."""
    text = " ".join(f"{value:g}".split() if isinstance(value, float) else repr(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


_LARGEST = 1.7e308


def _bounds(low: float, high: float | None) -> str:
    if high is None or high == math.inf:
        return "that is finite" if low == -math.inf else f"of {low:g} or more"
    return f"of {low:g} or more, up to {high:g}"


def unknown_name(name: str, known: Sequence[str], kind: str, *, also: Sequence[str] = ()) -> ParameterError:
    """Word the error for a name that is not known, with the nearest of those that are, and of `also`."""
    name = name if isinstance(name, str) else show(name)
    near = get_close_matches(name, [*known, *also], n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return ParameterError(f"unknown {kind} '{name}'; {hint}known are {', '.join(known)}")
