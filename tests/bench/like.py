"""How a codebook follows a sound: speech, a drum loop, a rising band of noise.

    python tests/bench/like.py [BOOK ...]

Rank correlation over the frames of what was heard and what was got, of loudness, and of centroid as librosa has it.
Speech is made with espeak-ng where that is installed, else left out and said so.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import librosa
import numpy as np
import soundfile
from _bars import finish, show
from scipy.stats import spearmanr

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.sound.descriptors import measure

BOOKS = ("violin", "cello", "choir", "percussion")
SENTENCE = "The quick brown fox jumps over the lazy dog, and sphinx of black quartz, judge my vow."
SR = 44100


def make_drums(rng: np.random.Generator) -> np.ndarray:
    """Make a loop of kick, snare and hat, four seconds."""
    y, t = np.zeros(4 * SR), np.arange(SR // 3) / SR
    kick = np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-30 * t)))) * np.exp(-12 * t)
    snare = (0.5 * rng.standard_normal(len(t)) + np.sin(2 * np.pi * 190 * t)) * np.exp(-18 * t) * 0.5
    hat = np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-60 * t) * 0.25
    for eighth in range(16):
        for drum, every, first in ((kick, 4, 0), (snare, 4, 2), (hat, 1, 0)):
            if eighth % every == first % every:
                start = eighth * SR // 4
                y[start : start + len(t)] += drum[: len(y) - start]
    return 0.3 * y / np.abs(y).max()


def make_rising_noise(rng: np.random.Generator) -> np.ndarray:
    """Make a band of noise, an octave wide, that rises from 200 Hz to 6 kHz in six seconds."""
    spectra = librosa.stft(rng.standard_normal(6 * SR), n_fft=2048, hop_length=512)
    hz = librosa.fft_frequencies(sr=SR, n_fft=2048)
    centres = np.geomspace(200, 6000, spectra.shape[1])
    away = np.log2(np.maximum(hz, 20)[:, None] / centres[None])
    y = librosa.istft(spectra * np.exp(-4 * away**2), hop_length=512)
    return 0.2 * y / np.abs(y).max() * np.linspace(0.2, 1, len(y))


def bench_sound(book: Codebook, name: str, path: Path) -> None:
    """Print the rank correlations of one sound with what a codebook makes of it."""
    made = vqsynth.synthesize(book, like=path)
    heard, _ = librosa.load(path, sr=book.grid.sr)
    n = min(len(heard), len(made.y))
    frames = {"n_fft": book.grid.n_fft, "hop_length": book.grid.hop_length}
    level, brightness = [], []
    for y in (heard[:n], made.y[:n]):
        level.append(measure(y, book.grid, ["loudness"])["loudness"][3:-3])
        brightness.append(librosa.feature.spectral_centroid(y=y, sr=book.grid.sr, **frames)[0][3:-3])
    audible = level[0] > level[0].max() - 50
    show(
        f"{book.name} like {name}: rank correlation of loudness",
        float(spearmanr(level[0][audible], level[1][audible])[0]),
        0.95,
        better="higher",
    )
    show(
        f"{book.name} like {name}: rank correlation of centroid",
        float(spearmanr(brightness[0][audible], brightness[1][audible])[0]),
        0.90,
        better="higher",
    )


def main(*names: str) -> None:
    """Print both bars for every sound and codebook."""
    rng = np.random.default_rng(0)
    at_hand = [book.name for book in vqsynth.list_codebooks()]
    with tempfile.TemporaryDirectory() as folder:
        sounds = {"a drum loop": make_drums(rng), "a rising noise band": make_rising_noise(rng)}
        paths = {name: Path(folder, f"{i}.wav") for i, name in enumerate(sounds)}
        for name, y in sounds.items():
            soundfile.write(paths[name], y, SR)
        if shutil.which("espeak-ng"):
            paths["speech"] = Path(folder, "speech.wav")
            subprocess.run(["espeak-ng", "-w", str(paths["speech"]), SENTENCE], check=True)
        else:
            print("speech left out: missing: espeak-ng; sudo apt-get install espeak-ng", flush=True)
        for book_name in names or [name for name in BOOKS if name in at_hand]:
            book = vqsynth.load(book_name)
            for name, path in paths.items():
                bench_sound(book, name, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
