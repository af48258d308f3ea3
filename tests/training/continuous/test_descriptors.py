"""Descriptors of mel bands: those of the spectrum, by another route, and with a gradient that leads to them."""

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.continuous.small import GRID
from vqsynth.sound.mel import EPS
from vqsynth.training.continuous.descriptors import SpectrumDescriptors

HZ = GRID.frames.frequencies_hz


def to_bands(magnitudes: NDArray[np.float64]) -> Tensor:
    """Gather magnitudes (n_bins, T) in log bands [1, B, T]."""
    return torch.from_numpy(np.log(GRID.filters @ magnitudes + EPS).astype(np.float32))[None]


@pytest.fixture
def magnitudes() -> NDArray[np.float64]:
    """Spectra that fall at several rates, rough as spectra are, in columns: (n_bins, 4)."""
    rough = np.random.default_rng(0).uniform(0.5, 1.5, (len(HZ), 4))
    return np.exp(-HZ[:, None] / np.array([300.0, 600, 1200, 2400])) * rough


def describe(magnitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure centroid, bandwidth, rolloff and flatness by librosa, in octaves and decades, (4, T)."""
    hz = {"sr": GRID.frames.sr, "n_fft": GRID.frames.n_fft, "S": magnitudes}
    names = ("centroid", "bandwidth", "rolloff")
    octaves = [np.log2(getattr(librosa.feature, f"spectral_{name}")(**hz)[0]) for name in names]
    return np.stack([*octaves, np.log10(librosa.feature.spectral_flatness(S=magnitudes + EPS)[0])])


def test_descriptors_of_bands_follow_those_of_the_spectrum(magnitudes: NDArray[np.float64]) -> None:
    """Two routes: from the bands, and by librosa from the bins that they gather."""
    measured = SpectrumDescriptors.of_bands(GRID).measure(to_bands(magnitudes))[0].numpy()
    for name, here, there in zip("cbrf", measured, describe(magnitudes), strict=True):
        np.testing.assert_allclose(np.diff(here), np.diff(there), rtol=0.25, atol=0.05, err_msg=name)


def test_descriptors_of_bins_are_those_of_librosa(magnitudes: NDArray[np.float64]) -> None:
    """Within a bin, which librosa does not cut for the rolloff."""
    spectra = torch.from_numpy(np.log(magnitudes + EPS).astype(np.float32))[None]
    measured = SpectrumDescriptors.of_bins(GRID).measure(spectra)[0].numpy()
    np.testing.assert_allclose(measured[[0, 1, 3]], describe(magnitudes)[[0, 1, 3]], atol=0.01)
    np.testing.assert_allclose(2 ** measured[2], 2 ** describe(magnitudes)[2], atol=HZ[1])


def test_standard_descriptors_of_the_usual_have_mean_nothing_and_spread_one(magnitudes: NDArray[np.float64]) -> None:
    spectra = torch.from_numpy(np.log(magnitudes + EPS).astype(np.float32))[None]
    standard = SpectrumDescriptors.of_bins(GRID, spectra).standard(spectra)
    torch.testing.assert_close(standard.mean(2), torch.zeros(1, 4), atol=1e-4, rtol=0)
    torch.testing.assert_close(standard.std(2), torch.ones(1, 4), atol=1e-3, rtol=0)


def test_descriptors_have_gradients_that_are_finite_in_silence_too(magnitudes: NDArray[np.float64]) -> None:
    bands = torch.cat([to_bands(magnitudes), torch.full((1, GRID.n_mels, 4), float(np.log(EPS)))]).requires_grad_()
    SpectrumDescriptors.of_bands(GRID).measure(bands).sum().backward()
    assert bands.grad is not None
    assert torch.isfinite(bands.grad).all()
    assert (bands.grad[0] != 0).any()


def test_following_the_gradient_reaches_other_descriptors(magnitudes: NDArray[np.float64]) -> None:
    descriptors = SpectrumDescriptors.of_bands(GRID)
    wanted = descriptors.measure(to_bands(magnitudes[:, 2:3]))
    bands = to_bands(magnitudes[:, 1:2]).requires_grad_()
    optimizer = torch.optim.Adam([bands], lr=0.03)
    for _ in range(200):
        optimizer.zero_grad()
        (descriptors.measure(bands) - wanted).abs().mean().backward()
        optimizer.step()
    assert float((descriptors.measure(bands).detach() - wanted).abs().mean()) < 0.05


def test_centroid_of_bands_moved_by_an_octave_is_an_octave_away() -> None:
    descriptors = SpectrumDescriptors.of_bands(GRID)
    bands = [int(np.abs(GRID.centres_hz - hz).argmin()) for hz in (700, 1400)]
    octaves = abs(np.log2(GRID.centres_hz[bands[1]] / GRID.centres_hz[bands[0]]))
    rows = torch.full((2, 1, GRID.n_mels, 4), float(np.log(EPS)))
    for row, band in zip(rows, bands, strict=True):
        row[:, band] = 0.0
    assert float(descriptors.centroid_distance(rows[0], rows[1])) == pytest.approx(octaves, abs=0.1)
    assert float(descriptors.centroid_distance(rows[0], rows[0])) == 0


def test_centroid_distance_is_that_of_the_descriptor(magnitudes: NDArray[np.float64]) -> None:
    descriptors = SpectrumDescriptors.of_bands(GRID)
    a, b = to_bands(magnitudes[:, :1]), to_bands(magnitudes[:, 1:2])
    octaves = float((descriptors.measure(a) - descriptors.measure(b))[0, 0].abs())
    assert float(descriptors.centroid_distance(a, b)) == pytest.approx(octaves, rel=0.02)
