"""Descriptors of mel bands: those of the spectrum, by another route, and with a gradient that leads to them."""

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.continuous.small import GRID
from vqsynth.continuous.mel import EPS
from vqsynth.continuous.train.bands import BandDescriptors

HZ = GRID.frames.frequencies_hz


def to_bands(magnitudes: NDArray[np.float64]) -> Tensor:
    """Gather magnitudes (n_bins, T) in log bands [1, B, T]."""
    return torch.from_numpy(np.log(GRID.filters @ magnitudes + EPS).astype(np.float32))[None]


@pytest.fixture
def magnitudes() -> NDArray[np.float64]:
    """Spectra that fall at several rates, rough as spectra are, in columns: (n_bins, 4)."""
    rough = np.random.default_rng(0).uniform(0.5, 1.5, (len(HZ), 4))
    return np.exp(-HZ[:, None] / np.array([300.0, 600, 1200, 2400])) * rough


def test_descriptors_follow_those_of_the_spectrum(magnitudes: NDArray[np.float64]) -> None:
    """Two routes: from the bands, and by librosa from the bins that they gather."""
    sr, n_fft = GRID.frames.sr, GRID.frames.n_fft
    measured = BandDescriptors(GRID).measure(to_bands(magnitudes))[0].numpy()
    hz = {"sr": sr, "n_fft": n_fft, "S": magnitudes}
    centroid, bandwidth, rolloff = (
        np.log2(getattr(librosa.feature, f"spectral_{name}")(**hz)[0]) for name in ("centroid", "bandwidth", "rolloff")
    )
    flatness = np.log10(librosa.feature.spectral_flatness(S=magnitudes + EPS)[0])
    for name, here, there in zip("cbrf", measured, (centroid, bandwidth, rolloff, flatness), strict=True):
        np.testing.assert_allclose(np.diff(here), np.diff(there), rtol=0.25, atol=0.05, err_msg=name)


def test_descriptors_have_gradients_that_are_finite_in_silence_too(magnitudes: NDArray[np.float64]) -> None:
    bands = torch.cat([to_bands(magnitudes), torch.full((1, GRID.n_mels, 4), float(np.log(EPS)))]).requires_grad_()
    BandDescriptors(GRID).measure(bands).sum().backward()
    assert bands.grad is not None
    assert torch.isfinite(bands.grad).all()
    assert (bands.grad[0] != 0).any()


def test_following_the_gradient_reaches_other_descriptors(magnitudes: NDArray[np.float64]) -> None:
    descriptors = BandDescriptors(GRID)
    wanted = descriptors.measure(to_bands(magnitudes[:, 2:3]))
    bands = to_bands(magnitudes[:, 1:2]).requires_grad_()
    optimizer = torch.optim.Adam([bands], lr=0.03)
    for _ in range(200):
        optimizer.zero_grad()
        (descriptors.measure(bands) - wanted).abs().mean().backward()
        optimizer.step()
    assert float((descriptors.measure(bands) - wanted).abs().mean()) < 0.05


def test_centroid_of_bands_moved_by_an_octave_is_an_octave_away() -> None:
    descriptors = BandDescriptors(GRID)
    bands = [int(np.abs(GRID.centres_hz - hz).argmin()) for hz in (700, 1400)]
    octaves = abs(np.log2(GRID.centres_hz[bands[1]] / GRID.centres_hz[bands[0]]))
    rows = torch.full((2, 1, GRID.n_mels, 4), float(np.log(EPS)))
    for row, band in zip(rows, bands, strict=True):
        row[:, band] = 0.0
    assert float(descriptors.centroid_distance(rows[0], rows[1])) == pytest.approx(octaves, abs=0.1)
    assert float(descriptors.centroid_distance(rows[0], rows[0])) == 0


def test_centroid_distance_is_that_of_the_descriptor(magnitudes: NDArray[np.float64]) -> None:
    descriptors = BandDescriptors(GRID)
    a, b = to_bands(magnitudes[:, :1]), to_bands(magnitudes[:, 1:2])
    octaves = float((descriptors.measure(a) - descriptors.measure(b))[0, 0].abs())
    assert float(descriptors.centroid_distance(a, b)) == pytest.approx(octaves, rel=0.02)
