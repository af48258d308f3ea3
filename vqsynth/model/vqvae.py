"""The VQ-VAE as one module, and its conversion to and from NumPy arrays.

A code says nothing about level. Each window is divided exactly by its RMS before the encoder, so a sound keeps its
codes when it is turned up or down. The decoder takes one latent at a time, so a code is always one spectrum.
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
"""Magnitudes below this are not told apart. The largest magnitude of a full-scale window is about 1."""
ENCODE_BLOCK = 512
FRONT, FOURIER = "front", "fourier"
"""The entry of a card that names the encoder. Older versions had other encoders."""


@dataclass(frozen=True)
class ModelConfig:
    """Hold the sizes of a model.

    Parameters
    ----------
    n_fft : int
        Length of a window in samples: a multiple of 4 from 64 to 32768.
    codes : int
        Number of codes, 2 to 65536.
    latent : int
        Number of latent dimensions, 2 to 65536.
    encoder_width, decoder_width : int
        Width of the largest hidden layer, 2 to 65536.

    Raises
    ------
    ParameterError
        If a size is out of range.

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
                raise ParameterError(f"{name} must lie between 2 and {MOST} (got {getattr(self, name)})")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelConfig":
        """Read a config from a card. Raises CodebookError if an entry is missing, unknown or of the wrong type."""
        expected = {f.name: f.type for f in fields(cls)} | {FRONT: str}
        if set(values) != set(expected) or any(type(values[k]) is not t for k, t in expected.items()):
            raise CodebookError(
                f"the model's config must have exactly the entries {', '.join(expected)} (got {values}); "
                "get a good copy of the codebook, or use the version of vqsynth that made it"
            )
        if values[FRONT] != FOURIER:
            raise CodebookError(
                f"the model's {FRONT} must be {FOURIER!r} in this version (got {values[FRONT][:60]!r}); "
                "train the codebook again"
            )
        try:
            return cls(**{name: value for name, value in values.items() if name != FRONT})
        except ParameterError as e:
            raise CodebookError(
                f"the model's config cannot be used: {e}; the card is damaged, so get a good copy of the codebook"
            ) from e

    def to_dict(self) -> dict[str, Any]:
        """Return the config as a dict that JSON can hold."""
        return asdict(self) | {FRONT: FOURIER}


class VQVAE(nn.Module):
    """Encode windows to codes, and decode codes to spectra."""

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
        """Encode raw frames [N, n_fft] to codes, int64 [N]. They are windowed and level-normalised here."""
        windows = take_level_out(frames * self.window.to(frames.dtype))
        return self.quantizer.nearest(self.latents(windows))

    @torch.no_grad()
    def decode_codes(self) -> Tensor:
        """Decode every code to linear magnitudes [codes, n_bins]. They are 0 where the decoder is at its floor."""
        log_magnitude: Tensor = self.decoder(self.quantizer.code_vectors)
        return (log_magnitude.exp() - TARGET_FLOOR).clamp(min=0)

    def to_tensors(self) -> Tensors:
        """Copy the weights to NumPy as float16, named as in the state dict, without those that only training needs.

        As float16 they take half the space on disk, and make no measurable difference. The codebook is made from the
        model that these weights give.
        """
        state = {k: v for k, v in self.state_dict().items() if k not in _TRAINING_ONLY}
        return {k: v.detach().cpu().numpy().astype(np.float16) for k, v in state.items()}

    @classmethod
    def from_tensors(cls, config: ModelConfig, tensors: Tensors) -> "VQVAE":
        """Build a model from weights in NumPy.

        Parameters
        ----------
        config : ModelConfig
            Sizes of the model.
        tensors : dict of str to array
            Weights, as `to_tensors` returns them.

        Returns
        -------
        VQVAE

        Raises
        ------
        CodebookError
            If arrays are missing, unknown or of the wrong shape, or if a weight is NaN or infinite.

        """
        with torch.device("meta"):  # the expected shapes, without taking memory for them
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
    """Divide each window [N, n_fft] by its RMS. A window of zeros is not changed.

    Nothing is added to the RMS, so that a quiet window gives the same result as a loud one.
    """
    rms = windows.square().mean(dim=1, keepdim=True).sqrt()
    return windows / torch.where(rms > 0, rms, 1.0)


def encode_windows(config: Mapping[str, Any], state: Tensors, windows: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the codes (T,) of raw frames (T, n_fft). The other parameters are those of `make_encoder`."""
    return make_encoder(config, state)(windows)


def make_encoder(
    config: Mapping[str, Any], state: Tensors, *, used: NDArray[np.bool_] | None = None
) -> Callable[[NDArray[np.float32]], NDArray[np.int64]]:
    """Make a function that finds the codes of raw frames.

    It computes in float64, in which the codes depend neither on the level nor on how frames are batched.

    Parameters
    ----------
    config : dict
        Sizes of the model, as a codebook's card holds them.
    state : dict of str to array
        Weights of the model, as a codebook holds them.
    used : (K,) bool, optional
        The codes that may be found. By default all.

    Returns
    -------
    callable
        Takes frames (T, n_fft) float32, neither windowed nor level-normalised, and returns codes (T,) int64.

    Raises
    ------
    CodebookError
        If the config or the weights cannot be used.

    """
    model = VQVAE.from_tensors(ModelConfig.from_dict(config), state).double()
    if used is not None:
        model.quantizer.code_vectors[torch.from_numpy(~used)] = 0  # a vector of zeros is never the nearest
    silent = int(model.encode(torch.zeros(1, model.config.n_fft, dtype=torch.float64)))

    def encode(windows: NDArray[np.float32]) -> NDArray[np.int64]:
        codes, heard = np.full(len(windows), silent, np.int64), np.flatnonzero(windows.any(axis=1))
        for i in range(0, len(heard), ENCODE_BLOCK):
            rows = heard[i : i + ENCODE_BLOCK]
            codes[rows] = model.encode(torch.from_numpy(windows[rows].astype(np.float64))).numpy()
        return codes

    return encode
