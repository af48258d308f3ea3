"""Distances between a sound and its resynthesis.

Both sounds are compared at 22050 Hz by the magnitudes of their transforms, never by their samples, because the decoder
makes phases of its own. Magnitudes are floored 80 dB under the largest one of the reference.

    lsd_db  log-spectral distance: mean over frames of the RMS over bins of the difference of log magnitudes
    sc      spectral convergence: norm of the difference over norm of the reference, mean over four window sizes
    mcd_db  mel-cepstral distance: cepstra 1 to 13 of 80 mel bands (Kubichek, "Mel-cepstral distance measure for
            objective speech quality assessment", 1993)
"""

from dataclasses import asdict, dataclass

import numpy as np

from vqsynth.sound.arrays import Doubles
from vqsynth.sound.audio import resample
from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import hz_to_mel, mel_to_hz

SR_HZ = 22050
SIZES = (2048, 1024, 512, 256)
FLOOR = 1e-4
N_MELS, N_CEPSTRA = 80, 13


@dataclass(frozen=True)
class Distances:
    """Hold the three distances between two sounds: `lsd_db`, `sc` and `mcd_db`. They are 0 for equal sounds."""

    lsd_db: float
    sc: float
    mcd_db: float

    def to_dict(self) -> dict[str, float]:
        """Return the distances as a card holds them, rounded to a thousandth."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def compare_sounds(reference: Floats, estimate: Floats, *, sr: int) -> Distances:
    """Measure the distances of a sound from a reference.

    Parameters
    ----------
    reference, estimate : (n,) float32
        The two sounds. The longer one is cut.
    sr : int
        Their sample rate in Hz.

    Returns
    -------
    Distances

    """
    length = min(len(reference), len(estimate))
    a, b = (resample(y[:length], orig_sr=sr, sr=SR_HZ).astype(np.float64) for y in (reference, estimate))
    spectra = [(_magnitudes(a, size), _magnitudes(b, size)) for size in SIZES]
    return Distances(
        lsd_db=_log_distance(*spectra[0]),
        sc=float(np.mean([np.linalg.norm(p - q) / max(float(np.linalg.norm(p)), 1e-12) for p, q in spectra])),
        mcd_db=_cepstral_distance(*spectra[0]),
    )


def mean_distances(distances: list[Distances]) -> Distances:
    """Return the mean distances of several sounds, each counted once."""
    return Distances(*np.mean([[d.lsd_db, d.sc, d.mcd_db] for d in distances], axis=0).tolist())


def mel_filters(*, sr: int, n_fft: int, n_mels: int) -> Doubles:
    """Make triangular filters of equal area on Slaney's mel scale, which is linear up to 1 kHz.

    Parameters
    ----------
    sr : int
        The sample rate in Hz; the filters reach from 0 to sr / 2.
    n_fft : int
        Length of the transform in samples.
    n_mels : int
        Number of filters.

    Returns
    -------
    (n_mels, n_bins) float64

    References
    ----------
    Slaney, "Auditory Toolbox", 1998.

    """
    edges_hz = mel_to_hz(np.linspace(0, hz_to_mel(sr / 2), n_mels + 2))
    hz = np.arange(n_fft // 2 + 1) * sr / n_fft
    rise = (hz - edges_hz[:-2, None]) / np.diff(edges_hz)[:-1, None]
    fall = (edges_hz[2:, None] - hz) / np.diff(edges_hz)[1:, None]
    area: Doubles = 2.0 / (edges_hz[2:] - edges_hz[:-2])
    return np.maximum(0, np.minimum(rise, fall)) * area[:, None]


def _magnitudes(y: Doubles, n_fft: int) -> Doubles:
    """Return the magnitudes of centred Hann frames a quarter of a window apart, (n_bins, T)."""
    padded = np.pad(y, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[:: n_fft // 4]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    return np.abs(np.fft.rfft(frames * window, axis=1)).T


def _log_distance(a: Doubles, b: Doubles) -> float:
    floor = max(float(a.max()) * FLOOR, 1e-12)
    difference_db = 20 * np.log10(np.maximum(a, floor) / np.maximum(b, floor))
    return float(np.sqrt((difference_db**2).mean(axis=0)).mean())


def _cepstral_distance(a: Doubles, b: Doubles) -> float:
    filters = mel_filters(sr=SR_HZ, n_fft=SIZES[0], n_mels=N_MELS)
    mel_a, mel_b = filters @ a**2, filters @ b**2
    floor = max(float(mel_a.max()) * FLOOR**2, 1e-24)
    difference = np.log(np.maximum(mel_a, floor)) - np.log(np.maximum(mel_b, floor))
    bands = np.pi * (np.arange(N_MELS) + 0.5) / N_MELS
    cepstra = np.cos(np.outer(np.arange(1, N_CEPSTRA + 1), bands)) @ difference / N_MELS
    return float(np.mean(10 / np.log(10) * np.sqrt(2 * (cepstra**2).sum(axis=0))))
