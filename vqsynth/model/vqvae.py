"""The VQ-VAE as one module, and its way to and from NumPy arrays.

Level is no part of a code: windows are divided by their RMS before the encoder, exactly, so that a sound turned up or
down has the codes it had. The decoder sees one latent at a time, so a code is always one spectrum.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vqsynth.errors import CodebookError, ParameterError
from vqsynth.model.networks import Decoder, Encoder, to_sphere
from vqsynth.model.quantizer import Quantizer

Tensors = Mapping[str, NDArray[Any]]

MOST = 2**16
TARGET_FLOOR = 3e-4
"""Magnitudes below this, where a full-scale window's largest is about 1, are not told apart."""
ENCODE_BLOCK = 512
FRONT, FOURIER = "front", "fourier"
"""What a card says of the encoder; there have been others."""


@dataclass(frozen=True)
class ModelConfig:
    """Describe a model by its sizes: `n_fft` and `hop_length` in samples, the number of `codes`, the widths.

    Raises ParameterError for sizes that make no model.
    """

    n_fft: int = 2048
    codes: int = 1024
    latent: int = 64
    encoder_width: int = 512
    decoder_width: int = 1024

    def __post_init__(self) -> None:
        if not 64 <= self.n_fft <= 32768 or self.n_fft % 4:
            raise ParameterError(f"n_fft must be a multiple of 4 from 64 to 32768 (got {self.n_fft}); try 2048")
        for name in ("codes", "latent", "encoder_width", "decoder_width"):
            if not 2 <= getattr(self, name) <= MOST:
                raise ParameterError(f"{name} must be 2 or more, up to {MOST} (got {getattr(self, name)})")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelConfig":
        """Read a config from a card. Raises CodebookError for a missing, unknown or mistyped entry."""
        expected = {f.name: f.type for f in fields(cls)} | {FRONT: str}
        if set(values) != set(expected) or any(type(values[k]) is not t for k, t in expected.items()):
            raise CodebookError(
                f"the model's config must have exactly {', '.join(expected)} (got {values}); "
                "the card is damaged or of another version"
            )
        if values[FRONT] != FOURIER:
            raise CodebookError(
                f"the model's front is {values[FRONT][:60]!r}, and this version has {FOURIER!r} only; "
                "train the codebook again"
            )
        try:
            return cls(**{name: value for name, value in values.items() if name != FRONT})
        except ParameterError as e:
            raise CodebookError(f"the model's config is impossible: {e}; the card is damaged") from e

    def to_dict(self) -> dict[str, Any]:
        """Return the config as JSON can hold it."""
        return asdict(self) | {FRONT: FOURIER}


class VQVAE(nn.Module):
    """Encode windows to codes and decode codes to log magnitudes."""

    window: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(n_fft=config.n_fft, width=config.encoder_width, latent=config.latent)
        self.quantizer = Quantizer(codes=config.codes, latent=config.latent)
        self.decoder = Decoder(n_fft=config.n_fft, width=config.decoder_width, latent=config.latent)
        self.register_buffer("window", torch.hann_window(config.n_fft, device="cpu"), persistent=False)

    def latents(self, x: Tensor) -> Tensor:
        """Encode Hann-windowed frames [N, n_fft] of RMS 1 to latents [N, latent] of length 1."""
        return to_sphere(self.encoder(x))

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """Encode raw frames [N, n_fft], neither windowed nor level-normalised, to codes int64 [N]."""
        windows = take_level_out(frames * self.window.to(frames.dtype))
        return self.quantizer.nearest(self.latents(windows))

    @torch.no_grad()
    def decode_codes(self) -> Tensor:
        """Decode every code to linear magnitudes [codes, n_bins], zero where the decoder is at its floor."""
        log_magnitude: Tensor = self.decoder(self.quantizer.code_vectors)
        return (log_magnitude.exp() - TARGET_FLOOR).clamp(min=0)

    def to_tensors(self) -> Tensors:
        """Copy the weights to NumPy as float16, named as in the state dict, without what only training needs.

        Half the size on disk, and no measurable difference: a model from these tensors is the one that counts.
        """
        state = {k: v for k, v in self.state_dict().items() if k not in _TRAINING_ONLY}
        return {k: v.detach().cpu().numpy().astype(np.float16) for k, v in state.items()}

    @classmethod
    def from_tensors(cls, config: ModelConfig, tensors: Tensors) -> "VQVAE":
        """Build a model from weights in NumPy.

        Raises CodebookError for missing, unknown or misshapen arrays, and for NaN or infinite weights.
        """
        with torch.device("meta"):  # what sizes there would be, before any memory is taken for them
            planned = cls(config).state_dict()
        expected = {k: tuple(v.shape) for k, v in planned.items() if k not in _TRAINING_ONLY}
        got = {k: tuple(v.shape) for k, v in tensors.items()}
        if got != expected:
            names = sorted(k for k in expected.keys() | got.keys() if expected.get(k) != got.get(k))
            raise CodebookError(
                f"the model's weights do not fit its config (see {', '.join(names[:3])}); "
                "get a complete copy of the codebook"
            )
        for name, values in tensors.items():
            if not np.isfinite(values).all():
                raise CodebookError(
                    f"the model's weights '{name}' hold NaN or infinite values; "
                    "get a good copy of the codebook or train it again"
                )
        model = cls(config)
        state = {k: torch.from_numpy(np.array(v, dtype=np.float32)) for k, v in tensors.items()}
        model.load_state_dict(state, strict=False)
        return model.eval()


_TRAINING_ONLY = ("quantizer.sums", "quantizer.counts")


def take_level_out(windows: Tensor) -> Tensor:
    """Divide each window [N, n_fft] by its RMS; a window of zeros stays as it is.

    Nothing is added to the RMS, so that quiet windows come out as loud ones do.
    """
    rms = windows.square().mean(dim=1, keepdim=True).sqrt()
    return windows / torch.where(rms > 0, rms, 1.0)


def encode_windows(config: Mapping[str, Any], state: Tensors, windows: NDArray[np.float32]) -> NDArray[np.int64]:
    """Find the codes of raw frames (T, n_fft), as `make_encoder` does: codes (T,)."""
    return make_encoder(config, state)(windows)


def make_encoder(
    config: Mapping[str, Any], state: Tensors, *, used: NDArray[np.bool_] | None = None
) -> Callable[[NDArray[np.float32]], NDArray[np.int64]]:
    """Make what finds the codes of raw frames.

    config, state: as a codebook holds them. used: (K,), the codes that may be found; all by default. The encoder takes
    frames (T, n_fft), as framing cuts them: neither windowed nor level-normalised, and returns codes (T,).
    Computed in float64, where the result depends neither on the level nor on how frames are batched.
    Raises CodebookError for a config or weights that make no model.
    """
    model = VQVAE.from_tensors(ModelConfig.from_dict(config), state).double()
    if used is not None:
        model.quantizer.code_vectors[torch.from_numpy(~used)] = 0  # no latent is nearer to it than to others
    silent = int(model.encode(torch.zeros(1, model.config.n_fft, dtype=torch.float64)))

    def encode(windows: NDArray[np.float32]) -> NDArray[np.int64]:
        codes, heard = np.full(len(windows), silent, np.int64), np.flatnonzero(windows.any(axis=1))
        for i in range(0, len(heard), ENCODE_BLOCK):
            rows = heard[i : i + ENCODE_BLOCK]
            codes[rows] = model.encode(torch.from_numpy(windows[rows].astype(np.float64))).numpy()
        return codes

    return encode
