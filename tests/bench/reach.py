"""What a codebook makes of sounds that lie partly or wholly outside its range, by the defaults of `--like`.

    python tests/bench/reach.py [BOOK ...]

A man's, a woman's and a child's speech, made with espeak-ng, and a sung scale are followed by every pitched codebook.
Of the frames in which the sound has a pitch: how many have one in what is made of it, and how many of those lie within
50 cents of it or of its octaves. Then noise that sweeps, a drum loop, speech and the scale: how far the centroid is off
where the codebook's codes have it. pyin and librosa judge. Its frames are as long as those of the codebook, since a
voice glides within longer ones. Speech is left out where espeak-ng is not installed; the status is then 77.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import librosa
import numpy as np
import soundfile
from _bars import WANTING, finish, note, show
from like import SR, make_drums

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.sound.arrays import Doubles

PITCHED = ("violin", "cello", "flute", "choir", "trumpet", "guitar")
BRIGHT = ("violin", "cello", "choir", "percussion")
SENTENCE = "The quick brown fox jumps over the lazy dog, and then it sleeps in the sun."
VOICES = {"a man": ("en-us+m3", "40"), "a woman": ("en-us+f3", "60"), "a child": ("en-us+f4", "99")}
LOWEST_HZ, HIGHEST_HZ, EDGE = 60.0, 2200.0, 3
LEAST_INSIDE = 10.0
"""Of a sound with less than this share of its frames within reach, the edges of other frames are all there is."""


def make_scale() -> Doubles:
    """Sing C3 to C4 and back in semitones, a third of a second each, with vibrato, on vowels that change."""
    notes = np.array([*range(48, 61), *range(60, 47, -1)], float)
    times = np.arange(round(len(notes) * SR / 3)) / SR
    place = np.minimum((times * 3).astype(int), len(notes) - 1)
    glide = np.convolve(np.pad(notes[place], SR // 50, mode="edge"), np.hanning(SR // 25 + 1), "valid")
    midi = glide[: len(times)] / np.hanning(SR // 25 + 1).sum() + 0.3 * np.sin(2 * np.pi * 5.5 * times)
    hz = 440 * 2 ** ((midi - 69) / 12)
    turn = np.cumsum(hz) / SR
    y, vowel = np.zeros(len(times)), 0.5 - 0.5 * np.cos(2 * np.pi * times / 4)
    formants = [(1 - vowel) * a + vowel * i for a, i in ((730, 300), (1090, 2200), (2440, 2900), (3500, 3600))]
    for k in range(1, 60):
        level = sum(0.5**n / (1 + ((k * hz - formant) / (80 + 40 * n)) ** 2) for n, formant in enumerate(formants))
        y += np.where(k * hz < 10000, (level + 0.01) / k**0.5, 0) * np.sin(2 * np.pi * k * turn)
    return 0.2 * y / np.abs(y).max()


def make_sweep(rng: np.random.Generator) -> Doubles:
    """Sweep the cut-off of white noise from 300 Hz to 12 kHz in five seconds."""
    spectra = librosa.stft(rng.standard_normal(5 * SR), n_fft=2048, hop_length=512)
    hz = librosa.fft_frequencies(sr=SR, n_fft=2048)
    slope = 1 / (1 + (hz[:, None] / np.geomspace(300, 12000, spectra.shape[1])[None]) ** 4)
    y = librosa.istft(spectra * slope, hop_length=512)
    return 0.2 * y / np.abs(y).max()


def speak(folder: Path) -> dict[str, Path]:
    """Let espeak-ng speak. Empty, and said so, where it is not installed."""
    if not shutil.which("espeak-ng"):
        print("speech left out: missing: espeak-ng; sudo apt-get install espeak-ng", file=sys.stderr, flush=True)
        return {}
    paths = {who: folder / f"{who}.wav" for who in VOICES}
    for who, (voice, pitch) in VOICES.items():
        subprocess.run(["espeak-ng", "-v", voice, "-p", pitch, "-w", str(paths[who]), SENTENCE], check=True)
    return paths


def read(path: Path) -> Doubles:
    """Read the samples of a sound at 44100 Hz."""
    return librosa.load(path, sr=SR)[0]


def hear(y: Doubles, book: Codebook) -> tuple[Doubles, Doubles, Doubles]:
    """Return pitch, NaN for none, centroid and level in dB, (T,) each, as librosa has them."""
    hop = book.grid.hop_length
    frames = max(2048, book.grid.n_fft)
    pitch = librosa.pyin(y, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=SR, frame_length=frames, hop_length=hop)[0]
    centroid = librosa.feature.spectral_centroid(y=y, sr=SR, n_fft=2048, hop_length=hop)[0]
    level = librosa.amplitude_to_db(librosa.feature.rms(y=y, frame_length=2048, hop_length=hop)[0], ref=np.max)
    return pitch, centroid, level


def judge(leader: Doubles, made: Doubles, book: Codebook) -> dict[str, float]:
    """Return the figures of a sound beside what leads it."""
    n = min(len(leader), len(made))
    (want, bright, level), (got, brightness, _) = hear(leader[:n], book), hear(made[:n], book)
    counted = level > -40
    counted[:EDGE] = counted[len(counted) - EDGE :] = False
    pitched = counted & np.isfinite(want)
    voiced = pitched & np.isfinite(got)
    cents = np.abs((1200 * np.log2(got[voiced] / want[voiced]) + 600) % 1200 - 600)
    low, high = (book.table.percentile("centroid", p) for p in (1, 99))
    inside = counted & (bright >= low) & (bright <= high)
    off = 12 * np.abs(np.log2(brightness[inside] / bright[inside]))
    near = {"voiced": 100 * voiced.sum() / pitched.sum(), "near": 100 * np.mean(cents <= 50)} if pitched.any() else {}
    return near | ({"semitones": float(off.mean()), "inside": 100 * inside.sum() / counted.sum()} if len(off) else {})


def bench_pitch(book: Codebook, who: str, path: Path) -> None:
    """Print how well a voice's pitch is followed."""
    found = judge(read(path), vqsynth.synthesize(book, like=path).y, book)
    show(f"{book.name} like {who}: voiced", found["voiced"], 90, better="higher", unit="%")
    show("    within 50 cents or octaves", found["near"], 90, better="higher", unit="%")


def bench_brightness(book: Codebook, what: str, path: Path) -> None:
    """Print how well the centroid of a sound is followed where the codes have it; of the sung scale, the pitch too."""
    found = judge(read(path), vqsynth.synthesize(book, like=path).y, book)
    note(f"{book.name} like {what}: centroid within reach", found["inside"], "%")
    if found["inside"] > LEAST_INSIDE:
        show("    there off by, on average", found["semitones"], 1.5, unit="st")
    if what == "a sung scale" and book.name in PITCHED:
        show("    pitch within 50 cents or octaves", found["near"], 95, better="higher", unit="%")


def main(*names: str) -> None:
    """Print all bars."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made = {"a noise sweep": make_sweep(rng), "a drum loop": make_drums(rng), "a sung scale": make_scale()}
        paths = {name: folder / f"{name}.wav" for name in made}
        for name, y in made.items():
            soundfile.write(paths[name], y, SR)
        spoken = speak(folder)
        voices = spoken | {"a sung scale": paths["a sung scale"]}
        for name in [name for name in names or PITCHED if name in PITCHED]:
            for who, path in voices.items():
                bench_pitch(vqsynth.load(name), who, path)
        for name in names or BRIGHT:
            for what, path in (paths | spoken).items():
                bench_brightness(vqsynth.load(name), what, path)
    if not spoken:
        finish()
        sys.exit(WANTING)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
