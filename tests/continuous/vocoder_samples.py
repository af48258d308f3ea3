"""Small vocoders with weights of no training, and a sound to put through them."""

import numpy as np
import pytest
import torch

from vqsynth.continuous.vocoders import make_vocoder
from vqsynth.continuous.vocoders.interface import Vocoder
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.mel import MelGrid

GRID = MelGrid(FrameGrid(sr=8000, n_fft=256, hop_length=64), n_mels=24, f_min_hz=40.0, f_max_hz=3800.0)
HOP, LATENCY = 64, 128
SIZES: dict[str, dict[str, int]] = {
    "magnitude": {"width": 24, "blocks": 2},
    "melgan": {"frame_width": 24, "frame_blocks": 1, "width": 16},
    "griffin-lim": {},
}
TRAINED = ("magnitude", "melgan")
each_vocoder = pytest.mark.parametrize("name", SIZES)
each_trained = pytest.mark.parametrize("name", TRAINED)


def make_shaken(name: str, grid: MelGrid = GRID) -> Vocoder:
    """Make a vocoder with weights that no training made, always the same and none of them zero."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        vocoder: Vocoder = make_vocoder(name, grid, SIZES[name])
        for weights in vocoder.network.parameters() if vocoder.network is not None else ():
            weights += 0.05 * torch.randn_like(weights)
    return vocoder


def chord(n_samples: int) -> Floats:
    """Three partials that swell, and some noise."""
    t = np.arange(n_samples) / 8000
    partials = sum(np.sin(2 * np.pi * f * t) / i for i, f in enumerate((330.0, 660.0, 1980.0), 1))
    noise = np.random.default_rng(3).standard_normal(n_samples)
    return ((0.05 + 0.2 * t / t[-1]) * (partials + 0.05 * noise)).astype(np.float32)
