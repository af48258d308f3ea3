"""The variational auto-encoder of mel spectra: level-free mel frames to latents, latents and loudness to mel frames.

The encoder is given mel spectra without their level. The decoder is given the latents and the loudness, flattened to 0
to 1. Both are causal and look no frame ahead. The encoder returns mean and log variance of a Gaussian; in training a
latent is drawn from it, with standard deviation exp(log_variance / 2) (Kingma, Welling, "Auto-encoding variational
Bayes", 2014). In playing the mean is taken, so that the same sound has the same latents.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from vqsynth.continuous.blocks import Past, Stream, Tensors, Tower, band_statistics, copy_weights, make_of_weights
from vqsynth.errors import ModelError, ParameterError
from vqsynth.sound.frames import Floats

LOG_VARIANCE_CENTRE, LOG_VARIANCE_REACH = -3.0, 7.0
"""Initial log variance, and its largest change: standard deviations start at 0.22 and stay within 0.007 to 7.4."""


@dataclass(frozen=True)
class VAEConfig:
    """Hold the sizes of a VAE.

    Parameters
    ----------
    n_mels : int
        Number of mel bands.
    latents : int
        Number of latents.
    width : int
        Channels inside encoder and decoder.
    blocks, kernel : int
        Residual blocks of each, 0 to 10, and taps of their convolutions, 1 to 16.

    Raises
    ------
    ParameterError
        For sizes out of range.

    """

    n_mels: int = 192
    latents: int = 16
    width: int = 384
    blocks: int = 3
    kernel: int = 3

    def __post_init__(self) -> None:
        for field in fields(self):
            value, least = getattr(self, field.name), 0 if field.name == "blocks" else 1
            if type(value) is not int or not least <= value <= 4096:
                raise ParameterError(f"{field.name} must be a whole number from {least} to 4096 (got {value!r})")
        if self.blocks > 10 or self.kernel > 16:
            raise ParameterError(
                f"blocks must be 10 or fewer and kernel 16 or less (got {self.blocks} and {self.kernel}); try 3 and 3"
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "VAEConfig":
        """Read a config from a card. Raises ModelError for a missing, unknown, mistyped or impossible entry."""
        names = [field.name for field in fields(cls)]
        if not isinstance(values, Mapping) or set(values) != set(names):
            raise ModelError(f"the config of the VAE must have exactly {', '.join(names)} (got {values})")
        try:
            return cls(**values)
        except ParameterError as e:
            raise ModelError(f"the config of the VAE is impossible: {e}; the card is damaged") from e

    def to_dict(self) -> dict[str, Any]:
        """Return the config as JSON can hold it."""
        return asdict(self)


class VAE(nn.Module):
    """Encode mel frames to Gaussians over latents, and decode latents and loudness to mel frames."""

    band_mean: Tensor
    band_std: Tensor

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        self.config = config
        sizes = {"width": config.width, "blocks": config.blocks, "kernel": config.kernel}
        self.encoder = Tower(config.n_mels, 2 * config.latents, **sizes)
        self.decoder = Tower(config.latents + 1, config.n_mels, **sizes)
        self.register_buffer("band_mean", torch.zeros(config.n_mels))
        self.register_buffer("band_std", torch.ones(config.n_mels))

    def standardise_by(self, log_mel: Floats) -> None:
        """Set mean and deviation of each band to those of frames (T, n_mels) of a corpus."""
        for buffer, values in zip((self.band_mean, self.band_std), band_statistics(log_mel), strict=True):
            buffer.copy_(values)

    def encode_stats(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Tensor]:
        """Encode log mel frames [N, n_mels, T] to means and log variances of latents, [N, latents, T] each."""
        mu, raw = self.encoder((x - self.band_mean[:, None]) / self.band_std[:, None], past).chunk(2, dim=1)
        return mu, LOG_VARIANCE_CENTRE + LOG_VARIANCE_REACH * torch.tanh(raw / LOG_VARIANCE_REACH)

    def decode(self, z: Tensor, u: Tensor, past: Past | None = None) -> Tensor:
        """Decode latents [N, latents, T] and flattened loudness [N, 1, T], 0 to 1, to log mel frames [N, n_mels, T]."""
        standard: Tensor = self.decoder(torch.cat([z, 2 * u - 1], dim=1), past)
        return standard * self.band_std[:, None] + self.band_mean[:, None]

    def to_tensors(self) -> Tensors:
        """Copy the weights to NumPy as float16, named as in the state dict, and the bands' statistics as float32."""
        return copy_weights(self)

    @classmethod
    def from_tensors(cls, config: VAEConfig, tensors: Tensors) -> "VAE":
        """Make a VAE, ready to play, of NumPy weights. Raises ModelError where they do not fit."""
        return make_of_weights(lambda: cls(config), tensors, what="the VAE")


def reparametrise(mu: Tensor, log_variance: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
    """Draw from Gaussians so that gradients pass: mu + exp(log_variance / 2) * noise."""
    drawn_on = mu.device if generator is None else generator.device
    noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=drawn_on)
    return mu + (log_variance / 2).exp() * noise.to(mu.device)


def gaussian_divergence(mu: Tensor, log_variance: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence of Gaussians from the standard Gaussian, in nats, element by element."""
    return (mu.square() + log_variance.exp() - 1 - log_variance) / 2


class EncoderStream:
    """Encode frames as they come, each to the mean of its latents; `past` as in `Stream`."""

    def __init__(self, vae: VAE) -> None:
        self._vae = vae
        self._stream = Stream(lambda x, past: vae.encode_stats(x, past)[0])

    def push(self, log_mel: Floats) -> Floats:
        """Encode the next frames (t, n_mels), t from 0 on, to (t, latents). Raises ParameterError for other sizes."""
        _check_rows("log_mel", log_mel, self._vae.config.n_mels)
        return _to_rows(self._stream.push(_from_rows(log_mel)))

    @property
    def past(self) -> Past:
        """Return the state that the next frames depend on."""
        return self._stream.past

    @past.setter
    def past(self, past: Past) -> None:
        self._stream.past = past


class DecoderStream:
    """Decode latents and loudness as they come."""

    def __init__(self, vae: VAE) -> None:
        self._vae = vae
        self._stream = Stream(lambda x, past: vae.decode(x[:, :-1], x[:, -1:], past))

    def push(self, z: Floats, u: Floats) -> Floats:
        """Decode latents (t, latents) and flattened loudness (t,), 0 to 1, to log mel frames (t, n_mels).

        Raises ParameterError for other sizes.
        """
        _check_rows("z", z, self._vae.config.latents)
        if u.shape != z.shape[:1]:
            raise ParameterError(f"u must have a value for each of the {len(z)} frames of z (got shape {u.shape})")
        return _to_rows(self._stream.push(torch.cat([_from_rows(z), _from_rows(u[:, None])], dim=1)))


def encode_frames(vae: VAE, log_mel: Floats) -> Floats:
    """Encode frames (T, n_mels) to the means of their latents (T, latents), with the same bits as a stream."""
    return EncoderStream(vae).push(log_mel)


def decode_frames(vae: VAE, z: Floats, u: Floats) -> Floats:
    """Decode latents (T, latents) and flattened loudness (T,) to frames (T, n_mels), the same bits as a stream."""
    return DecoderStream(vae).push(z, u)


def _check_rows(name: str, rows: Floats, columns: int) -> None:
    if rows.ndim != 2 or rows.shape[1] != columns:
        raise ParameterError(f"{name} must have shape (T, {columns}) (got {rows.shape})")


def _from_rows(rows: Floats) -> Tensor:
    return torch.tensor(rows.T, dtype=torch.float32)[None]


def _to_rows(x: Tensor) -> Floats:
    rows: Floats = x[0].numpy().T.copy()
    return rows
