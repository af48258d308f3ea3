"""The map draws every code once, where it was projected, and the histogram counts each of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.plot.pictures import png_size, texts
from vqsynth.codebook import Codebook
from vqsynth.codes.projection import Projection, project_codes
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import ParameterError
from vqsynth.plot import plot_map
from vqsynth.plot.codemap import RIM, _shares
from vqsynth.plot.look import make_norm, round_numbers


@pytest.fixture(scope="module")
def projection(book: Codebook) -> Projection:
    return project_codes(book.spectra.magnitudes)


def test_plot_map_says_its_axes_unit_and_what_has_no_value(
    book: Codebook, projection: Projection, tmp_path: Path
) -> None:
    plot_map(projection, book.table, tmp_path / "a.svg", color="pitch", title="costs $5 & more")
    said = texts(tmp_path / "a.svg")
    unusable = int(np.isnan(book.table.column("pitch")).sum())
    assert unusable > 0
    for words in ("pitch (Hz)", f"no usable pitch: {unusable}", "1st principal component (dB", "used 64 times"):
        assert words in said
    assert "costs $5" in said


def test_plot_map_draws_a_dot_per_code(book: Codebook, projection: Projection, tmp_path: Path) -> None:
    plot_map(projection, book.table, tmp_path / "a.svg", color="pitch")
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert svg.count(f"stroke-width: {RIM}") == len(book.table)


@pytest.mark.parametrize("suffix", [".png", ".svg"])
@pytest.mark.parametrize("dark", [False, True])
def test_plot_map_of_the_same_codes_gives_the_same_bytes(
    book: Codebook, projection: Projection, tmp_path: Path, suffix: str, dark: bool
) -> None:
    for name in ("a", "b"):
        plot_map(projection, book.table, tmp_path / f"{name}{suffix}", histogram="centroid", dark=dark)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_plot_map_with_a_histogram_grows_and_names_its_descriptor(
    book: Codebook, projection: Projection, tmp_path: Path
) -> None:
    for histogram in (None, "flatness"):
        plot_map(projection, book.table, tmp_path / f"{histogram}.png", histogram=histogram)
    assert png_size(tmp_path / "flatness.png")[1] > png_size(tmp_path / "None.png")[1] + 200
    plot_map(projection, book.table, tmp_path / "a.svg", histogram="flatness")
    said = texts(tmp_path / "a.svg")
    assert "flatness (dB): 64 of 64 codes" in said and "weighted by their use" in said


@pytest.mark.parametrize("names", [{"color": "gloom"}, {"histogram": "gloom"}])
def test_plot_map_by_an_unknown_descriptor_lists_the_known(
    book: Codebook, projection: Projection, tmp_path: Path, names: dict[str, str]
) -> None:
    with pytest.raises(ParameterError, match="unknown descriptor 'gloom'"):
        plot_map(projection, book.table, tmp_path / "a.png", **names)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [np.nan, 440.0])
def test_plot_map_of_equal_or_missing_values_and_no_use_is_a_picture(
    book: Codebook, projection: Projection, tmp_path: Path, value: float
) -> None:
    values = np.array(book.table.values)
    values[:, book.table.position("pitch")] = value
    table: DescriptorTable = replace(book.table, values=values, counts=np.zeros(64, np.int64))
    plot_map(projection, table, tmp_path / "a.png", color="pitch", histogram="pitch")
    assert min(png_size(tmp_path / "a.png")) > 100


def test_shares_of_all_values_are_a_hundred_percent_and_follow_the_weights() -> None:
    values = np.array([1.0, 2.0, 2.0, 4.0])
    edges = np.array([1.0, 1.5, 3.0, 4.0])
    assert _shares(values, edges, np.ones(4)) == pytest.approx([25, 50, 25])
    assert _shares(values, edges, np.array([0, 1, 1, 6])) == pytest.approx([0, 25, 75])


@pytest.mark.parametrize(("low", "high"), [(20.0, 20000.0), (900.0, 1100.0), (0.8, 1.0), (430.0, 450.0)])
def test_round_numbers_lie_inside_and_are_enough_to_read_by(low: float, high: float) -> None:
    ticks = round_numbers(low, high)
    assert 2 <= len(ticks) <= 30 and low <= ticks[0] and ticks[-1] <= high
    assert ticks == sorted(set(ticks))


def test_make_norm_spreads_octaves_evenly() -> None:
    norm = make_norm(np.array([100.0] * 50 + [1600.0] * 50), "octave")
    assert [float(norm(hz)) for hz in (100, 200, 400, 800, 1600)] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
