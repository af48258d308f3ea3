"""Frames of sounds, with the spectra and the pitch that descriptors share, each computed once when it is needed."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from vqsynth.sound.frames import Floats, FrameGrid, rfft
from vqsynth.sound.pitch import count_samples, estimate_pitch


class Analysis:
    """Hold frames of sounds, and compute what descriptors share of them when it is first needed.

    A descriptor gets an Analysis of one or many sounds, and returns a value per frame.

    Parameters
    ----------
    frames : (..., T, n_fft) float32
        The frames, not windowed.
    weigh : callable
        Returns the same frames of the K-weighted sound.
    grid : FrameGrid
        Sample rate, window and hop. `grid.frequencies_hz` (n_bins,) are the bins' frequencies.
    widen : callable
        Returns frames of a given number of samples about the same centres. The pitch is estimated in these.

    """

    def __init__(
        self, frames: Floats, weigh: Callable[[], Floats], grid: FrameGrid, widen: Callable[[int], Floats]
    ) -> None:
        self.frames, self.grid, self._weigh, self._widen = frames, grid, weigh, widen

    @cached_property
    def weighted(self) -> Floats:
        """Return the frames of the K-weighted sound, (..., T, n_fft), not windowed."""
        return self._weigh()

    @cached_property
    def magnitude(self) -> Floats:
        """Return the magnitude spectra of the Hann-windowed frames, (..., T, n_bins)."""
        return np.abs(rfft(self.frames * self.grid.window)).astype(np.float32, copy=False)

    @cached_property
    def shares(self) -> Floats:
        """Return the magnitudes divided by their sum over the bins, (..., T, n_bins). They are NaN in silent frames."""
        with np.errstate(invalid="ignore"):
            shares: Floats = self.magnitude / self.magnitude.sum(-1, keepdims=True)
        return shares

    @cached_property
    def pitch(self) -> tuple[Floats, Floats]:
        """Return the pitch in Hz and its confidence, (..., T) each. They do not depend on n_fft."""
        return estimate_pitch(self._widen(count_samples(self.grid.sr)), self.grid.sr)
