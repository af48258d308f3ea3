"""The partials of magnitude spectra in tensors, as `sound.partials.find_partials` finds them."""

import numpy as np
import torch
from torch import Tensor, nn

from vqsynth.export.shaping import PI, TURN
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.partials import LOBE, PROMINENCE_DB, SURROUNDINGS


class PartialFinder(nn.Module):
    """Find the partials of spectra.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop.

    """

    bins: Tensor

    def __init__(self, grid: FrameGrid) -> None:
        super().__init__()
        self.register_buffer("bins", torch.arange(grid.n_bins))
        self.step: float = float(np.float32(grid.hop_length / grid.n_fft))
        self.lobe: int = LOBE
        self.reach: int = SURROUNDINGS // 2
        self.prominence: float = PROMINENCE_DB * float(np.log(10)) / 20
        self.pi: float = PI
        self.turn: float = TURN

    def forward(self, magnitudes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return of magnitudes (T, n_bins) the bin of each one's partial, its phase advance, whether it is tonal."""
        frames, n_bins = magnitudes.size(0), magnitudes.size(1)
        log = magnitudes.clamp(min=1e-9).log()
        before, here, after = log[:, :-2], log[:, 1:-1], log[:, 2:]
        is_peak = torch.nn.functional.pad((here > before) & (here >= after), [1, 1])
        is_valley = torch.nn.functional.pad((here <= before) & (here < after), [1, 1])
        where = is_peak.nonzero()
        if where.size(0) == 0:
            nothing = torch.zeros(frames, n_bins)
            return nothing.long(), nothing + self.pi * (self.bins & 1), nothing > 0
        rows, bins = where[:, 0], where[:, 1]
        flat, at = log.flatten(), where[:, 0] * n_bins + where[:, 1]
        left, top, right = flat[at - 1], flat[at], flat[at + 1]
        offset = (0.5 * (left - right) / (left - 2 * top + right).clamp(max=-1e-9)).clamp(-0.5, 0.5)
        owner, has = self._find_owners(is_peak, is_valley)
        prominent = (top - self._median_around(log, rows, bins)) > self.prominence
        peak = torch.where(has, bins.index_select(0, owner.flatten()).view(frames, n_bins), 0)
        frequency = (bins.double() + offset.double()).float().index_select(0, owner.flatten()).view(frames, n_bins)
        turns = torch.where(has, frequency, torch.zeros_like(frequency)) * self.step
        distance = self.bins - peak
        advance = self.turn * (turns - torch.floor(turns)) + self.pi * (distance & 1).float()
        tonal = prominent.index_select(0, owner.flatten()).view(frames, n_bins) & (distance.abs() <= self.lobe) & has
        return peak, advance, tonal

    def _find_owners(self, is_peak: Tensor, is_valley: Tensor) -> tuple[Tensor, Tensor]:
        """Return the running number of the peak on whose hill each bin stands, and which rows have a peak, (T, 1)."""
        climbs, before = is_valley.long().cumsum(1), is_peak.long().cumsum(1)
        per_row = before[:, -1:]
        first_hill = climbs.gather(1, is_peak.to(torch.uint8).argmax(1)[:, None])
        within = torch.minimum((climbs - first_hill).clamp(min=0), (per_row - 1).clamp(min=0))
        starts = torch.cat([torch.zeros(1, dtype=torch.long), per_row[:-1, 0].cumsum(0)])[:, None]
        owner = (starts + within).clamp(max=int(before[:, -1].sum().item()) - 1)
        return owner, per_row > 0

    def _median_around(self, log: Tensor, rows: Tensor, bins: Tensor) -> Tensor:
        """Return the median of the bins around each peak. The spectrum is mirrored at its ends."""
        padded = torch.cat([log[:, : self.reach].flip(1), log, log[:, -self.reach :].flip(1)], 1)
        return padded.unfold(1, 2 * self.reach + 1, 1)[rows, bins].median(1)[0]
