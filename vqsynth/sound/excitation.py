"""The phase of magnitude spectra: white noise, or coherent partials.

An excitation turns magnitude spectra, one per frame, into complex spectra:

- `NoiseExcitation`: windowed white noise, transformed, times the magnitudes (Bitton, Esling, Harada, 2020).
- `CoherentExcitation`: the phase of a partial advances by its frequency from frame to frame, the bins around its peak
  are locked to it (Laroche, Dolson, 1999), and everything else gets noise.

Both are causal and keep their state between calls, so block by block gives the same samples as all at once. Both are
deterministic under a seed. The third excitation, `refined`, starts from `coherent` and iterates: see `refinement`.
Spectra are in units of `numpy.fft.rfft` of a Hann-windowed frame of a sound of RMS 1.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors.checks import check_whole
from vqsynth.sound.frames import Floats, FrameGrid

Spectra = NDArray[np.complex64]
Rng = np.random.Generator | int | None
TURN = np.float32(2 * np.pi)


@dataclass(frozen=True)
class FrameSpectra:
    """Hold the magnitudes of T frames of B voices, and how their phases advance.

    Parameters
    ----------
    amplitudes : (B, T, n_bins) float32
        Magnitudes, in units of the rfft.
    peak : (B, T, n_bins) int16
        The bin whose last phase each bin continues.
    advance : (B, T, n_bins) float32
        Radians that are added to that phase over a hop.
    tonal : (B, T, n_bins) bool
        Whether the bin sounds with this phase, or as noise.

    """

    amplitudes: Floats
    peak: NDArray[np.int16]
    advance: Floats
    tonal: NDArray[np.bool_]

    def hold(self, n_frames: int) -> "FrameSpectra":
        """Return one frame, (B, 1, n_bins), repeated `n_frames` times without a copy."""
        size = (len(self.peak), n_frames, self.peak.shape[2])
        hold = partial(np.broadcast_to, shape=size)
        return FrameSpectra(hold(self.amplitudes), hold(self.peak), hold(self.advance), hold(self.tonal))


class Excitation(Protocol):
    """The interface of excitations: give spectra their phase, frame after frame."""

    def excite(self, frames: FrameSpectra) -> Spectra:
        """Return the complex spectra (B, T, n_bins) of the next frames of B parallel voices."""
        ...


class WhiteNoise:
    """Transform an endless white noise frame by frame, to spectra of unit mean power.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop of the frames.
    rng : numpy Generator, int or None
        Source of chance, or its seed.

    """

    def __init__(self, grid: FrameGrid, rng: Rng) -> None:
        self._grid = grid
        self._rng = np.random.default_rng(rng)
        self._window = grid.window / np.sqrt(np.sum(grid.window.astype(np.float64) ** 2)).astype(np.float32)
        self._past = self._rng.standard_normal(grid.n_fft - grid.hop_length, np.float32)

    def spectra(self, n_frames: int) -> Spectra:
        """Return the spectra of the next frames, (n_frames, n_bins) complex64."""
        fresh = self._rng.standard_normal(n_frames * self._grid.hop_length, np.float32)
        noise = np.concatenate([self._past, fresh])
        self._past = noise[n_frames * self._grid.hop_length :]
        frames = np.lib.stride_tricks.sliding_window_view(noise, self._grid.n_fft)[:: self._grid.hop_length]
        return np.fft.rfft(frames * self._window, axis=-1).astype(np.complex64, copy=False)


class NoiseExcitation:
    """Excite frames with noise alone. All voices of one call get the same noise."""

    def __init__(self, grid: FrameGrid, *, rng: Rng = 0) -> None:
        self._noise = WhiteNoise(grid, rng)

    def excite(self, frames: FrameSpectra) -> Spectra:
        """Return the complex spectra of the next frames, (B, T, n_bins)."""
        return frames.amplitudes * self._noise.spectra(frames.amplitudes.shape[1])


class CoherentExcitation:
    """Excite partials with phases that continue from frame to frame, and everything between them with noise.

    All voices of one call get the same noise and start from the same phases.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop of the frames.
    rng : numpy Generator, int or None
        Source of the noise and of the first phases, or its seed.

    References
    ----------
    Laroche, Dolson, "Improved phase vocoder time-scale modification of audio", 1999.

    """

    def __init__(self, grid: FrameGrid, *, rng: Rng = 0) -> None:
        rng = np.random.default_rng(rng)
        self._phase = rng.uniform(0, 2 * np.pi, (1, grid.n_bins)).astype(np.float32)
        self._noise = WhiteNoise(grid, rng)

    def excite(self, frames: FrameSpectra) -> Spectra:
        """Return the complex spectra of the next frames, (B, T, n_bins)."""
        amplitudes, tonal = frames.amplitudes, np.flatnonzero(frames.tonal)
        phases, loud = self._run_phases(frames).ravel()[tonal], amplitudes.ravel()[tonal]
        spectra = amplitudes * self._noise.spectra(amplitudes.shape[1])
        flat = spectra.reshape(-1)
        flat.real[tonal] = loud * np.cos(phases)
        flat.imag[tonal] = loud * np.sin(phases)
        return spectra

    def _run_phases(self, frames: FrameSpectra) -> Floats:
        """Advance the phase of every bin, frame by frame. Return radians (B, T, n_bins)."""
        n_voices, n_frames, n_bins = frames.advance.shape
        phases = np.empty((n_voices, n_frames, n_bins), np.float32)
        phase = np.broadcast_to(self._phase, (n_voices, n_bins))
        voice = n_bins * np.arange(n_voices)[:, None]
        for t in range(n_frames):
            phase = phase.ravel()[voice + frames.peak[:, t]] + frames.advance[:, t]
            phase -= TURN * np.floor(phase / TURN)
            phases[:, t] = phase
        self._phase = phase
        return phases


def check_seed(seed: Any) -> int:
    """Check that a seed is a whole number of 0 or more, and return it. Raises ParameterError otherwise."""
    return check_whole("seed", seed)
