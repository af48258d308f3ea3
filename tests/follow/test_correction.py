"""Verify and correct: errors shrink, controls stay within their limits, what is off is off."""

import json
from dataclasses import replace

import numpy as np
import pytest

from vqsynth.codebook import Codebook
from vqsynth.codes.spectra import CodeSpectra
from vqsynth.errors import ParameterError
from vqsynth.follow import correction
from vqsynth.follow.correction import correct_path, smooth_median, try_path
from vqsynth.follow.limits import Limits
from vqsynth.follow.synthesis import rechoose, synthesize
from vqsynth.path import CodePath
from vqsynth.render import render_path
from vqsynth.running.observing import Advance, Observer
from vqsynth.sound.frames import Floats


@pytest.mark.parametrize("name", ["centroid", "bandwidth", "flatness"])
def test_correct_path_halves_the_error_of_what_an_envelope_moves(book: Codebook, name: str) -> None:
    targets = book.sample_curves(seconds=4.0, **{name: "sin(p30,p70,0.5)"})
    path = book.choose(targets, seconds=4.0)
    done = correct_path(path, book.spectra, targets, rounds=4)
    first, best = done.errors[0][name], done.errors[done.kept][name]
    assert first is not None and best is not None and best < 0.5 * first
    assert done.spent()["envelope_db"] < 3.0


def test_correct_path_pitch_is_met_within_a_few_cents(book: Codebook) -> None:
    """The codes are thirds apart, so a quarter tone around each of them is within reach."""
    column = book.table.column("pitch")
    steps = ",".join(f"{column[code] * 2 ** (cents / 1200):.2f}" for code, cents in ((8, 45), (16, -45), (24, 30)))
    made = synthesize(book, seconds=3.0, pitch=f"steps({steps})", rounds=3)
    row = made.report["descriptors"]["pitch"]
    got, asked = (np.array([np.nan if v is None else v for v in row[key]]) for key in ("got", "asked"))
    assert np.nanmedian(np.abs(1200 * np.log2(got / asked))) < 3
    assert made.report["spent"]["transpose_cents"] > 20


def test_correct_path_loudness_is_met_whatever_the_code(book: Codebook) -> None:
    made = synthesize(book, seconds=4.0, centroid="random(p5,p95,3,1)", loudness="line(-45,-20)")
    row = made.report["descriptors"]["loudness"]
    assert np.mean(np.abs(np.array(row["got"]) - np.array(row["asked"]))[3:-3]) < 0.3


def test_correct_path_keeps_to_its_limits(book: Codebook) -> None:
    limits = Limits(envelope_db=0.2, transpose_cents=10.0)
    made = synthesize(book, seconds=2.0, centroid="line(p5,p95)", pitch="p50", rounds=3, limits=limits)
    controls = made.path.controls
    assert controls is not None
    assert np.abs(controls.envelope_db).max() <= 0.2 and np.abs(controls.transpose_cents).max() <= 10.0


def test_correct_path_all_off_is_the_plain_path(book: Codebook) -> None:
    off = Limits(envelope_db=0, transpose_cents=0, gain=False)
    plain = synthesize(book, seconds=1.0, centroid="line(p5,p95)", rounds=0)
    kept = synthesize(book, seconds=1.0, centroid="line(p5,p95)", rounds=3, limits=off)
    np.testing.assert_array_equal(plain.y, kept.y)


def test_synthesize_report_shows_the_rounds_and_what_was_spent(book: Codebook) -> None:
    made = synthesize(book, seconds=2.0, centroid="sin(p30,p70,1)", rounds=2)
    assert len(made.report["rounds"]) == 3
    totals = [sum(e.values()) for e in made.report["rounds"]]
    assert made.report["kept"] == int(np.argmin(totals))
    assert made.report["spent"].keys() == made.report["controls"].keys() == {"envelope_db"}


def test_correct_path_negative_rounds_are_refused(book: Codebook) -> None:
    with pytest.raises(ParameterError, match="0 or more"):
        synthesize(book, seconds=1.0, centroid=900, rounds=-1)


def test_smooth_median_leaves_out_outliers_and_what_is_not_known() -> None:
    values = np.full(50, 3.0)
    values[[10, 30]] = 100.0, np.nan
    np.testing.assert_array_equal(smooth_median(values), 3.0)
    np.testing.assert_array_equal(smooth_median(np.full(20, np.nan)), 0.0)


def test_rechoose_moves_the_demand_where_the_table_is_off(book: Codebook) -> None:
    """A table that says flatness 6 dB too low is seen through: the path is chosen again and meets the target better."""
    values = book.table.values.copy()
    values[:, book.table.position("flatness")] -= 6
    wrong = replace(book, table=replace(book.table, values=values))
    targets = book.sample_curves(seconds=2.0, flatness="line(p30,p60)")
    options = {"seconds": 2.0, "smoothness": 0.0}
    path = wrong.choose(targets, **options)
    again = rechoose(wrong, path, targets, options)
    assert again is not None
    errors = [try_path(p, book.spectra, targets).sum_errors({"flatness"}) for p in (path, again.path)]
    assert errors[1] < 0.6 * errors[0]


def test_rechoose_keeps_a_path_that_is_better(book: Codebook) -> None:
    targets = book.sample_curves(seconds=1.0, centroid=900)
    path = book.choose(targets, seconds=1.0)
    tried = rechoose(book, path, targets, {"seconds": 1.0, "variation": 5.0})
    assert tried is not None and tried.path is path


def test_rechoose_of_loudness_alone_has_nothing_to_move(book: Codebook) -> None:
    targets = book.sample_curves(seconds=1.0, loudness=-20)
    assert rechoose(book, book.choose(targets, seconds=1.0), targets, {"seconds": 1.0}) is None


def test_correct_path_of_one_tried_before_is_the_same(book: Codebook) -> None:
    targets = book.sample_curves(seconds=1.0, centroid="line(p20,p80)")
    path = book.choose(targets, seconds=1.0)
    tried = try_path(path, book.spectra, targets)
    others = (None, tried, replace(tried, path=replace(path, seed=3)), try_path(path, book.spectra, {}))
    done = [correct_path(path, book.spectra, targets, rounds=2, tried=known) for known in others]
    for other in done[1:]:
        np.testing.assert_array_equal(done[0].y, other.y)
        assert done[0].errors == other.errors and done[0].kept == other.kept


@pytest.mark.parametrize("asked", [{"centroid": "line(p20,p80)"}, {"centroid": 900, "pitch": 300}], ids=str)
def test_synthesize_renders_no_path_twice(
    book: Codebook, monkeypatch: pytest.MonkeyPatch, asked: dict[str, float | str]
) -> None:
    rendered: list[str] = []

    def note(path: CodePath, spectra: CodeSpectra, *, spread: float) -> Floats:
        rendered.append(json.dumps(path.to_fields()))
        return render_path(path, spectra, spread=spread)

    monkeypatch.setattr(correction, "render_path", note)
    synthesize(book, seconds=1.0, rounds=2, **asked)
    assert len(set(rendered)) == len(rendered)


def test_observer_hears_every_round_and_ends_the_work_by_what_it_raises(book: Codebook) -> None:
    heard: list[Advance] = []
    synthesize(
        book, targets={"centroid": "line(p20,p80)"}, seconds=0.3, rounds=3, observer=Observer(advance=heard.append)
    )
    assert [at.step for at in heard if at.doing == "correcting"] == [1, 2, 3]
    for layers in (1, 2):
        rounds: list[Advance] = []

        def stop(at: Advance, rounds: list[Advance] = rounds) -> None:
            rounds.append(at)
            if at.step == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            synthesize(book, targets={"centroid": 900}, seconds=0.3, layers=layers, observer=Observer(advance=stop))
        assert [at.step for at in rounds if at.step] == [1, 2]
