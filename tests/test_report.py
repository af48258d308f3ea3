"""Reports: what was asked, what was got, and what could not be."""

import json

import numpy as np
import pytest

from vqsynth.codebook import Codebook
from vqsynth.descriptors import measure
from vqsynth.frames import FrameGrid
from vqsynth.report import make_report, measure_errors, normalized_error, summarize, warnings_of
from vqsynth.synthesis import synthesize


def test_report_holds_what_the_sound_has(book: Codebook) -> None:
    made = synthesize(book, seconds=2.0, rounds=0, centroid="line(p20,p80)", loudness="line(-30,-20)")
    report = json.loads(json.dumps(made.report, allow_nan=False))
    assert (report["sr"], report["hop_length"]) == (16000, 256)
    assert report["codes"] == made.path.codes.tolist()
    for name in ("centroid", "loudness"):
        row = report["descriptors"][name]
        asked, got, chosen = (np.array(row[key], float) for key in ("asked", "got", "table"))
        assert len(asked) == len(got) == len(chosen) == book.grid.count(32000)
        inside = slice(2, -2)
        span = np.ptp(asked)
        error = np.sqrt(np.mean((got[inside] - asked[inside]) ** 2)) / span
        assert row["nrmse"] == pytest.approx(error, rel=1e-6)
        assert row["out_of_reach"] == 0
    assert report["descriptors"]["loudness"]["unit"] == "dB"
    loudness = report["descriptors"]["loudness"]
    np.testing.assert_allclose(loudness["table"], loudness["asked"], atol=1e-3)


def test_report_unvoiced_frames_are_null_and_left_out(book: Codebook) -> None:
    made = synthesize(book, seconds=1.0, flatness="p99", pitch=200)
    json.dumps(made.report, allow_nan=False)
    path = made.path.with_codes(np.full(len(made.path), 63))
    noise = book.render(path)
    row = make_report(path, {"pitch": np.full(len(path), 200.0)}, book.table, noise, book.grid)["descriptors"]["pitch"]
    assert row["got"].count(None) > 0.8 * len(path)
    assert row["table"] == [None] * len(path)


def test_normalized_error_of_a_constant_is_over_its_value() -> None:
    asked = np.full(10, -20.0)
    got = (asked + 1).astype(np.float32)
    assert normalized_error(got, asked, np.ones(10, bool)) == pytest.approx(0.05)


def test_normalized_error_without_a_frame_is_none() -> None:
    asked = np.arange(5.0)
    assert normalized_error(np.full(5, np.nan, np.float32), asked, np.ones(5, bool)) is None
    assert normalized_error(asked.astype(np.float32), asked, np.zeros(5, bool)) is None


def test_summarize_and_warnings_name_what_is_out_of_reach(book: Codebook) -> None:
    made = synthesize(book, seconds=1.0, centroid=50000.0)
    assert any(line.startswith("centroid: asked 5e+04 Hz, got ") for line in summarize(made.report))
    assert warnings_of(made.report) == [
        "100.0 % of the centroid target is out of the codebook's reach; it is met as nearly as it can be"
    ]


def test_warnings_of_a_sound_over_full_scale_tell_the_decibels(book: Codebook) -> None:
    made = synthesize(book, seconds=1.0, centroid="p50", loudness=0.0)
    assert np.abs(made.y).max() == pytest.approx(1, abs=1e-6)
    assert made.report["scaled_db"] < -3
    assert f"turned down by {-made.report['scaled_db']:.1f} dB" in warnings_of(made.report)[0]


def test_report_names_the_runner_up_and_how_far_each_code_is(book: Codebook) -> None:
    made = synthesize(book, seconds=1.0, rounds=0, centroid="line(p20,p80)", flatness="p40")
    report = made.report
    assert len(report["runner_up"]) == len(report["codes"])
    assert all(runner != code for runner, code in zip(report["runner_up"], report["codes"], strict=True))
    row = report["descriptors"]["centroid"]
    spread = np.std(np.log2(book.table.column("centroid")))
    expected = np.abs(np.log2(np.array(row["table"]) / np.array(row["asked"]))) / spread
    np.testing.assert_allclose(row["distance"], expected, rtol=1e-4, atol=1e-6)


def test_measure_errors_judges_spectra_in_the_same_frames_whatever_the_codebook(rng: np.random.Generator) -> None:
    """Frames of 1024 and of 3072 samples, read at the same times, say the same of a spectrum."""
    y = rng.standard_normal(44100).astype(np.float32)
    short, long = (
        measure_errors(y, FrameGrid(n_fft=n_fft, hop_length=256), {"centroid": np.full(173, 9000.0)})[0]["centroid"]
        for n_fft in (1024, 3072)
    )
    np.testing.assert_array_equal(short, long)
    own = measure(y, FrameGrid(n_fft=1024, hop_length=256), ["centroid"])["centroid"]
    assert np.abs(own - short).max() > 50
