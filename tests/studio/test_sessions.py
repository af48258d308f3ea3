"""Session files: what is saved opens again to the same, and what a stranger made harms nobody."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.studio.asking import Asker, said
from vqsynth.errors import ParameterError
from vqsynth.studio.sessions import FORMAT, KIND, MOST_POINTS, check_session


@pytest.fixture(scope="module")
def session(asker: Asker) -> dict[str, Any]:
    asked = {"book": "thirds", "seconds": 0.2, "targets": {"centroid": [900.0] * 13}, "rounds": 0}
    made = asker.post("/api/polish", json=asked)
    assert made.status_code == 200, made.text
    return {
        "kind": KIND, "format": FORMAT, "book": "thirds", "seconds": 0.2,
        "lanes": [
            {"name": "centroid", "points": [[0, 800.5], [0.1, 900], [0.1, 1e3]], "snap": False}
        ],
        "takes": [{"name": "first \u2603", "paths": made.json()["paths"]}, {"name": "empty"}],
        "view": {"zoom": 1.5, "loop": None, "dark": True},
    }  # fmt: skip


def test_session_opens_to_the_same_state(asker: Asker, session: dict[str, Any]) -> None:
    answer = asker.post("/api/session", json=session)
    assert answer.status_code == 200, answer.text
    assert answer.json() == session
    assert asker.post("/api/session", content=answer.content).content == answer.content


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "path"}, "kind"), ({"format": 2}, "update vqsynth"), ({"format": True}, "format"),
        ({"format": "1"}, "format"), ({"book": 1}, "book"), ({"seconds": 1e9}, "600"), ({"seconds": -1}, "above 0"),
        ({"lanes": {}}, "lanes"), ({"lanes": [3]}, "a lane"), ({"lanes": [{}] * 65}, "64"), ({"lanes": [{}]}, "name"),
        ({"lanes": [{"name": "c", "points": [[0]]}]}, "2 numbers"),
        ({"lanes": [{"name": "c", "points": [[1, 0], [0, 0]]}]}, "rise"),
        ({"lanes": [{"name": "c", "points": [[0, "x"]]}]}, "numbers"),
        ({"lanes": [{"name": "c", "points": [[0, 0]] * (MOST_POINTS + 1)}]}, "points"),
        ({"lanes": [{"name": "c" * 201}]}, "characters"), ({"takes": [{"name": "t", "paths": [{}]}]}, "opened"),
        ({"takes": [{"name": "t", "paths": 3}]}, "paths"), ({"takes": "all"}, "takes"),
        ({"x": {"__proto__": {"isAdmin": 1}}}, "__proto__"), ({"x": [{"constructor": 1}]}, "constructor"),
        ({"x": "a" * 20_001}, "characters"), ({"x": 1e300}, "number"), ({"y" * 101: 1}, "name"), ({"x": 10**400}, ""),
    ],
)  # fmt: skip
def test_hostile_session_is_refused_in_one_sentence(
    asker: Asker, session: dict[str, Any], change: dict[str, Any], why: str
) -> None:
    status, words = said(asker.post("/api/session", content=json.dumps(session | change).encode()))
    assert status == 400 and why in words and len(words) < 400, words


def test_session_that_is_too_large_or_too_deep_is_refused(asker: Asker, session: dict[str, Any]) -> None:
    deep: Any = 0
    for _ in range(200):
        deep = [deep]
    assert "deep" in said(asker.post("/api/session", json=session | {"x": deep}))[1]
    assert said(asker.post("/api/session", content=b" " * (2**24 + 1)))[0] == 413
    many = json.dumps(session | {"x": [[]] * 600_000}).encode()
    assert "lists and objects" in said(asker.post("/api/session", content=many))[1]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_stands_in_a_session_it_opens_or_is_refused(data: st.DataObject, session: dict[str, Any]) -> None:
    made = session | {"takes": []}
    made[data.draw(st.sampled_from([*session, "other"]))] = data.draw(JSON_VALUES)
    try:
        opened = check_session(json.dumps(made).encode())
    except ParameterError as e:
        words = str(e)
        assert words.startswith("this session cannot be opened: ") and "\n" not in words
    else:
        assert json.loads(opened) == made
