"""The adversary that keeps loudness out of the latents. It is used in training only.

It predicts the loudness class of a frame from its latents. Between latents and adversary the gradient is reversed
(Ganin et al., "Domain-adversarial training of neural networks", 2016), so that the encoder learns latents from which
the class cannot be predicted.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLASSES = 16
"""Number of loudness classes, which are equally frequent in the corpus."""


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse_gradient(x: Tensor, strength: float) -> Tensor:
    """Return x unchanged; its gradient is multiplied by -strength."""
    reversed_: Tensor = _Reversal.apply(x, strength)  # type: ignore[no-untyped-call]
    return reversed_


def loudness_classes(u: Tensor, *, classes: int = CLASSES) -> Tensor:
    """Sort flattened loudness, 0 to 1, into equal classes: int64 of the same shape."""
    return (u * classes).long().clamp(0, classes - 1)


class Adversary(nn.Module):
    """Predict the loudness class of every frame from its latents and `reach` frames to either side."""

    def __init__(self, latents: int = 16, *, classes: int = CLASSES, width: int = 128, reach: int = 2) -> None:
        super().__init__()
        self.gather = nn.Conv1d(latents, width, 2 * reach + 1, padding=reach)
        self.mix = nn.Conv1d(width, width, 1)
        self.exit = nn.Conv1d(width, classes, 1)

    def forward(self, z: Tensor) -> Tensor:
        """Predict logits [N, classes, T] from latents [N, latents, T]."""
        hidden = F.leaky_relu(self.mix(F.leaky_relu(self.gather(z), 0.1)), 0.1)
        logits: Tensor = self.exit(hidden)
        return logits
