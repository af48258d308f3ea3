"""Envelopes moved against several errors: slopes that are true, weights that count, jumps that are closed in upon."""

import numpy as np
import pytest

from vqsynth.codebook import Codebook
from vqsynth.codes.controls import MAX_ENVELOPE_DB
from vqsynth.codes.envelopes import BANDS, spread_bands
from vqsynth.follow.bending import Bending, measure_slopes, overlap_weights
from vqsynth.follow.correction import Heard, correct_path
from vqsynth.follow.limits import Limits
from vqsynth.follow.synthesis import synthesize
from vqsynth.sound.frames import FrameGrid

PAIR = {"centroid": "sin(p30,p70,0.5)", "flatness": "line(p40,p60)"}


def test_measure_slopes_of_the_centroid_are_those_of_its_formula(book: Codebook) -> None:
    """Two routes: by finite differences, and the derivative of a mean weighted by magnitudes."""
    codes, rows = np.array([3, 17, 40]), np.zeros((3, BANDS))
    rows[1, 5] = 6.0
    found = measure_slopes(book.spectra, codes, ["centroid"], rows)[:, 0]
    basis = spread_bands(np.eye(BANDS, dtype=np.float32), book.grid)
    a = book.spectra.amplitudes[codes] * 10 ** (rows @ basis / 20)
    hz, total = book.grid.frequencies_hz, a.sum(axis=1, keepdims=True)
    centroid = (a @ hz)[:, None] / total
    true = np.log(10) / 20 * (a * (hz - centroid)) @ basis.T / total
    np.testing.assert_allclose(found, true, atol=0.03 * np.abs(true).max())


@pytest.mark.parametrize("grid", [FrameGrid(), FrameGrid(44100, 3072, 768), FrameGrid(44100, 1024, 256)], ids=str)
def test_overlap_weights_are_even_fall_off_and_sum_to_1(grid: FrameGrid) -> None:
    weights = overlap_weights(grid)
    middle = len(weights) // 2
    assert weights.sum() == pytest.approx(1) and weights[0] == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(weights, weights[::-1], atol=1e-9)
    assert (np.diff(weights[middle:]) <= 1e-12).all()


def test_two_targets_at_once_are_both_met(book: Codebook) -> None:
    made = synthesize(book, seconds=4.0, rounds=6, motion=0, **PAIR)
    first, best = (made.report["rounds"][i] for i in (0, made.report["kept"]))
    for name in PAIR:
        assert best[name] < 0.6 * first[name]
    assert sum(best.values()) < 0.3 * sum(first.values())
    assert 0 < made.report["spent"]["envelope_db"] < 3


def test_weight_decides_which_target_is_met_where_not_both_can_be(book: Codebook) -> None:
    """A band may move by 1 dB only: what counts ten times as much comes nearer."""
    limits = Limits(envelope_db=1.0)
    errors = [
        synthesize(book, seconds=2.0, rounds=4, limits=limits, weights={"flatness": weight}, **PAIR)
        .report["descriptors"]["flatness"]["nrmse"]
        for weight in (0.1, 10)
    ]  # fmt: skip
    assert errors[1] < errors[0]


def test_limit_beyond_what_a_path_can_hold_is_that_of_the_path(book: Codebook) -> None:
    targets = book.sample_curves(seconds=0.5, centroid="p90")
    n_frames = len(targets["centroid"])
    start, codes = np.zeros((n_frames, BANDS)), np.full(n_frames, 17)
    bending = Bending(start, codes, book.spectra, targets, weights={}, limit_db=500)
    moved = [bending.move({"centroid": targets["centroid"] / 10}) for _ in range(8)]
    assert np.abs(moved[-1]).max() == MAX_ENVELOPE_DB


def test_weight_of_none_leaves_a_target_alone(book: Codebook) -> None:
    targets = book.sample_curves(seconds=2.0, **PAIR)
    path = book.choose(targets, seconds=2.0)
    alone = {name: targets[name] for name in ("centroid", "loudness")}
    both = correct_path(path, book.spectra, targets, rounds=1, weights={"flatness": np.zeros(len(path))})
    single = correct_path(path, book.spectra, alone, rounds=1)
    assert both.path.controls is not None and single.path.controls is not None
    np.testing.assert_allclose(both.path.controls.envelope_db, single.path.controls.envelope_db, atol=0.11)


def test_hold_back_halves_the_envelope_of_a_frame_and_keeps_it_so(book: Codebook) -> None:
    targets = book.sample_curves(seconds=1.0, centroid="p90")
    n_frames = len(targets["centroid"])
    start, codes = np.full((n_frames, BANDS), 8.0), np.full(n_frames, 17)
    bending = Bending(start, codes, book.spectra, targets, weights={}, limit_db=18)
    bending.hold_back(np.arange(n_frames) == 20)
    moved = np.abs(bending.move({"centroid": targets["centroid"] / 4}))
    assert moved[20].max() == 4 and (np.delete(moved, 20, axis=0).max(axis=1) > 8).all()


def test_sum_errors_counts_by_weight_and_curves_by_their_mean() -> None:
    trial = Heard(np.zeros(1, np.float32), {}, {"centroid": 0.1, "flatness": 0.2, "pitch": None})
    assert trial.sum_errors() == pytest.approx(0.3)
    assert trial.sum_errors(weights={"flatness": np.array([0.0, 1.0])}) == pytest.approx(0.2)
    assert trial.sum_errors({"flatness"}, weights={"flatness": 3}) == pytest.approx(0.6)


def test_path_that_is_rendered_is_the_path_that_is_stored(book: Codebook) -> None:
    made = synthesize(book, seconds=1.0, rounds=3, **PAIR)
    assert made.path.controls is not None
    tenths = 10 * made.path.controls.envelope_db
    np.testing.assert_allclose(tenths, np.rint(tenths), atol=1e-9)
    np.testing.assert_array_equal(made.y, book.render(made.path))
