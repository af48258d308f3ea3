"""Alignment: as librosa does it, ends meet, and what is alike coincides."""

import itertools
from collections.abc import Iterator

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.continuous.latent_paths import HOP, make_path, paths, same
from vqsynth.continuous import alignment
from vqsynth.continuous.alignment import align_dtw, stretch, take_frames, warp
from vqsynth.continuous.latents import LatentPath
from vqsynth.errors import ModelError, ParameterError

lengths = st.integers(1, 60)


def cost(a: np.ndarray, b: np.ndarray, way: np.ndarray) -> float:
    return float(np.linalg.norm(a[way[0]] - b[way[1]], axis=1).sum())


@given(n_a=lengths, n_b=lengths, seed=st.integers(0, 2**32))
def test_warp_is_as_cheap_as_librosas_and_goes_from_end_to_end(n_a: int, n_b: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n_a, 16)), rng.standard_normal((n_b, 16))
    way = warp(a, b)
    accumulated, _ = librosa.sequence.dtw(a.T, b.T, metric="euclidean")
    assert cost(a, b, way) == pytest.approx(accumulated[-1, -1], rel=1e-9)
    assert way[:, 0].tolist() == [0, 0] and way[:, -1].tolist() == [n_a - 1, n_b - 1]
    steps = np.diff(way, axis=1)
    assert ((steps >= 0) & (steps <= 1)).all() and (steps.sum(axis=0) >= 1).all()


def test_warp_of_few_frames_is_the_cheapest_of_all_ways() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((4, 2)), rng.standard_normal((5, 2))
    cheapest = min(cost(a, b, np.array(way).T) for way in _ways(3, 4))
    assert cost(a, b, warp(a, b)) == pytest.approx(cheapest)


def _ways(i: int, j: int) -> Iterator[list[tuple[int, int]]]:
    if (i, j) == (0, 0):
        yield [(0, 0)]
    for di, dj in itertools.product((0, 1), repeat=2):
        if (di or dj) and i >= di and j >= dj:
            yield from ([*way, (i, j)] for way in _ways(i - di, j - dj))


def test_warp_of_too_many_frames_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MOST_CELLS", 99)
    with pytest.raises(ParameterError, match="10 with 10 are too many"):
        warp(np.zeros((10, 2)), np.zeros((10, 2)))


@given(path=paths)
def test_stretch_to_its_own_length_changes_nothing(path: LatentPath) -> None:
    assert same(stretch(path, path.n_samples), path)


@given(path=paths, n_samples=st.integers(1, 30000))
def test_stretch_keeps_first_and_last_frame_and_goes_beyond_none(path: LatentPath, n_samples: int) -> None:
    made = stretch(path, n_samples)
    assert len(made) == 1 + n_samples // HOP and made.n_samples == n_samples
    np.testing.assert_array_equal(made.components[:, 0], path.components[:, 0])
    if len(made) > 1:
        np.testing.assert_array_equal(made.components[:, -1], path.components[:, -1])
    slack = 1e-5
    assert (made.components.min(axis=1) >= path.components.min(axis=1) - slack).all()
    assert (made.loudness_db.max() <= path.loudness_db.max() + slack).all()


def test_stretch_to_twice_as_many_steps_and_back_gives_the_path_back() -> None:
    path = make_path(0.5)
    assert same(stretch(stretch(path, 2 * path.n_samples), path.n_samples), path, tolerance=1e-6)


def test_stretch_of_one_frame_holds_it() -> None:
    held = stretch(make_path(1e-3), 8000)
    assert len(held) == 81 and (held.components == held.components[:, :1]).all()


def test_stretch_to_nothing_is_refused() -> None:
    with pytest.raises(ParameterError, match="n_samples must be a whole number of 1 or more"):
        stretch(make_path(), 0)


@given(path=paths)
def test_align_dtw_of_a_path_with_itself_changes_nothing(path: LatentPath) -> None:
    for made in align_dtw(path, path):
        assert same(made, path, tolerance=1e-4)


def test_align_dtw_brings_an_uneven_copy_together_where_stretch_does_not() -> None:
    path = make_path(2.0)
    places = 160 * np.linspace(0, 1, 241) ** 2
    uneven = take_frames(path, places, 24000)
    apart = [np.abs(x.components - y.components).mean() for x, y in (
        align_dtw(path, uneven), (stretch(path, 24000), uneven))]  # fmt: skip
    assert apart[0] < 0.15 * apart[1]


@given(a=st.floats(1e-4, 1.0), b=st.floats(1e-4, 1.0), n_samples=st.none() | st.integers(1, 9000))
def test_align_dtw_of_any_lengths_gives_one_and_meets_the_ends(a: float, b: float, n_samples: int | None) -> None:
    given_paths = make_path(a), make_path(b, seed=1)
    made = align_dtw(*given_paths, n_samples=n_samples)
    wanted = n_samples or max(path.n_samples for path in given_paths)
    for before, after in zip(given_paths, made, strict=True):
        assert after.n_samples == wanted
        np.testing.assert_allclose(after.components[:, 0], before.components[:, 0], atol=1e-5)
        if len(after) > 1:
            np.testing.assert_allclose(after.components[:, -1], before.components[:, -1], atol=1e-5)


def test_align_dtw_of_different_models_is_refused() -> None:
    with pytest.raises(ModelError, match="different models"):
        align_dtw(make_path(), make_path(sha256="0" * 64))
