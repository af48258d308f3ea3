"""Sounding and measuring all codes: how long it takes, and that it agrees with librosa, a call per code.

    python tests/bench/grains.py [BOOK]

Run with OMP_NUM_THREADS=1 (`make bench` does). librosa measures the four descriptors that it has; it is given the
sounds ready made and called once per code for each, a sixteenth of the codes timed and multiplied.
"""

import sys
import time

import librosa
import numpy as np
from _bars import finish, median_seconds, note, show

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.grains import SETTLED, Grains, measure_grains, sound_codes
from vqsynth.table import DescriptorTable

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


def main(name: str = "violin") -> None:
    """Print times and differences beside their bars."""
    book = vqsynth.load(name)
    fresh = lambda: Grains(book.grains.magnitudes, book.grid)  # noqa: E731
    show(f"{name}: partials, sounds and table of {len(book)} codes",
         median_seconds(lambda: measure_grains(fresh()), times=3), 5.0, unit="s")
    ours = median_seconds(lambda: measure_grains(book.grains, SHARED), times=3)
    chosen = np.arange(0, len(book), _EVERY)
    sounds = sound_codes(book.grains, chosen)
    by_librosa(sounds[0], book)
    start = time.perf_counter()
    theirs = np.array([by_librosa(y, book) for y in sounds])
    librosa_s = (time.perf_counter() - start) * len(book) / len(chosen)
    note("    the four descriptors that librosa has: ours, sounds included", ours, "s")
    note("    librosa, a call per code and descriptor, without making the sounds", librosa_s, "s")
    show("    times faster than librosa", librosa_s / ours, 20, better="higher")
    table: DescriptorTable = book.table
    ours_values = np.stack([table.column(n)[chosen] for n in SHARED], axis=1)
    for i, descriptor in enumerate(SHARED):
        off = np.abs(ours_values[:, i] / theirs[:, i] - 1).max()
        show(f"    {descriptor}: largest difference from librosa", 100 * off, 0.1, unit="%")


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
