"""Motion: runs as long as those of the training sounds, and the cheapest path that changes where it must."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.motion import NATURAL, draw_changes, suit_motion, usual_runs
from vqsynth.codes.selection import Selection, find_best_path, price_jumps, select_codes
from vqsynth.errors import ParameterError

T = 400


def sine(book: Codebook) -> dict[str, NDArray[np.float64]]:
    low, high = (book.table.percentile("centroid", p) for p in (20, 80))
    return {"centroid": low + (high - low) * (0.5 + 0.5 * np.sin(np.arange(T) / 40))}


def choose(book: Codebook, targets: dict[str, NDArray[np.float64]], **options: Any) -> NDArray[np.int64]:
    selection = Selection(**options)
    jumps = price_jumps(book.spectra.distances, selection, book.transitions)
    return select_codes(book.table, jumps, targets, selection, transitions=book.transitions)


def mean_run(codes: NDArray[np.int64]) -> float:
    return len(codes) / (1 + np.count_nonzero(np.diff(codes)))


def test_usual_runs_count_the_steps_from_a_code_to_itself() -> None:
    """Code 0 is left 10 times in 40 steps, code 1 each time, code 2 is never heard."""
    frames, shares = usual_runs(np.array([[0, 0, 30], [0, 1, 10], [1, 0, 10]]), 3)
    np.testing.assert_allclose(frames, [4, 1, 1])
    np.testing.assert_allclose(shares, [0.5, 0.5, 0])


def test_draw_changes_runs_are_as_long_as_usual_at_the_default() -> None:
    frames, shares = np.array([4.0, 1.0, 1.0]), np.array([0.5, 0.5, 0.0])
    runs = {m: 40_000 / (1 + draw_changes(40_000, frames, shares, motion=m).sum()) for m in (0.25, 0.5, 0.75)}
    assert runs[0.5] == pytest.approx(2.5, rel=0.05)
    assert runs[0.25] == pytest.approx(1 + 3 * 1.5, rel=0.05)
    assert runs[0.75] == pytest.approx(1 + 1.5 / 3, rel=0.05)


def test_draw_changes_at_the_ends_never_and_always() -> None:
    frames, shares = np.array([4.0, 2.0]), np.array([0.5, 0.5])
    assert not draw_changes(50, frames, shares, motion=0).any()
    assert draw_changes(50, frames, shares, motion=1)[1:].all()


@settings(max_examples=40)
@given(st.integers(1, 5), st.floats(0, 5), st.lists(st.booleans(), min_size=5, max_size=5), st.integers(0, 2**31))
def test_find_best_path_with_changes_is_the_cheapest_of_all_that_change(
    frames: int, price: float, must: list[bool], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    misses = rng.uniform(0, 10, (frames, 4)).astype(np.float32)
    jumps = (price * rng.uniform(-0.2, 1, (4, 4))).astype(np.float32)

    def cost(row: Any) -> float:
        return sum(misses[t, c] for t, c in enumerate(row)) + sum(
            jumps[a, b] for a, b in zip(row, row[1:], strict=False)
        )

    allowed = [
        row
        for row in product(range(4), repeat=frames)
        if all(not must[t] or row[t] != row[t - 1] for t in range(1, frames))
    ]
    found = find_best_path(iter(misses), jumps, np.array(must[:frames]))
    assert tuple(found) in allowed
    assert cost(found) == pytest.approx(min(map(cost, allowed)), rel=1e-4, abs=1e-4)


def test_select_codes_without_motion_is_the_best_path_to_the_byte(book: Codebook) -> None:
    codes = choose(book, sine(book), motion=0.0)
    jumps = 2 * book.spectra.distances
    plain = select_codes(book.table, jumps, sine(book), Selection(motion=0.0))
    assert codes.tobytes() == plain.tobytes()


def test_select_codes_runs_shrink_as_motion_grows_and_the_curve_is_met(book: Codebook) -> None:
    targets = sine(book)
    paths = [choose(book, targets, motion=motion) for motion in (0.0, 0.25, 0.5, 1.0)]
    runs = [mean_run(codes) for codes in paths]
    assert runs[0] > runs[1] > runs[2] > runs[3] == 1
    column = book.table.column("centroid").astype(float)
    for codes in paths:
        assert np.corrcoef(column[codes], targets["centroid"])[0, 1] > 0.9


def test_select_codes_where_one_code_can_be_used_it_stays(book: Codebook) -> None:
    taken = np.tile(np.arange(1, len(book))[:, None], (1, 20))
    jumps = price_jumps(book.spectra.distances, Selection(), book.transitions)
    targets = {"centroid": np.full(20, 900.0)}
    codes = select_codes(book.table, jumps, targets, Selection(), transitions=book.transitions, taken=taken)
    assert (codes == 0).all()


@pytest.mark.parametrize("motion", [-0.1, 1.1, float("nan"), "much"])
def test_selection_motion_out_of_range_is_refused(motion: Any) -> None:
    with pytest.raises(ParameterError, match="motion must be"):
        Selection(motion=motion)


def test_suit_motion_is_that_of_the_training_sounds_unless_timbres_compete() -> None:
    assert suit_motion(["loudness"]) == suit_motion(["centroid", "pitch", "loudness"]) == NATURAL
    assert suit_motion(["centroid", "flatness", "loudness"]) == suit_motion(["rolloff", "loudness"]) == 0


def test_follow_without_a_motion_takes_the_one_that_suits(book: Codebook) -> None:
    line = "line(p10,p90)"
    one, two = {"centroid": line}, {"centroid": line, "flatness": line}
    assert book.follow(targets=one, seconds=2) == book.follow(targets=one, seconds=2, motion=NATURAL)
    assert book.follow(targets=two, seconds=2) == book.follow(targets=two, seconds=2, motion=0)
