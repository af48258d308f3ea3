"""The descriptor table: order, scale, percentiles, and files that read back to the bit."""

import dataclasses
import html
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tests.sound_worlds import make_codebook
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import CodebookError, ParameterError

NAMES, UNITS, SCALES = ("centroid", "flatness", "pitch"), ("Hz", "dB", "Hz"), ("octave", "linear", "octave")
UNIT_OF, SCALE_OF = dict(zip(NAMES, UNITS, strict=True)), dict(zip(NAMES, SCALES, strict=True))


def make_table(values: Any, counts: Any = None) -> DescriptorTable:
    rows = np.asarray(values, dtype=np.float32)
    return DescriptorTable(NAMES, UNITS, SCALES, rows, np.arange(len(rows)) if counts is None else counts)


def read_back(path: Path) -> DescriptorTable:
    return DescriptorTable.from_csv(path, units=UNIT_OF, scales=SCALE_OF)


@pytest.fixture
def table() -> DescriptorTable:
    return make_table(
        [[1000, -20, 440], [500, -10, np.nan], [4000, -30, 220], [2000, -10, 880]], np.array([7, 0, 3, 9])
    )


finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
any_values = st.integers(1, 30).flatmap(
    lambda k: arrays(np.float32, (k, 3), elements=st.one_of(finite, st.just(float("nan"))))
)


def test_column_by_name_is_the_column_of_the_values(table: DescriptorTable) -> None:
    for i, name in enumerate(NAMES):
        np.testing.assert_array_equal(table.column(name), table.values[:, i])


def test_column_of_an_unknown_name_suggests_the_nearest(table: DescriptorTable) -> None:
    with pytest.raises(ParameterError, match=r"unknown descriptor 'centriod'; did you mean 'centroid'\?"):
        table.column("centriod")
    with pytest.raises(ParameterError, match="known are centroid, flatness, pitch"):
        table.percentile("zzz", 50)


def test_values_of_a_table_cannot_be_changed_by_accident(table: DescriptorTable) -> None:
    with pytest.raises(ValueError, match="read-only"):
        table.column("centroid")[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.names = ()  # type: ignore[misc]


def test_sort_by_a_descriptor_puts_unusable_values_last_both_ways(table: DescriptorTable) -> None:
    assert table.sort("pitch").tolist() == [2, 0, 3, 1]
    assert table.sort("pitch", descending=True).tolist() == [3, 0, 2, 1]


def test_sort_with_equal_values_keeps_the_order_of_codes(table: DescriptorTable) -> None:
    assert table.sort("flatness").tolist() == [2, 0, 1, 3]
    assert table.sort("flatness", descending=True).tolist() == [1, 3, 0, 2]


def test_sort_by_count_and_by_code_orders_by_them(table: DescriptorTable) -> None:
    assert table.sort("count").tolist() == [1, 2, 0, 3]
    assert table.sort("code", descending=True).tolist() == [3, 2, 1, 0]


@given(any_values)
def test_sort_of_any_table_is_a_permutation_in_order(values: NDArray[np.float32]) -> None:
    table = make_table(values)
    order = table.sort("pitch")
    assert sorted(order.tolist()) == list(range(len(table)))
    kept = table.column("pitch")[order]
    usable = kept[~np.isnan(kept)]
    np.testing.assert_array_equal(usable, np.sort(usable))
    assert np.isnan(kept[len(usable) :]).all()


@given(any_values, st.floats(0, 100))
def test_percentile_agrees_with_nanpercentile_and_lies_within_the_column(values: NDArray[np.float32], p: float) -> None:
    column = values[:, 1].astype(np.float64)
    if np.isnan(column).all():
        with pytest.raises(ParameterError, match="no code has a usable flatness"):
            make_table(values).percentile("flatness", p)
        return
    found = make_table(values).percentile("flatness", p)
    assert found == pytest.approx(np.nanpercentile(column, p))
    assert np.nanmin(column) <= found <= np.nanmax(column)


@pytest.mark.parametrize("p", [-0.1, 100.1, np.nan])
def test_percentile_outside_0_to_100_raises(table: DescriptorTable, p: float) -> None:
    with pytest.raises(ParameterError, match="a percentile must be a number of 0 or more, up to 100"):
        table.percentile("centroid", p)


def test_ranges_of_a_column_without_values_is_none() -> None:
    ranges = make_table([[100, -1, np.nan], [200, -3, np.nan]]).ranges(low=0, high=100)
    assert ranges == {"centroid": (100.0, 200.0), "flatness": (-3.0, -1.0), "pitch": None}


def test_filter_speaks_of_descriptors_counts_and_codes(table: DescriptorTable) -> None:
    assert table.filter("centroid>=p50 and count>=3 and code<3").tolist() == [False, False, True, False]
    assert table.filter("pitch!=1").tolist() == [True, False, True, True]


def test_scaled_octaves_are_equal_steps_and_decibels_stay(table: DescriptorTable) -> None:
    scaled = table.scaled()
    assert scaled.dtype == np.float32
    by_octave = scaled[[1, 0, 3, 2], 0]
    np.testing.assert_allclose(np.diff(by_octave), np.diff(by_octave)[0], rtol=1e-5)
    np.testing.assert_allclose(np.nanstd(scaled, axis=0), 1, rtol=1e-5)
    assert np.isnan(scaled[1, 2])


def test_scaled_of_a_constant_column_divides_by_one() -> None:
    scaled = make_table([[256, -5, np.nan]] * 3).scaled()
    np.testing.assert_allclose(scaled[:, :2], [[8, -5]] * 3)
    assert np.isnan(scaled[:, 2]).all()


def test_rescale_of_targets_agrees_with_the_scaled_table(table: DescriptorTable) -> None:
    for i, name in enumerate(NAMES):
        np.testing.assert_allclose(table.rescale(name, table.column(name)), table.scaled()[:, i], rtol=1e-6)
    assert np.isnan(table.rescale("pitch", [0.0, -3.0])).all()


def test_scaled_does_not_change_with_the_unit_of_a_linear_column(table: DescriptorTable) -> None:
    louder = make_table(table.values * np.array([1, 10, 1]))
    np.testing.assert_allclose(louder.scaled(), table.scaled(), rtol=1e-5)


def test_select_keeps_the_codes_of_its_rows(table: DescriptorTable) -> None:
    chosen = table.select([3, 1, 3])
    assert chosen.codes.tolist() == [3, 1, 3]
    assert chosen.column("centroid").tolist() == [2000, 500, 2000]
    assert chosen.counts.tolist() == [9, 0, 9]
    masked = table.select(table.filter("centroid>=2000"))
    assert masked.codes.tolist() == [2, 3]
    assert masked.sort("centroid").tolist() == [3, 2]
    assert masked.select(masked.sort("centroid")).codes.tolist() == [3, 2]


def test_select_nothing_gives_an_empty_table(table: DescriptorTable) -> None:
    none = table.select(table.filter("centroid>1e6"))
    assert len(none) == 0
    assert none.to_csv() == "code,count,centroid,flatness,pitch\n"
    assert none.sort("pitch").tolist() == []
    assert "0 codes" in none._repr_html_()


@pytest.mark.parametrize("codes", [[4], [-1], [0, 99], [[0, 1]], [0.5]])
def test_select_codes_that_are_not_there_raises(table: DescriptorTable, codes: Any) -> None:
    with pytest.raises(ParameterError, match="codes must be a list of codes of this table"):
        table.select(codes)


@given(any_values, st.data())
def test_csv_round_trip_is_exact(tmp_path_factory: pytest.TempPathFactory, values: Any, data: st.DataObject) -> None:
    counts = data.draw(arrays(np.int64, len(values), elements=st.integers(0, 2**50)))
    path = tmp_path_factory.mktemp("table") / "t.csv"
    table = make_table(values, counts)
    assert table.to_csv(path).encode() == path.read_bytes()
    again = read_back(path)
    assert (again.names, again.units, again.scales) == (NAMES, UNITS, SCALES)
    np.testing.assert_array_equal(
        again.values.view(np.uint32)[~np.isnan(values)], values.view(np.uint32)[~np.isnan(values)]
    )
    np.testing.assert_array_equal(np.isnan(again.values), np.isnan(values))
    np.testing.assert_array_equal(again.counts, counts)


def test_to_csv_leaves_what_is_not_usable_empty(table: DescriptorTable) -> None:
    lines = table.to_csv().splitlines()
    assert lines[0] == "code,count,centroid,flatness,pitch"
    assert lines[2] == "1,0,500.0,-10.0,"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must have the columns code,count"),
        ("count,code,centroid\n0,0,1\n", "must have the columns code,count"),
        ("code,count\n0,0\n", "and a descriptor"),
        ("code,count,centroid\n", "holds no codes"),
        ("code,count,centroid,centroid\n0,0,1,1\n", "twice"),
        ("code,count,centroid,flatness\n0,0,1\n", "row of code 0: expected 4 cells .got 3."),
        ("code,count,centroid\n0,0,1\n1,0,2,3\n", "row of code 1: expected 3 cells .got 4."),
        ("code,count,centroid\n1,0,1\n0,0,1\n", "expected code 0 .got '1'."),
        ("code,count,centroid\n0,0,1\n0,0,1\n", "expected code 1 .got '0'."),
        ("code,count,centroid\n0,-1,1\n", "count must be a whole number"),
        ("code,count,centroid\n0,1.5,1\n", "count must be a whole number"),
        ("code,count,centroid\n0,0,high\n", "centroid must be a number or empty .got 'high'."),
        ("code,count,centroid\n0,0,inf\n", "centroid must be finite"),
        ("code,count,centroid\n0,0,nan\n", "centroid must be finite"),
        ("code,count,centroid\n0,0,1e39\n", "centroid must be finite"),
        ("code,count,brightness\n0,0,1\n", "'brightness' without a known unit and scale"),
        ("code,count,not a word\n0,0,1\n", "without a known unit"),
    ],
)
def test_from_csv_of_a_malformed_file_says_where(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(CodebookError, match=rf"table\.csv'.*{says}"):
        read_back(tmp_path / "table.csv")


def test_from_csv_of_other_bytes_or_of_nothing_raises(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(b"\xff\xfe\x00code")
    for name in ("table.csv", "gone.csv", "."):
        with pytest.raises(CodebookError, match="cannot read the table"):
            read_back(tmp_path / name)


def test_from_csv_with_carriage_returns_reads_the_same(tmp_path: Path, table: DescriptorTable) -> None:
    (tmp_path / "t.csv").write_bytes(table.to_csv().replace("\n", "\r\n").encode())
    np.testing.assert_array_equal(read_back(tmp_path / "t.csv").values, table.values)


def test_to_json_has_a_row_per_code_and_null_for_unusable(tmp_path: Path, table: DescriptorTable) -> None:
    table.to_json(tmp_path / "t.json")
    content = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert content["units"] == UNIT_OF
    assert content["rows"][1] == {"code": 1, "count": 0, "centroid": 500.0, "flatness": -10.0, "pitch": None}
    assert [row["code"] for row in content["rows"]] == [0, 1, 2, 3]


class Rows(HTMLParser):
    """Count the rows of an HTML table, and the cells of each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.cells.append(0)
        elif tag in ("td", "th"):
            self.cells[-1] += 1


def test_repr_html_of_a_long_table_leaves_its_middle_out() -> None:
    shown = make_table(np.ones((1000, 3)))._repr_html_()
    assert Rows(shown).cells == [5] * 22
    assert "1000 codes" in shown
    assert "…" in shown
    assert "<td>999</td>" in shown


def test_repr_html_escapes_units() -> None:
    odd = DescriptorTable(("a",), ("<b>&",), ("linear",), np.ones((1, 1), np.float32), np.ones(1, np.int64))
    assert html.escape("<b>&") in odd._repr_html_()
    assert "<b>" not in odd._repr_html_()


def test_repr_is_one_short_line_with_ranges() -> None:
    shown = repr(make_table([[12345.678, -20.123456, np.nan]] * 3))
    assert shown == (
        "DescriptorTable(3 codes, p5 to p95: centroid 12346 to 12346 Hz, flatness -20.12 to -20.12 dB, "
        "pitch none usable)"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"units": ("Hz",)}, "as many units, scales and columns"),
        ({"values": np.zeros((4, 2))}, "as many units, scales and columns"),
        ({"values": np.zeros(4)}, "as many units, scales and columns"),
        ({"counts": np.zeros(3, np.int64)}, "a number per row"),
        ({"counts": np.full(4, -1)}, "counts 0 or more"),
        ({"values": np.full((4, 3), np.inf)}, "finite or NaN"),
        ({"scales": ("octave", "log", "linear")}, "octave or linear"),
        ({"names": ("code", "a", "b")}, "none of them code or count"),
        ({"names": ("a", "a", "b")}, "different words"),
        ({"names": ("a b", "a", "b")}, "different words"),
    ],
)
def test_table_whose_parts_do_not_fit_raises(table: DescriptorTable, change: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        dataclasses.replace(table, **change)


def test_select_by_a_mask_of_another_length_is_refused() -> None:
    with pytest.raises(ParameterError, match="a mask must have a value for each of"):
        make_codebook().table.select(np.array([True, False]))


def test_used_tells_the_codes_that_the_corpus_used_and_all_where_it_is_not_known(table: DescriptorTable) -> None:
    counts = np.zeros(len(table), np.int64)
    assert replace(table, counts=counts).used.all()
    counts[2] = 5
    assert np.flatnonzero(replace(table, counts=counts).used).tolist() == [2]
