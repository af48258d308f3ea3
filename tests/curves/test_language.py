"""Curves: each way to write one gives the values that it says, and nothing else is read."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vqsynth.curves.language import make_curve
from vqsynth.errors import ParameterError

TIMES = np.array([0.0, 1.5, 3.0, 4.5, 6.0])


def percentile(p: float) -> float:
    """Stand for a table whose p-th percentile is 10 p."""
    return 10 * p


def sample(value: Any, times: Any = TIMES, seconds: float = 6.0) -> NDArray[np.float64]:
    return make_curve(value, percentile=percentile).sample(times, seconds)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, [3, 3, 3, 3, 3]),
        (np.float32(2.5), [2.5] * 5),
        ("-1.5e2", [-150] * 5),
        ("p50.5", [505] * 5),
        ("0:600 3:1200 6:0", [600, 900, 1200, 600, 0]),
        ("0:600, 3:1200,6:0", [600, 900, 1200, 600, 0]),
        ("1.5:10 4.5:p5", [10, 10, 30, 50, 50]),
        ("2:7", [7] * 5),
        ("line(0,p60)", [0, 150, 300, 450, 600]),
        ("exp(1,16)", [1, 2, 4, 8, 16]),
        (" exp ( 16 , 1 ) ", [16, 8, 4, 2, 1]),
        ("steps(1,2,3)", [1, 1, 2, 3, 3]),
        ("steps(4)", [4] * 5),
        ("sin(10,30,0)", [20] * 5),
        ([(0, 600), (3, "p120"), (6, 0)], None),
        ([(0, 600), (3, "p20"), (6, 0)], [600, 400, 200, 100, 0]),
        (np.array([[0, 1], [6, 5]]), [1, 2, 3, 4, 5]),
        (np.array([5, 4, 9, 2, 1]), [5, 4, 9, 2, 1]),
        ([0, 4], [0, 1, 2, 3, 4]),
        ([2], [2] * 5),
        (lambda t: 2 * t, [0, 3, 6, 9, 12]),
        (lambda t: 4, [4] * 5),
    ],
)
def test_make_curve_of_a_form_gives_the_values_it_says(value: Any, expected: list[float] | None) -> None:
    if expected is None:
        with pytest.raises(ParameterError, match="between p0 and p100"):
            sample(value)
        return
    np.testing.assert_allclose(sample(value), expected, rtol=1e-12)


@pytest.mark.parametrize(("phase", "start"), [(0, 20), (0.25, 30), (0.5, 20), (0.75, 10), (1.25, 30)])
def test_sin_starts_at_its_phase_in_turns_and_swings_hz_times_a_second(phase: float, start: float) -> None:
    times = np.arange(4000) / 1000
    values = sample(f"sin(10,30,0.5,{phase})", times, 4.0)
    assert values[0] == pytest.approx(start)
    np.testing.assert_allclose(values[2000:], values[:2000], atol=1e-9)
    assert values.min() == pytest.approx(10)
    assert values.max() == pytest.approx(30)
    assert values.mean() == pytest.approx(20)


def test_sin_without_phase_rises_from_the_middle() -> None:
    values = sample("sin(10,30,1)", np.array([0, 0.1, 0.25]), 1.0)
    assert values[0] == pytest.approx(20)
    assert values[1] > 20
    assert values[2] == pytest.approx(30)


def test_exp_is_a_line_in_octaves() -> None:
    np.testing.assert_allclose(np.log2(sample("exp(100,1600)")), 4 * TIMES / 6 + np.log2(100))


def test_random_depends_on_its_seed_only_and_goes_on_when_longer() -> None:
    times = np.arange(300) / 100
    first = sample("random(0,1,5,7)", times, 3.0)
    np.testing.assert_array_equal(sample("random(0,1,5,7)", times, 3.0), first)
    np.testing.assert_array_equal(sample("random(0,1,5,7)", times, 60.0), first)
    assert not np.allclose(sample("random(0,1,5,8)", times, 3.0), first)


def test_random_draws_hz_values_a_second_evenly_from_its_range_and_joins_them() -> None:
    knots = sample("random(-2,2,10,0)", np.arange(5000) / 10, 500.0)
    assert knots.mean() == pytest.approx(0, abs=0.1)
    assert knots.std() == pytest.approx(4 / math.sqrt(12), rel=0.05)
    halfway = sample("random(-2,2,10,0)", (np.arange(4999) + 0.5) / 10, 500.0)
    np.testing.assert_allclose(halfway, (knots[:-1] + knots[1:]) / 2, atol=1e-9)


@pytest.mark.parametrize("value", ["line(1,9)", "exp(1,9)", "steps(1,9)", "2:1 4:9", [1.0, 9.0]])
def test_sample_outside_the_duration_holds_the_ends(value: Any) -> None:
    np.testing.assert_allclose(sample(value, np.array([-5.0, 600.0]), 6.0), [1, 9])


def test_make_curve_of_a_curve_gives_it_back() -> None:
    curve = make_curve("line(0,1)")
    assert make_curve(curve) is curve


TABLES = {
    "plain.csv": "0,1\n3,p50\n6,3\n",
    "header.csv": "time,value\n0,1\n\n3,500\n6,3\n",
    "semicolons.csv": "time;value\n0;1\n3; p50\n6;3\n",
    "tabs.tsv": "0\t1\n3\t500\n6\t3\n",
    "quoted and épée.CSV": '\ufeff"time","value"\r\n"0","1"\r\n"3","500"\r\n"6","3"\r\n',
    "pairs.json": '[[0, 1], [3, "p50"], [6, 3]]',
    "lists.json": '{"times": [0, 3, 6], "values": [1, 500, 3], "unit": "Hz"}',
}


@pytest.mark.parametrize("name", TABLES)
def test_make_curve_of_a_file_reads_its_points(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(TABLES[name].encode())
    np.testing.assert_allclose(sample(f"@{tmp_path / name}"), [1, 250.5, 500, 251.5, 3])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "", "no points"),
        ("a.csv", "time,value\n", "no points"),
        ("a.csv", "0,1,2\n", "line 1: '1,2' looks like a decimal comma"),
        ("a.csv", "0\n", "a time and a value"),
        ("a.csv", "0,1\nx,2\n", r"line 2: expected a number of seconds.*got 'x'."),
        ("a.csv", "0,nan\n", "expected a number"),
        ("a.csv", "3,1\n0,2\n", "times must rise"),
        ("a.csv", "0,1\n0,2\n", "not repeat"),
        ("a.json", "{", "not valid JSON"),
        ("a.json", "[" * 100000, "not valid JSON"),
        ("a.json", "3", "must hold a list of points"),
        ("a.json", "[1, 2]", "must hold a list of points"),
        ("a.json", '{"times": [0]}', "two lists of the same length"),
        ("a.json", '{"times": [0, 1], "values": [0]}', "two lists of the same length"),
        ("a.json", "[[0, NaN]]", "finite"),
        ("a.json", "[[0, 1e999]]", "finite"),
        ("a.json", "[[0, null]]", "expected a number"),
        ("a.json", "[[0, true]]", "expected a number"),
        ("a.json", '[["p5", 3]]', "a time must be a number of seconds"),
        ("a.xyz", "0,1", r"must end in \.csv, \.tsv, \.txt"),
    ],
)
def test_make_curve_of_a_malformed_file_says_what_is_wrong(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ParameterError, match=says):
        make_curve(f"@{tmp_path / name}", percentile=percentile)


def test_make_curve_of_an_unreadable_file_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe0,1")
    with pytest.raises(ParameterError, match=r"a\.csv': it starts as UTF-16 text"):
        make_curve(f"@{tmp_path / 'a.csv'}")
    with pytest.raises(ParameterError, match=r"gone\.csv': No such file"):
        make_curve(f"@{tmp_path / 'gone.csv'}")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ParameterError, match="cannot read"):
        make_curve(f"@{tmp_path / 'folder.csv'}")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "got an empty text"),
        ("  ", "got an empty text"),
        ("nan", "expected a number"),
        ("inf", "expected a number"),
        ("1_000", "expected a number"),
        ("\uff11\uff12", "expected a number"),
        ("600 700", "expected a number"),
        (float("nan"), "finite"),
        (math.inf, "finite"),
        (1e13, "finite and at most"),
        ("1e400", "finite and at most"),
        ("0:nan", "expected a number"),
        ("0:1 1:", "expected a number"),
        ("0:1:2", "expected a number"),
        ("1:2 0:3", "times must rise and not repeat .got 1 s, then 0 s."),
        ("0:1 0:2", "not repeat"),
        ("-1:1 2:2", "times must be 0 or more"),
        ("p5:1", "can only stand for a value of a codebook"),
        ("p101", "between p0 and p100"),
        ("p", "expected a number"),
        ("lin(1,2)", "unknown shape 'lin'; did you mean 'line'"),
        ("__import__(os)", "unknown shape '__import__'; known are line, exp, sin, steps, random"),
        ("line(1)", r"expected line\(a,b\) .got 1 arguments."),
        ("line(1,2,3)", "got 3 arguments"),
        ("line(1,,2)", r"expected line\(a,b\)"),
        ("line()", r"expected line\(a,b\)"),
        ("steps()", "expected steps"),
        ("sin(1,2)", r"expected sin\(low,high,hz\[,phase\]\)"),
        ("sin(1,2,3,4,5)", "got 5 arguments"),
        ("sin(1,2,-1)", "hz must lie between 0 and 1000"),
        ("sin(1,2,p5)", "can only stand for a value of a codebook"),
        ("sin(1,line(2,3),1)", "expected a number|expected sin"),
        ("exp(0,100)", "above zero"),
        ("exp(-3,100)", "above zero"),
        ("random(0,1,2)", r"expected random\(low,high,hz,seed\)"),
        ("random(0,1,-2,0)", "hz must lie"),
        ("random(0,1,2,1.5)", "seed must be a whole number"),
        ("random(0,1,2,-1)", "seed must be a whole number"),
        ([], "got an empty list"),
        ([(0, 1), 5], "list of .seconds, value."),
        ([(0, 1, 2)], "a time and a value"),
        ([1.0, np.nan], "finite"),
        (np.zeros((2, 2, 2)), "expected a number"),
        (None, "expected a number, p50"),
        (True, "expected a number, p50"),
        (object(), "expected a number, p50"),
    ],
)
def test_make_curve_of_what_is_no_curve_says_so_in_one_line(value: Any, says: str) -> None:
    with pytest.raises(ParameterError, match=f"^curve '.*{says}") as raised:
        make_curve(value, percentile=percentile)
    assert "\n" not in str(raised.value)


def test_make_curve_with_a_percentile_but_no_table_raises() -> None:
    with pytest.raises(ParameterError, match="value of a codebook's table"):
        make_curve("sin(p5,p95,1)")


@pytest.mark.parametrize(
    "function", [lambda t: t[:-1], lambda t: t * np.nan, lambda t: np.stack([t, t]), lambda t: np.inf]
)
def test_sample_of_a_function_without_a_finite_value_per_time_raises(function: Callable[[Any], Any]) -> None:
    with pytest.raises(ParameterError, match="a finite value for each of 5 times"):
        sample(function)


@pytest.mark.parametrize("seconds", [0, -1, np.nan, np.inf])
def test_sample_over_a_duration_that_is_none_raises(seconds: float) -> None:
    with pytest.raises(ParameterError, match="seconds must be above zero"):
        sample("line(0,1)", TIMES, seconds)


@pytest.mark.parametrize("times", [[0, np.nan], [[0, 1]], 3.0])
def test_sample_at_times_that_are_none_raises(times: Any) -> None:
    with pytest.raises(ParameterError, match=r"times_s must be (finite|a row of numbers)"):
        sample("line(0,1)", times)


values = st.floats(-1e12, 1e12, allow_nan=False)
points = st.lists(st.tuples(st.floats(0, 1e6), values), min_size=1, max_size=12, unique_by=lambda point: point[0]).map(
    sorted
)
some_times = st.lists(st.floats(-10, 1e6), min_size=1, max_size=20)
durations = st.floats(1e-3, 36000)


@given(points, some_times, durations)
def test_breakpoints_stay_within_their_values_and_agree_with_numpy(
    pairs: list[tuple[float, float]], times: list[float], seconds: float
) -> None:
    text = " ".join(f"{time!r}:{value!r}" for time, value in pairs)
    at, ordinates = np.array(pairs).T
    got = sample(text, times, seconds)
    assert ((got >= ordinates.min()) & (got <= ordinates.max())).all()
    smooth = np.diff(at).min(initial=1) > 1e-6  # np.interp's slopes overflow over shorter times
    if smooth:
        np.testing.assert_allclose(got, np.interp(times, at, ordinates), rtol=1e-6, atol=1e-6 * np.abs(ordinates).max())


@given(points)
def test_breakpoints_pass_through_every_point(pairs: list[tuple[float, float]]) -> None:
    at, ordinates = np.array(pairs).T
    np.testing.assert_array_equal(sample(pairs, at, 1.0), ordinates)


@given(points, durations)
def test_points_as_text_list_array_csv_and_json_are_one_curve(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[float, float]], seconds: float
) -> None:
    folder = tmp_path_factory.mktemp("curves")
    (folder / "a.csv").write_text("\n".join(f"{time!r},{value!r}" for time, value in pairs))
    (folder / "a.json").write_text(json.dumps(pairs))
    times = np.linspace(0, 2e6, 50)
    expected = sample(pairs, times, seconds)
    text = ",".join(f"{time!r}:{value!r}" for time, value in pairs)
    for other in (text, np.array(pairs), f"@{folder / 'a.csv'}", f"@{folder / 'a.json'}"):
        np.testing.assert_array_equal(sample(other, times, seconds), expected)


@given(
    st.sampled_from(
        ["line({0!r},{1!r})", "sin({0!r},{1!r},{2!r},{3!r})", "steps({0!r},{1!r})", "random({0!r},{1!r},1,5)"]
    ),
    values, values, st.floats(0, 1000), st.floats(-2, 2), some_times, durations,
)  # fmt: skip
def test_shapes_stay_within_their_values(
    form: str, a: float, b: float, hz: float, phase: float, times: list[float], seconds: float
) -> None:
    got = sample(form.format(a, b, hz, phase), times, seconds)
    assert ((got >= min(a, b)) & (got <= max(a, b))).all()


@given(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12), some_times, durations)
def test_exp_stays_between_its_values_and_moves_one_way(a: float, b: float, times: list[float], seconds: float) -> None:
    got = sample(f"exp({a!r},{b!r})", sorted(times), seconds)
    assert ((got >= min(a, b)) & (got <= max(a, b))).all()
    assert (np.diff(got) * np.sign(b - a) >= 0).all()


@given(st.text(st.sampled_from("0123456789.,:()-+epin@ \tlsr_xé"), max_size=30))
def test_make_curve_of_any_text_gives_finite_values_or_a_parameter_error(text: str) -> None:
    message = ""
    try:
        assert np.isfinite(sample(text)).all()
    except ParameterError as e:
        message = str(e)
    assert "\n" not in message


@pytest.mark.parametrize("first", ["nan,600", "inf,600", "nan,nan", "p5,600"])
def test_make_curve_of_a_csv_whose_first_row_is_no_heading_is_refused(tmp_path: Path, first: str) -> None:
    (tmp_path / "a.csv").write_text(f"{first}\n1,900\n")
    with pytest.raises(ParameterError, match=r"expected a number|must be a number of seconds"):
        make_curve(f"@{tmp_path / 'a.csv'}")


@pytest.mark.parametrize("value", [b"1200", {0: 600, 1: 900}, {600, 900}])
def test_make_curve_of_what_has_no_order_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="expected a list"):
        make_curve(value)
