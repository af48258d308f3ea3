"""Errors: in the unit, in cents, over a range where there is one, and never over next to nothing."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.envelopes import BANDS
from vqsynth.codes.selection import Selection, price_jumps
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.misses import describe_miss, error_scale, find_range, measure_miss
from vqsynth.curves.ranges import map_range
from vqsynth.follow.report import summarize
from vqsynth.follow.synthesis import synthesize
from vqsynth.plot.look import make_norm

ALL = np.ones(5, bool)
Doubles = NDArray[np.float64]


def test_measure_miss_of_a_semitone_is_100_cents() -> None:
    asked = np.array([100.0, 200, 300, 400, 500])
    miss = measure_miss(asked * 2 ** (1 / 12), asked, ALL, unit="Hz", scale="octave")
    assert miss is not None and miss.cents == pytest.approx(100)
    assert miss.nrmse == pytest.approx(miss.error / 400) == miss.scaled


@pytest.mark.parametrize(
    ("asked", "unit", "scale"),
    [
        (np.full(5, 440.0), "Hz", "octave"),
        (np.full(5, 440.0) + 1e-3 * np.arange(5), "Hz", "octave"),
        (np.full(5, 0.0), "dB", "linear"),
        (np.full(5, -1e-12), "dB", "linear"),
        (-20 + 0.01 * np.arange(5), "dB", "linear"),
        (np.zeros(5), "", "linear"),
        (np.full(5, 1e-300), "", "linear"),
    ],
)
def test_measure_miss_of_a_target_that_stands_still_has_a_unit_and_no_range(
    asked: Doubles, unit: str, scale: str
) -> None:
    miss = measure_miss(asked + 1, asked, ALL, unit=unit, scale=scale)
    assert miss is not None and miss.nrmse is None
    assert miss.error == pytest.approx(1)
    assert 0 < miss.scaled < 1e5


def test_error_scale_of_a_level_near_zero_is_that_of_decibels() -> None:
    assert error_scale(np.zeros(5), unit="dB", scale="linear") == 10
    assert error_scale(np.full(5, -20.0), unit="dB", scale="linear") == 20
    assert error_scale(np.array([-30.0, -20]), unit="dB", scale="linear") == 10


def test_find_range_starts_where_a_change_is_heard() -> None:
    assert find_range(np.array([440.0, 440 * 1.009]), unit="Hz", scale="octave") is None
    assert find_range(np.array([440.0, 440 * 1.011]), unit="Hz", scale="octave") == pytest.approx(4.84)
    assert find_range(np.array([-20, -20.09]), unit="dB", scale="linear") is None
    assert find_range(np.array([-20, -20.11]), unit="dB", scale="linear") == pytest.approx(0.11)


@pytest.mark.parametrize("scale", ["octave", "linear"])
def test_measure_miss_without_a_frame_is_none(scale: str) -> None:
    asked, nothing = np.arange(5.0), np.full(5, np.nan)
    assert measure_miss(nothing, asked, ALL, unit="Hz", scale=scale) is None
    assert measure_miss(asked, nothing, ALL, unit="Hz", scale=scale) is None
    assert measure_miss(asked, asked, ~ALL, unit="Hz", scale=scale) is None
    assert error_scale(nothing, unit="Hz", scale=scale) == 1
    minus = measure_miss(np.full(5, -np.inf), asked, ALL, unit="Hz", scale=scale)
    assert minus is None


def test_describe_miss_says_what_there_is() -> None:
    assert describe_miss(3.14, 2.4, 0.0014, "Hz") == "0.14 % of the range, 3.1 Hz (2.4 cents)"
    assert describe_miss(0.5, None, None, "dB") == "0.5 dB"
    assert describe_miss(0.01, None, None, "") == "0.01"
    assert describe_miss(None, None, None, "dB") == ""


@pytest.mark.parametrize("how", ["minmax", "rank", "relative", "octave"])
def test_map_range_of_rounding_is_not_spread_over_the_whole_range(book: Codebook, how: str) -> None:
    """A steady target stays steady, wherever it is brought to."""
    wobble = 1e-9 * np.arange(8)
    for name, level in (("centroid", 900.0), ("flatness", -30.0)):
        mapped = map_range(level * (1 + wobble), book.table, name, how)
        assert np.ptp(mapped) < 1e-6 * abs(level)


def test_spreads_of_a_column_that_is_the_same_but_for_rounding_are_one() -> None:
    column = np.array([440.0, np.nextafter(np.float32(440), np.float32(441)), 440.0], np.float32)
    table = DescriptorTable(("pitch",), ("Hz",), ("octave",), column[:, None], np.ones(3, np.int64))
    assert table.spreads.tolist() == [1.0]


@pytest.mark.parametrize(
    "curves", [{"centroid": 900}, {"flatness": 0.0}, {"pitch": 220, "loudness": 0}, {"rolloff": 1e-6}]
)
def test_synthesize_of_steady_targets_stays_finite(book: Codebook, curves: dict[str, float]) -> None:
    made = synthesize(book, seconds=0.5, rounds=2, **curves)
    assert np.isfinite(made.y).all()
    json.dumps(made.report.to_dict(), allow_nan=False)
    for line in summarize(made.report):
        assert "nan" not in line and "inf" not in line and "of the range" not in line


def test_correct_path_of_codes_that_no_envelope_moves_stays_finite(
    book: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = lambda spectra, codes, names, envelope_db: np.zeros((len(codes), len(names), BANDS), np.float32)  # noqa: E731
    monkeypatch.setattr("vqsynth.follow.bending.measure_slopes", still)
    made = synthesize(book, seconds=0.5, rounds=2, centroid="line(p20,p80)")
    assert np.isfinite(made.y).all() and made.report["spent"] == {}


def test_price_jumps_of_a_codebook_of_one_code_is_finite() -> None:
    prices = price_jumps(np.zeros((1, 1), np.float32), Selection(style=1.0), np.array([[0, 0, 3]]))
    assert np.isfinite(prices).all()


@pytest.mark.parametrize("scale", ["octave", "linear"])
@pytest.mark.parametrize("values", [[0.0, 0.0], [440.0, 440.0000001], [-1.0, 2.0], [0.0, 1e-12]])
def test_make_norm_of_next_to_no_range_colours_values(values: list[float], scale: str) -> None:
    assert np.isfinite(np.asarray(make_norm(values, scale)(values), float)).all()
