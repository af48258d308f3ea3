"""Values as people write them: notes, thousands and percentiles that are moved come to the numbers they say."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vqsynth.curves.files import Reading
from vqsynth.curves.language import Curve, has_length, make_curve
from vqsynth.curves.targets import find_length, make_curves, sample_targets
from vqsynth.curves.values import Meaning
from vqsynth.errors import ParameterError

HZ = Meaning(percentile=lambda p: 10 * p, unit="Hz")


@pytest.mark.parametrize(("text", "value"), [
    ("A4", 440), ("a4", 440), ("A3", 220), ("C4", 261.6256), ("C#3", 138.5913), ("Db3", 138.5913), ("Bb2", 116.5409),
    ("B♭2", 116.5409), ("C-1", 8.1758), ("E10", 21096.16), ("Cb4", 246.9417), ("B#3", 261.6256), ("2k", 2000),
    ("1.5k", 1500), ("-1.5K", -1500), ("440Hz", 440), ("2 kHz", 2000), ("p50", 500), ("p50+100", 600),
    ("p50 - 100", 400), ("p50*1.5", 750),
    ("p50/2", 250), ("p50.5+1k", 1505), ("A4*2", 880), ("A4/4", 110), ("A4-10", 430), ("1e3", 1000),
])  # fmt: skip
def test_read_of_a_value_gives_what_it_says(text: str, value: float) -> None:
    assert HZ.read(text) == pytest.approx(value, rel=1e-6)


@given(octave=st.integers(-1, 9), letter=st.sampled_from("CDEFGAB"))
def test_read_of_a_note_an_octave_up_is_twice_the_frequency(octave: int, letter: str) -> None:
    assert HZ.read(f"{letter}{octave + 1}") == pytest.approx(2 * HZ.read(f"{letter}{octave}"), rel=1e-12)
    assert HZ.read(f"{letter}#{octave}") / HZ.read(f"{letter}b{octave}") == pytest.approx(2 ** (1 / 6), rel=1e-12)


@pytest.mark.parametrize(("text", "says"), [
    ("H4", "expected a number or a note such as A4 or a percentile"), ("A11", "expected"), ("A", "expected"),
    ("p50+", "expected"), ("p50+p10", "expected"), ("p50*1*2", "expected"), ("A4/0", "divided by 0"),
    ("2M", "expected"),
    ("p101*2", "between p0 and p100"), ("-20dB", "the value must be in Hz"), ("600+1", "expected"),
])  # fmt: skip
def test_read_of_what_is_no_value_says_what_is_expected(text: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        HZ.read(text)


@pytest.mark.parametrize("curve", ["A4", "0:A4 1:3", "line(A3,A4)", "steps(A3)", "A4*2"])
def test_make_curve_of_a_note_where_the_unit_is_not_hz_is_refused(curve: str) -> None:
    with pytest.raises(ParameterError, match=r"a note can only stand for a value in Hz"):
        make_curve(curve, reading=Reading("flatness", unit="dB"))


@pytest.mark.parametrize("curve", ["A4:3", "sin(1,2,A4)", "p5:3"])
def test_make_curve_of_a_note_or_percentile_as_a_time_or_rate_is_refused(curve: str) -> None:
    with pytest.raises(ParameterError, match="can only stand for a value"):
        make_curve(curve, percentile=lambda p: p, reading=Reading("pitch", unit="Hz"))


def sample(text: str, times: list[float], unit: str = "Hz") -> list[float]:
    curve = make_curve(text, percentile=lambda p: 10 * p, reading=Reading("pitch", True, unit=unit))
    return [float(value) for value in curve.sample(times, max(times))]


def test_make_curve_takes_values_in_every_form(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,F0\n0,A3\n2,p44\n4,1.5k\n")
    (tmp_path / "b.json").write_text('[[0, "A3"], [2, "p44"], [4, "1.5k"]]')
    for text in ("0:A3 2:p44 4:1.5k", f"@{tmp_path / 'a.csv'}", f"@{tmp_path / 'b.json'}"):
        assert sample(text, [0, 1, 2, 4]) == pytest.approx([220, 330, 440, 1500])
    assert sample("line(A3,A4)", [0, 1, 2]) == pytest.approx([220, 330, 440])
    assert sample("exp(A3,A5)", [0, 1, 2]) == pytest.approx([220, 440, 880])


def test_breakpoints_by_equal_ratios_glide_evenly_in_octaves_and_only_there() -> None:
    assert sample("0:200 ~2:800 4:400", [0, 1, 2, 3, 4, 9]) == pytest.approx([200, 400, 800, 600, 400, 400])
    assert sample("1:800, ~ 3:200", [0, 1, 2, 3]) == pytest.approx([800, 800, 400, 200])
    times = np.linspace(0, 2, 101)
    octaves = np.log2(sample("0:A3 ~2:A5", times.tolist()))
    np.testing.assert_allclose(np.diff(octaves), 2 / 100, atol=1e-9)


@pytest.mark.parametrize(("text", "says"), [
    ("~0:200 2:800", "needs a point before it"), ("0:0 ~2:800", "above zero at both ends .got 0 at 0 s"),
    ("0:100 ~2:-8", "got -8 at 2 s"), ("0:100 ~", "a time and a value"), ("~200", "expected a number"),
])  # fmt: skip
def test_breakpoints_by_equal_ratios_that_cannot_be_say_why(text: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        sample(text, [0, 1])


def drawn(tmp_path: Path, name: str = "a (2).csv", text: str = "0 100\n1 200\n3 400\n") -> str:
    (tmp_path / name).write_text(text)
    return f"@{tmp_path / name}"


def test_file_with_parentheses_in_its_name_is_read_and_changed(tmp_path: Path) -> None:
    at = [0.0, 1.0, 3.0]
    assert sample(drawn(tmp_path), at) == [100, 200, 400]
    assert sample(drawn(tmp_path) + "(transpose=12)", at) == pytest.approx([200, 400, 800])
    assert sample(drawn(tmp_path) + " ( scale=2, shift=-1k , transpose=-12)", at) == pytest.approx([-900, -800, -600])


def test_file_smoothed_keeps_a_line_and_tames_a_spike(tmp_path: Path) -> None:
    line = drawn(tmp_path, "line.csv", "0 0\n10 10\n") + "(smooth=0.5)"
    assert sample(line, [2, 5, 8], "dB") == pytest.approx([2, 5, 8])
    spike = drawn(tmp_path, "spike.csv", "0 0\n4.9 0\n5 10\n5.1 0\n10 0\n") + "(smooth=0.5)"
    low, high = sample(spike, [2, 5], "dB")
    assert low == 0 and high == pytest.approx(2, abs=0.1)  # a triangle of area 1 under a Hann window of height 2


def test_file_smoothed_in_hz_is_smoothed_in_octaves_and_keeps_its_gaps(tmp_path: Path) -> None:
    glide = drawn(tmp_path, "glide.csv", "0 100\n1 100\n1.001 400\n2 400\n2.001 nan\n3 nan\n") + "(smooth=0.8)"
    before, middle, gap = sample(glide, [0.1, 1.0005, 2.5])
    assert (before, middle) == (pytest.approx(100), pytest.approx(200, rel=0.03)) and np.isnan(gap)


@pytest.mark.parametrize(("changes", "says"), [
    ("transposed=3", "unknown change of a file's curve 'transposed'; did you mean 'transpose'"),
    ("3", "expected NAME=NUMBER in the parentheses"), ("", "the parentheses are empty"), ("scale=x", "expected"),
    ("scale=1,scale=2", "scale is given twice"), ("smooth=-1", "smooth must lie between 0 and 60"),
    ("transpose=200", "transpose must lie between -120 and 120"), ("smooth=p5", "can only stand for a value of"),
])  # fmt: skip
def test_file_changed_in_a_way_that_there_is_not_says_so(tmp_path: Path, changes: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        sample(f"{drawn(tmp_path)}({changes})", [0, 1])


def test_file_transposed_that_is_not_in_hz_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"transpose needs values in Hz \(got values in dB\); use shift or scale"):
        sample(drawn(tmp_path) + "(transpose=1)", [0, 1], "dB")


def test_curve_ends_with_its_last_breakpoint_and_else_does_not(tmp_path: Path) -> None:
    ends: dict[object, float | None] = {"0:1 2.5:3": 2.5, "0:1": None, "5": None, "line(1,2)": None, "sin(1,2,3)": None,
                                        drawn(tmp_path): 3.0, ((0, 1), (4, 2)): 4.0, (1.0, 2.0): None}  # fmt: skip
    for value, seconds in ends.items():
        assert make_curve(value).ends_s == seconds, value
        if isinstance(value, str) and seconds:
            assert has_length(value)
    assert not has_length("line(1,2)")


def test_find_length_is_that_of_the_longest_curve() -> None:
    curves = {"a": make_curve("0:1 2:1"), "b": make_curve("0:1 3:1"), "c": make_curve(4)}
    assert find_length(curves) == 3
    with pytest.raises(ParameterError, match="seconds must be given, because no target is a sound"):
        find_length({"c": curves["c"], "d": Curve("x", curves["c"].shape)})


def test_sample_targets_of_a_sound_lasts_and_transposes_as_it_says(book, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    import soundfile

    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(12345) / 16000)
    soundfile.write(tmp_path / "a (1).wav", tone, 16000)
    made = make_curves({"pitch": f"@{tmp_path / 'a (1).wav'}(transpose=12)"}, book.table, book.grid)
    assert find_length(made) == pytest.approx(12345 / 16000)
    pitch = sample_targets(made, book.table, book.grid, seconds=0.5)["pitch"]
    assert np.nanmedian(pitch) == pytest.approx(600, rel=0.01)


def test_sample_targets_mapped_by_descriptor_and_the_others_otherwise(book) -> None:  # type: ignore[no-untyped-def]
    def sampled(mapping: object) -> tuple[float, float]:
        curves = {"centroid": "line(1,2)", "flatness": "line(1,2)"}
        targets = sample_targets(curves, book.table, book.grid, seconds=1, mapping=mapping)  # type: ignore[arg-type]
        return float(targets["centroid"].max()), float(targets["flatness"].max())

    plain, mapped = sampled("clamp"), sampled("minmax")
    assert sampled({"centroid": "minmax"}) == (mapped[0], plain[1])
    assert sampled({"*": "minmax", "centroid": "clamp"}) == (plain[0], mapped[1])
    with pytest.raises(ParameterError, match="the mapping must be one of"):
        sampled({"*": "loud"})


def test_gather_targets_like_a_sound_maps_the_rest_as_suits_it(book, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """What a mapping names is mapped as it says, what it leaves out as without one; "*" leaves nothing out."""
    import soundfile

    from vqsynth.follow.synthesis import gather_targets

    times = np.arange(16000) / 16000
    rising = 0.3 * np.sin(2 * np.pi * (900 * times + 300 * times**2))
    soundfile.write(tmp_path / "a.wav", rising + 0.01 * np.random.default_rng(0).standard_normal(16000), 16000)

    def gather(mapping: object) -> dict[str, np.ndarray]:
        return gather_targets(book, targets={}, like=tmp_path / "a.wav", mapping=mapping)[0]  # type: ignore[arg-type]

    usual, clamped = gather(None), gather("clamp")
    one, rest = gather({"flatness": "clamp"}), gather({"*": "clamp", "pitch": "octave"})
    assert not np.allclose(usual["flatness"], clamped["flatness"], equal_nan=True)
    np.testing.assert_array_equal(one["flatness"], clamped["flatness"])
    np.testing.assert_array_equal(one["centroid"], usual["centroid"])
    np.testing.assert_array_equal(rest["flatness"], clamped["flatness"])
    np.testing.assert_array_equal(rest["pitch"], usual["pitch"])
