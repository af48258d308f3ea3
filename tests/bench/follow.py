"""How well a codebook follows a centroid curve, measured on the rendered sound with librosa.

    python tests/bench/follow.py [BOOK]

A sine over the 5th to 95th percentile of the codebook's own table, 20 s, the level steady. The error is RMS over the
range of the target, the first and last three frames left out.
"""

import sys

import librosa
import numpy as np
from _bars import finish, note, show

import vqsynth
from vqsynth.codebook import Codebook

SECONDS = 20.0
CURVE = "sin(p5,p95,0.2)"


def error(book: Codebook, method: str, excitation: str, *, seed: int = 0, rounds: int = 0) -> float:
    """Synthesize and measure: RMS error over range."""
    made = vqsynth.synthesize(
        book, centroid=CURVE, seconds=SECONDS, method=method, excitation=excitation, seed=seed, rounds=rounds
    )
    frames = {"n_fft": 2048, "hop_length": book.grid.hop_length}
    got = librosa.feature.spectral_centroid(y=made.y, sr=book.grid.sr, **frames)[0]
    asked = book.sample_curves(centroid=CURVE, seconds=SECONDS)["centroid"]
    inside = slice(3, -3)
    return float(np.sqrt(np.mean((got - asked)[inside] ** 2)) / np.ptp(asked))


def main(name: str = "violin") -> None:
    """Print the figure, its spread over seeds, and the paper's method beside it, none of them corrected."""
    book = vqsynth.load(name)
    show(f"{name}: centroid {CURVE}, coherent, best_path: nrmse", error(book, "best_path", "coherent"), 0.018)
    others = [error(book, "best_path", "coherent", seed=seed) for seed in range(1, 6)]
    note("    the same, worst of five other seeds", max(others))
    note("    nearest, noise: the paper's method", error(book, "nearest", "noise"))
    note("    nearest, coherent", error(book, "nearest", "coherent"))
    note("    best_path, noise", error(book, "best_path", "noise"))
    note("    best_path, refined", error(book, "best_path", "refined"))
    note("    best_path, coherent, corrected in five rounds", error(book, "best_path", "coherent", rounds=5))


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
