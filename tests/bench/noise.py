"""Noise stays noise: the level of each bin of a white codebook's sound varies over time as noise does.

    python tests/bench/noise.py

The magnitude of Gaussian noise is Rayleigh-distributed; its level in dB has a standard deviation of 5.57.
"""

import librosa
import numpy as np
from _bars import finish, note, show

from vqsynth.codes.spectra import CodeSpectra, normalize_power
from vqsynth.path import CodePath
from vqsynth.render import render_path
from vqsynth.sound.frames import FrameGrid


def deviation_db(magnitudes: np.ndarray, bins: slice | np.ndarray, excitation: str) -> float:
    """Hold the first code for 20 s: standard deviation over time of the bins' level, their mean."""
    grid = FrameGrid()
    spectra = CodeSpectra(normalize_power(magnitudes, grid), grid)
    n_samples = 20 * grid.sr
    codes = np.zeros(grid.count(n_samples), np.int64)
    y = render_path(
        CodePath("bench", "", grid.sr, grid.hop_length, n_samples, codes, codes - 20.0), spectra, excitation=excitation
    )
    spectra = np.abs(librosa.stft(y, n_fft=grid.n_fft, hop_length=grid.hop_length))[:, 8:-8]
    return float(np.std(20 * np.log10(spectra[bins]), axis=1).mean())


def main() -> None:
    """Print the deviation of white noise beside its bar, and that of a held tone."""
    grid = FrameGrid()
    white = np.ones((1, grid.n_bins))
    everywhere = slice(4, -4)
    for excitation in ("coherent", "noise"):
        figure = deviation_db(white, everywhere, excitation)
        show(f"white noise, {excitation}: level over time, distance from 5.6 dB", abs(figure - 5.6), 0.5, unit="dB")
        note("    standard deviation", figure, "dB")
    t = np.arange(grid.n_fft) / grid.sr
    tone = np.abs(np.fft.rfft(sum(np.sin(2 * np.pi * 440 * k * t) / k for k in range(1, 30)) * grid.window)) + 0.1
    note("a held tone, its 20 strongest bins", deviation_db(tone[None], np.argsort(tone)[-20:], "coherent"), "dB")


if __name__ == "__main__":
    main()
    finish()
