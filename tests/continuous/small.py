"""A continuous model of random but fixed weights, at 8 kHz, small enough to be made anew in a test."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.continuous.components import Components
from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.model import ContinuousModel
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.mel import MelGrid, analyse_sound

Sound = NDArray[np.float32]

SR = 8000
GRID = MelGrid(FrameGrid(sr=SR, n_fft=512, hop_length=128), n_mels=24, f_min_hz=30.0, f_max_hz=3900.0)
LATENTS = 6
SIZES: dict[str, dict[str, Any]] = {
    "magnitude": {"width": 16, "blocks": 1},
    "melgan": {"frame_width": 16, "frame_blocks": 1, "width": 16},
}
"""The sizes of the vocoders' networks."""


def make_sound(seconds: float = 1.0, *, seed: int = 0) -> Sound:
    """Make a sound at 8 kHz that changes: a gliding tone of a few partials that swells, and noise that sinks."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * SR)) / SR
    turns = 2 * np.pi * np.cumsum(rng.uniform(150, 300) * (1 + t / max(seconds, 1e-9))) / SR
    tone = sum(np.sin(k * turns) / k for k in range(1, 8)) * (0.05 + 0.25 * np.sin(np.pi * t / seconds) ** 2)
    noise = 0.05 * rng.standard_normal(len(t)) * np.exp(-3 * t / seconds)
    return (tone + noise).astype(np.float32)


def make_small_model(
    name: str = "small", *, vocoders: tuple[str, ...] = ("magnitude",), seed: int = 0
) -> ContinuousModel:
    """Make a model of 6 components whose weights are random, its statistics those of `make_sound`.

    The same arguments give the same model, object and all.
    """
    return _make(name, vocoders, seed)


@cache
def _make(name: str, vocoders: tuple[str, ...], seed: int) -> ContinuousModel:
    import torch

    from vqsynth.continuous.vae import VAE, VAEConfig, encode_frames

    frames = analyse_sound(np.concatenate([make_sound(2.0, seed=i) for i in range(3)]), GRID)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        vae = VAE(VAEConfig(n_mels=GRID.n_mels, latents=LATENTS, width=16, blocks=1))
        _randomise(vae)
        vae.standardise_by(frames.log_mel)
        tensors = vae.to_tensors()
        made = {vocoder: _make_vocoder(vocoder, frames.log_mel) for vocoder in vocoders}
    vae = VAE.from_tensors(vae.config, tensors)  # with the weights as they are stored
    components = Components.of_latents(encode_frames(vae, frames.log_mel))
    return ContinuousModel.build(
        name=name,
        grid=GRID,
        vae_config=vae.config.to_dict(),
        vae_state=tensors,
        components=components,
        flattening=Flattening.of_corpus(frames.loudness_db),
        vocoders=made,
        card=_card(),
    )


def _make_vocoder(name: str, log_mel: Sound) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    from vqsynth.continuous.vocoders import make_vocoder

    vocoder = make_vocoder(name, GRID, SIZES[name])
    _randomise(vocoder.network)
    vocoder.network.standardise_by(log_mel)
    return vocoder.config, vocoder.state


def _randomise(network: Any) -> None:
    """Give a network weights of which none is zero, of a size that keeps variance."""
    import torch

    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name.endswith("weight") and weight.ndim > 1:
                weight.normal_(0, weight[0].numel() ** -0.5)
            elif name.endswith("bias"):
                weight.normal_(0, 0.1)


def _card() -> dict[str, Any]:
    names = ("loudness", "centroid", "flatness", "pitch", "bandwidth", "crest")
    followed = [{"component": i + 1, "descriptor": d, "correlation": 0.9 - 0.3 * i} for i, d in enumerate(names)]
    return {
        "version": "1.0",
        "licence": "CC0",
        "corpus": {"files": 3, "seconds": 6.0},
        "components": followed,
        "loudness_r2": 0.05,
    }
