"""Sound in blocks to frames, and frames to codes, in tensors, as `Codebook.encode(codes_by="encoder")` finds them.

A frame is complete half a window after its centre. A cutter may wait until it hears something: its first frame is then
centred on the first sample of that block, as the first frame of a sound is centred on its first sample.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from vqsynth.codes.nearest import CENTRES, NearestConfig, band_logs
from vqsynth.export.playing import VOICES
from vqsynth.model.networks import ENCODER_FLOOR
from vqsynth.model.vqvae import VQVAE, ModelConfig, make_encoder
from vqsynth.sound.frames import FrameGrid

if TYPE_CHECKING:
    from vqsynth.codes.record import CodebookRecord

FAINTEST = 1e-12
"""The power, over that of full scale, of what is silence: -120 dB."""


class FrameCutter(nn.Module):
    """Cut a sound that comes in blocks into frames.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop.
    voices : int
        Number of voices.
    waits : bool
        Whether no frame counts before something is heard.

    """

    heard: Tensor
    left: list[int]

    def __init__(self, grid: FrameGrid, voices: int = VOICES, *, waits: bool = False) -> None:
        super().__init__()
        self.n_fft: int = grid.n_fft
        self.hop: int = grid.hop_length
        self.lead: int = grid.n_fft // 2 // grid.hop_length - 1
        self.register_buffer("heard", torch.zeros(voices, grid.n_fft - grid.hop_length))
        self.first: int = -1 if waits else 0
        self.left = [self.first] * voices  # -1: nothing heard yet, else the frames until the first that counts

    @torch.jit.export
    def restart(self) -> None:
        """Forget what was heard."""
        for voice in range(len(self.left)):
            self.left[voice] = self.first
            self.heard[voice] = torch.zeros(self.n_fft - self.hop)

    @torch.jit.export
    def cut(self, voice: int, x: Tensor) -> tuple[int, Tensor]:
        """Take the next samples, (T * hop,). Return how many of T frames do not count yet, and the others, (t, n_fft).

        Frames are not windowed.
        """
        frames = x.size(0) // self.hop
        heard = torch.cat([self.heard[voice], x])
        self.heard[voice] = heard[x.size(0) :]
        begun = 0
        if self.left[voice] < 0:
            sounding = (x.view(frames, self.hop) != 0).any(1)
            if not bool(sounding.any().item()):
                return frames, torch.zeros(0, self.n_fft)
            begun = int(sounding.long().argmax().item())
            self.left[voice] = self.lead
        idle = min(begun + self.left[voice], frames)
        self.left[voice] = max(begun + self.left[voice] - frames, 0)
        return idle, heard.unfold(0, self.n_fft, self.hop)[idle:]


class NetworkEncoder(nn.Module):
    """Find the codes of windowed frames by the encoder of a codebook's network.

    One frame is encoded at a time: the rounding of a product depends on its number of rows.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.

    """

    code_vectors: Tensor

    def __init__(self, book: "CodebookRecord") -> None:
        super().__init__()
        model = VQVAE.from_tensors(ModelConfig.from_dict(book.card["model"]), book.model_state)
        vectors = model.quantizer.code_vectors.clone()
        vectors[torch.from_numpy(~book.table.used)] = 0  # a vector of zeros is never the nearest
        self.register_buffer("code_vectors", vectors.T.contiguous())
        self.layers = model.encoder.layers
        for weight in self.layers.parameters():
            weight.requires_grad = False
        self.floor: float = ENCODER_FLOOR
        encode = make_encoder(book.card["model"], book.model_state, used=book.table.used)
        self.silent: int = int(encode(np.zeros((1, book.grid.n_fft), np.float32))[0])

    def forward(self, windowed: Tensor, power: Tensor) -> Tensor:
        """Return the codes (T,) of windowed frames (T, n_fft) of mean squares (T,)."""
        unit = windowed / torch.where(power > 0, power, torch.ones_like(power)).sqrt().float()[:, None]
        features = torch.log(torch.fft.rfft(unit).abs() + self.floor)
        codes: list[Tensor] = []
        for i in range(windowed.size(0)):
            codes.append((self.layers(features[i : i + 1]) @ self.code_vectors).argmax(1))
        return torch.where(power > 0, torch.cat(codes), torch.full_like(codes[0], self.silent))


class NearestEncoder(nn.Module):
    """Find the codes of windowed frames by the nearest centre in mel bands, for a codebook without a network.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.

    """

    filters: Tensor
    centres: Tensor

    def __init__(self, book: "CodebookRecord") -> None:
        super().__init__()
        config = NearestConfig.from_dict(book.card["model"])
        eye = np.eye(book.grid.n_bins)
        filters = np.exp(band_logs(eye, book.grid, config)) - config.floor
        self.register_buffer("filters", torch.from_numpy(filters.astype(np.float32)))
        centres = np.asarray(book.model_state[CENTRES], np.float64).copy()
        centres[~book.table.used] = 1e3  # farther than any sound
        self.register_buffer("centres", torch.from_numpy(centres))
        self.floor: float = config.floor
        self.n_fft: int = book.grid.n_fft

    def forward(self, windowed: Tensor, power: Tensor) -> Tensor:
        """Return the codes (T,) of windowed frames (T, n_fft) of mean squares (T,)."""
        size = (torch.where(power > 0, power, torch.ones_like(power)) * self.n_fft).sqrt()[:, None]
        magnitudes = torch.fft.rfft(windowed.double() / size).abs()
        codes: list[Tensor] = []
        for i in range(windowed.size(0)):
            bands = torch.log(magnitudes[i : i + 1] @ self.filters.double() + self.floor)
            codes.append((self.centres - bands).square().sum(1).argmin(0, keepdim=True))
        return torch.cat(codes)


def make_finder(book: Any) -> nn.Module:
    """Make what finds the codes of frames, a network or the nearest centre, as the card of the codebook says."""
    from vqsynth.codes.nearest import is_nearest

    return NearestEncoder(book) if is_nearest(book.card["model"]) else NetworkEncoder(book)
