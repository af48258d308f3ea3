"""Griffin-Lim at two windows: what it brings nearer, and what it must leave alone."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.path import CodePath
from vqsynth.render import render_path
from vqsynth.sound.excitation import FrameSpectra
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.refinement import refine

GRID = FrameGrid(sr=16000, n_fft=512, hop_length=128)


@dataclass
class FlatNoise:
    """Frames of white noise, one level in every bin."""

    n_frames: int = 200
    level: NDArray[np.float32] = field(default_factory=lambda: np.full(GRID.n_bins, 14.0, np.float32))

    def __len__(self) -> int:
        return self.n_frames

    def magnitudes(self, block: slice) -> Floats:
        return np.tile(self.level, (len(range(self.n_frames)[block]), 1))

    def look_up(self, block: slice) -> FrameSpectra:
        amplitudes = self.magnitudes(block)[None]
        nothing = np.zeros(amplitudes.shape)
        return FrameSpectra(amplitudes, nothing.astype(np.int16), nothing.astype(np.float32), nothing.astype(bool))


def level_spread_db(y: Floats, n_fft: int) -> float:
    """Measure how the level of bins varies over time, in dB, away from the ends."""
    window = np.hanning(n_fft + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(y[2048:-2048], n_fft)[:: n_fft // 4] * window
    db = 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1))[:, 8:-8] + 1e-9)
    return float(db.std(axis=0).mean())


@pytest.mark.parametrize("n_fft", [512, 1024])
def test_refine_of_white_noise_evens_out_its_level_at_both_windows(rng: np.random.Generator, n_fft: int) -> None:
    frames = FlatNoise()
    y = rng.standard_normal(len(frames) * GRID.hop_length).astype(np.float32)
    refined = refine(y, np.zeros_like(y), frames, GRID)
    assert level_spread_db(y, n_fft) == pytest.approx(5.6, abs=0.4)
    assert level_spread_db(refined, n_fft) < 4.5


def test_refine_with_momentum_comes_further_in_as_many_wide_iterations(rng: np.random.Generator) -> None:
    frames = FlatNoise()
    y = rng.standard_normal(len(frames) * GRID.hop_length).astype(np.float32)
    without, with_ = (
        refine(y, np.zeros_like(y), frames, GRID, rounds=2, wide_per_round=6, momentum=momentum)
        for momentum in (0.0, 0.99)
    )
    assert level_spread_db(with_, 1024) < level_spread_db(without, 1024) - 0.15


def test_refine_keeps_the_level_up_to_both_ends(rng: np.random.Generator) -> None:
    """White noise of level 14 has an RMS of 14 / sqrt(sum(window ** 2)); its ends are as loud as its middle."""
    frames = FlatNoise()
    y = rng.standard_normal(len(frames) * GRID.hop_length).astype(np.float32)
    refined = refine(y, np.zeros_like(y), frames, GRID)
    expected = 14 / np.sqrt(np.sum(GRID.window**2))
    for part in (slice(512, 2560), slice(10000, 14000), slice(-2560, -512)):
        assert np.sqrt(np.mean(refined[part] ** 2)) == pytest.approx(expected, rel=0.15)


def test_refine_with_no_rounds_changes_nothing(rng: np.random.Generator) -> None:
    y = rng.standard_normal(2560).astype(np.float32)
    np.testing.assert_array_equal(refine(y, y, FlatNoise(20), GRID, rounds=0), y)


def test_refine_twice_gives_the_same_samples(rng: np.random.Generator) -> None:
    y = rng.standard_normal(2560).astype(np.float32)
    one, two = (refine(y, np.zeros_like(y), FlatNoise(20), GRID) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_render_path_refined_keeps_the_partials_of_a_held_code(book: Codebook) -> None:
    """The strongest bin of a long window, and its level, are those of `coherent`."""
    n_frames = 80
    path = CodePath(
        book.name, book.sha256, book.grid.sr, book.grid.hop_length, 79 * book.grid.hop_length,
        np.full(n_frames, 9), np.zeros(n_frames),
    )  # fmt: skip
    spectra = {}
    for excitation in ("coherent", "refined"):
        y = render_path(path, book.spectra, excitation=excitation)[4096 : 4096 + 8192]
        spectra[excitation] = np.abs(np.fft.rfft(y * np.hanning(8192)))
    assert spectra["refined"].argmax() == spectra["coherent"].argmax()
    assert spectra["refined"].max() == pytest.approx(spectra["coherent"].max(), rel=0.1)
