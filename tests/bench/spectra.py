"""Sounding and measuring all codes: how long it takes, and that it agrees with librosa, a call per code.

    python tests/bench/spectra.py [BOOK]

Run with OMP_NUM_THREADS=1 (`make bench` does). librosa is given the sounds ready made and called once per code for
each descriptor that it has: four spectral ones, and pyin for pitch and its confidence. It knows no loudness. A
sixteenth of the codes is timed and multiplied.
"""

import sys

import librosa
import numpy as np
from _bars import finish, median_seconds, note, show

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.codes.spectra import SETTLED, CodeSpectra, measure_spectra, sound_codes

SHARED = ["centroid", "bandwidth", "rolloff", "flatness"]
_EVERY = 16


def by_librosa(y: np.ndarray, book: Codebook) -> list[float]:
    """Measure one code's sound: the mean over the frames that the table is measured on."""
    frames = {"n_fft": book.grid.n_fft, "hop_length": book.grid.hop_length}
    feature = librosa.feature
    values = [
        feature.spectral_centroid(y=y, sr=book.grid.sr, **frames)[0],
        feature.spectral_bandwidth(y=y, sr=book.grid.sr, **frames)[0],
        feature.spectral_rolloff(y=y, sr=book.grid.sr, **frames)[0],
        10 * np.log10(feature.spectral_flatness(y=y, **frames)[0]),
    ]
    first = book.grid.n_fft // 2 // book.grid.hop_length
    return [float(v[first : first + SETTLED].mean()) for v in values]


def pitch_by_librosa(y: np.ndarray, book: Codebook) -> float:
    """Estimate one code's pitch with pyin, the median over its voiced frames."""
    f0_hz = librosa.pyin(
        y, fmin=65, fmax=4000, sr=book.grid.sr, frame_length=book.grid.n_fft, hop_length=book.grid.hop_length
    )[0]
    return float(np.median(f0_hz[~np.isnan(f0_hz)])) if np.isfinite(f0_hz).any() else np.nan


def main(name: str = "violin") -> None:
    """Print times and differences beside their bars."""
    book = vqsynth.load(name)
    whole_s = median_seconds(lambda: measure_spectra(CodeSpectra(book.spectra.magnitudes, book.grid)), times=3)
    show(f"{name}: partials, sounds and table of {len(book)} codes", whole_s, 5.0, unit="s")
    chosen = np.arange(0, len(book), _EVERY)
    sounds = sound_codes(book.spectra, chosen)
    by_librosa(sounds[0], book)
    pitch_by_librosa(sounds[0], book)
    times = len(book) / len(chosen)
    spectral_s = times * median_seconds(lambda: [by_librosa(y, book) for y in sounds], times=3)
    pitch_s = times * median_seconds(lambda: [pitch_by_librosa(y, book) for y in sounds], times=1)
    ours_s = median_seconds(lambda: measure_spectra(book.spectra, SHARED), times=3)
    note("    librosa, a call per code for each descriptor, the sounds not counted", spectral_s + pitch_s, "s")
    show("    times faster than librosa", (spectral_s + pitch_s) / whole_s, 20, better="higher")
    note("    without pitch, ours with the sounds", ours_s, "s")
    note("    without pitch, librosa's", spectral_s, "s")
    theirs = np.array([by_librosa(y, book) for y in sounds])
    ours = np.stack([book.table.column(n)[chosen] for n in SHARED], axis=1)
    for i, descriptor in enumerate(SHARED):
        show(f"    {descriptor}: largest difference", 100 * np.abs(ours[:, i] / theirs[:, i] - 1).max(), 0.1, unit="%")
    pitch = np.array([pitch_by_librosa(y, book) for y in sounds])
    cents = np.abs(1200 * np.log2(book.table.column("pitch")[chosen] / pitch))
    note("    pitch: median difference from pyin", float(np.nanmedian(cents)), "cents")


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
