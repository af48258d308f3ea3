"""Colour excerpts at random, as other rooms and other instruments of the kind would: more timbres to learn from.

How well a model renders an unknown note depends on how many notes it has learned. A random gain curve over the bands
gives an excerpt another spectral envelope. A curve as fine as the partials also changes the strength of each partial.
"""

import math

import torch
from torch import Tensor

from vqsynth.sound.mel import EPS, MelGrid
from vqsynth.training.continuous.descriptors import bins_per_band


class Colouring:
    """Colour excerpts of log mel bands by random gain curves.

    Parameters
    ----------
    grid : MelGrid
        The mel bands.
    spread : float
        Standard deviation of the curves in nepers, over bands and draws.
    cosines : int
        Number of cosines that a curve is the sum of, the finest with as many half periods; at most n_mels - 1.
    device : torch.device
        Device of the excerpts.

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
