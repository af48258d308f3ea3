"""The vocoder `melgan`: a network upsamples the features of frames step by step until they are samples.

After Kumar et al., "MelGAN: Generative adversarial networks for conditional waveform synthesis", 2019, made causal and
small. A transposed convolution with a kernel of twice its stride is written as a convolution over two steps with
`stride` times the channels, which are then read one after the other. The last upsampling has no residual stack, which
would be half of all work.
"""

from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from vqsynth.continuous.blocks import CausalConv, Past, Tower
from vqsynth.continuous.vocoders.envelope import Leveled
from vqsynth.continuous.vocoders.interface import Player
from vqsynth.continuous.vocoders.networks import MelNetwork, NetworkStream, NetworkVocoder
from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import MelGrid

DILATIONS = (1, 3, 9)
STEPS = 4
"""Number of upsampling steps, the last one to samples."""
SLOPE = 0.2
LEAST_WIDTH = 8


@dataclass(frozen=True)
class MelGANConfig:
    """Describe the network: channels at the frame rate, its residual blocks, and channels after the first step.

    Every further step has half the channels.
    """

    frame_width: int = 256
    frame_blocks: int = 2
    width: int = 128


class Upsampling(nn.Module):
    """Spread every step over `stride` steps, looking at it and the one before."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self._stride = stride
        self.spread = CausalConv(n_in, n_out * stride, kernel=2)

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:
        """Spread [N, n_in, T] to [N, n_out, T * stride]."""
        spread: Tensor = self.spread(x, past)
        steps = spread.reshape(len(spread), -1, self._stride, spread.shape[2])
        return steps.transpose(2, 3).flatten(2)


class DilatedBlock(nn.Module):
    """Add to its input what a dilated convolution over three steps makes of it."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.gather = CausalConv(width, width, kernel=3, dilation=dilation)
        self.mix = CausalConv(width, width)

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:
        """Work on [N, width, T]."""
        hidden = self.gather(F.leaky_relu(x, SLOPE), past)
        y: Tensor = x + self.mix(F.leaky_relu(hidden, SLOPE), past)
        return y


class MelGANNetwork(MelNetwork):
    """Turn log mel bands into sound of unit loudness."""

    def __init__(self, grid: MelGrid, config: MelGANConfig) -> None:
        super().__init__(grid)
        self._grid = grid
        strides = split_hop(grid.frames.hop_length)
        widths = [config.frame_width, *(max(LEAST_WIDTH, config.width >> i) for i in range(STEPS - 1))]
        self.entry = Tower(grid.n_mels, widths[0], width=widths[0], blocks=config.frame_blocks)
        self.layers = nn.ModuleList()
        for n_in, n_out, stride in zip(widths[:-1], widths[1:], strides[:-1], strict=True):
            self.layers.append(Upsampling(n_in, n_out, stride))
            self.layers.extend(DilatedBlock(n_out, dilation) for dilation in DILATIONS)
        self.exit = Upsampling(widths[-1], 1, strides[-1])

    @property
    def skipped_frames(self) -> int:
        """Return how many frames at the start of an excerpt have samples whose envelope lacks earlier frames."""
        return self._grid.frames.n_fft // self._grid.frames.hop_length - 1

    def forward(self, mel: Tensor) -> Tensor:
        """Turn log mel bands [N, B, T] into samples [N, T * hop_length].

        The first sample lies half a window before the first frame's centre.
        """
        return self._run(mel, None)[:, 0]

    def play(self, mel: Tensor, past: Past) -> Tensor:
        """Make samples [1, 1, T * hop_length] of a chunk [1, B, T]."""
        return self._run(mel, past)

    def _run(self, mel: Tensor, past: Past | None) -> Tensor:
        x = self.entry(self.standard(mel), past)
        for layer in self.layers:
            x = layer(F.leaky_relu(x, SLOPE) if isinstance(layer, Upsampling) else x, past)
        y: Tensor = self.exit(F.leaky_relu(x, SLOPE), past)
        return y


class MelGANVocoder(NetworkVocoder[MelGANConfig]):
    """Sound the samples that a network makes of the mel bands."""

    name = "melgan"
    config_type, network_type = MelGANConfig, MelGANNetwork

    def play(self, *, excitation: str | None, seed: int) -> Player:
        """Sound frames as they come; there is nothing to seed. Raises ParameterError for any excitation."""
        self.check_excitation(excitation)
        return Leveled(_Played(self.network), self.grid.frames)


class _Played:
    def __init__(self, network: MelGANNetwork) -> None:
        self._stream = NetworkStream(network)

    def push(self, log_mel: Floats, loudness_db: Floats) -> Floats:
        return self._stream.push(log_mel)[:, 0]


def split_hop(hop_length: int) -> list[int]:
    """Write a hop as a product of STEPS strides, as even as its factors allow, the largest first."""
    strides, rest, factor = [1] * STEPS, hop_length, 2
    factors = []
    while rest > 1:
        while rest % factor == 0:
            factors.append(factor)
            rest //= factor
        factor += 1
    for factor in reversed(factors):
        strides[int(np.argmin(strides))] *= factor
    return sorted(strides, reverse=True)
