"""Nearest codes: faiss against every distance computed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vqsynth.codebook import Codebook
from vqsynth.codes.index import MANY, CodeIndex, Demand, find_candidates
from vqsynth.errors import ParameterError


@given(st.integers(1, 70), st.floats(0.1, 10), st.integers(0, 2**31))
def test_find_candidates_agrees_with_all_distances(book: Codebook, k: int, weight: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = {"centroid": rng.uniform(300, 4000, 9), "flatness": rng.uniform(-60, 0, 9)}
    found = find_candidates(book.table, targets, weights={"flatness": weight}, k=k)
    rescaled = {n: (book.table.rescale(n, book.table.column(n)), book.table.rescale(n, v)) for n, v in targets.items()}
    factors = {"centroid": 1.0, "flatness": weight}
    every = sum(factors[n] * (have[None] - want[:, None]) ** 2 for n, (have, want) in rescaled.items())
    expected = np.sort(every, axis=1)[:, : min(k, len(book))]
    np.testing.assert_allclose(found.distances, expected, atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(every, found.codes, 1), expected, atol=1e-6)


def test_find_candidates_for_pitch_leaves_unpitched_codes_out(book: Codebook) -> None:
    found = find_candidates(book.table, {"pitch": np.array([200.0, 5000.0])}, k=1000)
    pitched = np.flatnonzero(~np.isnan(book.table.column("pitch")))
    assert 0 < len(pitched) < len(book)
    assert set(found.codes.ravel()) == set(pitched)


def test_find_candidates_compares_frequencies_in_octaves(book: Codebook) -> None:
    """Halfway between two codes, counted in ratios, either is as near."""
    column = np.sort(book.table.column("centroid").astype(np.float64))
    low, high = column[10], column[11]
    found = find_candidates(book.table, {"centroid": np.array([np.sqrt(low * high)])}, k=2)
    assert found.distances[0, 0] == pytest.approx(found.distances[0, 1], rel=1e-3)


@pytest.mark.parametrize(
    ("weights", "message"),
    [({"centroid": -1.0}, "must be a number of 0 or more"), ({"centroid": np.nan}, "0 or more"),
     ({"crest": 1.0}, "needs a target")],
)  # fmt: skip
def test_find_candidates_bad_weights_are_refused(book: Codebook, weights: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        find_candidates(book.table, {"centroid": np.array([900.0])}, weights=weights)


def test_find_candidates_frequency_of_zero_is_refused(book: Codebook) -> None:
    with pytest.raises(ParameterError, match="centroid must lie above 0"):
        find_candidates(book.table, {"centroid": np.array([900.0, 0.0])})


@given(st.integers(0, 2**31))
def test_find_candidates_weights_per_frame_agree_with_constant_ones(book: Codebook, seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = {"centroid": rng.uniform(300, 4000, 9), "flatness": rng.uniform(-60, 0, 9)}
    constant = find_candidates(book.table, targets, weights={"centroid": 3.0}, k=1)
    varying = find_candidates(book.table, targets, weights={"centroid": np.full(9, 3.0)}, k=1)
    np.testing.assert_allclose(varying.distances, constant.distances, atol=1e-3)


def test_find_candidates_nan_asks_for_nothing(book: Codebook) -> None:
    """Where no pitch is asked for, unpitched codes are as good as any."""
    noisy = float(np.nanmax(book.table.column("flatness")))
    targets = {"flatness": np.full(2, noisy), "pitch": np.array([np.nan, 300.0])}
    codes = find_candidates(book.table, targets).codes[:, 0]
    assert np.isnan(book.table.column("pitch")[codes[0]])
    assert not np.isnan(book.table.column("pitch")[codes[1]])


def test_misses_of_an_unusable_code_are_infinite_at_weight_zero_too(book: Codebook) -> None:
    targets = {"pitch": np.array([300.0]), "centroid": np.array([900.0])}
    missed = Demand(book.table, targets, {"pitch": 0.0}).misses(slice(None))
    np.testing.assert_array_equal(np.isinf(missed[0]), np.isnan(book.table.column("pitch")))
    assert not np.isnan(missed).any()


def test_code_index_of_very_many_codes_finds_the_nearest(rng: np.random.Generator) -> None:
    """Cells are searched instead of all; nearly every query still finds the very nearest."""
    columns, queries = rng.standard_normal((MANY + 5000, 3)), rng.standard_normal((200, 3))
    found = CodeIndex(columns).search(queries, 1)
    least = np.array([((columns - query) ** 2).sum(axis=1).min() for query in queries])
    assert np.mean(np.isclose(found.distances[:, 0], least)) > 0.97
    np.testing.assert_allclose(((columns[found.codes[:, 0]] - queries) ** 2).sum(axis=1), found.distances[:, 0])
