"""Differentiable descriptors of spectra for losses, computed from bins or from log mel bands.

The descriptors of bands approximate those of bins: each band is weighted by the number of bins that it stands for.
Frequencies are in octaves and flatness is in decades, so that equal steps sound about equally large.
"""

import math

import numpy as np
import torch
from torch import Tensor

from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import EPS, MelGrid

ROLLOFF = 0.85
"""The share of the magnitudes that lies below the rolloff."""
QUIET_SHARE = 1e-3
"""The centroid of a frame counts only if its bands sum to more than this share of the loudest frame's sum."""
FARTHEST_OCTAVES = 4.0
LEAST_SPREAD = 0.1
"""Smallest spread of a descriptor, in octaves or decades, so that one that hardly moves does not count for more."""
_LEAST = 1e-6


class SpectrumDescriptors:
    """Measure centroid, bandwidth, rolloff and flatness of spectra ln(magnitude + EPS), [N, B, T].

    Parameters
    ----------
    hz : (B,)
        Frequency of each row of a spectrum in Hz.
    bins : (B,)
        Number of bins that each row stands for.
    usual : [N, B, T], optional
        Spectra whose descriptors give the means and the spreads for `standard`. By default means of 0 and spreads
        of 1.

    """

    count = 4

    def __init__(self, hz: Tensor, bins: Tensor, usual: Tensor | None = None) -> None:
        self._hz, self._bins = hz[:, None], bins[:, None]
        self._mean, self._spread = torch.zeros(self.count, 1), torch.ones(self.count, 1)
        if usual is not None:
            measured = self.measure(usual).transpose(0, 1).flatten(1)
            self._mean, self._spread = measured.mean(1, keepdim=True), measured.std(1, keepdim=True).clamp(LEAST_SPREAD)

    @classmethod
    def of_bands(cls, grid: MelGrid, usual: Floats | None = None) -> "SpectrumDescriptors":
        """Return a measure for log mel bands. `usual` are frames (T, B) of a corpus."""
        filters = grid.filters.astype(np.float64)
        octaves = np.log2(np.maximum(grid.frames.frequencies_hz.astype(np.float64), 1.0))
        hz = torch.from_numpy((2 ** (filters @ octaves / filters.sum(axis=1))).astype(np.float32))
        return cls(hz, bins_per_band(grid)[:, 0], None if usual is None else torch.from_numpy(usual.T.copy())[None])

    @classmethod
    def of_bins(cls, grid: MelGrid, usual: Tensor | None = None) -> "SpectrumDescriptors":
        """Return a measure for bins, as `MagnitudeNetwork` returns them. `usual` are spectra [N, B, T]."""
        hz = torch.from_numpy(np.maximum(grid.frames.frequencies_hz, 1.0).astype(np.float32))
        return cls(hz, torch.ones_like(hz), usual)

    def to(self, device: torch.device) -> "SpectrumDescriptors":
        """Move the measure to the device of the spectra, and return it."""
        self._hz, self._bins = self._hz.to(device), self._bins.to(device)
        self._mean, self._spread = self._mean.to(device), self._spread.to(device)
        return self

    def standard(self, spectra: Tensor) -> Tensor:
        """Measure as `measure` does, subtract the mean of each descriptor, and divide by its spread."""
        return (self.measure(spectra) - self._mean) / self._spread

    def measure(self, spectra: Tensor) -> Tensor:
        """Return log2 of centroid, bandwidth and rolloff in Hz, and log10 of flatness, [N, 4, T], of spectra."""
        magnitudes = self._bins * (spectra.exp() - EPS).clamp(min=_LEAST)
        total = magnitudes.sum(1, keepdim=True)
        centroid = (self._hz * magnitudes).sum(1, keepdim=True) / total
        variance = ((self._hz - centroid).square() * magnitudes).sum(1, keepdim=True) / total
        share, log_power = self._bins / self._bins.sum(), 2 * spectra
        log_mean = (share * log_power.exp()).sum(1, keepdim=True).log()
        log_flatness = (share * log_power).sum(1, keepdim=True) - log_mean
        return torch.cat(
            [
                centroid.log2(),
                variance.clamp(min=1.0).log2() / 2,
                self._rolloff_octaves(magnitudes.cumsum(1) / total),
                log_flatness / math.log(10),
            ],
            dim=1,
        )

    def centroid_distance(self, spectra: Tensor, reference: Tensor) -> Tensor:
        """Return the mean distance in octaves between the centroids of two [N, B, T]. Silent frames do not count."""
        a, b = (self._bins * (x.exp() - EPS).clamp(min=0) for x in (spectra, reference))
        heard = (b.sum(1) > QUIET_SHARE * b.sum(1).amax()).float()
        centroids = [torch.log2((self._hz * m).sum(1).clamp(min=_LEAST) / m.sum(1).clamp(min=1e-9)) for m in (a, b)]
        moved = (centroids[0] - centroids[1]).abs().clamp(max=FARTHEST_OCTAVES) * heard
        return moved.sum() / heard.sum().clamp(min=1.0)

    def _rolloff_octaves(self, cumulative: Tensor) -> Tensor:
        """Find where the share [N, B, T] below a row reaches ROLLOFF. It is interpolated linearly between rows."""
        above = (cumulative < ROLLOFF).sum(1, keepdim=True).clamp(max=cumulative.shape[1] - 1)
        below = (above - 1).clamp(min=0)
        high, low = cumulative.gather(1, above), cumulative.gather(1, below)
        way = ((ROLLOFF - low) / (high - low).clamp(min=_LEAST)).clamp(0, 1)
        octaves = self._hz.log2()[None].expand_as(cumulative)
        return torch.lerp(octaves.gather(1, below), octaves.gather(1, above), way)


def bins_per_band(grid: MelGrid) -> Tensor:
    """Return the weights (B, 1) with which the sum of the bands is nearly the sum of the bins."""
    filters = grid.filters.astype(np.float64)
    weights = np.maximum(np.linalg.lstsq(filters.T, np.ones(filters.shape[1]), rcond=1e-3)[0], 0)
    return torch.from_numpy(weights.astype(np.float32))[:, None]
