"""Envelopes: what a band does to a sound, and how they stand in path files."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.controls import Controls, no_controls, tilt_octaves
from vqsynth.codes.envelopes import BANDS, band_centres, spread_bands
from vqsynth.codes.spectra import CodeSpectra, normalize_power
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.path import CodePath
from vqsynth.render import render_blocks, render_path
from vqsynth.sound.frames import FrameGrid

FRAMES = 60
HEAD: dict[str, Any] = {"format": 2, "codebook": "thirds", "sr": 16000, "hop_length": 256}
RISE = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5]
Hold = Callable[..., CodePath]


@pytest.fixture
def hold(book: Codebook) -> Hold:
    """Hold a code with the same envelope in every frame, or with one for each."""

    def held(envelope_db: NDArray[np.float64], *, code: int = 17, tilt_db: float = 0.0, **fields: Any) -> CodePath:
        plain = no_controls(FRAMES)
        controls = replace(plain, envelope_db=envelope_db, tilt_db=np.full(FRAMES, tilt_db))
        n_samples = (FRAMES - 1) * book.grid.hop_length
        clock = (book.grid.sr, book.grid.hop_length, n_samples)
        codes, gain_db = np.full(FRAMES, code), np.full(FRAMES, -20.0)
        return CodePath(book.name, book.sha256, *clock, codes, gain_db, controls=controls, **fields)

    return held


def band(number: int, by_db: float) -> NDArray[np.float64]:
    row = np.zeros(BANDS)
    row[number] = by_db
    return row


@pytest.mark.parametrize("number", [9, 12])
def test_band_raised_by_6_db_is_6_db_louder_than_the_others(number: int) -> None:
    """White noise through the envelope, its level at the centre of the band and that of the rest, before and after."""
    grid = FrameGrid()
    white = CodeSpectra(normalize_power(np.ones((1, grid.n_bins)), grid), grid)
    plain, raised = (
        np.abs(np.fft.rfft(render_path(hold_white(grid, band(number, by_db)), white))) for by_db in (0.0, 6.0)
    )
    hz = np.linspace(0, grid.sr / 2, len(plain))
    centres = band_centres(grid)
    inside = np.abs(hz - centres[number]) < 30
    outside = (hz < centres[number - 1]) | (hz > centres[number + 1])
    changes_db = [10 * np.log10(np.sum(raised[bins] ** 2) / np.sum(plain[bins] ** 2)) for bins in (inside, outside)]
    assert changes_db[0] - changes_db[1] == pytest.approx(6, abs=0.3)


def hold_white(grid: FrameGrid, row: NDArray[np.float64]) -> CodePath:
    controls = replace(no_controls(FRAMES), envelope_db=row)
    codes, n_samples = np.zeros(FRAMES, int), (FRAMES - 1) * grid.hop_length
    return CodePath("a", "ab", grid.sr, grid.hop_length, n_samples, codes, np.full(FRAMES, -20.0), "noise",
                    controls=controls)  # fmt: skip


def test_envelope_keeps_the_power_of_the_frame(book: Codebook, hold: Hold, rng: np.random.Generator) -> None:
    """The power of the spectra to rounding; that of the sound, whose frames overlap, within half a dB."""
    row = rng.uniform(-15, 15, BANDS)
    shaped, plain = hold(row), hold(np.zeros(BANDS))
    codes = shaped.codes[None]
    powers = [
        np.sum(book.spectra.look_up(codes, path.controls).amplitudes[0, :, 1:-1].astype(np.float64) ** 2, axis=1)
        for path in (shaped, plain)
    ]
    np.testing.assert_allclose(*powers, rtol=1e-3)
    levels = [np.std(render_path(path, book.spectra)[3000:-3000]) for path in (shaped, plain)]
    assert 20 * np.log10(levels[0] / levels[1]) == pytest.approx(0, abs=0.5)


def test_envelope_of_zero_changes_no_sample(book: Codebook, hold: Hold) -> None:
    for tilt_db in (0.0, 1.5):
        path = hold(np.zeros((FRAMES, BANDS)), tilt_db=tilt_db)
        old = replace(path, controls=replace(no_controls(FRAMES), tilt_db=path.controls.tilt_db) if tilt_db else None)
        assert render_path(path, book.spectra).tobytes() == render_path(old, book.spectra).tobytes()


def test_envelope_that_is_level_changes_nothing_but_rounding(book: Codebook, hold: Hold) -> None:
    """Raised by as much everywhere, and its power brought back, a frame is what it was."""
    level, plain = (render_path(hold(np.full(BANDS, by_db)), book.spectra) for by_db in (12.0, 0.0))
    np.testing.assert_allclose(level, plain, atol=1e-6)


def test_envelope_that_is_a_line_over_octaves_is_a_tilt() -> None:
    """Two routes: 2 dB per octave as a tilt, and as an envelope, from the lowest band on."""
    grid = FrameGrid()
    row = 2 * np.log2(band_centres(grid) / 1000)
    inside = grid.frequencies_hz >= 60
    spread = spread_bands(row[None].astype(np.float32), grid)[0]
    np.testing.assert_allclose(spread[inside], 2 * tilt_octaves(grid)[inside], atol=1e-3)


def test_spread_bands_is_the_same_for_any_frames_at_a_time(rng: np.random.Generator) -> None:
    grid, rows = FrameGrid(), rng.uniform(-20, 20, (40, BANDS)).astype(np.float32)
    one_by_one = np.concatenate([spread_bands(row[None], grid) for row in rows])
    np.testing.assert_array_equal(one_by_one, spread_bands(rows, grid))


@pytest.mark.parametrize("block_size", [100, 999, 5000])
def test_render_blocks_with_envelopes_gives_the_samples_of_the_whole(
    book: Codebook, hold: Hold, rng: np.random.Generator, block_size: int
) -> None:
    rows = np.where(rng.random((FRAMES, 1)) < 0.5, rng.uniform(-20, 20, (FRAMES, BANDS)), 0)
    path = hold(rows, tilt_db=-1.0).with_codes(rng.integers(0, 64, FRAMES))
    blocks = np.concatenate(list(render_blocks(path, book.spectra, block_size=block_size)))
    np.testing.assert_array_equal(blocks, render_path(path, book.spectra))


@given(seed=st.integers(0, 2**32), frames=st.integers(1, 40))
def test_path_with_envelopes_comes_back_from_its_file_to_the_bit(
    seed: int, frames: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    codes = np.repeat(rng.integers(0, 4, frames), rng.integers(1, 6, frames))[:frames]
    gains = rng.choice([-120.0, -20.0], frames)
    rows = rng.normal(0, 5, (3, BANDS))[rng.integers(0, 3, frames)] * rng.integers(0, 2, (frames, 1))
    controls = replace(no_controls(frames), envelope_db=rows)
    path = CodePath("a", "ab", 16000, 256, frames * 256 - 1, codes, gains, controls=controls)
    file = tmp_path_factory.mktemp("paths") / "p.json"
    path.save(file)
    for _ in range(2):  # as runs, and as the rows that very long paths are written in
        again = CodePath.load(file)
        assert again == path
        assert again.controls is None or np.array_equal(again.controls.envelope_db, controls.envelope_db)
        file.write_text(json.dumps(path.to_fields()))


def test_save_writes_an_envelope_once_where_it_does_not_change_and_0_where_it_is_none(tmp_path: Path) -> None:
    rows = np.array([RISE, RISE, [0] * BANDS, RISE, [0] * BANDS, [0] * BANDS], float)
    codes = np.array([5, 5, 2, 2, 3, 3])
    controls = replace(no_controls(6), envelope_db=rows + 0.04)
    CodePath("a", "ab", 16000, 256, 6 * 256 - 1, codes, np.full(6, -20.0), controls=controls).save(tmp_path / "p.json")
    found = json.loads((tmp_path / "p.json").read_text())["runs"]
    assert found == [
        {"code": 5, "frames": 2, "gain_db": -20, "envelope_db": RISE},
        {"code": 2, "gain_db": -20, "envelope_db": [0, RISE]},
        {"code": 3, "frames": 2, "gain_db": -20},
    ]


def test_load_of_envelopes_written_by_hand(tmp_path: Path) -> None:
    runs = [
        {"code": 1, "frames": 3, "gain_db": -20, "envelope_db": RISE},
        {"code": 1, "gain_db": -20, "envelope_db": [0, RISE]},
        {"code": 2, "frames": BANDS, "gain_db": -20, "envelope_db": RISE},
        {"code": 2, "gain_db": -20, "envelope_db": 0},
    ]
    (tmp_path / "p.json").write_text(json.dumps(HEAD | {"runs": runs}))
    controls = CodePath.load(tmp_path / "p.json").controls
    assert controls is not None
    sums = controls.envelope_db.sum(axis=1).tolist()
    assert sums == [15.0] * 3 + [0.0, 15.0] + [15.0] * BANDS + [0.0]


@pytest.mark.parametrize(("value", "message"), [
    ([1, 2], "run 1: envelope_db must be 16 numbers in dB, or for each frame such a list or 0 (got [1, 2])"),
    (3, "run 1: envelope_db must be 16 numbers in dB, or for each frame such a list or 0 (got 3)"),
    (None, "run 1: envelope_db must be 16 numbers in dB, or for each frame such a list or 0 (got None)"),
    ([0, RISE, RISE], "envelope_db holds 3 envelopes, and the run has 2 frames; make them 2, or give 16 numbers for "),
    ([0, [1]], "run 1: envelope_db must be 16 numbers in dB, or for each frame such a list or 0 (got [1])"),
    (["a"] * BANDS, "run 1: 'envelope_db' must hold numbers only"),
    ([99] * BANDS, "envelope_db must hold 16 numbers from -40 to 40 for each of 2 frames"),
], ids=str)  # fmt: skip
def test_load_of_an_envelope_that_is_none_says_so(tmp_path: Path, value: Any, message: str) -> None:
    run = {"code": 1, "frames": 2, "gain_db": -20, "envelope_db": value}
    (tmp_path / "p.json").write_text(json.dumps(HEAD | {"runs": [run]}))
    with pytest.raises(CodebookError, match=re.escape(message)):
        CodePath.load(tmp_path / "p.json")


@pytest.mark.parametrize(("rows", "message"), [
    ([[0, 0]] * 15, "envelope_db must hold 16 rows, one for each band, of 2 numbers"),
    ([[0, 0]] * 15 + [[0]], r"envelope_db must hold 2 numbers for each band \(got 1\)"),
    ([0] * BANDS, "'envelope_db' must be of type list"),
])  # fmt: skip
def test_load_of_rows_of_bands_that_do_not_fit_says_so(tmp_path: Path, rows: Any, message: str) -> None:
    fields = HEAD | {"format": 1, "codes": [1, 1], "gain_db": [-20, -20], "envelope_db": rows}
    (tmp_path / "p.json").write_text(json.dumps(fields))
    with pytest.raises(CodebookError, match=message):
        CodePath.load(tmp_path / "p.json")


@pytest.mark.parametrize("value", [np.zeros(3), np.full((4, BANDS), np.nan), np.full((4, BANDS), 41.0), 1.0], ids=str)
def test_controls_with_an_envelope_that_is_none_are_refused(value: Any) -> None:
    with pytest.raises(ParameterError, match="16 numbers from -40 to 40 for each of 4 frames"):
        Controls(*np.zeros((4, 4)), envelope_db=value)
