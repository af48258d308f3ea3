"""What tests hear and look at: a codebook made of nothing but arithmetic, and the spectra of a sound.

The codebook has 64 harmonic spectra that rise in pitch and differ in brightness.
"""

import numpy as np
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.sound.frames import Floats, FrameGrid, frame_signal

GRID = FrameGrid(sr=16000, n_fft=1024, hop_length=256)
N_CODES = 64


def harmonic_magnitudes() -> NDArray[np.float64]:
    """Make the spectra (64, n_bins): 8 pitches from 150 Hz on by thirds, 7 of 8 slopes each, and 8 noises."""
    t = np.arange(GRID.n_fft) / GRID.sr
    rows = []
    for pitch in range(8):
        f_hz = 150 * 2 ** (pitch / 3)
        for slope in range(7):
            partials = range(1, int(7500 / f_hz))
            y = sum(k ** -(0.4 + 0.3 * slope) * np.sin(2 * np.pi * k * f_hz * t + k * k) for k in partials)
            rows.append(np.abs(np.fft.rfft(y * GRID.window)) + 0.02)
        tilt = np.maximum(np.arange(GRID.n_bins), 1) / GRID.n_bins
        rows.append(30 * tilt ** (0.25 * (pitch - 4)))
    return np.array(rows)


def make_codebook(name: str = "thirds") -> Codebook:
    """Build the codebook, with an untrained model of the right shape behind it."""
    import torch

    from vqsynth.model.vqvae import VQVAE, ModelConfig

    torch.manual_seed(0)
    config = ModelConfig(n_fft=GRID.n_fft, codes=N_CODES, latent=8, encoder_width=16, decoder_width=16)
    return Codebook.build(
        name=name,
        grid=GRID,
        magnitudes=harmonic_magnitudes(),
        counts=np.arange(N_CODES) + 1,
        model_config=config.to_dict(),
        model_state=VQVAE(config).to_tensors(),
        card={"corpus": {"seconds": 12.5}, "licence": "CC0"},
    )


def magnitude_spectra(y: Floats, grid: FrameGrid) -> Floats:
    """Return the magnitude spectra (..., T, n_bins) of the Hann-windowed centred frames of a sound (..., n)."""
    return np.abs(np.fft.rfft(frame_signal(y, grid) * grid.window, axis=-1)).astype(np.float32)
