"""JSON read strictly: cards, paths and facts. Whatever is read can be written again.

Python's parser accepts more than JSON allows, and that is refused here: NaN, a name that is given twice, lone
surrogates, and texts so deep or so full of brackets that a small file takes gigabytes of memory.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError
from vqsynth.storage.files import decode_text

MOST_BRACKETS = 2**19
"""The most lists and objects in one text; each takes at least 60 bytes of memory."""
DEEPEST = 64
LONGEST_NAME = 1000
_SURROGATE = re.compile("[\ud800-\udfff]")


def list_numbers(values: NDArray[Any]) -> list[float | None]:
    """List numbers (T,) for JSON, null for NaN."""
    return [None if np.isnan(value) else float(value) for value in values.tolist()]


def parse_json(content: str | bytes) -> Any:
    """Parse JSON from text, or from bytes in UTF-8 with or without a byte order mark.

    Raises ValueError that says in a few words what is wrong.
    """
    try:
        text = content if isinstance(content, str) else decode_text(content)
        if text.count("[") + text.count("{") > MOST_BRACKETS:
            raise ValueError(f"it holds more than {MOST_BRACKETS} lists and objects")
        found = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_make_object, parse_constant=_refuse_constant)
        _check_texts(found, DEEPEST)
    except RecursionError as e:
        raise ValueError("it is nested too deeply") from e
    except ValueError as e:
        if "int_max_str_digits" not in str(e):
            raise
        raise ValueError("a number has thousands of digits") from e
    return found


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"{twice[:40]!r} is there twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} stands where JSON has finite numbers only")


def read_numbers(values: Any, name: str) -> NDArray[np.float64]:
    """Turn a list of numbers from JSON into a float64 array (T,). Raises ParameterError for anything else."""
    _check_list(values, name)
    if not set(map(type, values)) <= {int, float}:
        raise ParameterError(f"{name!r} must hold numbers only")
    try:
        return np.array(values, np.float64)
    except OverflowError as e:
        raise ParameterError(f"{name!r} must hold numbers only, of fewer than 300 digits") from e


def read_integers(values: Any, name: str) -> NDArray[np.int64]:
    """Turn a list of integers from JSON into an int64 array (T,). Raises ParameterError for anything else."""
    _check_list(values, name)
    if not set(map(type, values)) <= {int}:
        raise ParameterError(f"{name!r} must hold integers only")
    try:
        return np.array(values, np.int64)
    except OverflowError as e:
        raise ParameterError(f"{name!r} must hold integers below 2**63") from e


def check_field(fields: Mapping[str, Any], name: str, *kinds: type) -> Any:
    """Return a field of a record after checking its type.

    Parameters
    ----------
    fields : dict
        The record.
    name : str
        Name of the field.
    *kinds : type
        The types that are allowed. A bool does not count as an int.

    Returns
    -------
    object
        The value of the field.

    Raises
    ------
    ParameterError
        If the field is missing, of another type, or a text longer than `LONGEST_NAME`.

    """
    if name not in fields:
        raise ParameterError(f"{name!r} is missing")
    value = fields[name]
    if type(value) not in kinds:
        raise ParameterError(f"{name!r} must be of type {kinds[0].__name__} (got {type(value).__name__})")
    if isinstance(value, str) and len(value) > LONGEST_NAME:
        raise ParameterError(f"{name!r} must be at most {LONGEST_NAME} characters long (got {len(value)})")
    return value


def _check_list(values: Any, name: str) -> None:
    if not isinstance(values, list):
        raise ParameterError(f"{name!r} must be of type list (got {type(values).__name__})")


def _check_texts(value: Any, deeper: int) -> None:
    """Refuse lone surrogates, which no file and no terminal takes, and values nested deeper than `deeper`."""
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise ValueError(f"{value[:40]!r} holds half a character")
    elif isinstance(value, dict | list):
        if not deeper:
            raise ValueError("it is nested too deeply")
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            if isinstance(inner, str | dict | list):
                _check_texts(inner, deeper - 1)
