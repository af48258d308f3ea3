"""The encoder and the decoder.

The encoder takes the log magnitudes of the Fourier transform of Hann-windowed, level-normalised frames. Dense layers
turn them into a latent. Strided convolutions over the samples, as in Bitton, Esling, Harada ("Vector-Quantized Timbre
Representation", 2020), took twice as long to train, and their log-spectral distance was half a decibel larger.

The decoder has no memory and no context: it turns one latent into one log-magnitude spectrum.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ENCODER_FLOOR = 1e-2
"""Added to the rfft magnitudes of windows of RMS 1, before their logarithm is taken."""
DECODER_OFFSET = -4.0
"""The natural logarithm of a typical magnitude. It lets training start near the data."""


def dense_layers(*sizes: int) -> nn.Sequential:
    """Stack linear layers of the given sizes, with layer normalization and SiLU between them."""
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes[:-2], sizes[1:-1], strict=True):
        layers += [nn.Linear(n_in, n_out), nn.LayerNorm(n_out), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


class Encoder(nn.Module):
    """Turn windows into the log magnitudes of their transform, and these into a latent."""

    def __init__(self, *, n_fft: int, width: int, latent: int) -> None:
        super().__init__()
        self.layers = dense_layers(n_fft // 2 + 1, width, 256, latent)

    def forward(self, x: Tensor) -> Tensor:
        """Encode windows [N, n_fft] to latents [N, latent]."""
        magnitude = torch.fft.rfft(x).abs()
        z: Tensor = self.layers((magnitude + ENCODER_FLOOR).log())
        return z


class Decoder(nn.Module):
    """Turn a latent into the log magnitudes of one spectrum, without memory.

    `hidden` turns latents [N, latent] into features [N, width]. `output` turns these into spectra, and is linear. With
    as many features as codes, it can therefore be solved for the spectra of all codes.
    """

    def __init__(self, *, n_fft: int, width: int, latent: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(dense_layers(latent, width // 2, width), nn.LayerNorm(width), nn.SiLU())
        self.output = nn.Linear(width, n_fft // 2 + 1)

    def forward(self, z: Tensor) -> Tensor:
        """Decode latents [N, latent] to natural log magnitudes [N, n_bins]."""
        log_magnitude: Tensor = self.output(self.hidden(z))
        return log_magnitude + DECODER_OFFSET


def to_sphere(z: Tensor) -> Tensor:
    """Scale latents to length 1, so that the nearest code is the one with the largest inner product."""
    return F.normalize(z, dim=-1)
