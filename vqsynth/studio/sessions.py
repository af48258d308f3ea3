"""The documents that the page saves and opens: all that was drawn, chosen and kept.

A session is a JSON object:

    kind, format   "vqsynth session" and 1
    book           the codebook's name
    seconds        how long the curves last
    lanes          a list: `name` of a descriptor, `points` as [seconds, value] in rising order of time, and more
    takes          a list: `name`, `paths` as in path files, and more

What else the page puts in is kept as it is, within bounds: plain JSON, not too deep, not too large, no texts of
megabytes, and no names that mean something to JavaScript. A session file may come from anybody.
"""

import json
from typing import Any

from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_kind, show
from vqsynth.path import read_paths
from vqsynth.storage.records import check_field
from vqsynth.studio.bodies import Fields, parse_fields, read_list, read_number, read_row
from vqsynth.studio.bounds import LARGEST_VALUE, LONGEST_S, MOST_LAYERS, MOST_SESSION_BYTES, check_duration

KIND, FORMAT = "vqsynth session", 1
MOST_LANES, MOST_TAKES, MOST_POINTS = 64, 500, 100_000
LONGEST_TEXT, LONGEST_KEY, LONGEST_LABEL = 20_000, 100, 200
REFUSED_KEYS = frozenset({"__proto__", "constructor", "prototype"})


def check_session(data: bytes) -> bytes:
    """Check a session file.

    Parameters
    ----------
    data : bytes
        Its content.

    Returns
    -------
    bytes
        The same document, in compact form.

    Raises
    ------
    ParameterError
        In one sentence what is wrong with it.

    """
    if len(data) > MOST_SESSION_BYTES:
        raise ParameterError(f"a session may hold {MOST_SESSION_BYTES >> 20} MB at most; delete some takes first")
    try:
        found = parse_fields(data)
        _check_head(found)
        _check_plain(found)
        _check_list(found, "lanes", MOST_LANES, _check_lane)
        _check_list(found, "takes", MOST_TAKES, _check_take)
    except ParameterError as e:
        raise ParameterError(f"this session cannot be opened: {e}") from e
    return json.dumps(found, allow_nan=False, separators=(",", ":")).encode()


def _check_head(found: Fields) -> None:
    if found.get("kind") != KIND:
        raise ParameterError(f"its kind is {show(found.get('kind'))}, not {KIND!r}")
    version = check_field(found, "format", int)
    if not 1 <= version <= FORMAT:
        raise ParameterError(f"its format is {show(version)}, and this version reads up to {FORMAT}; update vqsynth")
    check_field(found, "book", str)
    check_duration(read_number(found, "seconds"))


def _check_plain(value: Any) -> None:
    """Refuse huge numbers, long texts, and names that mean something to JavaScript, at any depth."""
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise ParameterError(f"a text in it has {len(value)} characters, and {LONGEST_TEXT} are the most")
    if isinstance(value, int | float) and not abs(value) <= LARGEST_VALUE:
        raise ParameterError(f"a number in it lies outside {LARGEST_VALUE:g}")
    if isinstance(value, dict):
        for key in value:
            if key in REFUSED_KEYS or len(key) > LONGEST_KEY:
                raise ParameterError(f"it has an entry of the name {show(key)}")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, str | int | float | dict | list):
                _check_plain(inner)


def _check_list(found: Fields, name: str, most: int, check: Any) -> None:
    if found.get(name):
        read_list(found, name, most, check)
    else:
        check_field({name: []} | dict(found), name, list)


def _check_lane(lane: Any) -> None:
    fields = check_kind("a lane", lane, dict, "an object with name and points")
    _check_label(fields)
    points = check_field({"points": []} | fields, "points", list)
    if len(points) > MOST_POINTS:
        raise ParameterError(f"a lane has {len(points)} points, and {MOST_POINTS} are the most")
    rows = [read_row(point, "points", 2) for point in points]
    times = [row[0] for row in rows]
    if any(not 0 <= time <= LONGEST_S for time in times) or any(b < a for a, b in zip(times, times[1:], strict=False)):
        raise ParameterError(f"the points of a lane must rise in time, from 0 to {LONGEST_S:g} s")


def _check_take(take: Any) -> None:
    fields = check_kind("a take", take, dict, "an object with name and paths")
    _check_label(fields)
    paths = check_field({"paths": []} | fields, "paths", list)
    if len(paths) > MOST_LAYERS:
        raise ParameterError(f"a take has {len(paths)} paths, and {MOST_LAYERS} are the most")
    if paths:
        read_paths({"format": 1, "kind": "path", "layers": paths})


def _check_label(fields: Fields) -> None:
    if len(check_field(fields, "name", str)) > LONGEST_LABEL:
        raise ParameterError(f"a name in it has more than {LONGEST_LABEL} characters")
