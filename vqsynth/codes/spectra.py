"""The spectra of the codes, the sound of each spectrum, and its descriptors.

The spectrum of a code is a magnitude spectrum (n_bins,) of unit power: the squares of its bins sum to 1, if those
between DC and Nyquist are counted twice. Scaled to the rfft of a Hann-windowed frame it sounds at RMS 1; so it is held
in `CodeSpectra.amplitudes`.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.controls import Controls, apply_controls
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.sound.descriptors import REGISTRY, lookup, measure_clean
from vqsynth.sound.excitation import CoherentExcitation, Excitation, FrameSpectra, NoiseExcitation, Rng
from vqsynth.sound.frames import Floats, FrameGrid, OverlapAdd
from vqsynth.sound.offset import remove_offset
from vqsynth.sound.partials import Partials, find_partials
from vqsynth.sound.pitch import count_samples

ExcitationName = Literal["noise", "coherent", "refined"]
EXCITATIONS: tuple[str, ...] = get_args(ExcitationName)
SETTLED = 24
"""Number of frames of a held code that are measured: about 300 ms at 44.1 kHz and a hop of 512, as in the paper."""
_CODES_AT_ONCE = 16


@dataclass(frozen=True)
class CodeSpectra:
    """Hold the spectra of all codes, and what excitations need to know of them.

    Parameters
    ----------
    magnitudes : (K, n_bins) float32
        Magnitude spectra of unit power.
    grid : FrameGrid
        Sample rate, window and hop.

    Raises
    ------
    CodebookError
        If the shape does not fit the grid.

    """

    magnitudes: Floats
    grid: FrameGrid

    def __post_init__(self) -> None:
        if self.magnitudes.ndim != 2 or self.magnitudes.shape[1] != self.grid.n_bins:
            raise CodebookError(f"spectra must have shape (K, {self.grid.n_bins}) (got {self.magnitudes.shape})")

    def __len__(self) -> int:
        return len(self.magnitudes)

    @cached_property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the spectra, as they are stored in float16, and of their grid."""
        about = json.dumps([*self.magnitudes.shape, self.grid.sr, self.grid.n_fft, self.grid.hop_length])
        stored = np.ascontiguousarray(self.magnitudes, "<f2")
        return hashlib.sha256(about.encode() + stored.tobytes()).hexdigest()

    @cached_property
    def amplitudes(self) -> Floats:
        """Return the spectra scaled to the rfft of a windowed frame of a sound of RMS 1, (K, n_bins)."""
        scale = np.sqrt(self.grid.n_fft * np.sum(self.grid.window.astype(np.float64) ** 2))
        amplitudes: Floats = self.magnitudes * np.float32(scale)
        return amplitudes

    @cached_property
    def partials(self) -> Partials:
        """Return the spectra split into partials and noise."""
        return find_partials(self.magnitudes, self.grid)

    @cached_property
    def distances(self) -> Floats:
        """Return the squared distances between all spectra, (K, K), from 0 to 2."""
        power = self.magnitudes * np.sqrt(bin_weights(self.grid))
        distances: Floats = np.maximum(2 - 2 * (power @ power.T), 0)
        return distances

    def look_up(self, codes: NDArray[np.int64], controls: Controls | None = None) -> FrameSpectra:
        """Look up the spectra of frames.

        Parameters
        ----------
        codes : (B, T) int64
            The code of each frame, for B voices.
        controls : Controls, optional
            Controls of T frames. They need B = 1.

        Returns
        -------
        FrameSpectra
            Amplitudes and phase advances, (B, T, n_bins), at gain 1.

        """
        partials = self.partials
        frames = FrameSpectra(
            self.amplitudes[codes], partials.peak[codes], partials.advance[codes], partials.tonal[codes]
        )
        if controls is None:
            return frames
        return apply_controls(frames, controls, partials, codes, self.grid)

    def make_excitation(self, excitation: str, *, rng: Rng = 0) -> Excitation:
        """Make an excitation, `noise` or `coherent`. The name `refined` gives `coherent`, with which it starts.

        Raises ParameterError for another name. `rng` is the seed or the generator of the noise and of the first phases.
        """
        if excitation not in EXCITATIONS:
            raise ParameterError(f"excitation must be one of {', '.join(EXCITATIONS)} (got {excitation!r})")
        return NoiseExcitation(self.grid, rng=rng) if excitation == "noise" else CoherentExcitation(self.grid, rng=rng)


def bin_weights(grid: FrameGrid) -> Floats:
    """Return how often each bin of an rfft occurs in the whole transform, (n_bins,): 1 at DC and Nyquist, else 2."""
    weights = np.full(grid.n_bins, 2, np.float32)
    weights[[0, -1]] = 1
    return weights


def normalize_power(magnitudes: NDArray[np.floating], grid: FrameGrid) -> Floats:
    """Scale spectra (K, n_bins) to unit power. The result is float32 and C-contiguous.

    Raises CodebookError if a spectrum is silent, or holds NaN, infinite or negative values.
    """
    values = np.asarray(magnitudes, np.float64)
    power = np.sum(bin_weights(grid) * values**2, axis=1, keepdims=True)
    good = np.isfinite(power[:, 0]) & (power[:, 0] > 0) & (values >= 0).all(axis=1)
    if not good.all():
        raise CodebookError(
            f"the spectrum of code {int(np.argmin(good))} is silent, negative or not finite; train the codebook again"
        )
    return np.ascontiguousarray(values / np.sqrt(power), np.float32)


def sound_codes(
    spectra: CodeSpectra,
    codes: NDArray[np.int64],
    *,
    excitation: str = "coherent",
    rng: Rng = 0,
    n_frames: int = SETTLED,
) -> Floats:
    """Render codes, each held for some frames, at gain 1.

    Parameters
    ----------
    spectra : CodeSpectra
        The spectra of all codes.
    codes : (B,) int64
        The codes to render.
    excitation : {"coherent", "noise"}
        How spectra get their phases.
    rng : numpy Generator, int or None
        Source of chance, or its seed.
    n_frames : int
        Number of frames.

    Returns
    -------
    (B, n) float32
        n = (n_frames - 1) * hop_length + n_fft samples. All are fully overlapped.

    """
    grid = spectra.grid
    lead = grid.n_fft // grid.hop_length - 1
    held = spectra.look_up(np.asarray(codes)[:, None]).hold(n_frames + 2 * lead)
    excited = spectra.make_excitation(excitation, rng=rng).excite(held)
    frames = np.fft.irfft(excited, grid.n_fft, axis=-1).astype(np.float32, copy=False)
    n_samples = (n_frames - 1) * grid.hop_length + grid.n_fft
    return OverlapAdd(grid).push(frames)[:, lead * grid.hop_length :][:, :n_samples]


def measure_spectra(spectra: CodeSpectra, names: list[str] | None = None, *, rng: int = 0) -> Floats:
    """Render every code and measure its descriptors.

    Parameters
    ----------
    spectra : CodeSpectra
        The spectra of K codes.
    names : list of str, optional
        The descriptors, by default all that are registered.
    rng : int
        Seed of the noise.

    Returns
    -------
    (K, F) float32
        Means over `SETTLED` frames (the median for pitch), NaN where a code has no usable value.

    References
    ----------
    Bitton, Esling, Harada, "Vector-Quantized Timbre Representation", 2020, the equation of a_k.

    """
    return describe_spectra(spectra, names, rng=rng)[0]


def describe_spectra(spectra: CodeSpectra, names: list[str] | None = None, *, rng: int = 0) -> tuple[Floats, Floats]:
    """Measure spectra as `measure_spectra` does, and also how unsteady the descriptors are.

    Parameters
    ----------
    spectra, names, rng
        As for `measure_spectra`.

    Returns
    -------
    values : (K, F) float32
        As `measure_spectra` returns them.
    deviations : (K, F) float32
        Standard deviations over the same frames, in octaves for descriptors of scale "octave", and 0 where fewer than
        two frames have a usable value.

    """
    wanted = [lookup(name) for name in (REGISTRY if names is None else names)]
    values, deviations = np.empty((2, len(spectra), len(wanted)), np.float32)
    grid = spectra.grid
    beside = max(
        0, math.ceil((count_samples(grid.sr) // 2 - grid.n_fft) / (2 * grid.hop_length))
    )  # frames that the longer window of the pitch needs
    first = grid.n_fft // 2 // grid.hop_length + beside
    for start in range(0, len(spectra), _CODES_AT_ONCE):
        codes = np.arange(start, min(start + _CODES_AT_ONCE, len(spectra)))
        y = remove_offset(sound_codes(spectra, codes, rng=rng, n_frames=SETTLED + 2 * beside), grid.sr)
        measured = measure_clean(y, grid, [d.name for d in wanted], first=first, last=first + SETTLED)
        for column, d in enumerate(wanted):
            settled = measured[d.name]
            values[codes, column] = _over_time(settled, d.summary)
            deviations[codes, column] = _deviate(np.log2(settled) if d.scale == "octave" else settled)
    return values, deviations


def _deviate(values: Floats) -> Floats:
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, values, 0).sum(axis=1, keepdims=True) / count
    deviation: Floats = np.sqrt((np.where(known, values - mean, 0) ** 2).sum(axis=1) / count[:, 0]).astype(np.float32)
    return deviation


def _over_time(values: Floats, summary: str) -> Floats:
    """Reduce (B, T) to (B,), leaving out NaN. NaN where half of the frames or more are NaN."""
    settled = np.where(np.isnan(values).mean(axis=1) < 0.5, 1, 0)[:, None]
    known = np.where(settled, values, 0)
    summed = np.nanmedian(known, axis=1) if summary == "median" else np.nanmean(known, axis=1)
    return np.where(settled[:, 0], summed, np.nan).astype(np.float32)
