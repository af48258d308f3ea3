"""Bending: what is bent is what was named, by as much as was drawn, and the path that was bent stays as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.continuous.latent_paths import make_path, paths, same
from vqsynth.continuous.bending import (
    Part,
    bend,
    draw_component,
    parse_component,
    randomize_component,
    reverse_component,
    scale_component,
    shift_component,
)
from vqsynth.continuous.latents import LatentPath
from vqsynth.errors import ParameterError

parts = st.sampled_from([1, "all", "loudness"])


@given(path=paths, part=parts, factor=st.floats(0.2, 5) | st.floats(-5, -0.2))
def test_scale_by_a_number_and_its_inverse_gives_the_path_back(path: LatentPath, part: Part, factor: float) -> None:
    if part == "loudness":
        factor = min(abs(factor), 1.0)  # wider dynamics end in silence, and a negative factor above full scale
    there = scale_component(path, part, factor)
    assert same(scale_component(there, part, 1 / factor), path, tolerance=1e-3)


@given(path=paths, part=parts | st.none())
def test_reverse_twice_gives_the_path_back(path: LatentPath, part: Part | None) -> None:
    assert same(reverse_component(reverse_component(path, part), part), path)


@given(path=paths, part=parts, bias=st.floats(-10, 10))
def test_shift_there_and_back_gives_the_path_back(path: LatentPath, part: Part, bias: float) -> None:
    there = shift_component(path, part, bias)
    assert same(shift_component(there, part, -bias), path, tolerance=1e-4)


@given(path=paths, part=parts)
def test_bend_by_nothing_changes_nothing(path: LatentPath, part: Part) -> None:
    assert same(bend(path, component=part), path)
    assert same(bend(path, component=part, scale=1, bias=0, randomize=0), path)


def test_scale_of_one_component_leaves_all_else() -> None:
    path = make_path()
    bent = scale_component(path, 3, 1.5)
    np.testing.assert_allclose(bent.components[2], 1.5 * path.components[2], rtol=1e-6)
    others = np.arange(16) != 2
    np.testing.assert_array_equal(bent.components[others], path.components[others])
    np.testing.assert_array_equal(bent.loudness_db, path.loudness_db)


def test_scale_of_the_loudness_keeps_the_loudest_frame() -> None:
    path = make_path()
    flat, wide = (scale_component(path, "loudness", factor) for factor in (0, 1.5))
    np.testing.assert_allclose(flat.loudness_db, path.loudness_db.max())
    assert wide.loudness_db.max() == path.loudness_db.max()
    np.testing.assert_allclose(np.ptp(wide.loudness_db), 1.5 * np.ptp(path.loudness_db), atol=1e-4)


def test_scale_by_a_curve_takes_it_frame_by_frame() -> None:
    path = make_path()
    faded = scale_component(path, "all", "line(1,0)")
    np.testing.assert_allclose(faded.components, path.components * np.linspace(1, 0, len(path)), atol=1e-6)


def test_shift_of_the_loudness_far_down_ends_in_silence() -> None:
    assert (shift_component(make_path(), "loudness", -1e4).loudness_db == -100).all()


def test_draw_replaces_a_component_or_the_loudness_by_a_curve() -> None:
    path = make_path(2.0)
    drawn = draw_component(path, 1, "0:0 2:1.5")
    np.testing.assert_allclose(drawn.components[0], 0.75 * path.times_s, atol=1e-6)
    np.testing.assert_array_equal(drawn.components[1:], path.components[1:])
    loud = draw_component(path, "loudness", -23)
    assert (loud.loudness_db == -23).all() and (loud.components == path.components).all()


def test_randomize_is_normal_of_the_spread_that_is_drawn() -> None:
    path = make_path(100.0)
    noise = randomize_component(path, "all", "line(0,0.4)").components - path.components
    assert abs(noise.mean()) < 0.01
    for share in (0.25, 0.75):
        near = noise[:, int((share - 0.05) * len(path)) : int((share + 0.05) * len(path))]
        assert near.std() == pytest.approx(0.4 * share, rel=0.05)
    assert np.abs(np.corrcoef(noise) - np.eye(16)).max() < 0.05


def test_randomize_is_the_same_for_a_seed_and_alone_as_among_all() -> None:
    path = make_path()
    for part in (2, "all", "loudness"):
        first, again, other = (randomize_component(path, part, 0.5, seed=seed) for seed in (1, 1, 2))
        assert same(first, again) and not same(first, other)
    alone, among = (randomize_component(path, part, 0.5).components[1] for part in (2, "all"))
    np.testing.assert_array_equal(alone, among)


def test_reverse_of_a_part_leaves_the_rest() -> None:
    path = make_path()
    one, loudness, whole = (reverse_component(path, part) for part in (1, "loudness", None))
    np.testing.assert_array_equal(one.components[0], path.components[0, ::-1])
    np.testing.assert_array_equal(one.components[1:], path.components[1:])
    np.testing.assert_array_equal(loudness.loudness_db, path.loudness_db[::-1])
    np.testing.assert_array_equal(loudness.components, path.components)
    np.testing.assert_array_equal(whole.components, path.components[:, ::-1])
    np.testing.assert_array_equal(whole.loudness_db, path.loudness_db[::-1])


def test_bend_applies_its_ways_in_the_order_it_tells() -> None:
    path = make_path()
    bent = bend(path, component=2, reverse=True, draw="line(0,1)", scale=3, bias=-1, randomize=0.1, seed=5)
    by_hand = draw_component(reverse_component(path, 2), 2, "line(0,1)")
    by_hand = shift_component(scale_component(by_hand, 2, 3), 2, -1)
    assert same(bent, randomize_component(by_hand, 2, 0.1, seed=5))
    np.testing.assert_allclose(
        bend(path, component=2, reverse=True, scale=2).components[1], 2 * path.components[1, ::-1]
    )


def test_bend_leaves_the_path_that_is_bent() -> None:
    path, twin = make_path(), make_path()
    bend(path, scale=2, bias=1, randomize=1, reverse=True)
    assert same(path, twin)


@pytest.mark.parametrize("component", [0, 17, -1, 1.5, True, "first", "", [1]])
def test_bend_of_a_component_that_is_none_is_refused(component: Part) -> None:
    with pytest.raises(ParameterError, match="component must be a number from 1 to 16, 'all' or 'loudness'"):
        bend(make_path(), component=component)


@pytest.mark.parametrize("scale", ["", "p50", "nan", "0:1 0:2", float("inf"), "sin(1)", [], True])
def test_bend_by_an_unusable_curve_is_refused(scale: object) -> None:
    with pytest.raises(ParameterError, match="curve"):
        bend(make_path(), component=1, scale=scale)


def test_bend_too_far_says_so() -> None:
    with pytest.raises(ParameterError, match="components must lie within 1e"):
        scale_component(make_path(), 1, 1e12)
    with pytest.raises(ParameterError, match="loudness_db must lie within 120"):
        shift_component(make_path(), "loudness", 1000)


def test_randomize_by_less_than_nothing_or_a_wrong_seed_is_refused() -> None:
    with pytest.raises(ParameterError, match="must be 0 or more"):
        randomize_component(make_path(), 1, "line(1,-1)")
    with pytest.raises(ParameterError, match="seed must be"):
        randomize_component(make_path(), 1, 1, seed=-1)


def test_draw_of_all_components_is_refused() -> None:
    with pytest.raises(ParameterError, match="drawn into one component"):
        bend(make_path(), draw="0")


def test_parse_component_reads_numbers_and_words() -> None:
    assert [parse_component(text) for text in ("1", " 16", "ALL", "loudness")] == [1, 16, "all", "loudness"]


@pytest.mark.parametrize("text", ["", "one", "1.5", "-1", "²", "1 2"])
def test_parse_component_of_another_text_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="a component is a number from 1"):
        parse_component(text)
