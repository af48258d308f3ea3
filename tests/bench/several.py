"""How exactly several timbre targets are followed at once, measured on the rendered sound with librosa.

    python tests/bench/several.py [BOOK ...]

Of all pairs of centroid, bandwidth and flatness, the one moves as a sine from the 20th to the 80th percentile and the
other as a line from the 30th to the 70th, both ways round; then all three at once; then a pair with pitch and loudness
beside it. Corrected over eight rounds, 10 s. Errors are RMS over the range of the target, the first and last two frames
left out, in frames of 2048 samples every 512.
"""

import sys
from itertools import permutations

import librosa
import numpy as np
from _bars import finish, note, show

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.follow.synthesis import Synthesis

SECONDS, ROUNDS, EDGE = 10.0, 8, 2
BOOKS = ("violin", "cello", "choir")
TIMBRE = ("centroid", "bandwidth", "flatness")
SINE, LINE, OTHER = "sin(p20,p80,0.2)", "line(p30,p70)", "sin(p30,p70,0.3)"
FRAMES = {"n_fft": 2048, "hop_length": 512}


def by_librosa(name: str, made: Synthesis) -> np.ndarray:
    """Measure one spectral descriptor frame by frame."""
    if name == "flatness":
        return 10 * np.log10(librosa.feature.spectral_flatness(y=made.y, **FRAMES)[0])
    return getattr(librosa.feature, f"spectral_{name}")(y=made.y, sr=made.sr, **FRAMES)[0]


def follow_error(made: Synthesis, name: str) -> float:
    """Tell the RMS error of one descriptor over its range."""
    asked = np.array(made.report["descriptors"][name]["asked"])
    got = by_librosa(name, made)
    times = np.arange(len(got)) * FRAMES["hop_length"] / made.sr
    own = np.arange(len(asked)) * made.path.hop_length / made.sr
    missed = (got - np.interp(times, own, asked))[EDGE:-EDGE]
    return float(np.sqrt(np.mean(missed**2)) / np.ptp(asked))


def spent(made: Synthesis) -> str:
    """Say how much envelope it took."""
    return f"    mean size of the envelope, round {made.report['kept']}"


def bench_timbre(book: Codebook, curves: dict[str, str], bar: float) -> None:
    """Print the mean error over several targets, and of each."""
    made = book.synthesize(targets=curves, seconds=SECONDS, rounds=ROUNDS)
    errors = {name: follow_error(made, name) for name in curves}
    for name, error in errors.items():
        show(f"{book.name}: {name} as {curves[name]} of {len(curves)}", error, bar)
    note(spent(made), made.report["spent"].get("envelope_db", 0.0), unit="dB")


def bench_beside_pitch(book: Codebook) -> None:
    """Print what pitch and loudness miss beside two timbre targets."""
    curves = {"centroid": SINE, "flatness": LINE, "pitch": "line(p30,p70)", "loudness": "line(-35,-20)"}
    made = book.synthesize(targets=curves, seconds=SECONDS, rounds=ROUNDS)
    rows = made.report["descriptors"]
    show(f"{book.name}: pitch beside, median error", rows["pitch"]["cents_median"], 10, unit="ct")
    asked, got = (np.array(rows["loudness"][key])[EDGE:-EDGE] for key in ("asked", "got"))
    show(f"{book.name}: loudness beside, mean error", float(np.mean(np.abs(asked - got))), 0.3, unit="dB")
    for name in ("centroid", "flatness"):
        note(f"    {name}", follow_error(made, name))
    note(spent(made), made.report["spent"].get("envelope_db", 0.0), unit="dB")


def main(*names: str) -> None:
    """Print every bar for every codebook."""
    for name in names or BOOKS:
        book = vqsynth.load(name)
        for pair in permutations(TIMBRE, 2):
            bench_timbre(book, dict(zip(pair, (SINE, LINE), strict=True)), 0.015)
        bench_timbre(book, dict(zip(TIMBRE, (SINE, LINE, OTHER), strict=True)), 0.030)
        bench_beside_pitch(book)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
