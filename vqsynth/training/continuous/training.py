"""Code shared by the trainings of VAE and vocoders: descent, mixtures of two sounds, shown losses, checks."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from vqsynth.errors import ParameterError
from vqsynth.running.observing import Smoothed
from vqsynth.training.continuous.corpus import SHORTEST
from vqsynth.training.core.trainer import Descent

DESCENT = Descent(betas=(0.8, 0.99), last_share=0.02, largest_gradient=10.0)


@dataclass(frozen=True)
class Mixture:
    """Say with which other of a batch each excerpt is mixed, `others` (N,), and how much of it, `share` [N, 1, 1]."""

    others: Tensor
    share: Tensor

    @classmethod
    def draw(cls, n: int, generator: torch.Generator) -> "Mixture":
        """Draw a mixture of n excerpts, each of two or more with another one."""
        others = torch.roll(torch.arange(n), int(torch.randint(1, max(2, n), (1,), generator=generator)))
        return cls(others, torch.rand(n, 1, 1, generator=generator))

    def mix(self, x: Tensor) -> Tensor:
        """Mix what belongs to the excerpts, [N, channels, T]."""
        return torch.lerp(x, x[self.others.to(x.device)], self.share.to(x.device))


class Losses:
    """Smooth the losses of the steps of a stage, and put them into a line."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._smoothed: dict[str, Smoothed] = {}

    def tell(self, losses: Mapping[str, float]) -> str:
        """Follow the losses of one more step, and say where they are."""
        pairs = ((name, self._smoothed.setdefault(name, Smoothed()).follow(loss)) for name, loss in losses.items())
        return f"{self._stage}: " + "  ".join(f"{name} {loss:.3f}" for name, loss in pairs)


def check_excerpts(*, batch: int, frames: int, rates: Mapping[str, float]) -> None:
    """Refuse batches that hold nothing, excerpts that a short sound has no room for, and rates that teach nothing.

    frames: all that is cut. rates: by name. Raises ParameterError.
    """
    if not 1 <= batch <= 100_000:
        raise ParameterError(f"batch must lie between 1 and 100000 excerpts (got {batch})")
    if not 1 <= frames <= SHORTEST:
        raise ParameterError(f"frames must lie between 1 and {SHORTEST}, those before them included (got {frames})")
    for name, rate in rates.items():
        if not 0 < rate < 1:
            raise ParameterError(f"{name} must lie between 0 and 1 (got {rate})")


def check_weights(weights: Mapping[str, float], *, cosines: int) -> None:
    """Refuse weights below 0, of losses or of colour, by name, and colours of no cosine. Raises ParameterError."""
    for name, weight in weights.items():
        if not 0 <= weight < 1e6:
            raise ParameterError(f"{name} must be 0 or more (got {weight})")
    if cosines < 1:
        raise ParameterError(f"cosines must be 1 or more (got {cosines})")
