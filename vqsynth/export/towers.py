"""The causal networks of the continuous model in tensors.

Frames run in chunks of one size, the last one padded, since products of other sizes round differently. Weights are
float16 in the file, as on disk, and become float32 when they are first used.
"""

# mypy: disable-error-code="operator,union-attr"

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqsynth.continuous.blocks import CausalConv, Tower

CHUNK = 4
"""Frames that run at once: 2048 samples at a hop of 512. With 16, as in the library, that takes 1 ms more."""
MODEL_VOICES = 4
"""The most voices of a continuous model; one takes a third of a core."""


def multiply_rows(rows: Tensor, matrix: Tensor, chunk: int) -> Tensor:
    """Multiply rows (T, n) by a matrix (n, m), `chunk` rows at a time, so that the bits do not depend on T."""
    padded = F.pad(rows, [0, 0, 0, -rows.size(0) % chunk])
    made: list[Tensor] = []
    for start in range(0, padded.size(0), chunk):
        made.append(padded[start : start + chunk] @ matrix)
    return torch.cat(made)[: rows.size(0)]


class StreamedConv(nn.Module):
    """Convolve chunks as they come, as a product over taps: `conv1d` would order its weights anew at every call.

    Parameters
    ----------
    layer : CausalConv
        The layer that is streamed.

    """

    weight: Tensor
    wide: Tensor
    bias: Tensor
    past: Tensor

    def __init__(self, layer: CausalConv) -> None:
        super().__init__()
        self.register_buffer("weight", layer.weight.detach().flatten(1).half())
        self.register_buffer("wide", torch.zeros(0, 0))
        self.register_buffer("bias", layer.bias.detach().clone())
        self.register_buffer("past", torch.zeros(MODEL_VOICES, layer.weight.shape[2], layer.reach))
        self.kernel: int = layer.kernel
        self.dilation: int = layer.dilation
        self.reach: int = layer.reach

    def forward(self, x: Tensor, voice: int, valid: int) -> Tensor:
        """Filter a chunk (n_in, CHUNK), of which `valid` frames count, to (n_out, CHUNK)."""
        if self.wide.size(0) == 0:
            self.wide = self.weight.float()
        if self.reach == 0:
            return torch.addmm(self.bias, x.t(), self.wide.t()).t()
        joined = torch.cat([self.past[voice], x], 1)
        self.past[voice] = joined[:, valid : valid + self.reach]
        taps: list[Tensor] = []
        for i in range(self.kernel):
            taps.append(joined[:, i * self.dilation : i * self.dilation + x.size(1)])
        return torch.addmm(self.bias, torch.cat(taps).t(), self.wide.t()).t()


class StreamedBlock(nn.Module):
    """Stream a residual block."""

    def __init__(self, norm: nn.Module, gather: CausalConv, mix: CausalConv) -> None:
        super().__init__()
        self.norm, self.gather, self.mix = StreamedNorm(norm), StreamedConv(gather), StreamedConv(mix)

    def forward(self, x: Tensor, voice: int, valid: int) -> Tensor:
        """Transform a chunk (width, CHUNK)."""
        y: Tensor = x + self.mix(F.silu(self.gather(self.norm(x), voice, valid)), voice, valid)
        return y


class StreamedNorm(nn.Module):
    """Normalise the channels of every frame."""

    weight: Tensor
    bias: Tensor

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        for name, values in norm.named_parameters():
            self.register_buffer(name, values.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """Normalise a chunk (channels, CHUNK)."""
        return F.layer_norm(x.t(), [x.size(0)], self.weight, self.bias).t()


class StreamedTower(nn.Module):
    """Stream a tower.

    Parameters
    ----------
    tower : Tower
        The network that is streamed.

    """

    def __init__(self, tower: Tower) -> None:
        super().__init__()
        self.entry, self.exit = StreamedConv(tower.entry), StreamedConv(tower.exit)
        self.blocks = nn.ModuleList(StreamedBlock(b.norm, b.gather, b.mix) for b in tower.blocks)  # type: ignore[arg-type]
        self.norm = StreamedNorm(tower.norm)
        self.chunk: int = CHUNK

    def forward(self, x: Tensor, voice: int) -> Tensor:
        """Transform frames (n_in, T) to (n_out, T), T above 0."""
        made: list[Tensor] = []
        for start in range(0, x.size(1), self.chunk):
            part = x[:, start : start + self.chunk]
            made.append(self._run(F.pad(part, [0, self.chunk - part.size(1)]), voice, part.size(1)))
        return torch.cat(made, 1)

    def _run(self, x: Tensor, voice: int, valid: int) -> Tensor:
        x = self.entry(x, voice, valid)
        for block in self.blocks:
            x = block(x, voice, valid)
        y: Tensor = self.exit(self.norm(x), voice, valid)[:, :valid]
        return y

    @torch.jit.export
    def restart(self) -> None:
        """Forget the frames before."""
        self.entry.past.zero_()
        for block in self.blocks:
            block.gather.past.zero_()
