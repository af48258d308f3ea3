"""Principal components: those of scikit-learn, ordered, of unit variance, and the way back loses nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from vqsynth.continuous.components import Components
from vqsynth.errors import ModelError, ParameterError

Latents = NDArray[np.float32]


def draw_latents(seed: int, *, n: int = 500, columns: int = 16, spread: float = 1.0) -> Latents:
    """Draw latents that hang together, with variances from 1 down to `spread` squared."""
    rng = np.random.default_rng(seed)
    independent = rng.standard_normal((n, columns)) * np.geomspace(1, spread, columns)
    turned = independent @ np.linalg.qr(rng.standard_normal((columns, columns)))[0]
    return (turned + rng.standard_normal(columns)).astype(np.float32)


@given(seed=st.integers(0, 1000), columns=st.integers(1, 16), spread=st.floats(1e-6, 1))
def test_to_latents_of_components_gives_the_latents_back(seed: int, columns: int, spread: float) -> None:
    z = draw_latents(seed, columns=columns, spread=spread)
    components = Components.of_latents(z)
    np.testing.assert_allclose(components.to_latents(components.to_components(z)), z, atol=1e-5)


def test_components_over_their_corpus_are_uncorrelated_and_of_unit_variance() -> None:
    z = draw_latents(1, spread=0.05)
    c = Components.of_latents(z).to_components(z).astype(np.float64)
    np.testing.assert_allclose(c.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(c.T @ c / len(c), np.eye(16), atol=1e-4)


def test_scales_are_ordered_and_hold_all_of_the_variance() -> None:
    z = draw_latents(2, spread=0.05)
    scales = Components.of_latents(z).scales
    assert (np.diff(scales) <= 0).all()
    assert float(np.sum(scales**2)) == pytest.approx(float(z.var(axis=0).sum()), rel=1e-5)


def test_axes_agree_with_those_of_scikit_learn() -> None:
    z = draw_latents(3, columns=6, spread=0.1)
    ours, theirs = Components.of_latents(z), PCA().fit(z.astype(np.float64))
    alike = np.abs(np.sum(ours.axes * theirs.components_, axis=1))
    np.testing.assert_allclose(alike, 1, atol=1e-4)
    np.testing.assert_allclose(ours.scales**2, theirs.explained_variance_ * 499 / 500, rtol=1e-3)


def test_axes_found_from_latents_in_another_order_point_the_same_way() -> None:
    z = draw_latents(4, spread=0.05)
    np.testing.assert_allclose(Components.of_latents(z).axes, Components.of_latents(z[::-1]).axes, atol=1e-3)
    farthest = np.abs(Components.of_latents(z).axes).argmax(axis=1)
    assert (np.take_along_axis(Components.of_latents(z).axes, farthest[:, None], axis=1) > 0).all()


def test_a_latent_that_never_moves_comes_back_and_blows_nothing_up() -> None:
    z = draw_latents(5)
    z[:, 3] = 0.25
    components = Components.of_latents(z)
    c = components.to_components(z)
    assert np.abs(c[:, -1]).max() < 1
    np.testing.assert_allclose(components.to_latents(c), z, atol=1e-5)
    still = Components.of_latents(np.full((10, 4), 0.5, np.float32))
    np.testing.assert_allclose(still.to_latents(still.to_components(z[:, :4])), z[:, :4], atol=1e-5)


@given(cuts=st.lists(st.integers(0, 20), min_size=1, max_size=6))
def test_components_in_any_blocks_are_the_same_bits(cuts: list[int]) -> None:
    z = draw_latents(6, n=max(2, sum(cuts)))
    components = Components.of_latents(draw_latents(7))
    parts = np.split(z, np.cumsum(cuts))
    np.testing.assert_array_equal(
        np.concatenate([components.to_components(part) for part in parts]), components.to_components(z)
    )
    np.testing.assert_array_equal(
        np.concatenate([components.to_latents(part) for part in parts]), components.to_latents(z)
    )


def test_tensors_and_back_are_the_same() -> None:
    components = Components.of_latents(draw_latents(8))
    again = Components.from_tensors(components.to_tensors())
    z = draw_latents(9)
    np.testing.assert_array_equal(again.to_components(z), components.to_components(z))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("axes", np.ones((4, 4)), "orthonormal"), ("axes", np.eye(5), "damaged"), ("mean", np.full(4, np.nan), "damaged"),
     ("scales", np.array([1.0, 1, 0, 1]), "orthonormal"), ("scales", np.ones(3), "damaged"),
     ("mean", np.float32(3), "damaged")],
)  # fmt: skip
def test_components_that_do_not_fit_are_refused(name: str, value: Latents, message: str) -> None:
    tensors = Components.of_latents(draw_latents(0, columns=4)).to_tensors() | {name: value}
    with pytest.raises(ModelError, match=message):
        Components.from_tensors(tensors)


def test_components_that_lack_an_array_are_refused() -> None:
    with pytest.raises(ModelError, match="lack axes, scales"):
        Components.from_tensors({"mean": np.zeros(4)})


@pytest.mark.parametrize("z", [np.zeros((1, 4)), np.zeros(4), np.zeros((3, 0)), np.full((5, 4), np.inf)])
def test_of_latents_of_too_few_or_infinite_ones_is_refused(z: Latents) -> None:
    with pytest.raises(ParameterError, match="finite latents"):
        Components.of_latents(z)


def test_latents_of_another_model_are_refused() -> None:
    components = Components.of_latents(draw_latents(0))
    with pytest.raises(ParameterError, match="must have 16 columns"):
        components.to_components(np.zeros((3, 8), np.float32))
    with pytest.raises(ParameterError, match="components must have 16 columns"):
        components.to_latents(np.zeros((3, 17), np.float32))
