"""How exactly drawn curves are followed, on every shipped codebook, measured on the rendered sound with librosa.

    python tests/bench/curves.py [BOOK ...]

Excitation `coherent`, corrected over eight rounds. Spectra are measured in librosa's own frames, 2048 samples every
512, whatever frames the codebook is made of; loudness in the codebook's. Errors are RMS over the range of the target,
the first and last three frames left out; beside them, in the same run, those of the paper's method: nearest code,
noise.
"""

import sys
from functools import cache

import librosa
import numpy as np
from _bars import finish, note, show

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.sound.descriptors import measure

SECONDS, ROUNDS = 10.0, 8
FRAMES = {"n_fft": 2048, "hop_length": 512}
SHAPES = {
    "sine": "sin({low},{high},0.2)",
    "line": "line({low},{high})",
    "exponential": "exp({low},{high})",
    "triangle": "0:{low} 2.5:{high} 5:{low} 7.5:{high} 10:{low}",
}
UNPITCHED = ("percussion", "ambience")
BARS = {"centroid": 0.005, "bandwidth": 0.008, "rolloff": 0.015, "flatness": 0.012}
CENTROID_BAR_UNPITCHED = 0.010


def by_librosa(name: str, y: np.ndarray, book: Codebook) -> np.ndarray:
    """Measure one spectral descriptor frame by frame."""
    if name == "flatness":
        return 10 * np.log10(librosa.feature.spectral_flatness(y=y, **FRAMES)[0])
    return getattr(librosa.feature, f"spectral_{name}")(y=y, sr=book.grid.sr, **FRAMES)[0]


def times_s(n_frames: int, book: Codebook) -> np.ndarray:
    """List the centres of librosa's frames in seconds."""
    return np.arange(n_frames) * FRAMES["hop_length"] / book.grid.sr


def follow_error(book: Codebook, name: str, curve: str, **options: object) -> float:
    """Synthesize and measure: RMS error over range."""
    made = vqsynth.synthesize(book, seconds=SECONDS, **{name: curve}, **options)
    asked = book.sample_curves(seconds=SECONDS, **{name: curve})[name]
    got = by_librosa(name, made.y, book)
    missed = (got - np.interp(times_s(len(got), book), book.grid.times_s(len(asked)), asked))[3:-3]
    return float(np.sqrt(np.mean(missed**2)) / np.ptp(asked))


def curve_of(book: Codebook, name: str, shape: str) -> str:
    """Write a shape over the 5th to 95th percentile; decibels have no ratios, so theirs is a line downwards."""
    low, high = (book.table.percentile(name, p) for p in (5, 95))
    if shape == "exponential" and low <= 0:
        return f"line({high},{low})"
    return SHAPES[shape].format(low=low, high=high)


def bench_shapes(book: Codebook) -> None:
    """Print the mean error over the four shapes, and that of the paper's method."""
    for name, bar in BARS.items():
        if book.name in UNPITCHED and name != "centroid":
            continue
        curves = [curve_of(book, name, shape) for shape in SHAPES]
        figure = float(np.mean([follow_error(book, name, curve, rounds=ROUNDS) for curve in curves]))
        paper = {"method": "nearest", "excitation": "noise", "rounds": 0}
        show(
            f"{book.name}: {name}, mean of {len(SHAPES)} shapes: nrmse",
            figure,
            CENTROID_BAR_UNPITCHED if book.name in UNPITCHED else bar,
        )
        note("    the paper's method", float(np.mean([follow_error(book, name, c, **paper) for c in curves])))


def bench_steps(book: Codebook) -> None:
    """Print how long after a step the centroid stays within 2 % of the range of the new value."""
    levels = [book.table.percentile("centroid", p) for p in (10, 80, 30, 90, 20)]
    curve = f"steps({','.join(map(str, levels))})"
    made = vqsynth.synthesize(book, seconds=SECONDS, centroid=curve, rounds=ROUNDS)
    got = by_librosa("centroid", made.y, book)
    times = times_s(len(got), book)
    taken = []
    for i in range(1, len(levels)):
        start, stop = SECONDS * i / len(levels), SECONDS * (i + 1) / len(levels)
        inside = (times >= start) & (times < stop - 0.1)
        off = np.abs(got - levels[i]) > 0.02 * np.ptp(levels)
        late = times[inside & off]
        taken.append(1000 * (late.max() - start) if len(late) else 0.0)
    show(f"{book.name}: centroid, last frame off by over 2 % after a step", max(taken), 60, unit="ms")


def bench_loudness(book: Codebook) -> None:
    """Print the mean error of loudness from -45 to -16, with another target beside it."""
    worst = 0.0
    for other in ("centroid", "flatness"):
        made = vqsynth.synthesize(
            book, seconds=SECONDS, loudness="line(-45,-16)", rounds=ROUNDS, **{other: "sin(p10,p90,0.3)"}
        )
        asked = book.sample_curves(seconds=SECONDS, loudness="line(-45,-16)")["loudness"] + made.report["scaled_db"]
        worst = max(worst, float(np.mean(np.abs(measure(made.y, book.grid, ["loudness"])["loudness"] - asked)[3:-3])))
    show(f"{book.name}: loudness -45 to -16 beside another target: mean error", worst, 0.3, unit="dB")


@cache
def load(name: str) -> Codebook:
    """Load a codebook once."""
    return vqsynth.load(name)


def main(*names: str) -> None:
    """Print every bar for every codebook."""
    for name in names or [book.name for book in vqsynth.list_codebooks()]:
        book = load(name)
        bench_shapes(book)
        if book.name not in UNPITCHED:
            bench_steps(book)
        bench_loudness(book)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
