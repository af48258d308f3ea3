"""The spectra of codes in tensors, transposed, tilted and bent by an envelope as the renderer does it.

What is stored is small: magnitudes as the codebook stores them, and the partials of each code once, not once a bin.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vqsynth.codes.controls import tilt_octaves
from vqsynth.codes.envelopes import BANDS, spread_bands
from vqsynth.codes.spectra import CodeSpectra
from vqsynth.codes.table import DescriptorTable
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.mel import MelGrid
from vqsynth.sound.partials import LOBE, Partials

PI, TURN, NEPER = float(np.float32(np.pi)), float(np.float32(2 * np.pi)), float(np.float32(np.log(10) / 20))
Shaped = tuple[Tensor, Tensor, Tensor, Tensor]
"""Of T frames, (T, n_bins) each: amplitudes, the bin of each one's partial, its phase advance, whether it is tonal."""


class CodeShaper(nn.Module):
    """Look up the spectra of codes and shape them. The power of a frame stays as it is.

    Parameters
    ----------
    spectra : CodeSpectra
        The spectra of K codes.
    table : DescriptorTable
        Their descriptors.

    """

    magnitudes: Tensor
    starts: Tensor
    frequencies: Tensor
    peaks: Tensor
    prominent: Tensor
    bins: Tensor
    places: Tensor
    octaves: Tensor
    below: Tensor
    between: Tensor
    weights: Tensor
    weighed: Tensor
    powers: Tensor
    hertz: Tensor
    apart: Tensor
    slopes: Tensor

    def __init__(self, spectra: CodeSpectra, table: DescriptorTable) -> None:
        super().__init__()
        grid = spectra.grid
        self.register_buffer("magnitudes", halve(spectra.magnitudes))
        for name, array in zip(("starts", "frequencies", "peaks", "prominent"), _gather(spectra.partials), strict=True):
            self.register_buffer(name, torch.from_numpy(array))
        self.register_buffer("bins", torch.arange(grid.n_bins))
        self.register_buffer("places", torch.arange(grid.n_bins, dtype=torch.int16)[None])
        self.register_buffer("octaves", torch.from_numpy(tilt_octaves(grid)))
        hats = spread_bands(np.eye(BANDS, dtype=np.float32), grid)  # a triangle of 1 about each band
        below = np.minimum((hats > 0).argmax(axis=0), BANDS - 2)
        self.register_buffer("below", torch.from_numpy(below))
        self.register_buffer("between", torch.from_numpy(hats[below + 1, np.arange(grid.n_bins)]))
        self.register_buffer("weights", torch.from_numpy(weigh_loudness(grid).astype(np.float32)))
        power = spectra.amplitudes.astype(np.float64) ** 2
        weighed = power @ weigh_loudness(grid)
        powers = power.sum(axis=1) - (power[:, 0] + power[:, -1]) / 2  # of a frame, up to a constant
        self.register_buffer("powers", torch.from_numpy(powers.astype(np.float32)))
        self.register_buffer("weighed", torch.from_numpy(weighed.astype(np.float32)))
        self.register_buffer("hertz", torch.from_numpy(grid.frequencies_hz.copy()))
        apart, slopes = _measure_centroids(spectra, table)
        self.register_buffer("apart", torch.from_numpy(apart))
        self.register_buffer("slopes", torch.from_numpy(slopes))
        window = grid.window.astype(np.float64)
        self.scale: float = float(np.float32(np.sqrt(grid.n_fft * np.sum(window**2))))
        self.step: float = float(np.float32(grid.hop_length / grid.n_fft))
        self.n_bins: int = grid.n_bins
        self.lobe: int = LOBE
        self.pi: float = PI
        self.turn: float = TURN
        self.neper: float = NEPER

    @torch.jit.export
    def look_up(self, codes: Tensor, cents: Tensor) -> Shaped:
        """Look up the spectra of codes (T,) int64, transposed by cents (T,) float64. Their power is not kept yet."""
        amplitudes = self.magnitudes.index_select(0, codes).float() * self.scale
        places = self.places.expand(codes.size(0), self.n_bins).contiguous()
        owner = torch.searchsorted(self.starts.index_select(0, codes), places, right=True) - 1
        frequency = self.frequencies.index_select(0, codes).gather(1, owner)
        peak = self.peaks.index_select(0, codes).long().gather(1, owner)
        tonal = self.prominent.index_select(0, codes).gather(1, owner) & ((self.bins - peak).abs() <= self.lobe)
        if bool((cents != 0).any().item()):
            ratio = torch.exp2(cents / 1200.0).float()[:, None]
            amplitudes, frequency, peak, tonal = self._transpose(amplitudes, frequency, peak, tonal, ratio)
        turns = frequency * self.step
        opposite = ((self.bins - peak) & 1).float()
        return amplitudes, peak, self.turn * (turns - torch.floor(turns)) + self.pi * opposite, tonal

    @torch.jit.export
    def bend(self, codes: Tensor, amplitudes: Tensor, cents: Tensor, tilt_db: Tensor, envelope_db: Tensor) -> Tensor:
        """Bend what was looked up with `cents`, (T, n_bins), and bring it to the power of its codes.

        cents, tilt_db: (T,). envelope_db: (24,), for all frames. All are float64.
        """
        is_bent = bool((tilt_db != 0).any().item()) or bool((envelope_db != 0).any().item())
        if not is_bent and not bool((cents != 0).any().item()):
            return amplitudes
        if is_bent:
            bands = self.neper * envelope_db.float()
            steps = (bands[1:] - bands[:-1]).index_select(0, self.below)
            bent = steps * self.between + bands.index_select(0, self.below)
            amplitudes = amplitudes * torch.exp(bent[None] + (self.neper * tilt_db.float())[:, None] * self.octaves)
        ends = amplitudes[:, 0].square() + amplitudes[:, self.n_bins - 1].square()
        power = amplitudes.square().sum(1) - ends / 2
        return amplitudes * (self.powers.index_select(0, codes) / power.clamp(min=1e-20)).sqrt()[:, None]

    @torch.jit.export
    def aim(self, codes: Tensor, amplitudes: Tensor, octave: Tensor, most_db: float) -> Tensor:
        """Find the tilt in dB per octave, (T,), that brings frames to centroids `octave` (T,), the log2 of Hz.

        It is at most `most_db` either way, and 0 where `octave` is 0.
        """
        tilt = torch.zeros_like(octave)
        slopes, wanted = self.slopes.index_select(0, codes), octave + self.apart.index_select(0, codes)
        bent = amplitudes
        for i in range(2):
            if i > 0:
                bent = amplitudes * torch.exp((self.neper * tilt)[:, None] * self.octaves)
            centre = torch.log2((bent @ self.hertz) / bent.sum(1))
            tilt = (tilt + (wanted - centre) / slopes).clamp(-most_db, most_db)
        return torch.where(octave != 0, tilt, torch.zeros_like(tilt))

    @torch.jit.export
    def louden(self, codes: Tensor, amplitudes: Tensor) -> Tensor:
        """Tell by how much shaped frames (T, n_bins) must be louder to have the loudness of their codes: (T,)."""
        return (self.weighed.index_select(0, codes) / (amplitudes.square() * self.weights).sum(1)).sqrt()

    def _transpose(self, amplitudes: Tensor, frequency: Tensor, peak: Tensor, tonal: Tensor, ratio: Tensor) -> Shaped:
        """Read every bin from where it lay before. Frames that are not moved stay as they are."""
        last = self.n_bins - 1
        source = self.bins.float() / ratio
        inside, moving = source <= last, ratio != 1
        below = source.long().clamp(max=last - 1)
        low, high = amplitudes.gather(1, below), amplitudes.gather(1, below + 1)
        between = (source - below.float()).clamp(max=1.0)
        moved = torch.where(inside, low + between * (high - low), torch.zeros_like(low))
        nearest = torch.round(source).long().clamp(0, last)
        shifted = frequency.gather(1, nearest) * ratio
        peaked = torch.round(shifted).long().clamp(0, last)
        return (
            torch.where(moving, moved, amplitudes),
            torch.where(moving, shifted, frequency),
            torch.where(moving, peaked, peak),
            torch.where(moving, tonal.gather(1, nearest) & inside, tonal),
        )


def weigh_loudness(grid: FrameGrid) -> NDArray[np.float64]:
    """Return the weights (n_bins,) of squared magnitudes that sum to a frame's K-weighted mean square."""
    return MelGrid(grid, n_mels=4, f_max_hz=grid.sr / 2).loudness_weights


def halve(values: NDArray[np.float32]) -> Tensor:
    """Store numbers as float16 where that loses nothing."""
    small = values.astype(np.float16)
    return torch.from_numpy(small if (small == values).all() else np.ascontiguousarray(values))


def _gather(partials: Partials) -> tuple[NDArray[np.int16], NDArray[np.float32], NDArray[np.int16], NDArray[np.bool_]]:
    """Gather the partials of each code, P at most: first bin, frequency, peak, and whether it is tonal, (K, P) each."""
    changes = np.diff(partials.peak, axis=1, prepend=-1) != 0
    owners = np.cumsum(changes, axis=1) - 1
    rows, bins = np.nonzero(changes)
    numbers = owners[rows, bins]
    size = len(owners), int(owners.max()) + 1
    starts, frequencies = np.full(size, np.iinfo(np.int16).max, np.int16), np.zeros(size, np.float32)
    peaks, prominent = np.zeros(size, np.int16), np.zeros(size, bool)
    starts[rows, numbers], peaks[rows, numbers] = bins, partials.peak[rows, bins]
    frequencies[rows, numbers] = partials.frequency[rows, bins]
    rows, bins = np.nonzero(partials.tonal)
    prominent[rows, owners[rows, bins]] = True
    return starts, frequencies, peaks, prominent


def _measure_centroids(spectra: CodeSpectra, table: DescriptorTable) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Measure the centroids of all codes on their spectra.

    Return by how many octaves each lies over that of its sound, (K,), and by how many octaves a tilt of 1 dB per octave
    moves it, (K,).
    """
    octaves, bins_hz = tilt_octaves(spectra.grid), spectra.grid.frequencies_hz

    def centre(by_db: float) -> NDArray[np.float64]:
        bent = spectra.magnitudes * 10 ** (by_db * octaves / 20)
        return np.asarray(np.log2((bent @ bins_hz) / bent.sum(axis=1)), np.float64)

    heard = np.log2(table.column("centroid")) if "centroid" in table.names else centre(0)
    apart = np.nan_to_num(centre(0) - heard)
    return apart.astype(np.float32), np.maximum(centre(0.5) - centre(-0.5), 1e-3).astype(np.float32)
