"""Reports: what was asked, what was got, and what could not be."""

import json

import numpy as np
import pytest

from vqsynth.codebook import Codebook
from vqsynth.follow.correction import CORRECTING
from vqsynth.follow.report import make_report, measure_errors, summarize, warnings_of
from vqsynth.follow.synthesis import synthesize
from vqsynth.running.observing import Observer
from vqsynth.sound.descriptors import measure
from vqsynth.sound.frames import FrameGrid


def test_report_holds_what_the_sound_has(book: Codebook) -> None:
    made = synthesize(book, seconds=2.0, rounds=0, centroid="line(p20,p80)", loudness="line(-30,-20)")
    report = json.loads(json.dumps(made.report.to_dict(), allow_nan=False))
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
    json.dumps(made.report.to_dict(), allow_nan=False)
    path = made.path.with_codes(np.full(len(made.path), 63))
    noise = book.render(path)
    row = make_report(path, {"pitch": np.full(len(path), 200.0)}, book.table, noise, book.grid)["descriptors"]["pitch"]
    assert row["got"].count(None) > 0.8 * len(path)
    assert row["table"] == [None] * len(path)


@pytest.mark.parametrize("level", [-20.0, 0.0, -1e-9])
def test_report_of_a_steady_target_says_its_error_in_decibels_and_no_share_of_a_range(
    book: Codebook, level: float
) -> None:
    made = synthesize(book, seconds=1.0, rounds=1, centroid="line(p20,p80)", loudness=level)
    row = made.report["descriptors"]["loudness"]
    got = np.array(row["got"])[2:-2]
    assert row["nrmse"] is None and row["error_cents"] is None
    assert row["error"] == pytest.approx(np.sqrt(np.mean((got - level) ** 2)), rel=1e-6)
    (line,) = [line for line in summarize(made.report) if line.startswith("loudness")]
    assert "of the range" not in line and line.endswith(" dB")
    assert all(0 <= errors["loudness"] < 10 for errors in made.report["rounds"])


def test_report_of_a_frequency_says_its_error_in_hertz_cents_and_over_the_range(book: Codebook) -> None:
    made = synthesize(book, seconds=1.0, rounds=1, centroid="line(p20,p80)")
    row = made.report["descriptors"]["centroid"]
    (line,) = [line for line in summarize(made.report) if line.startswith("centroid")]
    assert f"error {100 * row['nrmse']:.2f} % of the range, " in line and " cents)" in line
    asked = np.array(row["asked"])
    assert row["error"] == pytest.approx(row["nrmse"] * np.ptp(asked))
    assert row["error_cents"] == pytest.approx(row["error"] / asked.mean() * 1200 / np.log(2), rel=0.5)


def test_summarize_and_warnings_name_what_is_out_of_reach(book: Codebook) -> None:
    made = synthesize(book, seconds=1.0, centroid=50000.0)
    assert any(line.startswith("centroid: asked 5e+04 Hz, got ") for line in summarize(made.report))
    assert warnings_of(made.report) == [
        "100.0 % of the centroid target is out of the codebook's reach; there the nearest value is played"
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


def test_synthesize_tells_what_is_out_of_reach_before_it_renders_anything(book: Codebook) -> None:
    told = list[str]()
    observer = Observer(say=told.append, advance=lambda at: told.append(at.doing))
    made = synthesize(book, targets={"pitch": "line(20,30)"}, seconds=0.5, rounds=1, observer=observer)
    (line,) = [each for each in warnings_of(made.report) if "reach" in each]
    assert told.index(line) < told.index(CORRECTING)
