"""The pictures show the numbers that they were given, in files that do not differ from one time to the next."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.plot.pictures import png_size, texts
from vqsynth.errors import AudioError, ParameterError, VqsynthError
from vqsynth.plot import plot_report, plot_traverse

Sine = Callable[..., NDArray[np.float32]]


def make_report(names: tuple[str, ...] = ("centroid",), n_frames: int = 87) -> dict[str, Any]:
    asked = np.linspace(100, 900, n_frames)
    got: list[float | None] = [*asked[:-1], None]
    row = {"unit": "Hz", "asked": asked.tolist(), "table": got, "got": got, "nrmse": 0.01234, "out_of_reach": 0.25}
    return {"sr": 44100, "hop_length": 512, "codes": [0] * n_frames, "descriptors": {name: dict(row) for name in names}}


def test_plot_report_grows_by_a_panel_per_descriptor(tmp_path: Path, sine: Sine) -> None:
    sizes = []
    for names in ((), ("centroid",), ("centroid", "pitch")):
        plot_report(make_report(names), sine(440.0), tmp_path / "a.png")
        sizes.append(png_size(tmp_path / "a.png"))
    assert len({width for width, _ in sizes}) == 1
    assert sizes[2][1] - sizes[1][1] == sizes[1][1] - sizes[0][1] > 100


def test_plot_report_says_names_units_and_error(tmp_path: Path, sine: Sine) -> None:
    report = make_report(("pitch_confidence",))
    plot_report(report, sine(440.0), tmp_path / "a.svg", title="costs $5 & more: sin(p5,p95,0.2)")
    said = texts(tmp_path / "a.svg")
    for words in ("pitch confidence (Hz)", "asked", "nrmse 0.0123", "25.0%", "time (s)", "frequency (kHz)"):
        assert words in said
    assert "costs $5" in said


@pytest.mark.parametrize("reach", [(300.0, 700.0), (0.0, 1000.0)])
def test_plot_report_shades_what_was_out_of_reach(tmp_path: Path, sine: Sine, reach: tuple[float, float]) -> None:
    report = make_report()
    report["descriptors"]["centroid"]["reach"] = reach
    plot_report(report, sine(440.0), tmp_path / "a.svg")
    is_beyond = reach[0] > 100
    assert ("#999999" in (tmp_path / "a.svg").read_text(encoding="utf-8")) == is_beyond
    assert ("out of reach" in texts(tmp_path / "a.svg")) == is_beyond


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_plot_report_of_the_same_data_gives_the_same_bytes(tmp_path: Path, sine: Sine, suffix: str) -> None:
    for name in ("a", "b"):
        plot_report(make_report(), sine(440.0), tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("y", [np.zeros(44100), np.zeros(1), np.ones(3)])
def test_plot_report_of_silence_or_a_few_samples_is_a_picture(tmp_path: Path, y: NDArray[np.float64]) -> None:
    plot_report(make_report(n_frames=1), y, tmp_path / "a.png")
    assert min(png_size(tmp_path / "a.png")) > 100


def test_plot_report_without_any_value_is_a_picture(tmp_path: Path, sine: Sine) -> None:
    report = make_report()
    report["descriptors"]["centroid"].update(got=[None] * 87, nrmse=None, reach=[])
    plot_report(report, sine(440.0), tmp_path / "a.svg")
    assert "nrmse" not in texts(tmp_path / "a.svg")


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.wav"])
def test_plot_report_to_another_format_lists_the_known(tmp_path: Path, sine: Sine, name: str) -> None:
    with pytest.raises(ParameterError, match=r"must end in \.png, \.svg, \.pdf"):
        plot_report(make_report(), sine(440.0), tmp_path / name)


def test_plot_report_that_fails_keeps_the_former_picture(tmp_path: Path, sine: Sine) -> None:
    (tmp_path / "a.png").write_bytes(b"before")
    with pytest.raises(AudioError, match="NaN"):
        plot_report(make_report(), sine(440.0) * np.float32(np.nan), tmp_path / "a.png")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]
    with pytest.raises(VqsynthError, match="does not exist"):
        plot_report(make_report(), sine(440.0), tmp_path / "missing" / "a.png")


def test_plot_traverse_leaves_gaps_where_a_code_has_no_value(tmp_path: Path, sine: Sine) -> None:
    for name, hole in (("whole", 500.0), ("gap", np.nan)):
        values = np.linspace(100, 900, 40)
        values[20] = hole
        plot_traverse(sine(440.0), 44100, values, tmp_path / f"{name}.svg", name="centroid", unit="Hz")
    assert "centroid (Hz), code by code" in texts(tmp_path / "gap.svg")
    assert (tmp_path / "gap.svg").read_bytes() != (tmp_path / "whole.svg").read_bytes()


def test_plot_report_of_a_steady_target_shows_small_errors_small(tmp_path: Path, sine: Sine) -> None:
    """A level that is off by a hundredth of a dB is drawn on an axis of several."""
    report = make_report(("loudness",))
    steady = np.full(87, -20.0)
    report["descriptors"]["loudness"].update(unit="dB", asked=steady.tolist(), got=(steady + 0.01).tolist())
    plot_report(report, sine(440.0), tmp_path / "a.svg")
    numbers = re.findall(r"^ \N{MINUS SIGN}([0-9.]+) $", texts(tmp_path / "a.svg"), re.MULTILINE)
    on_axis = [float(number) for number in numbers if 13 < float(number) < 27 and float(number) != 20]
    assert max(on_axis) - min(on_axis) >= 5


def test_plot_report_with_four_descriptors_has_a_panel_for_each(tmp_path: Path, sine: Sine) -> None:
    names = ("centroid", "pitch", "flatness", "loudness")
    plot_report(make_report(names), sine(440.0), tmp_path / "a.svg")
    said = texts(tmp_path / "a.svg")
    assert [said.count(f"{name} (Hz)") for name in names] == [1] * 4


def test_plot_report_of_a_target_that_is_nowhere_is_a_picture(tmp_path: Path, sine: Sine) -> None:
    """Where a pitch target comes from a sound, the unvoiced frames ask for nothing."""
    for asked in ([None] * 87, [None] * 40 + [440.0] * 47):
        report = make_report(("pitch",))
        report["descriptors"]["pitch"].update(asked=asked, reach=[100.0, 400.0])
        plot_report(report, sine(440.0), tmp_path / "a.png")
        assert min(png_size(tmp_path / "a.png")) > 100


def test_plot_report_dark_has_the_same_words_on_other_paper(tmp_path: Path, sine: Sine) -> None:
    for dark in (False, True):
        plot_report(make_report(), sine(440.0), tmp_path / f"{dark}.svg", dark=dark)
    light, dark_text = (tmp_path / f"{dark}.svg" for dark in (False, True))
    assert texts(light) == texts(dark_text)
    assert "#ffffff" in light.read_text() and "#ffffff" not in dark_text.read_text()
    assert "#15181d" in dark_text.read_text()


def test_plot_report_looks_the_same_whatever_the_users_settings(tmp_path: Path, sine: Sine) -> None:
    import matplotlib as mpl

    plot_report(make_report(), sine(440.0), tmp_path / "a.svg")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linestyle": ":"}):
        plot_report(make_report(), sine(440.0), tmp_path / "b.svg")
        assert mpl.rcParams["font.size"] == 30
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_plot_traverse_with_spectra_has_a_strip_of_them(tmp_path: Path, sine: Sine) -> None:
    magnitudes = np.abs(np.random.default_rng(1).standard_normal((40, 513)))
    values = np.linspace(100, 900, 40)
    sizes = []
    for given in (None, magnitudes):
        plot_traverse(sine(440.0), 44100, values, tmp_path / "a.png", name="pitch", unit="Hz", magnitudes=given)
        sizes.append(png_size(tmp_path / "a.png"))
    assert sizes[1][1] > sizes[0][1] + 100
    plot_traverse(sine(440.0), 44100, values, tmp_path / "a.svg", name="pitch", unit="Hz", magnitudes=magnitudes)
    assert "the codes' spectra, in the same order" in texts(tmp_path / "a.svg")
