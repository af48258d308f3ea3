"""The plane: at a corner is its sound, in the middle the mean of all four."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.continuous.latent_paths import make_path, same
from vqsynth.continuous.alignment import stretch
from vqsynth.continuous.plane import read_walk, walk_plane
from vqsynth.errors import ModelError, ParameterError

CORNERS = [make_path(seconds, seed=i) for i, seconds in enumerate((0.5, 0.3, 0.4, 0.2))]


@pytest.mark.parametrize(("at", "corner"), [("0,0", 0), ("1,0", 1), ("0,1", 2), ("1,1", 3)])
def test_plane_at_a_corner_is_its_sound(at: str, corner: int) -> None:
    assert same(walk_plane(CORNERS, at), stretch(CORNERS[corner], 4000))


def test_plane_in_the_middle_is_the_mean() -> None:
    made = walk_plane(CORNERS, "0.5,0.5")
    mean = np.mean([stretch(path, 4000).components for path in CORNERS], axis=0)
    np.testing.assert_allclose(made.components, mean, atol=1e-5)


@given(x=st.floats(0, 1), y=st.floats(0, 1))
def test_plane_of_one_sound_four_times_is_the_sound(x: float, y: float) -> None:
    assert same(walk_plane([CORNERS[0]] * 4, [(0.0, x, y)]), CORNERS[0], tolerance=1e-5)


def test_plane_along_an_edge_is_a_morph_of_its_two_corners() -> None:
    made = walk_plane(CORNERS, "0:0,0 0.5:1,0")
    share = np.linspace(0, 1, 41)
    a, b = (stretch(path, 4000).components for path in CORNERS[:2])
    np.testing.assert_allclose(made.components, a * (1 - share) + b * share, atol=1e-5)


def test_plane_lasts_until_walk_and_sounds_have_ended_or_as_asked() -> None:
    assert walk_plane(CORNERS, "0.5,0.5").seconds == 0.5
    assert walk_plane(CORNERS, "0:0.1,0.2 1.5:0.9,0.8").seconds == 1.5
    assert walk_plane(CORNERS, "0:0.1,0.2 1.5:0.9,0.8", seconds=0.25).seconds == 0.25


def test_read_walk_takes_texts_files_and_points_alike(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,x,y\n0,0.1,0.2\n4,0.9,0.8\n")
    (tmp_path / "a.json").write_text("[[0, 0.1, 0.2], [4, 0.9, 0.8]]")
    points = [(0, 0.1, 0.2), (4, 0.9, 0.8)]
    for at in ("0:0.1,0.2 4:0.9,0.8", "  0:.1,.2\n4:9e-1,.8 ", points, np.array(points), *map(
        str, (f"@{tmp_path}/a.csv", f"@{tmp_path}/a.json"))):  # fmt: skip
        np.testing.assert_allclose(read_walk(at), points)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ([], "is empty"),
        ("0:0.1 4:0.9,0.8", r"seconds and then x,y.* \(got '0:0.1'\)"),
        ("0:0.1,0.2,0.3", "seconds and then x,y"),
        ("0:a,b", r"\(got '0:a,b'\)"),
        ("0:nan,0", "seconds and then x,y"),
        ("inf:0,0", "seconds and then x,y"),
        ("0.5", "seconds and then x,y"),
        ("0.1,0.2 0.9,0.8", r"x,y alone where it stays \(got '0.1,0.2'\)"),
        ("0 4000:1,1", r"seconds and then x,y.* \(got '0'\)"),
        ("0:0,0 4000:1,1", "a walk may last 3600 s .got one that ends at 4000 s"),
        ("0:0.1,0.2 0:0.9,0.8", "times of a walk must rise"),
        ("4:0.1,0.2 0:0.9,0.8", "times of a walk must rise.*got 4, 0"),
        ("-1:0.1,0.2", "times of a walk must rise, from 0 s or later"),
        ("0:0,0 2:1.1,0", r"between 0 and 1 \(got 1.1,0 at 2 s\)"),
        ("0:0,-0.1", "between 0 and 1"),
        ("@nowhere.csv", "cannot read 'nowhere.csv'"),
        ("@walk.xyz", "must end in"),
        ([0, 1, 2], "seconds and then x,y"),
        (3, "a walk is"),
        (None, "a walk is"),
    ],
)
def test_read_walk_of_something_else_says_what_is_expected(at: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        read_walk(at)


def test_plane_of_other_than_four_corners_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"four corners, A, B, C and D \(got 3"):
        walk_plane(CORNERS[:3], "0,0")


def test_plane_of_different_models_is_refused() -> None:
    with pytest.raises(ModelError, match="different models"):
        walk_plane([*CORNERS[:3], make_path(sha256="0" * 64)], "0,0")


@pytest.mark.parametrize("text", ["0:0.1, 0.2 4 : 0.9 ,0.8", " 0: 0.1,0.2  4:0.9, 0.8 "])
def test_read_walk_does_not_mind_spaces(text: str) -> None:
    np.testing.assert_array_equal(read_walk(text), read_walk("0:0.1,0.2 4:0.9,0.8"))
    np.testing.assert_array_equal(read_walk("0.5, 0.25"), [[0, 0.5, 0.25]])
