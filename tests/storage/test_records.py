import json

import pytest

from vqsynth.storage.records import MOST_BRACKETS, parse_json


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True, "épée 琴", "\U0001f3bb"]}, [], "x", -0.5, 10**400])
def test_parse_json_of_what_json_writes_is_the_same(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert parse_json(text) == parse_json(text.encode()) == parse_json("\ufeff" + text) == value
        assert parse_json(b"\xef\xbb\xbf" + text.encode()) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[NaN]", "NaN stands where JSON has finite numbers only"),
        ("[-Infinity]", "-Infinity stands where JSON has finite"),
        ('{"a": 1, "b": 2, "a": 3}', "'a' is there twice"),
        ('["\\ud800"]', "half a character"),
        ('{"\\udc00": 1}', "half a character"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5000, "a number has thousands of digits"),
        ("[" + "[]," * MOST_BRACKETS + "1]", "more than 524288 lists"),
        ("{", "line 1"),
        (b"[\xff]", "byte 1 is 0xff"),
        ("", "Expecting value"),
    ],
)
def test_parse_json_of_what_is_none_says_why(text: str | bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_json(text)
