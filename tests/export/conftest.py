"""The small codebook and the small model, exported once."""

from pathlib import Path

import numpy as np
import pytest

from tests.continuous.small import make_small_model
from vqsynth.codebook import Codebook
from vqsynth.codes.nearest import CENTRES, NearestConfig, band_logs
from vqsynth.export.writing import export_codebook, export_model
from vqsynth.sound.frames import FrameGrid


@pytest.fixture(scope="session")
def book_file(book: Codebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The codebook of 64 codes at 16 kHz, with its patches."""
    return export_codebook(book, tmp_path_factory.mktemp("exported") / "thirds.ts")[0]


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The continuous model of 6 components at 8 kHz, with its patches."""
    return export_model(make_small_model(), tmp_path_factory.mktemp("exported") / "small.ts")[0]


@pytest.fixture(scope="session")
def quick_book() -> Codebook:
    """A codebook without a network, of 24 codes in windows of 3072 samples: combs of partials, and noises."""
    grid = FrameGrid(sr=16000, n_fft=3072, hop_length=256)
    bins, rng = np.arange(grid.n_bins), np.random.default_rng(4)
    combs = [np.exp(-bins / (150 + 30 * i)) * (np.cos(np.pi * bins / (20 + 3 * i)) ** 40 + 0.01) for i in range(18)]
    noises = [np.exp(-bins / (100 + 80 * i)) * rng.uniform(0.5, 1.5, grid.n_bins) for i in range(6)]
    magnitudes = np.array([*combs, *noises])
    config = NearestConfig.for_grid(grid, len(magnitudes))
    unit = magnitudes / np.sqrt((magnitudes**2).mean(axis=1, keepdims=True))
    return Codebook.build(
        name="quick",
        grid=grid,
        magnitudes=magnitudes,
        counts=np.r_[0, np.ones(len(magnitudes) - 1, np.int64)],
        model_config=config.to_dict(),
        model_state={CENTRES: band_logs(unit, grid, config).astype(np.float32)},
        card={"corpus": {"seconds": 1.0}, "licence": "CC0"},
    )


@pytest.fixture(scope="session")
def quick_file(quick_book: Codebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, exported."""
    return export_codebook(quick_book, tmp_path_factory.mktemp("exported") / "quick.ts")[0]
