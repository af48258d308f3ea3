"""Loudness flattened by quantiles: uniform over the corpus, rising, and invertible."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vqsynth.continuous.flattening import Flattening
from vqsynth.errors import ModelError, ParameterError

corpora = st.lists(st.floats(-100, 0, width=32), min_size=1, max_size=300)


def test_flatten_over_its_own_corpus_is_uniform(rng: np.random.Generator) -> None:
    loudness_db = np.concatenate([rng.normal(-40, 8, 7000), rng.normal(-20, 2, 3000)])
    u = np.sort(Flattening.of_corpus(loudness_db).flatten(loudness_db))
    np.testing.assert_allclose(u, np.linspace(0, 1, len(u)), atol=0.005)


def test_flatten_of_a_value_is_the_share_of_the_corpus_under_it(rng: np.random.Generator) -> None:
    loudness_db = rng.uniform(-60, -10, 5000)
    u = Flattening.of_corpus(loudness_db).flatten(np.array([-50.0, -25.0]))
    expected = [np.mean(loudness_db < -50), np.mean(loudness_db < -25)]
    np.testing.assert_allclose(u, expected, atol=0.004)


@given(corpus=corpora, values=corpora)
def test_flatten_of_any_corpus_rises_and_stays_within_0_and_1(corpus: list[float], values: list[float]) -> None:
    u = Flattening.of_corpus(corpus).flatten(np.sort(values))
    assert u.min() >= 0 and u.max() <= 1
    assert (np.diff(u) >= 0).all()


def test_flatten_outside_the_corpus_is_0_and_1() -> None:
    flattening = Flattening.of_corpus(np.linspace(-50, -10, 100))
    assert flattening.flatten([-100.0, 0.0]).tolist() == [0.0, 1.0]


def test_flatten_of_a_corpus_that_is_half_silent_still_tells_silence_from_sound() -> None:
    flattening = Flattening.of_corpus(np.repeat([-100.0, -30.0], 500))
    assert flattening.flatten([-100.0, -65.0, -30.0])[0] == 0
    assert flattening.flatten([-65.0])[0] == pytest.approx(0.5, abs=0.01)


def test_tensors_and_back_are_the_same() -> None:
    flattening = Flattening.of_corpus(np.linspace(-50, -10, 100))
    again = Flattening.from_tensors(flattening.to_tensors())
    np.testing.assert_array_equal(again.quantiles_db, flattening.quantiles_db)


@pytest.mark.parametrize("quantiles", [[-10.0], [-10.0, -10.0], [-10.0, -20.0], [-10.0, np.nan], [[-20.0, -10.0]]])
def test_flattening_of_what_does_not_rise_is_refused(quantiles: list[float]) -> None:
    with pytest.raises(ModelError, match="rising numbers"):
        Flattening.from_tensors({"quantiles_db": np.array(quantiles)})


def test_flattening_without_its_array_is_refused() -> None:
    with pytest.raises(ModelError, match="missing"):
        Flattening.from_tensors({})


@pytest.mark.parametrize("values", [[], [np.nan], [[-10.0]]])
def test_of_corpus_without_finite_values_is_refused(values: list[float]) -> None:
    with pytest.raises(ParameterError, match="finite values"):
        Flattening.of_corpus(values)


def test_flatten_of_nan_is_refused() -> None:
    flattening = Flattening.of_corpus(np.linspace(-50, -10, 100))
    with pytest.raises(ParameterError, match="finite"):
        flattening.flatten([-20.0, np.nan])
    with pytest.raises(ParameterError, match="2 or more"):
        Flattening.of_corpus([-20.0], n=1)
