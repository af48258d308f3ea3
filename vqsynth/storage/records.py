"""Records read from JSON: cards, paths, facts. Only what JSON means is read, and every text can be written again.

Python reads more: NaN, a name that is given twice, halves of characters, and texts so deep or so full of brackets that
a small file takes gigabytes.
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
"""Lists and objects in one text: each takes 60 bytes and more of memory."""
DEEPEST = 64
LONGEST_NAME = 1000
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(content: str | bytes) -> Any:
    """Read JSON, as text or as bytes in UTF-8, with or without a byte order mark.

    Raises ValueError, saying what is wrong in a few words.
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
    """Make an array (T,) of a list of numbers from JSON. Raises ParameterError, by its name, for another one."""
    _check_list(values, name)
    if not set(map(type, values)) <= {int, float}:
        raise ParameterError(f"{name!r} must hold numbers only")
    try:
        return np.array(values, np.float64)
    except OverflowError as e:
        raise ParameterError(f"{name!r} must hold numbers only, of fewer than 300 digits") from e


def read_integers(values: Any, name: str) -> NDArray[np.int64]:
    """Make an array (T,) of a list of integers from JSON. Raises ParameterError, by its name, for another one."""
    _check_list(values, name)
    if not set(map(type, values)) <= {int}:
        raise ParameterError(f"{name!r} must hold integers only")
    try:
        return np.array(values, np.int64)
    except OverflowError as e:
        raise ParameterError(f"{name!r} must hold integers below 2**63") from e


def check_field(fields: Mapping[str, Any], name: str, *kinds: type) -> Any:
    """Return a field of a record, of one of some types; neither true nor false passes for a number.

    Raises ParameterError where it is missing, of another type, or a text longer than any name.
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
    """Refuse halves of characters, which no file and no terminal takes, and what is nested deeper than that."""
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise ValueError(f"{value[:40]!r} holds half a character")
    elif isinstance(value, dict | list):
        if not deeper:
            raise ValueError("it is nested too deeply")
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            if isinstance(inner, str | dict | list):
                _check_texts(inner, deeper - 1)
