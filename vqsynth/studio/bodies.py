"""What requests hold: JSON, numbers per frame, paths. All of it is checked here, once."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request

from vqsynth.curves.language import Curve
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import show, unknown_name
from vqsynth.sound.arrays import Doubles
from vqsynth.storage.records import check_field, parse_json
from vqsynth.studio.bounds import LARGEST_VALUE, MOST_JSON_BYTES, say_too_large

Fields = Mapping[str, Any]
NUMBER = (float, int)
LARGEST_INTEGER = 10**300
Made = TypeVar("Made")


async def read_bytes(request: Request, most: int) -> bytes:
    """Read the body of a request. Raises HTTPException, 413, for one of more than `most` bytes."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise HTTPException(413, say_too_large(most))
        parts.append(part)
    return b"".join(parts)


async def read_fields(request: Request, most: int = MOST_JSON_BYTES) -> Fields:
    """Read the JSON object of a request. Raises ParameterError for anything else, HTTPException for too much of it."""
    return parse_fields(await read_bytes(request, most))


def parse_fields(data: bytes) -> Fields:
    """Parse a JSON object. Raises ParameterError for anything else."""
    try:
        found = parse_json(data)
    except ValueError as e:
        raise ParameterError(f"the request must hold JSON: {e}") from e
    if not isinstance(found, dict):
        raise ParameterError(f"the request must hold a JSON object (got {show(found)})")
    _check_integers(found)
    return found


def _check_integers(value: Any) -> None:
    """Refuse integers that no float can hold, at any depth."""
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise ParameterError("an integer has more than 300 digits")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, int | dict | list):
                _check_integers(inner)


def check_known(fields: Fields, known: tuple[str, ...], kind: str = "field") -> Fields:
    """Return fields. Raises ParameterError for one that is not known, and suggests the nearest."""
    for name in fields:
        if name not in known:
            raise unknown_name(name, known, kind)
    return fields


def optional(fields: Fields, kinds: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """Return the fields that are there and not null, of these names and types. Raises ParameterError."""
    return {name: check_field(fields, name, *kinds[name]) for name in kinds if fields.get(name) is not None}


def read_number(fields: Fields, name: str) -> float:
    """Return a number. Raises ParameterError where it is missing, no number, or huge."""
    value = check_field(fields, name, *NUMBER)
    if abs(value) > LARGEST_VALUE:
        raise ParameterError(f"{name!r} must lie within {LARGEST_VALUE:g}")
    return float(value)


def read_row(value: Any, name: str, n_frames: int | None = None) -> Doubles:
    """Return a list of numbers as an array (T,), NaN where it says null.

    Raises ParameterError for anything else, for huge numbers, and for another length than `n_frames`.
    """
    if not isinstance(value, list) or not set(map(type, value)) <= {int, float, type(None)}:
        raise ParameterError(f"{name!r} must be a list of numbers and nulls (got {show(value)})")
    if n_frames is not None and len(value) != n_frames:
        raise ParameterError(f"{name!r} must hold {n_frames} numbers, one per frame (got {len(value)})")
    try:
        row = np.array([np.nan if v is None else v for v in value], np.float64)
    except OverflowError:
        row = np.array([np.inf])
    if (np.abs(row) > LARGEST_VALUE).any():
        raise ParameterError(f"{name!r} must hold numbers within {LARGEST_VALUE:g}")
    return row


def read_rows(fields: Fields, name: str, n_frames: int) -> dict[str, Doubles]:
    """Return an object of rows of T numbers, {} where there is none. Raises ParameterError."""
    rows = check_field({name: {}} | dict(fields), name, dict)
    return {key: read_row(value, key, n_frames) for key, value in rows.items()}


def as_curve(row: Doubles, name: str) -> Curve:
    """Return values per frame (T,) as the curve that has them there, with gaps where they are NaN."""

    def shape(times_s: Doubles, seconds: float) -> Doubles:
        if len(times_s) == len(row):
            return row
        return np.interp(times_s, np.linspace(0.0, seconds, len(row)), row)

    return Curve(f"drawn {name}", shape, gaps=True)


def read_list(fields: Fields, name: str, most: int, read: Callable[[Any], Made]) -> list[Made]:
    """Read each entry of a list of 1 to `most`. Raises ParameterError."""
    found = check_field(fields, name, list)
    if not 1 <= len(found) <= most:
        raise ParameterError(f"{name!r} must hold 1 to {most} entries (got {len(found)})")
    return [read(each) for each in found]
