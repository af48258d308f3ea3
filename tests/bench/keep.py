"""What a sound from elsewhere keeps when a codebook plays it: how near it comes, its pitch, its vibrato.

    python tests/bench/keep.py

Viola, oboe and clarinet of the SoundFont, recorded notes of saxophone and double bass from npm, through shipped
codebooks that were trained on none of them. Distances as `vqsynth.sound.distances` takes them, pitch as pyin hears it.
A source that is not there is named and left out.
"""

import sys
from pathlib import Path

import librosa
import numpy as np
from _bars import finish, note, show
from _violins import read_sound

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.codebooks.recipes.packages import PackageError
from vqsynth.codebooks.recipes.phrases import Instrument, write_phrases
from vqsynth.codebooks.recipes.sources import Notes, Rendered
from vqsynth.sound.distances import compare_sounds

BUILD, NOTHING_RAN = Path("build/keep"), 77
INSTRUMENTS = {"viola": Instrument(41, 55, 79), "oboe": Instrument(68, 60, 84), "clarinet": Instrument(71, 60, 84)}
PLAYED_BY = {
    "viola": ("violin", "cello"),
    "oboe": ("violin",),
    "clarinet": ("trumpet",),
    "saxophone": ("violin",),
    "contrabass": ("cello",),
}


def gather(name: str) -> list[Path]:
    """Find the sounds of an instrument. Raises PackageError."""
    if name in INSTRUMENTS:
        return Rendered(name, lambda: write_phrases(INSTRUMENTS[name])).gather(BUILD / name)
    return Notes(f"tonejs-instrument-{name}-wav", "1.1.0", "notes").gather(BUILD / name)


def read_clips(name: str, sr: int) -> list[np.ndarray]:
    """Read four clips of an instrument, a second of each note and four of each phrase."""
    paths, seconds = gather(name), 4.0 if name in INSTRUMENTS else 1.0
    return [read_sound(path, sr)[: round(seconds * sr)] for path in paths[:: max(1, len(paths) // 4)][:4]]


def pitches(y: np.ndarray, sr: int, hop_length: int) -> np.ndarray:
    """Hear the pitch of each frame by pyin, (T,) in Hz, NaN where there is none."""
    return librosa.pyin(y, fmin=50, fmax=2000, sr=sr, frame_length=4096, hop_length=hop_length)[0]


def share_near(wanted: np.ndarray, got: np.ndarray) -> float:
    """Tell the share of the pitched frames of a sound that are within 50 cents in another."""
    n = min(len(wanted), len(got))
    wanted, got = wanted[:n], got[:n]
    known = ~np.isnan(wanted)
    return float(np.mean(np.abs(1200 * np.log2(got[known] / wanted[known])) < 50)) if known.any() else np.nan


def usual_centroid(book: Codebook, f0_hz: np.ndarray) -> float:
    """Tell the centroid in Hz that a codebook has at the pitches (T,) of a sound: the mean over codes within a tone."""
    table, found = book.table, []
    for pitch in f0_hz[~np.isnan(f0_hz)][::5]:
        near = (np.abs(1200 * np.log2(table["pitch"] / pitch)) < 200) & ~np.isnan(table["centroid"])
        if table.counts[near].sum():
            found.append(np.average(np.log2(table["centroid"][near]), weights=table.counts[near]))
    return float(2 ** np.mean(found)) if found else float("nan")


def bench_pair(name: str, book: Codebook) -> list[tuple[float, ...]]:
    """Play the clips of an instrument by a codebook: lsd, sc, mcd with all kept, and the share of the pitch kept."""
    figures = []
    for y in read_clips(name, book.grid.sr):
        path = book.encode(y, book.grid.sr)
        near, own = book.render(path), book.render(path.with_keep(envelope=0))
        distances = compare_sounds(y, near, sr=book.grid.sr)
        heard = [pitches(x, book.grid.sr, book.grid.hop_length) for x in (y, own)]
        heard_hz, got_hz = (np.nanmedian(vqsynth.measure(x, book.grid.sr, ["centroid"])["centroid"]) for x in (y, own))
        nearer = abs(np.log2(got_hz / usual_centroid(book, heard[0]))) < abs(np.log2(got_hz / heard_hz))
        figures.append((distances.lsd_db, distances.sc, distances.mcd_db, share_near(*heard), float(nearer)))
    means = np.nanmean(figures, axis=0)
    note(f"{name} by {book.name}: log-spectral distance, all kept", means[0], "dB")
    note("    spectral convergence", means[1])
    note("    mel-cepstral distance", means[2], "dB")
    note("    pitch within 50 cents, envelope of the codebook", 100 * means[3], "%")
    return figures


def bench_vibrato(book: Codebook) -> None:
    """Print what is kept of a vibrato of 30 cents at 5.5 Hz."""
    sr, t = book.grid.sr, np.arange(4 * book.grid.sr) / book.grid.sr
    phase = 2 * np.pi * np.cumsum(440 * 2 ** (30 / 1200 * np.sin(2 * np.pi * 5.5 * t))) / sr
    y = (0.1 * sum(np.sin(k * phase) / k for k in range(1, 20))).astype(np.float32)
    played = book.render(book.encode(y, sr, keep={"envelope": 0}))
    depths, rates = zip(*(measure_vibrato(pitches(x, sr, 256), sr / 256) for x in (y, played)), strict=True)
    show(f"{book.name}: vibrato, depth off by", 100 * abs(depths[1] / depths[0] - 1), 20, unit="%")
    show("    rate off by", 100 * abs(rates[1] / rates[0] - 1), 5, unit="%")


def measure_vibrato(f0_hz: np.ndarray, frames_per_second: float) -> tuple[float, float]:
    """Measure depth, in the unit of a spectrum, and rate in Hz of a vibrato."""
    cents = 1200 * np.log2(f0_hz / np.nanmedian(f0_hz))
    wave = np.nan_to_num(cents - np.nanmean(cents)) * np.hanning(len(cents))
    spectrum, hz = np.abs(np.fft.rfft(wave, 2**14)), np.fft.rfftfreq(2**14, 1 / frames_per_second)
    return float(spectrum.max()), float(hz[spectrum.argmax()])


def main() -> None:
    """Print every pair, the means beside their bars, and the vibrato."""
    figures: list[tuple[float, ...]] = []
    for name, books in PLAYED_BY.items():
        try:
            for book in books:
                figures += bench_pair(name, vqsynth.load(book))
        except PackageError as error:
            print(f"{name} left out: {error}", flush=True)
    if not figures:
        sys.exit(NOTHING_RAN)
    lsd, sc, mcd, pitch, nearer = np.nanmean(figures, axis=0)
    show("all kept: log-spectral distance", lsd, 8.0, unit="dB")
    show("    spectral convergence", sc, 0.40)
    show("    mel-cepstral distance", mcd, 3.0, unit="dB")
    show("pitch alone kept: frames within 50 cents", 100 * pitch, 97, better="higher", unit="%")
    show(
        "    clips whose centroid is that of the codebook at these pitches", 100 * nearer, 90, better="higher", unit="%"
    )
    for book in ("violin", "choir"):
        bench_vibrato(vqsynth.load(book))


if __name__ == "__main__":
    main()
    finish()
