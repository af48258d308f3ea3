"""Colouring: other envelopes at the same level, partials where they were, and nothing from silence."""

import numpy as np
import pytest
import torch

from tests.continuous.small import GRID
from vqsynth.continuous.vocoders.networks import band_interpolation
from vqsynth.sound.mel import EPS, analyse_sound
from vqsynth.training.continuous.colouring import Colouring, tint


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def bands() -> torch.Tensor:
    """Six excerpts of a noisy sawtooth, [6, B, T]."""
    sr = GRID.frames.sr
    t = np.arange(sr // 2) / sr
    y = 0.2 * (2 * (t * 220 % 1) - 1) + 0.01 * np.random.default_rng(0).standard_normal(len(t))
    rows = analyse_sound(y.astype(np.float32), GRID).log_mel[8:20]
    return torch.from_numpy(rows.T.copy())[None].repeat(6, 1, 1)


def test_colours_by_the_spread_asked_for_and_every_excerpt_its_own_way(bands: torch.Tensor) -> None:
    before = bands.clone()
    steps = []
    for seed in range(40):
        coloured = Colouring(GRID, spread=0.4, cosines=10).colour(bands, seeded(seed)) - bands
        steps.append(coloured - coloured.mean(1, keepdim=True))
    moved = torch.stack(steps)
    assert float(moved.square().mean().sqrt()) == pytest.approx(0.4, rel=0.15)
    assert not torch.allclose(moved[0, 0], moved[0, 1], atol=0.05)
    torch.testing.assert_close(bands, before, rtol=0, atol=0)


def test_coloured_frames_keep_their_loudness(bands: torch.Tensor) -> None:
    """Two routes: the K-weighted power of the bins, each with the height of its band, before and after."""
    coloured = Colouring(GRID, spread=0.5, cosines=10).colour(bands, seeded())
    weights = GRID.loudness_weights @ (GRID.filters / GRID.filters.sum(axis=0).clip(1e-9)).T
    before, after = (np.einsum("b,nbt->nt", weights, (x.exp().numpy() - EPS) ** 2) for x in (bands, coloured))
    moved_db = 10 * np.log10(after / before)
    uncorrected = Colouring(GRID, spread=0.5, cosines=10)
    uncorrected._power = lambda magnitudes: torch.ones(())  # type: ignore[method-assign]
    moved_most_db = 10 * np.log10(
        np.einsum("b,nbt->nt", weights, (uncorrected.colour(bands, seeded()).exp().numpy() - EPS) ** 2) / before
    )
    assert np.abs(moved_db).mean() < 1.0
    assert np.abs(moved_db).mean() < 0.5 * np.abs(moved_most_db).mean()


def test_partials_stay_where_they_are(bands: torch.Tensor) -> None:
    coloured = Colouring(GRID, spread=0.4, cosines=10).colour(bands, seeded())
    low = slice(0, 32)
    both = [(x[:, low] - x[:, low].mean(1, keepdim=True)).diff(dim=1).flatten() for x in (bands, coloured)]
    assert float(torch.corrcoef(torch.stack(both))[0, 1]) > 0.9


def test_silence_stays_silent() -> None:
    silence = torch.full((4, GRID.n_mels, 8), float(np.log(EPS)))
    torch.testing.assert_close(Colouring(GRID, spread=1.0, cosines=10).colour(silence, seeded()), silence)


def test_no_spread_changes_nothing(bands: torch.Tensor) -> None:
    torch.testing.assert_close(Colouring(GRID, spread=0.0, cosines=10).colour(bands, seeded()), bands)


def test_many_cosines_colour_neighbouring_partials_apart_and_few_do_not(bands: torch.Tensor) -> None:
    """How far a band is from the mean of its neighbours; more cosines than there are bands do not harm."""
    rough = []
    for cosines in (3, 20, 500):
        made = Colouring(GRID, spread=0.5, cosines=cosines)
        curves = torch.cat([made.colour(bands, seeded(seed)) - bands for seed in range(20)])
        rough.append(float((curves[:, 1:-1] - (curves[:, :-2] + curves[:, 2:]) / 2).square().mean().sqrt()))
    assert rough[0] < 0.1 and rough[1] > 4 * rough[0]
    assert rough[2] == pytest.approx(rough[1], rel=0.2)


def test_tint_of_the_bands_is_that_of_the_magnitudes_beneath_them(rng: np.random.Generator) -> None:
    """Two routes to tinted bands: from the bands, and from tinted magnitudes through the filters."""
    magnitudes = rng.uniform(0.1, 1.0, (3, GRID.frames.n_bins, 4))
    bands = torch.from_numpy(np.log(GRID.filters @ magnitudes + EPS))
    curves = Colouring(GRID, spread=0.4, cosines=4).draw(3, seeded()).double()
    over_bins = (curves @ band_interpolation(GRID).double().T).exp()[..., None].numpy()
    wanted = np.log(GRID.filters @ (magnitudes * over_bins) + EPS)
    np.testing.assert_allclose(tint(bands, curves), wanted, atol=0.05)
    assert np.abs(wanted - bands.numpy()).mean() > 0.2
    np.testing.assert_allclose(tint(bands, torch.zeros_like(curves)), bands, atol=1e-6)
