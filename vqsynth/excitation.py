"""The phase of the grains: white noise, coherent partials, and coherent partials refined.

A grain is a magnitude spectrum; an excitation turns a row of grains into complex spectra, one per frame:

- `NoiseExcitation`: windowed white noise, transformed, times the grain (Bitton, Esling, Harada, 2020).
- `CoherentExcitation`: peaks of the grain are partials. The phase of a peak advances by its interpolated frequency,
  the bins around it are locked to it (Laroche, Dolson, "Improved phase vocoder time-scale modification of audio",
  1999), and what does not stand out of its surroundings as a peak gets noise.
- `refine`: iterations of Griffin and Lim (1984) over a sound that was rendered with `coherent`.

The first two are causal and keep their state between calls: block by block gives the samples of the whole. All are
deterministic under a seed. Spectra are in units of `numpy.fft.rfft` of a Hann-windowed frame of a sound of RMS 1.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vqsynth.frames import Floats, FrameGrid, OverlapAdd

PROMINENCE_DB = 9.0
"""How far a peak must stand over the median of its surroundings to be tonal (measured on violin: 10 % of the bins,
97 % of the power)."""
SURROUNDINGS = 41
"""Bins of that median."""
LOBE = 2
"""Bins to either side of a peak that a Hann window's main lobe covers."""

Spectra = NDArray[np.complex64]
Rng = np.random.Generator | int | None
TURN = np.float32(2 * np.pi)


class Excitation(Protocol):
    """What gives grains their phase, frame after frame."""

    def spectra(self, codes: NDArray[np.int64]) -> Spectra:
        """Excite the next frames of B parallel voices: codes (B, T) to complex spectra (B, T, n_bins)."""
        ...


class WhiteNoise:
    """Transform one endless white noise frame by frame, to spectra of unit mean power (T, n_bins)."""

    def __init__(self, grid: FrameGrid, rng: Rng) -> None:
        self._grid = grid
        self._rng = np.random.default_rng(rng)
        self._window = grid.window / np.sqrt(np.sum(grid.window.astype(np.float64) ** 2)).astype(np.float32)
        self._past = self._rng.standard_normal(grid.n_fft - grid.hop_length, np.float32)

    def spectra(self, n_frames: int) -> Spectra:
        """Transform the next `n_frames` frames."""
        fresh = self._rng.standard_normal(n_frames * self._grid.hop_length, np.float32)
        noise = np.concatenate([self._past, fresh])
        self._past = noise[n_frames * self._grid.hop_length :]
        frames = np.lib.stride_tricks.sliding_window_view(noise, self._grid.n_fft)[:: self._grid.hop_length]
        return np.fft.rfft(frames * self._window, axis=-1).astype(np.complex64, copy=False)


class NoiseExcitation:
    """Excite grains with noise alone. All voices of one call hear the same noise.

    amplitudes: (K, n_bins), the grains in units of the rfft.
    """

    def __init__(self, amplitudes: Floats, grid: FrameGrid, *, rng: Rng = 0) -> None:
        self._amplitudes = amplitudes
        self._noise = WhiteNoise(grid, rng)

    def spectra(self, codes: NDArray[np.int64]) -> Spectra:
        """Excite the next frames: codes (B, T) to spectra (B, T, n_bins)."""
        return self._amplitudes[codes] * self._noise.spectra(codes.shape[1])


@dataclass(frozen=True)
class Partials:
    """What `coherent` looks up, computed once per code; every array is (K, n_bins).

    peak: the bin of the partial that a bin belongs to. advance: radians its phase gains over a hop, with the sign
    that alternates inside a Hann window's lobe. tonal: whether the bin sounds with that phase or as noise.
    """

    peak: NDArray[np.int16]
    advance: Floats
    tonal: NDArray[np.bool_]


def find_partials(magnitudes: Floats, grid: FrameGrid) -> Partials:
    """Split every grain into partials and noise.

    magnitudes: (K, n_bins), linear. Frequencies of the peaks come from a parabola through the log magnitudes of the
    peak and its neighbours. Regions of influence meet at the valleys between peaks.
    """
    log = np.log(np.maximum(magnitudes, 1e-9)).astype(np.float32)
    is_peak = np.zeros(log.shape, bool)
    is_peak[:, 1:-1] = (log[:, 1:-1] > log[:, :-2]) & (log[:, 1:-1] >= log[:, 2:])
    rows, bins = np.nonzero(is_peak)
    left, top, right = log[rows, bins - 1], log[rows, bins], log[rows, bins + 1]
    offset = np.clip(0.5 * (left - right) / np.minimum(left - 2 * top + right, -1e-9), -0.5, 0.5)
    advance_of_peak = (2 * np.pi * grid.hop_length / grid.n_fft) * (bins + offset)
    owner = _nearest_peak(log, is_peak)
    peak = np.append(bins, 0)[owner].astype(np.int16)
    distance = np.arange(grid.n_bins, dtype=np.int32) - peak
    advance = np.append(advance_of_peak, 0.0)[owner] + np.pi * (distance % 2)
    prominent = top - _median_around(log, rows, bins) > PROMINENCE_DB * np.log(10) / 20
    tonal = np.append(prominent, False)[owner] & (np.abs(distance) <= LOBE)
    return Partials(peak, np.remainder(advance, 2 * np.pi).astype(np.float32), tonal)


def _nearest_peak(log: Floats, is_peak: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Give each bin the running number of the peak whose hill it stands on, or -1 in a row without any peak."""
    is_valley = np.zeros(log.shape, bool)
    is_valley[:, 1:-1] = (log[:, 1:-1] <= log[:, :-2]) & (log[:, 1:-1] < log[:, 2:])
    climbs = np.cumsum(is_valley, axis=1)
    before = np.cumsum(is_peak, axis=1)
    per_row = before[:, -1:]
    # Hill h of a row holds its peak h, except that a row which starts by falling has a hill without a peak first.
    first_hill = np.take_along_axis(climbs, np.argmax(is_peak, axis=1)[:, None], axis=1)
    within = np.clip(climbs - first_hill, 0, np.maximum(per_row - 1, 0))
    starts = np.concatenate([[0], np.cumsum(per_row[:-1, 0])])[:, None]
    return np.where(per_row > 0, starts + within, -1)


def _median_around(log: Floats, rows: NDArray[np.intp], bins: NDArray[np.intp]) -> Floats:
    """Take the median of the bins around each peak, the spectrum mirrored at its ends."""
    half = SURROUNDINGS // 2
    padded = np.pad(log, ((0, 0), (half, half)), mode="symmetric")
    around = np.lib.stride_tricks.sliding_window_view(padded, SURROUNDINGS, axis=1)[rows, bins]
    around.partition(half, axis=1)
    return around[:, half]


class CoherentExcitation:
    """Excite partials with phases that run on from frame to frame, and what lies between them with noise.

    amplitudes: (K, n_bins), the grains in units of the rfft; partials: what `find_partials` found in them. All
    voices of one call hear the same noise and start from the same phases.
    """

    def __init__(self, amplitudes: Floats, partials: Partials, grid: FrameGrid, *, rng: Rng = 0) -> None:
        rng = np.random.default_rng(rng)
        self._amplitudes, self._partials = amplitudes, partials
        self._phase = rng.uniform(0, 2 * np.pi, (1, grid.n_bins)).astype(np.float32)
        self._noise = WhiteNoise(grid, rng)

    def spectra(self, codes: NDArray[np.int64]) -> Spectra:
        """Excite the next frames: codes (B, T) to spectra (B, T, n_bins)."""
        tonal = self._partials.tonal[codes]
        phases = self._run_phases(codes)[tonal]
        amplitudes = self._amplitudes[codes]
        spectra = amplitudes * self._noise.spectra(codes.shape[1])
        spectra.real[tonal] = amplitudes[tonal] * np.cos(phases)
        spectra.imag[tonal] = amplitudes[tonal] * np.sin(phases)
        return spectra

    def _run_phases(self, codes: NDArray[np.int64]) -> Floats:
        """Advance the phase of every bin, frame by frame: codes (B, T) to radians (B, T, n_bins)."""
        peak, advance = self._partials.peak, self._partials.advance
        phases = np.empty((*codes.shape, peak.shape[1]), np.float32)
        phase = np.broadcast_to(self._phase, (len(codes), peak.shape[1]))
        for t in range(codes.shape[1]):
            phase = np.take_along_axis(phase, peak[codes[:, t]], axis=1) + advance[codes[:, t]]
            phase -= TURN * np.floor(phase / TURN)
            phases[:, t] = phase
        self._phase = phase
        return phases


def refine(
    y: Floats, amplitudes: Floats, codes: NDArray[np.int64], gain: Floats, grid: FrameGrid, *, iterations: int
) -> Floats:
    """Bring the magnitudes of a rendered sound nearer to its grains, keeping the phases that it came with.

    y: (T * hop_length,), as the overlap-add of the frames of `codes` (T,) gave it, its first sample the first of frame
    0. amplitudes: (K, n_bins). gain: (T,), linear. Returns the same shape. Griffin, Lim, 1984.
    """
    for _ in range(iterations):
        adder, parts = OverlapAdd(grid), []
        padded = np.pad(y, (0, grid.n_fft))
        frames = np.lib.stride_tricks.sliding_window_view(padded, grid.n_fft)[:: grid.hop_length]
        for start in range(0, len(codes), 512):
            block = slice(start, min(start + 512, len(codes)))
            spectra = np.fft.rfft(frames[block] * grid.window, axis=-1)
            wanted = amplitudes[codes[block]] * gain[block, None]
            spectra *= wanted / np.maximum(np.abs(spectra), 1e-12)
            parts.append(adder.push(np.fft.irfft(spectra, axis=-1).astype(np.float32, copy=False)))
        y = np.concatenate(parts)
    return y
