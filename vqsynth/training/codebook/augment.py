"""Augment frames as if they came from other recordings, so that the encoder learns to ignore the difference.

Only the encoder's input is changed; the target stays clean. A smooth random equaliser and a tilt in octaves stand for
instruments, rooms and microphones, coloured noise for everything else. Without augmentation, four in ten frames of a
violin from another recording keep their pitch; with it, nearly all do.
"""

import math

import torch
from torch import Tensor

LOWEST_HZ = 50.0
TILT_DB_PER_OCTAVE = 1.5
RIPPLES, RIPPLE_DB = 4, 3.0
NOISE_DB = (15.0, 60.0)
"""Range of the level of the frame over that of the coloured noise."""
KNOTS = 129
"""Points of the equaliser's curve, joined by lines: an eighth of the work of computing it for each bin."""
NOISE_SLOPE_DB = 6.0
"""The steepest fall of the noise, per octave."""


def augment_windows(x: Tensor, *, sr: int, generator: torch.Generator) -> Tensor:
    """Filter windowed frames at random, add coloured noise, and flip their polarity at random.

    Parameters
    ----------
    x : [N, n_fft]
        Windowed frames of RMS 1.
    sr : int
        Their sample rate in Hz.
    generator : torch.Generator
        The source of all that is random.

    Returns
    -------
    [N, n_fft]
        Frames of RMS 1.

    """
    spectra = torch.fft.rfft(x)
    octaves = octaves_over_lowest(spectra.shape[1], sr=sr).to(x.device)
    spectra = spectra * 10 ** (_random_curves(len(x), octaves, generator) / 20)
    spectra = spectra + _random_noise(spectra, octaves, generator)
    y = torch.fft.irfft(spectra, n=x.shape[1]) * _polarity(len(x), generator).to(x.device)
    level = y.square().mean(dim=1, keepdim=True).sqrt().clamp(min=1e-12)
    augmented: Tensor = y / level
    return augmented


def octaves_over_lowest(n_bins: int, *, sr: int) -> Tensor:
    """Return the frequencies of the bins of a real transform as log2((f + 50 Hz) / 50 Hz), [n_bins]."""
    hz = torch.arange(n_bins) * (sr / 2 / (n_bins - 1))
    return torch.log2((hz + LOWEST_HZ) / LOWEST_HZ)


def _random_curves(n: int, octaves: Tensor, generator: torch.Generator) -> Tensor:
    """Draw smooth gain curves in dB, [n, n_bins]: a tilt and a few cosines over octaves."""
    normal = torch.randn(n, 1 + RIPPLES, 1, generator=generator).to(octaves.device)
    uniform = torch.rand(n, 2, RIPPLES, 1, generator=generator).to(octaves.device)
    knots = torch.linspace(0, float(octaves[-1]), KNOTS, device=octaves.device)
    waves = torch.cos(knots * uniform[:, 0] * 3 + uniform[:, 1] * 2 * math.pi)
    curves = normal[:, 0] * TILT_DB_PER_OCTAVE * (knots - octaves.mean()) + (RIPPLE_DB * normal[:, 1:] * waves).sum(
        dim=1
    )
    position = octaves * ((KNOTS - 1) / octaves[-1])
    left = position.long().clamp(max=KNOTS - 2)
    return torch.lerp(curves[:, left], curves[:, left + 1], position - left)


def _random_noise(spectra: Tensor, octaves: Tensor, generator: torch.Generator) -> Tensor:
    """Draw coloured noise at a random level under each frame of spectra [N, n_bins]."""
    uniform = torch.rand(len(spectra), 2, 1, generator=generator).to(octaves.device)
    noise = torch.randn(spectra.shape, dtype=torch.complex64, generator=generator).to(octaves.device)
    noise = noise * 10 ** (-NOISE_SLOPE_DB * uniform[:, 0] * octaves / 20)
    under_db = NOISE_DB[0] + (NOISE_DB[1] - NOISE_DB[0]) * uniform[:, 1]
    return noise * (_rms(spectra) / _rms(noise).clamp(min=1e-12) * 10 ** (-under_db / 20))


def _rms(spectra: Tensor) -> Tensor:
    power: Tensor = spectra.real.square() + spectra.imag.square()
    return power.mean(dim=1, keepdim=True).sqrt()


def _polarity(n: int, generator: torch.Generator) -> Tensor:
    return torch.randint(2, (n, 1), generator=generator) * 2 - 1
