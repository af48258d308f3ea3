"""The baseline vocoder, which needs no training: magnitudes by inverting the mel bands, phases by iteration.

Non-negative magnitudes are found after Lee, Seung, "Algorithms for non-negative matrix factorization", 2001, and phases
after Perraudin, Balazs, Sondergaard, "A fast Griffin-Lim algorithm", 2013.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from vqsynth.continuous.vocoders.interface import Player, Vocoder, hold_ends
from vqsynth.errors import ModelError, ParameterError
from vqsynth.sound.excitation import Spectra
from vqsynth.sound.frames import Floats, FrameGrid, OverlapAdd, fade_ends
from vqsynth.sound.mel import EPS, SILENT_LUFS, MelGrid, loudness_of
from vqsynth.storage.tensors import Arrays

INVERSIONS = 60
ITERATIONS = 32
MOMENTUM = 0.99
_FRAMES_AT_ONCE = 256


class GriffinLimVocoder(Vocoder):
    """Sound the mel bands without any network."""

    name = "griffin-lim"

    def __init__(self, grid: MelGrid, config: Mapping[str, Any], state: Arrays | None = None) -> None:
        super().__init__(grid)
        if config or state:
            raise ModelError("the vocoder 'griffin-lim' has neither sizes nor weights; leave them away")

    def play(self, *, excitation: str | None, seed: int) -> Player:
        """Raise ParameterError, since every phase depends on the whole sound."""
        raise ParameterError("the vocoder 'griffin-lim' needs the whole sound and cannot be streamed; choose another")

    def render_whole(
        self, log_mel: Floats, loudness_db: Floats, *, n_samples: int, excitation: str | None, seed: int
    ) -> Floats:
        """Render checked frames."""
        grid = self.grid.frames
        lead = self.delay_samples // grid.hop_length
        held = hold_ends(log_mel, loudness_db, before=lead, after=lead)
        blocks = [slice(i, i + _FRAMES_AT_ONCE) for i in range(0, len(held[0]), _FRAMES_AT_ONCE)]
        magnitudes = np.concatenate([self._level(invert_mel(held[0][b], self.grid), held[1][b]) for b in blocks])
        y = find_phases(magnitudes, grid, seed=seed)[grid.n_fft :][:n_samples]
        return y * fade_ends(0, n_samples, fade=grid.hop_length // 2, n_samples=n_samples)

    def _level(self, magnitudes: Floats, loudness_db: Floats) -> Floats:
        gain_db = loudness_db - loudness_of(magnitudes, self.grid)
        scaled: Floats = magnitudes * np.where(loudness_db > SILENT_LUFS, 10 ** (gain_db / 20), 0)[:, None]
        return scaled.astype(np.float32)


def invert_mel(log_mel: Floats, grid: MelGrid, *, iterations: int = INVERSIONS) -> Floats:
    """Find non-negative magnitudes (T, n_bins) whose mel bands are nearest to those of log_mel (T, B)."""
    bands = np.maximum(np.exp(log_mel) - EPS, 0) * grid.peak
    wanted = bands @ grid.filters
    overlaps = grid.filters.T @ grid.filters
    magnitudes = wanted / np.maximum(grid.filters.sum(axis=0), 1e-6)
    for _ in range(iterations):
        magnitudes *= wanted / np.maximum(magnitudes @ overlaps, 1e-9)
    inverted: Floats = magnitudes.astype(np.float32)
    return inverted


def find_phases(magnitudes: Floats, grid: FrameGrid, *, seed: int, iterations: int = ITERATIONS) -> Floats:
    """Sound magnitudes (T, n_bins) with phases that are iterated from random ones: (T * hop_length,).

    The first sample is the first of the first frame.
    """
    turns = np.random.default_rng(seed).random(magnitudes.shape, np.float32)
    directions: Spectra = np.exp(np.complex64(2j * np.pi) * turns)
    before: Spectra | None = None
    for _ in range(iterations):
        now = _analyse(_overlap(magnitudes * directions, grid), len(magnitudes), grid)
        pushed = now if before is None else now + np.complex64(MOMENTUM / (1 + MOMENTUM)) * (now - before)
        before = now
        directions = (pushed / np.maximum(np.abs(pushed), 1e-12)).astype(np.complex64, copy=False)
    return _overlap(magnitudes * directions, grid)


def _overlap(spectra: Spectra, grid: FrameGrid) -> Floats:
    return OverlapAdd(grid).push(np.fft.irfft(spectra, grid.n_fft, axis=-1).astype(np.float32, copy=False))


def _analyse(y: Floats, n_frames: int, grid: FrameGrid) -> Spectra:
    padded = np.pad(y, (0, grid.n_fft))
    frames = np.lib.stride_tricks.sliding_window_view(padded, grid.n_fft)[:: grid.hop_length][:n_frames]
    return np.fft.rfft(frames * grid.window, axis=-1).astype(np.complex64, copy=False)
