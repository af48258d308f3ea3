"""How exactly pitch is followed, alone and with centroid and loudness, judged on the rendered sound by two estimators.

    python tests/bench/pitch.py [BOOK ...]

The range is what the codes reach, the 2nd to the 98th percentile of their pitches, up to 1500 Hz. Excitation
`coherent`, corrected over eight rounds. The judges are pyin and, where it is installed, pyworld (dio and stonemask, 60
to 1600 Hz), a tracker of the fundamental.
"""

import importlib.util
import sys

import librosa
import numpy as np
from _bars import finish, note, show

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.sound.descriptors import measure

BOOKS = ("violin", "cello", "choir")
SECONDS, ROUNDS, HIGHEST_HZ = 10.0, 8, 1500.0


def by_pyin(y: np.ndarray, book: Codebook) -> np.ndarray:
    """Estimate pitch in Hz frame by frame, NaN where unvoiced."""
    frames = {"frame_length": book.grid.n_fft, "hop_length": book.grid.hop_length}
    return librosa.pyin(y, fmin=max(55.0, 3 * book.grid.sr / book.grid.n_fft), fmax=2500, sr=book.grid.sr, **frames)[0]


def by_pyworld(y: np.ndarray, book: Codebook) -> np.ndarray | None:
    """Estimate pitch in Hz frame by frame, NaN where unvoiced; None without pyworld."""
    try:
        import pyworld
    except ImportError:
        return None
    wide, period_ms = y.astype(np.float64), 1000 * book.grid.hop_length / book.grid.sr
    found, times = pyworld.dio(wide, book.grid.sr, f0_floor=60.0, f0_ceil=1600.0, frame_period=period_ms)
    exact = pyworld.stonemask(wide, found, times, book.grid.sr)
    return np.where(exact > 0, exact, np.nan)


def bench_pitch(book: Codebook) -> None:
    """Print voicing, cents and error of a line and a sine."""
    low, high = (min(HIGHEST_HZ, book.table.percentile("pitch", p)) for p in (2, 98))
    for shape in (f"line({low},{high})", f"sin({low},{high},0.2)"):
        made = vqsynth.synthesize(book, seconds=SECONDS, pitch=shape, rounds=ROUNDS)
        asked = book.sample_curves(seconds=SECONDS, pitch=shape)["pitch"]
        for judge, got in (("pyin", by_pyin(made.y, book)), ("pyworld", by_pyworld(made.y, book))):
            what = f"{book.name}: pitch {shape.split('(')[0]}, {low:.0f} to {high:.0f} Hz, {judge}"
            if got is not None:
                show_pitch(what, got[: len(asked)][3:-3], asked[: len(got)][3:-3])


def show_pitch(what: str, got: np.ndarray, asked: np.ndarray) -> None:
    """Print the figures of one judge, (T,) in Hz each."""
    voiced = ~np.isnan(got)
    cents = 1200 * np.abs(np.log2(got[voiced] / asked[voiced]))
    show(f"{what}: median error", float(np.median(cents)), 10, unit="ct")
    show("    voiced", 100 * float(voiced.mean()), 98, better="higher", unit="%")
    show("    nrmse", float(np.sqrt(np.mean((got - asked)[voiced] ** 2)) / np.ptp(asked)), 0.010)


def bench_together(book: Codebook) -> None:
    """Print the errors of centroid, loudness and pitch asked for at once."""
    low, high = (book.table.percentile("pitch", p) for p in (25, 60))
    near = (book.table.column("pitch") > low) & (book.table.column("pitch") < high)
    dark, bright = np.percentile(book.table.column("centroid")[near], (30, 70))
    curves = {"pitch": f"line({low},{high})", "centroid": f"sin({dark},{bright},0.2)", "loudness": "sin(-30,-18,0.3)"}
    made = vqsynth.synthesize(book, seconds=SECONDS, rounds=ROUNDS, **curves)
    asked = book.sample_curves(seconds=SECONDS, **curves)
    frames = {"n_fft": 2048, "hop_length": book.grid.hop_length}
    got = {
        "pitch": by_pyin(made.y, book),
        "centroid": librosa.feature.spectral_centroid(y=made.y, sr=book.grid.sr, **frames)[0],
        "loudness": measure(made.y, book.grid, ["loudness"])["loudness"] - made.report["scaled_db"],
    }
    for name, wanted in asked.items():
        missed = (got[name] - wanted)[3:-3]
        show(
            f"{book.name}: centroid, loudness and pitch together: {name}, nrmse",
            float(np.sqrt(np.nanmean(missed**2)) / np.ptp(wanted)),
            0.03,
        )


def main(*names: str) -> None:
    """Print every bar for every codebook."""
    if importlib.util.find_spec("pyworld") is None:
        print("the judge pyworld left out: missing: pyworld; pip install pyworld", flush=True)
    at_hand = {book.name: book for book in vqsynth.list_codebooks()}
    for name in names or [name for name in BOOKS if name in at_hand]:
        book = at_hand.get(name) or vqsynth.load(name)
        note(f"{book.name}: codes with a usable pitch", float(np.mean(~np.isnan(book.table.column("pitch")))))
        bench_pitch(book)
        bench_together(book)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
