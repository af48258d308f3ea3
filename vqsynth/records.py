"""Records read from JSON: cards, paths, facts. Only what JSON means is read, and every text can be written again.

Python reads more: NaN, a name that is given twice, halves of characters, and texts so deep or so full of brackets that
a small file takes gigabytes.
"""

import json
import re
from collections import Counter
from typing import Any, NoReturn

from vqsynth.files import decode_text

MOST_BRACKETS = 2**19
"""Lists and objects in one text: each takes 60 bytes and more of memory."""
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
        _check_texts(found)
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
    raise ValueError(f"{name} is no number of JSON")


def _check_texts(value: Any) -> None:
    """Refuse halves of characters, which no file and no terminal takes."""
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise ValueError(f"{value[:40]!r} holds half a character")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_texts(name)
            _check_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, str | dict | list):
                _check_texts(inner)
