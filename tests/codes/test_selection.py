"""Selection: the paper's nearest code, and the best path against every path there is."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.index import Demand
from vqsynth.codes.reaching import find_reached, reach
from vqsynth.codes.selection import MISS_COST, Selection, find_best_path, price_jumps, select_codes
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import ParameterError


def choose(book: Codebook, targets: dict[str, NDArray[np.float64]], **options: Any) -> NDArray[np.int64]:
    selection = Selection(**{"motion": 0.0, **options})
    jumps = price_jumps(book.spectra.distances, selection, book.transitions)
    return select_codes(book.table, jumps, targets, selection, transitions=book.transitions)


@settings(max_examples=40)
@given(st.integers(1, 5), st.floats(0, 50), st.floats(0.01, 1), st.integers(0, 2**31))
def test_find_best_path_is_the_cheapest_of_all_paths(frames: int, smoothness: float, far: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(size=(5, 3))
    jumps = ((points[:, None] - points[None]) ** 2).sum(-1).astype(np.float32)
    values = rng.uniform(0, 1, (5, 1)).astype(np.float32)
    table = DescriptorTable(("level",), ("dB",), ("linear",), values, np.ones(5, np.int64))
    demand = Demand(table, {"level": rng.uniform(-far, 1 + far, frames)})
    misses = MISS_COST * demand.misses(slice(None))

    def cost(row: Sequence[int]) -> float:
        steps = sum(float(jumps[a, b]) for a, b in zip(row[:-1], row[1:], strict=True))
        return sum(float(misses[t, code]) for t, code in enumerate(row)) + smoothness * steps

    found = find_best_path(iter(misses), smoothness * jumps)
    cheapest = min(cost(row) for row in product(range(5), repeat=frames))
    assert cost(found.tolist()) == pytest.approx(cheapest, rel=1e-4, abs=1e-4)


def test_find_best_path_where_nothing_is_asked_the_code_stays(book: Codebook) -> None:
    asked = np.full(40, np.nan)
    asked[[0, -1]] = 700.0
    codes = choose(book, {"centroid": asked})
    assert len(set(codes)) == 1


def test_select_codes_without_smoothness_best_path_misses_as_little_as_nearest(book: Codebook) -> None:
    steady = replace(book, table=replace(book.table, deviations=None))
    targets = {"centroid": np.geomspace(400, 3000, 50)}
    chosen = [choose(steady, targets, method=method, smoothness=0.0) for method in ("nearest", "best_path")]
    missed = [np.abs(np.log2(book.table.column("centroid")[codes] / targets["centroid"])) for codes in chosen]
    np.testing.assert_allclose(missed[0], missed[1], atol=1e-6)


def test_select_codes_best_path_prefers_a_steady_code_to_a_wavering_one(book: Codebook) -> None:
    """Of two codes that miss alike, the one whose value wavers while it is held is left."""
    table = DescriptorTable(
        ("level",), ("dB",), ("linear",), np.array([[1.0], [1.0], [5.0]], np.float32), np.ones(3, np.int64),
        deviations=np.array([[0.8], [0.1], [0.0]], np.float32),
    )  # fmt: skip
    codes = select_codes(table, np.zeros((3, 3), np.float32), {"level": np.ones(6)}, Selection(motion=0.0))
    assert (codes == 1).all()


def test_select_codes_more_smoothness_makes_smaller_jumps(book: Codebook) -> None:
    targets = {"centroid": np.linspace(400, 3000, 80)}
    jumps = []
    for smoothness in (0.0, 2.0, 50.0):
        codes = choose(book, targets, smoothness=smoothness)
        jumps.append(book.spectra.distances[codes[:-1], codes[1:]].sum())
    assert jumps[0] > jumps[1] > jumps[2]


def test_select_codes_asked_for_a_codes_own_values_takes_that_code(book: Codebook) -> None:
    codes = np.arange(len(book))
    targets = {name: book.table.column(name).astype(float) for name in ("centroid", "flatness", "crest")}
    np.testing.assert_array_equal(choose(book, targets, method="nearest"), codes)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"method": "fast"}, "nearest, best_path"), ({"smoothness": -1.0}, "smoothness must be"),
     ({"smoothness": float("nan")}, "smoothness must be")],
)  # fmt: skip
def test_select_codes_bad_options_are_refused(book: Codebook, options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Selection(**options)


def test_reach_counts_the_frames_outside_the_table(book: Codebook) -> None:
    top = float(np.nanmax(book.table.column("centroid")))
    assert reach(book.table, "centroid", np.array([top, top * 1.2, top * 2, top / 1.5])) == 0.5


def test_reach_of_pitch_has_holes_which_transposition_bridges(book: Codebook) -> None:
    low, high = np.unique(np.round(book.table.column("pitch")[~np.isnan(book.table.column("pitch"))]))[:2]
    between = np.array([low, np.sqrt(low * high), high, np.nan])
    np.testing.assert_array_equal(find_reached(book.table, "pitch", between), [True, False, True, True])
    assert reach(book.table, "pitch", between) == pytest.approx(1 / 3)
    assert reach(book.table, "pitch", between, transpose_cents=200.0) == 0
    assert reach(book.table, "pitch", np.array([low / 2]), transpose_cents=200.0) == 1


def test_select_codes_rest_keeps_a_code_from_coming_back_soon(book: Codebook) -> None:
    codes = choose(book, {"centroid": np.full(60, 900.0)}, rest=5)
    for t in range(60):
        assert codes[t] not in codes[max(0, t - 5) : t]


def test_select_codes_variation_is_seeded_and_stays_near(book: Codebook) -> None:
    targets = {"centroid": np.geomspace(400, 3000, 80)}
    plain = choose(book, targets, method="nearest")
    one, again, other = (choose(book, targets, method="nearest", variation=0.3, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any() and (one != plain).any()
    column, asked = (book.table.rescale("centroid", v) for v in (book.table.column("centroid"), targets["centroid"]))
    best = np.abs(column[plain] - asked)
    assert ((column[one] - asked) ** 2 <= best**2 + 0.3**2 + 1e-5).all()


def test_price_jumps_with_style_prefers_what_the_instrument_does(book: Codebook) -> None:
    transitions = np.array([[3, 3, 90], [3, 7, 10], [7, 3, 5]])
    prices = price_jumps(book.spectra.distances, Selection(style=1.0), transitions)
    assert prices[3, 3] < prices[3, 7] < prices[3, 20]
    np.testing.assert_allclose(
        price_jumps(book.spectra.distances, Selection(smoothness=3.0)), 3 * book.spectra.distances
    )
    with pytest.raises(ParameterError, match="style needs the transitions of the training sounds"):
        price_jumps(book.spectra.distances, Selection(style=0.5))
