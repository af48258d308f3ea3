"""Sounds as other rooms and other instruments of the kind would colour them: more timbres to learn from.

What a model makes of a note it never heard is limited by how many it did hear. A random curve over the bands, one for
an excerpt, gives it the envelope of another; where the curve is as fine as partials are, each of them another strength.
"""

import math

import torch
from torch import Tensor

from vqsynth.sound.mel import EPS, MelGrid
from vqsynth.training.continuous.descriptors import bins_per_band


class Colouring:
    """Colour excerpts of log mel bands at random, by `spread` nepers on average over bands and draws.

    cosines: curves are sums of so many of them over the bands, the finest with as many half periods; no more than the
    bands can tell apart.
    """

    def __init__(
        self,
        grid: MelGrid,
        *,
        spread: float,
        cosines: int,
        device: torch.device = torch.device("cpu"),  # noqa: B008
    ) -> None:
        self._spread, cosines = spread, min(cosines, grid.n_mels - 1)
        bands = torch.arange(grid.n_mels) + 0.5
        orders = torch.arange(1, cosines + 1)[:, None]
        self._cosines = (torch.cos(math.pi * orders * bands / grid.n_mels) * (2 / cosines) ** 0.5).to(device)
        weights = torch.from_numpy(grid.filters @ grid.loudness_weights).float()
        self._loudness_weights = (bins_per_band(grid) * (weights / weights.max())[:, None]).to(device)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw n curves over the bands, in nepers, [n, B]."""
        drawn = torch.randn(n, len(self._cosines), generator=generator).to(self._cosines.device)
        curves: Tensor = self._spread * drawn @ self._cosines
        return curves

    def colour(self, log_mel: Tensor, generator: torch.Generator) -> Tensor:
        """Colour excerpts [N, B, T], each its own way, and bring every frame back to the level it had: level-free."""
        magnitudes = _to_magnitudes(log_mel)
        coloured = magnitudes * self.draw(len(log_mel), generator).exp()[:, :, None]
        gain = ((self._power(magnitudes) + 1e-9) / (self._power(coloured) + 1e-9)).sqrt()
        levelled: Tensor = coloured * gain
        return (levelled + EPS).log()

    def _power(self, magnitudes: Tensor) -> Tensor:
        return (self._loudness_weights * magnitudes.square()).sum(1, keepdim=True)


def tint(log_mel: Tensor, curves: Tensor) -> Tensor:
    """Colour log mel bands [N, B, T] by curves [N, B] in nepers, whatever this does to their level."""
    tinted: Tensor = (_to_magnitudes(log_mel) * curves.exp()[:, :, None] + EPS).log()
    return tinted


def _to_magnitudes(log_mel: Tensor) -> Tensor:
    return (log_mel.exp() - EPS).clamp(min=0)
