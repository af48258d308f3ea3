"""The filter language agrees with NumPy, and reads nothing but itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vqsynth.codes.filters import MAX_LENGTH, Columns, match_rows
from vqsynth.errors import ParameterError

Bools = NDArray[np.bool_]

PITCH = np.array([100.0, np.nan, 440.0, 440.0, 1000.0], dtype=np.float32)
CREST = np.array([-3.0, 0.5, 0.1, 20.0, 1e6], dtype=np.float32)
COUNT = np.array([0, 1, 2, 3, 2**40])
DATA: dict[str, NDArray[Any]] = {"pitch": PITCH, "crest": CREST, "count": COUNT}
COLUMNS = Columns(tuple(DATA), DATA.__getitem__, lambda name, p: float(np.nanpercentile(DATA[name], p)))

SYMBOLS: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def match(expression: str) -> list[bool]:
    return list(map(bool, match_rows(expression, COLUMNS)))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("pitch>200", [0, 0, 1, 1, 1]),
        ("200<pitch", [0, 0, 1, 1, 1]),
        ("200 < pitch <= 440", [0, 0, 1, 1, 0]),
        ("pitch == 440 and crest>1", [0, 0, 0, 1, 0]),
        ("crest<0 or count>=3", [1, 0, 0, 1, 1]),
        ("crest<0 or count>=3 and pitch>500", [1, 0, 0, 0, 1]),
        ("(crest<0 or count>=3) and pitch>500", [0, 0, 0, 0, 1]),
        ("crest<-2.5e0", [1, 0, 0, 0, 0]),
        ("crest>+1", [0, 0, 0, 1, 1]),
        ("count<crest", [0, 0, 0, 1, 0]),
        ("crest<=p50", [1, 1, 1, 0, 0]),
        ("p50.5>crest", [1, 1, 1, 0, 0]),
        ("p10<count<p90", [0, 1, 1, 1, 0]),
        ("  \tcount==0\n", [1, 0, 0, 0, 0]),
        ("crest<1e300", [1, 1, 1, 1, 1]),
    ],
)
def test_match_rows_of_an_expression_gives_its_meaning(expression: str, expected: list[int]) -> None:
    assert match(expression) == list(map(bool, expected))


def test_match_rows_compares_a_column_at_its_own_precision() -> None:
    """0.1 as printed of a float32 is the 0.1 that people type."""
    assert match("crest==0.1") == [False, False, True, False, False]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_match_rows_with_an_unusable_value_is_false(symbol: str) -> None:
    assert not match(f"pitch {symbol} 440")[1]
    assert not match(f"440 {symbol} pitch")[1]
    assert not match(f"pitch {symbol} pitch")[1]
    assert match(f"not pitch {symbol} 440")[1]


@pytest.mark.parametrize(
    "expression",
    [
        "", "pitch", "pitch=3", "pitch>3 & crest>1", "pitch>3, crest>1", "pitch+1>3", "pitch>'a'", "pitch>None",
        "pitch>True", "pitch>1j", "pitch>1e999", "pitch>nan(1)", "pitch in (1, 2)", "pitch is 3", "f(3)>pitch",
        "pitch.real>3", "pitch[0]>3", "(x:=3)<pitch", "lambda: 3", "[pitch>3 for x in pitch]", "pitch>3 if 1 else 2",
        "pitch>--3", "not 3", "pitch>3 or 1", "pitch>f'{pitch}'", "pitch>0; crest>0", "pitch>\x003", "pitch>*3",
        "__import__('os').system('true')", "(" * 300 + "pitch>3" + ")" * 300, "pitch>" + "9" * 500,
    ],
)  # fmt: skip
def test_match_rows_of_anything_else_raises_one_line(expression: str) -> None:
    with pytest.raises(ParameterError, match=r"^cannot read the filter '.*and, or, not"):
        match(expression)


def test_match_rows_executes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ParameterError):
        match(f"pitch > open({str(tmp_path / 'made')!r}, 'w').write('x')")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("pich>3", "unknown name in the filter 'pich'; did you mean 'pitch'"),
        ("zzz>3", "known are pitch, crest, count"),
        ("pitch>inf", "unknown name"),
        ("1<2", "must hold a name"),
        ("p5<3", "p5 in .* must be compared with a name"),
        ("p5<p95", "must be compared with a name"),
        ("pitch>3 and " * 200 + "pitch>3", f"at most {MAX_LENGTH} characters"),
    ],
)
def test_match_rows_says_what_is_wrong_with_a_name(expression: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        match(expression)


def test_match_rows_nested_as_deep_as_may_be_stays_readable() -> None:
    deep = "not " * ((MAX_LENGTH - 8) // 4)
    assert match(deep + "pitch>3") == match("not " * (deep.count("not") % 2) + "pitch>3")


numbers = st.one_of(
    st.sampled_from([0.0, 0.1, 100.0, 440.0, -3.0, 2.0]),
    st.floats(-1e7, 1e7, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-30),
)


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[str, Bools]:
    """Draw a comparison as text and what NumPy makes of it."""
    name, symbol, number = draw(st.sampled_from(list(DATA))), draw(st.sampled_from(list(SYMBOLS))), draw(numbers)
    column, turned = DATA[name], draw(st.booleans())
    held = SYMBOLS[symbol](number, column) if turned else SYMBOLS[symbol](column, number)
    text = f"{number!r}{symbol}{name}" if turned else f"{name} {symbol} {number!r}"
    return text, held & ~np.isnan(column)


def joined(parts: st.SearchStrategy[tuple[str, Bools]]) -> st.SearchStrategy[tuple[str, Bools]]:
    return st.one_of(
        st.tuples(parts, parts).map(lambda ab: (f"({ab[0][0]}) and ({ab[1][0]})", ab[0][1] & ab[1][1])),
        st.tuples(parts, parts).map(lambda ab: (f"({ab[0][0]}) or ({ab[1][0]})", ab[0][1] | ab[1][1])),
        parts.map(lambda a: (f"not ({a[0]})", ~a[1])),
    )


@given(st.recursive(comparisons(), joined, max_leaves=8))
def test_match_rows_agrees_with_numpy(pair: tuple[str, Bools]) -> None:
    expression, expected = pair
    np.testing.assert_array_equal(match_rows(expression, COLUMNS), expected)


@given(st.text(max_size=60))
def test_match_rows_of_any_text_gives_rows_or_a_parameter_error(text: str) -> None:
    message = ""
    try:
        assert match_rows(text, COLUMNS).shape == PITCH.shape
    except ParameterError as e:
        message = str(e)
    assert "\n" not in message
