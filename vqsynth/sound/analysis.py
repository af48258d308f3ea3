"""Frames of sounds, and what descriptors share of them: each computed once, when it is first asked for."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.pitch import count_samples, estimate_pitch


class Analysis:
    """Hold the frames of sounds, (..., T, n_fft) and not windowed, and what descriptors share of them.

    Everything but the frames is computed when it is first asked for; `weigh` gives the same frames K-weighted, `widen`
    frames of so many samples about the same centres, for the pitch.
    """

    def __init__(
        self, frames: Floats, weigh: Callable[[], Floats], grid: FrameGrid, widen: Callable[[int], Floats]
    ) -> None:
        self.frames, self.grid, self._weigh, self._widen = frames, grid, weigh, widen

    @cached_property
    def weighted(self) -> Floats:
        """Take the frames of the K-weighted sound, (..., T, n_fft), not windowed."""
        return self._weigh()

    @cached_property
    def magnitude(self) -> Floats:
        """Take the magnitude spectra, (..., T, n_bins)."""
        spectra = np.fft.rfft(self.frames * self.grid.window, axis=-1)
        return np.abs(spectra).astype(np.float32, copy=False)

    @cached_property
    def shares(self) -> Floats:
        """Divide the magnitudes by their sum over the bins, (..., T, n_bins)."""
        with np.errstate(invalid="ignore"):
            shares: Floats = self.magnitude / self.magnitude.sum(-1, keepdims=True)
        return shares

    @cached_property
    def pitch(self) -> tuple[Floats, Floats]:
        """Estimate pitch in Hz and its confidence, (..., T) each, the same whatever n_fft is."""
        return estimate_pitch(self._widen(count_samples(self.grid.sr)), self.grid.sr)
