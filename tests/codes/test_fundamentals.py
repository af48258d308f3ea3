"""Fundamentals: how strong they are, told from spectra, and raised in the sound."""

from dataclasses import replace

import numpy as np
import pytest

from tests.codes.test_controls import held
from tests.sound_worlds import magnitude_spectra
from vqsynth.codebook import Codebook
from vqsynth.codes.fundamentals import measure_fundamentals
from vqsynth.codes.selection import Selection, select_codes
from vqsynth.follow.correction import raise_fundamentals
from vqsynth.follow.limits import Limits
from vqsynth.follow.synthesis import synthesize
from vqsynth.path import CodePath
from vqsynth.render import render_path
from vqsynth.sound.frames import FrameGrid

GRID = FrameGrid()


def tone(levels_db: list[float], f0_hz: float, grid: FrameGrid = GRID) -> np.ndarray:
    """Sum partials of some levels, one second."""
    t = np.arange(grid.sr) / grid.sr
    parts = [10 ** (level / 20) * np.sin(2 * np.pi * f0_hz * (i + 1) * t) for i, level in enumerate(levels_db)]
    return np.sum(parts, axis=0).astype(np.float32)


@pytest.mark.parametrize("level_db", [0.0, -15.0, -40.0])
def test_measure_fundamentals_tells_the_level_under_the_strongest_partial(level_db: float) -> None:
    f0_hz = 20 * GRID.sr / GRID.n_fft  # in the middle of a bin
    spectrum = magnitude_spectra(tone([level_db, 0.0, -6.0], f0_hz), GRID)[20:21]
    found = measure_fundamentals(spectrum, np.array([f0_hz], np.float32), GRID)
    assert found[0] == pytest.approx(level_db, abs=0.1)


def test_measure_fundamentals_has_no_value_without_a_pitch() -> None:
    spectra = np.ones((2, GRID.n_bins), np.float32)
    found = measure_fundamentals(spectra, np.array([np.nan, 440.0], np.float32), GRID)
    assert np.isnan(found[0]) and found[1] == 0


def level_at(book: Codebook, path: CodePath, f_hz: float) -> float:
    """Measure the level in dB of the partial at a frequency, against the whole."""
    spectrum = magnitude_spectra(render_path(path, book.spectra), book.grid)[10:-10].mean(axis=0)
    place = round(f_hz * book.grid.n_fft / book.grid.sr)
    return float(20 * np.log10(spectrum[place - 1 : place + 2].max() / np.sqrt(np.sum(spectrum**2))))


def test_fundamental_is_raised_by_as_many_decibels_and_the_power_stays(book: Codebook) -> None:
    code = 25
    f0_hz = float(book.table.column("pitch")[code])
    third_hz = 3 * f0_hz
    paths = [held(book, code, fundamental_hz=third_hz, fundamental_db=db) for db in (0.0, 6.0)]
    before, after = (level_at(book, path, third_hz) for path in paths)
    against = [level_at(book, path, f0_hz) for path in paths]
    assert (after - before) - (against[1] - against[0]) == pytest.approx(6, abs=0.7)
    rms = [np.std(render_path(path, book.spectra)[3000:-3000]) for path in paths]
    assert 20 * np.log10(rms[1] / rms[0]) == pytest.approx(0, abs=0.5)


def test_fundamental_that_is_raised_moves_with_transposition(book: Codebook) -> None:
    """What is transposed by a fifth has its raised partial a fifth higher."""
    f_hz = 3 * float(book.table.column("pitch")[25])
    plain, raised = (
        held(book, 25, fundamental_hz=f_hz, fundamental_db=db, transpose_cents=700.0) for db in (0.0, 12.0)
    )
    moved_hz = f_hz * 2 ** (700 / 1200)
    assert level_at(book, raised, moved_hz) > level_at(book, plain, moved_hz) + 3


def test_raise_fundamentals_goes_as_far_as_is_allowed_and_where_pitch_is_asked(book: Codebook) -> None:
    path = held(book, 25)
    pitches, levels = np.full(len(path), 200, np.float32), np.full(len(path), -60, np.float32)
    levels[0] = -3
    asked = np.full(len(path), 200.0)
    asked[5] = np.nan
    raised = raise_fundamentals(path, pitches, levels, asked, Limits(fundamental_db=10)).controls
    assert raised is not None
    expected = np.full(len(path), 10.0)
    expected[[0, 5]] = 0
    np.testing.assert_array_equal(raised.fundamental_db, expected)


def test_select_codes_for_pitch_prefers_the_stronger_fundamental(book: Codebook) -> None:
    """Of two codes of one pitch, both unquestionable, the one whose fundamental is heard."""
    column = book.table.column("pitch")
    code, other = np.flatnonzero(~np.isnan(column))[:2]
    values, strengths = book.table.values.copy(), np.full(len(book), -60, np.float32)
    values[other] = values[code]
    jumps = np.zeros((len(book), len(book)), np.float32)
    for weak, strong in ((code, other), (other, code)):
        strengths[[weak, strong]] = -40, -10
        table = replace(book.table, values=values, fundamentals=strengths)
        chosen = select_codes(table, jumps, {"pitch": np.full(3, float(column[code]))}, Selection())
        assert set(chosen) == {strong}


def test_synthesize_pitch_raises_weak_fundamentals_unless_it_is_off(book: Codebook) -> None:
    weak = replace(book, table=replace(book.table, fundamentals=np.full(len(book), -20, np.float32)))
    made = synthesize(weak, seconds=1.0, pitch="p50", rounds=1)
    off = synthesize(weak, seconds=1.0, pitch="p50", rounds=1, limits=Limits(fundamental_db=0))
    assert made.report["spent"]["fundamental_db"] == pytest.approx(8)
    assert "fundamental_db" not in off.report["spent"]
