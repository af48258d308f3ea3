"""The report as a record, and what a notebook shows of a sound."""

import json

import numpy as np
import pytest

from vqsynth.codebook import Codebook
from vqsynth.errors import ParameterError
from vqsynth.follow.record import Report
from vqsynth.follow.report import find_changes


def test_report_through_json_is_the_same_record(book: Codebook) -> None:
    report = book.synthesize(centroid="line(p20,p80)", seconds=0.5, rounds=1).report
    again = Report.from_dict(json.loads(json.dumps(report.to_dict(), allow_nan=False)))
    assert (
        again.to_dict() == report.to_dict()
        and again.descriptors["centroid"].nrmse == report.descriptors["centroid"].nrmse
    )
    assert again.summary() == report.summary()


@pytest.mark.parametrize("found", [{}, {"descriptors": {"centroid": {}}}, {"descriptors": 3}])
def test_report_of_what_is_no_report_is_refused(found: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match="a report must be the JSON"):
        Report.from_dict(found)


def test_report_puts_loudness_last_unless_it_is_asked_for(book: Codebook) -> None:
    assert list(book.synthesize(centroid=900, seconds=0.2, rounds=0).report.descriptors) == ["centroid", "loudness"]
    asked = book.synthesize(targets={"loudness": -20, "centroid": 900}, seconds=0.2, rounds=0).report
    assert list(asked.descriptors) == ["loudness", "centroid"]


def test_report_of_a_pitch_tells_note_changes_from_misses(book: Codebook) -> None:
    low, high = sorted(book.table.column("pitch"))[4], sorted(book.table.column("pitch"))[12]
    row = book.synthesize(pitch=f"0:{low} 1:{low} 1.001:{high} 2:{high}", seconds=2.0).report.descriptors["pitch"]
    assert row.within_50_cents == 1.0
    assert row.cents_median is not None and row.cents_median < 10
    assert row.note_changes is not None and 0.02 < row.note_changes < 0.2


def test_find_changes_marks_a_window_after_a_jump_and_nothing_of_a_glide(book: Codebook) -> None:
    steady = np.full(200, 220.0)
    steady[100:] = 330.0
    changing = np.flatnonzero(find_changes(steady, book.grid))
    window = max(book.grid.n_fft, 0.093 * book.grid.sr) / book.grid.hop_length
    assert changing[0] < 100 and changing[-1] == pytest.approx(100 + window, abs=2)
    assert not find_changes(np.geomspace(200, 400, 200), book.grid).any()


def test_synthesis_shows_itself_in_a_line_and_plays_in_a_notebook(book: Codebook) -> None:
    made = book.synthesize(centroid="line(p20,p80)", seconds=0.5, rounds=1)
    assert "\n" not in repr(made) and len(repr(made)) < 120 and "\n" not in repr(made.report)
    shown = made._repr_html_()
    assert shown.count("<svg") == 2 and "data:audio/wav;base64," in shown
    assert "http" not in shown and "nan" not in shown
