"""Checks of arguments at the public edge: each returns the value, or raises ParameterError with one sentence.

True and False are not numbers, and 2.0 is not a whole number. NumPy's numbers are as good as Python's.
"""

import math
import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors.kinds import ParameterError

T = TypeVar("T")


def check_whole(name: str, value: Any, low: int = 0, high: int | None = None) -> int:
    """Check that a value is a whole number within bounds.

    Parameters
    ----------
    name : str
        Name of the argument, for the error.
    value : object
        The value that was given.
    low : int
        Smallest value that is allowed.
    high : int, optional
        Largest value that is allowed. By default there is none.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        If the value is not a whole number from low to high.

    """
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < low or (high is not None and value > high):
        raise ParameterError(f"{name} must be a whole number {_bounds(low, high)} (got {show(value)})")
    return int(value)


def check_number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """Check that a value is a finite number within bounds.

    Parameters
    ----------
    name : str
        Name of the argument, for the error.
    value : object
        The value that was given.
    low, high : float
        Smallest and largest value that is allowed. By default there are no bounds.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        If the value is not a finite number from low to high.

    """
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not is_number or not (low <= value <= high) or abs(value) > _LARGEST:
        raise ParameterError(f"{name} must be a number {_bounds(low, high)} (got {show(value)})")
    return float(value)


def check_positive(name: str, value: Any) -> float:
    """Check that a value is a finite number above zero, and return it. Raises ParameterError otherwise."""
    try:
        number = check_number(name, value)
    except ParameterError:
        number = 0.0
    if number <= 0:
        raise ParameterError(f"{name} must be above zero (got {show(value)})")
    return number


def check_flag(name: str, value: Any) -> bool:
    """Check that a value is True or False, and return it as a bool. Raises ParameterError otherwise."""
    if not isinstance(value, bool | np.bool_):
        raise ParameterError(f"{name} must be True or False (got {show(value)})")
    return bool(value)


def check_choice(name: str, value: Any, known: Sequence[str]) -> str:
    """Check that a value is one of the `known` words, and return it.

    Raises ParameterError, which lists the known words, otherwise.
    """
    if not isinstance(value, str) or value not in known:
        raise ParameterError(f"{name} must be one of {', '.join(known)} (got {show(value)})")
    return value


def check_kind(name: str, value: Any, kind: type[T], noun: str) -> T:
    """Check that a value is an instance of a class.

    Parameters
    ----------
    name : str
        Name of the argument, for the error.
    value : object
        The value that was given.
    kind : type
        The class that is expected.
    noun : str
        What the error calls an instance of that class, "a CodePath" say.

    Returns
    -------
    kind
        The value itself.

    Raises
    ------
    ParameterError
        If the value is of another class.

    """
    if not isinstance(value, kind):
        raise ParameterError(f"{name} must be {noun} (got {show(value)})")
    return value


def check_path(name: str, value: Any) -> Path:
    """Check that a value is the name of a file or folder, text or a Path, and return it as a Path.

    Raises ParameterError otherwise.
    """
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str) or not value:
        raise ParameterError(f"{name} must be the name of a file or folder (got {show(value)})")
    if "\0" in os.fspath(value):
        raise ParameterError(f"{name} must be the name of a file or folder, without NUL (got {show(value)})")
    return Path(value)


def check_mapping(name: str, value: Any) -> dict[str, Any]:
    """Check that a value is a mapping with descriptor names as keys, and return it as a dict.

    None gives an empty dict. Raises ParameterError otherwise.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ParameterError(f"{name} must be a dict by descriptor name, as {{'centroid': ...}} (got {show(value)})")
    return dict(value)


def check_row(name: str, value: Any, *, whole: bool = False) -> NDArray[Any]:
    """Check that a value is a one-dimensional row of numbers.

    Parameters
    ----------
    name : str
        Name of the argument, for the error.
    value : array_like
        The value that was given.
    whole : bool
        Whether the numbers must be integers.

    Returns
    -------
    ndarray (T,)
        float64, or int64 if `whole`.

    Raises
    ------
    ParameterError
        If the value has another shape or other contents. NaN and infinite numbers pass.

    """
    try:
        row = np.asarray(value)
    except ValueError:
        row = np.array(None)
    if row.ndim != 1 or row.dtype.kind not in ("iu" if whole else "iuf"):
        kind = "integers" if whole else "numbers"
        raise ParameterError(f"{name} must be a row of {kind} (got {show(value)})")
    return row.astype(np.int64 if whole else np.float64)


def show(value: Any) -> str:
    """Format a value for a message, in at most 60 characters."""
    text = " ".join(f"{value:g}".split() if isinstance(value, float) else repr(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


_LARGEST = 1.7e308


def _bounds(low: float, high: float | None) -> str:
    if high is None or high == math.inf:
        return "that is finite" if low == -math.inf else f"of {low:g} or more"
    return f"of {low:g} or more, up to {high:g}"


def unknown_name(name: str, known: Sequence[str], kind: str, *, also: Sequence[str] = ()) -> ParameterError:
    """Make the error for an unknown name; the message suggests the nearest known name.

    Parameters
    ----------
    name : str
        The name that was given.
    known : sequence of str
        The names that exist. The message lists them.
    kind : str
        What the name stands for, "descriptor" say.
    also : sequence of str
        Further names that may be suggested, but are not listed.

    Returns
    -------
    ParameterError
        The error, to be raised by the caller.

    """
    name = name if isinstance(name, str) else show(name)
    near = get_close_matches(name, [*known, *also], n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return ParameterError(f"unknown {kind} '{name}'; {hint}known are {', '.join(known)}")
