"""Rendering: blocks, seeds, gains and edges."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.sound_worlds import magnitude_spectra
from vqsynth.codebook import Codebook
from vqsynth.codes.controls import no_controls
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.path import CodePath
from vqsynth.render import render_blocks, render_path
from vqsynth.sound.descriptors import measure


def make_path(book: Codebook, codes: NDArray[np.int64], gain_db: float | NDArray[np.float64] = -20.0) -> CodePath:
    n_samples = (len(codes) - 1) * book.grid.hop_length + 100
    gains = np.broadcast_to(gain_db, len(codes))
    return CodePath(book.name, book.sha256, book.grid.sr, book.grid.hop_length, n_samples, codes, gains)


@pytest.fixture
def wander(book: Codebook) -> CodePath:
    codes = np.random.default_rng(4).integers(0, len(book), 300)
    return make_path(book, codes, np.linspace(-40, -10, 300))


@settings(max_examples=25)
@given(block_size=st.integers(1, 20000), excitation=st.sampled_from(["coherent", "noise"]))
def test_render_blocks_any_size_gives_the_samples_of_the_whole(
    book: Codebook, block_size: int, excitation: str
) -> None:
    path = make_path(book, np.random.default_rng(4).integers(0, len(book), 40))
    whole = render_path(path, book.spectra, excitation=excitation)
    blocks = list(render_blocks(path, book.spectra, excitation=excitation, block_size=block_size))
    assert all(len(block) == block_size for block in blocks[:-1])
    np.testing.assert_array_equal(np.concatenate(blocks), whole)


@pytest.mark.parametrize("excitation", ["noise", "coherent", "refined"])
def test_render_path_same_seed_same_bytes(book: Codebook, wander: CodePath, excitation: str) -> None:
    first, again, other = (render_path(wander, book.spectra, excitation=excitation, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.001
    assert first.shape == (wander.n_samples,) and first.dtype == np.float32


@pytest.mark.parametrize("n_samples", [1, 2, 7, 255, 256, 257, 1024, 5000])
@pytest.mark.parametrize("excitation", ["coherent", "refined"])
def test_render_path_any_length_is_met(book: Codebook, n_samples: int, excitation: str) -> None:
    frames = book.grid.count(n_samples)
    path = replace(make_path(book, np.arange(frames)), n_samples=n_samples)
    y = render_path(path, book.spectra, excitation=excitation)
    assert len(y) == n_samples
    assert np.isfinite(y).all()


def test_render_path_starts_and_ends_near_zero(book: Codebook) -> None:
    y = render_path(make_path(book, np.full(50, 3)), book.spectra)
    peak = np.abs(y).max()
    assert np.abs(y[[0, -1]]).max() < 1e-6
    assert np.abs(np.diff(y[:20])).max() < 0.02 * peak
    assert np.abs(y[1000:1200]).max() > 0.3 * peak


def test_render_path_six_decibels_more_is_twice_the_amplitude(book: Codebook) -> None:
    codes = np.random.default_rng(4).integers(0, len(book), 30)
    quiet, loud = (render_path(make_path(book, codes, gain), book.spectra) for gain in (-26.0206, -20.0))
    np.testing.assert_allclose(loud, 2 * quiet, atol=2e-5)


def test_render_path_gain_jump_is_smooth(book: Codebook) -> None:
    """The level rises over the length of a window: by no more than a third of the way within any one period."""
    gains = np.where(np.arange(60) < 30, -40.0, -10.0)
    y = render_path(make_path(book, np.full(60, 2), gains), book.spectra)
    period = round(book.grid.sr / 150)
    level = np.sqrt(np.convolve(y**2, np.ones(period) / period, "valid"))[1000:-1000]
    assert (level[period:] - level[:-period]).max() < level.max() / 3


def test_render_path_silent_gain_is_silence(book: Codebook) -> None:
    assert not render_path(make_path(book, np.arange(20), -120.0), book.spectra).any()


def test_render_path_refined_magnitudes_are_nearer_to_the_spectra(book: Codebook) -> None:
    path = make_path(book, np.repeat(np.random.default_rng(0).integers(0, len(book), 20), 4), 0.0)
    wanted = book.spectra.amplitudes[path.codes]

    def miss(excitation: str) -> float:
        got = magnitude_spectra(render_path(path, book.spectra, excitation=excitation), book.grid)
        return float(np.linalg.norm((got - wanted)[4:-4]))

    assert miss("refined") < 0.95 * miss("coherent")


def test_render_path_held_code_has_the_pitch_of_the_table(book: Codebook) -> None:
    y = render_path(make_path(book, np.full(60, 24)), book.spectra)
    got = np.nanmedian(measure(y, book.grid, ["pitch"])["pitch"][4:-4])
    assert got == pytest.approx(book.table.column("pitch")[24], rel=1e-3)


def test_render_path_code_out_of_range_is_refused(book: Codebook) -> None:
    with pytest.raises(CodebookError, match=r"must lie between 0 and 63 \(got 64\)"):
        render_path(make_path(book, np.array([0, 64])), book.spectra)


def test_render_path_of_another_hop_is_refused(book: Codebook) -> None:
    path = CodePath("a", "b", 16000, 128, 128, np.array([0, 1]), np.zeros(2))
    with pytest.raises(CodebookError, match=r"hop of 256 \(got 16000 Hz and 128\)"):
        render_path(path, book.spectra)


def test_render_blocks_bad_requests_are_refused(book: Codebook, wander: CodePath) -> None:
    with pytest.raises(ParameterError, match="block by block"):
        next(render_blocks(wander, book.spectra, excitation="refined"))
    with pytest.raises(ParameterError, match="block_size"):
        next(render_blocks(wander, book.spectra, block_size=0))


def test_render_fundamental_beyond_the_spectrum_is_silent_about_it(book: Codebook) -> None:
    path = book.follow(seconds=0.1, centroid=900)
    n = len(path)
    for place_hz in (7999.0, 8000.0, 8020.0, 1e6):
        raised = replace(no_controls(n), fundamental_hz=np.full(n, place_hz), fundamental_db=np.full(n, 20.0))
        assert np.isfinite(book.render(replace(path, controls=raised))).all()
