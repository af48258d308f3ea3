"""What a continuous model does in a patch: the engine behind encode, decode and forward.

The vocoder is `magnitude` with coherent phases, the one that can be streamed sample for sample.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from vqsynth.continuous.bounds import LARGEST_MEL
from vqsynth.continuous.vocoders.magnitude import FLOOR
from vqsynth.continuous.vocoders.networks import LOUDEST
from vqsynth.export.contract import HIGHEST_SEED, INTEGER, Attribute, Settings, check_voices, clean
from vqsynth.export.finding import PartialFinder
from vqsynth.export.hearing import FrameCutter
from vqsynth.export.playing import FramePlayer
from vqsynth.export.towers import CHUNK, MODEL_VOICES, StreamedTower, multiply_rows
from vqsynth.sound.mel import EPS, QUIET_DB, SILENT_LUFS

if TYPE_CHECKING:
    from vqsynth.continuous.model import ContinuousModel

FARTHEST = 12.0
"""The largest component that is played, in standard deviations."""
MODEL_ATTRIBUTES = (
    Attribute("scale", "a component, from 1, or 0 for all, and the factor it gets", -100, 100, (0.0, 1.0)),
    Attribute("shift", "a component, from 1, or 0 for all, and what is added to it", -100, 100, (0.0, 0.0)),
    Attribute("seed", "seed of the noise; restarts the voices", 0, HIGHEST_SEED, (0,), INTEGER),
    Attribute("restart", "any number starts the voices anew", -(2**31), HIGHEST_SEED, (0,), INTEGER),
    Attribute("sr", "sample rate of the host in Hz", 4000, 384000, (44100,), INTEGER),
)


class GlideEngine(nn.Module):
    """Do the work of the methods, (batch, channels, frames) in and out, a voice for each of the batch.

    Parameters
    ----------
    model : ContinuousModel
        The model. It must have the vocoder `magnitude`.

    """

    window: Tensor
    filters: Tensor
    loudness_weights: Tensor
    mean: Tensor
    axes: Tensor
    scales: Tensor
    quantiles: Tensor
    band_mean: Tensor
    band_std: Tensor
    net_mean: Tensor
    net_std: Tensor
    below: Tensor
    between: Tensor
    factors: Tensor
    shifts: Tensor

    def __init__(self, model: "ContinuousModel") -> None:
        super().__init__()
        grid, frames = model.grid, model.grid.frames
        network, components = model.make_vocoder("magnitude").network, model.components
        self.cutter, self.player = FrameCutter(frames, MODEL_VOICES, waits=True), FramePlayer(frames, MODEL_VOICES)
        self.encoder, self.decoder = StreamedTower(model.vae.encoder), StreamedTower(model.vae.decoder)
        self.correction, self.find = StreamedTower(network.correction), PartialFinder(frames)
        self.settings = Settings(MODEL_ATTRIBUTES)
        self.settings.values["sr"] = [float(frames.sr)]
        arrays = {
            "window": frames.window, "filters": grid.filters.T, "loudness_weights": grid.loudness_weights,
            "mean": np.float64(components.mean), "axes": np.float64(components.axes),
            "scales": np.float64(components.scales), "quantiles": np.float64(model.flattening.quantiles_db),
        }  # fmt: skip
        for name, array in arrays.items():
            self.register_buffer(name, torch.from_numpy(np.array(array)))
        for name, module in (("band", model.vae), ("net", network)):
            self.register_buffer(f"{name}_mean", module.band_mean[:, None].clone())
            self.register_buffer(f"{name}_std", module.band_std[:, None].clone())
        shares = network.interpolation.numpy()  # of the two bands about each bin
        below = np.minimum((shares > 0).argmax(axis=1), grid.n_mels - 2)
        self.register_buffer("below", torch.from_numpy(below))
        self.register_buffer("between", torch.from_numpy(shares[np.arange(frames.n_bins), below + 1]))
        for name, value in (("factors", 1.0), ("shifts", 0.0)):
            self.register_buffer(name, torch.full((len(components),), value))
        self.hop: int = frames.hop_length
        self.sizes: int = len(components)
        self.chunk: int = CHUNK
        self.peak: float = float(grid.peak)
        self.eps: float = EPS
        self.floor: float = float(np.float32(FLOOR))
        self.lowest: float = float(np.float32(np.log(EPS)))
        self.largest: float = LARGEST_MEL
        self.loudest: float = LOUDEST
        self.quiet: float = QUIET_DB
        self.silent: float = SILENT_LUFS
        self.farthest: float = FARTHEST
        self.voices: int = MODEL_VOICES

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        """Turn sound (B, 1, T * hop) into components and loudness (B, C + 1, T)."""
        return self._run(x, True, False, self.chunk * self.hop)

    @torch.jit.export
    def decode(self, x: Tensor) -> Tensor:
        """Turn components and loudness (B, C + 1, T) into sound (B, 1, T * hop)."""
        return self._run(x, False, True, self.chunk)

    @torch.jit.export
    def transfer(self, x: Tensor) -> Tensor:
        """Turn sound (B, 1, T * hop) into sound."""
        return self._run(x, True, True, self.chunk * self.hop)

    def _run(self, x: Tensor, encodes: bool, decodes: bool, at_once: int) -> Tensor:
        """Encode, decode or both, voice for voice a few frames at a time, so that long blocks have the same bits."""
        made: list[Tensor] = []
        for voice in range(check_voices(x, self.voices)):
            parts: list[Tensor] = []
            for start in range(0, x.size(2), at_once):
                part = clean(x[voice, :, start : start + at_once])
                if encodes:
                    part = self._encode(voice, part[0])
                if decodes:
                    part = self._decode(voice, part)
                parts.append(part)
            made.append(torch.cat(parts, 1))
        return torch.stack(made)

    @torch.jit.export
    def restart(self) -> None:
        """Start all voices anew."""
        self.cutter.restart()
        self.player.restart()
        self.encoder.restart()
        self.decoder.restart()
        self.correction.restart()

    @torch.jit.export
    def get(self, name: str) -> list[float]:
        """Return the values of an attribute."""
        return self.settings.values[name]

    @torch.jit.export
    def put(self, name: str, values: list[float]) -> int:
        """Set an attribute. Return 0, or -1 for a value that cannot be."""
        per_component = name == "scale" or name == "shift"
        if per_component and not (values[0] >= 0 and values[0] <= self.sizes):
            return -1
        if not self.settings.put(name, values):
            return -1
        if per_component:
            which, moved = int(values[0]), self.factors if name == "scale" else self.shifts
            if which == 0:
                moved.fill_(values[1])
            else:
                moved[which - 1] = values[1]
        if name == "seed" or name == "restart":
            self.restart()
        return 0

    def _loudness(self, magnitudes: Tensor) -> Tensor:
        level = -0.691 + 10 * torch.log10((magnitudes.double().square() * self.loudness_weights).sum(1) + 1e-30)
        return level.clamp(min=self.silent).float()

    def _encode(self, voice: int, x: Tensor) -> Tensor:
        """Return components and loudness as a factor, (C + 1, T), all 0 until something is heard."""
        idle, frames = self.cutter.cut(voice, x)
        nothing = torch.zeros(self.sizes + 1, idle)
        if frames.size(0) == 0:
            return nothing
        magnitudes = torch.fft.rfft((frames * self.window).double()).abs().float()
        loudness = self._loudness(magnitudes)
        unit = self.peak * torch.pow(10.0, loudness.double().clamp(min=self.quiet) / 20)
        mel = (
            torch.log(multiply_rows(magnitudes, self.filters, self.chunk).double() / unit[:, None] + self.eps)
            .float()
            .t()
        )
        z = self.encoder((mel - self.band_mean) / self.band_std, voice)[: self.sizes].t().double()
        components = (((z - self.mean)[:, None] * self.axes).sum(2) / self.scales).float().t()
        factor = torch.pow(10.0, loudness.double() / 20).float()
        factor = torch.where(loudness > self.silent, factor, torch.zeros_like(factor))
        return torch.cat([nothing, torch.cat([components, factor[None]])], 1)

    def _decode(self, voice: int, x: Tensor) -> Tensor:
        """Play components and loudness as a factor, (C + 1, T): sound (1, T * hop)."""
        level = (20 * torch.log10(x[self.sizes].double().clamp(1e-5, 16.0))).float()
        self.player.make_ready(voice, int(self.settings.values["seed"][0]))
        idle, rows = self.player.take_rows(voice, level > self.silent)
        silence = torch.zeros(idle * self.hop)
        if rows.size(0) == 0:
            return silence[None]
        components = x[: self.sizes, idle:] * self.factors[:, None] + self.shifts[:, None]
        mel = self._decode_mel(voice, components.clamp(-self.farthest, self.farthest), level[idle:])
        magnitudes = self._sharpen(voice, mel.index_select(1, rows - idle), level.index_select(0, rows))
        peak, advance, tonal = self.find(magnitudes)
        y = self.player.play(voice, magnitudes, peak, advance, tonal, torch.ones(rows.size(0)))
        return torch.cat([silence, y])[None]

    def _decode_mel(self, voice: int, components: Tensor, level: Tensor) -> Tensor:
        """Return log mel bands (B, T)."""
        z = ((components.t().double() * self.scales)[:, None] * self.axes.t()).sum(2)
        z = (z + self.mean).float().t()
        above = torch.searchsorted(self.quantiles, level.double()).clamp(1, self.quantiles.size(0) - 1)
        low, high = self.quantiles[above - 1], self.quantiles[above]
        place = (above - 1).double() + ((level.double() - low) / (high - low)).clamp(0.0, 1.0)
        share = (place / (self.quantiles.size(0) - 1)).float()
        standard = self.decoder(torch.cat([z, (2 * share - 1)[None]]), voice)
        mel: Tensor = (standard * self.band_std + self.band_mean).clamp(self.lowest, self.largest)
        return mel

    def _sharpen(self, voice: int, mel: Tensor, level: Tensor) -> Tensor:
        """Return magnitudes (T, n_bins) at their loudness."""
        low = mel.index_select(0, self.below)
        even = low + self.between[:, None] * (mel.index_select(0, self.below + 1) - low)
        log = (even + self.correction((mel - self.net_mean) / self.net_std, voice)).t()
        magnitudes = (torch.exp(log.clamp(max=self.loudest)) - self.floor).clamp(min=0.0) * self.peak
        gain = torch.pow(10.0, (level - self._loudness(magnitudes)) / 20)
        gain = torch.where(level > self.silent, gain, torch.zeros_like(gain))
        return magnitudes * gain[:, None]
