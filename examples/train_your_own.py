"""Train a small codebook from a folder of sounds, and play it.

    python examples/train_your_own.py [FOLDER [SOUNDS [MINUTES]]]

Writes the codebook FOLDER/mine. Without SOUNDS, a few tones and hisses are made first, and the training takes seconds:
what is learned of them is worth as much as they are.
"""

import sys
from pathlib import Path

import numpy as np
import soundfile

import vqsynth
from vqsynth.sound.frames import FrameGrid
from vqsynth.training.codebook.build import train_codebook
from vqsynth.training.codebook.job import CodebookJob, make_config


def main(folder: str = ".", sounds: str | None = None, minutes: str = "12") -> None:
    """Learn from real sounds for some minutes, or from made ones for some steps."""
    grid, mine = FrameGrid(44100, 2048, 512), Path(folder) / "mine"
    if sounds is None:
        sounds, grid = make_sounds(Path(folder) / "sounds"), FrameGrid(16000, 512, 128)
        config = make_config(grid, codes=16, steps=20)
    else:
        config = make_config(grid, minutes=float(minutes))
    train_codebook(CodebookJob((Path(sounds),), "mine", mine, grid, config), observer=vqsynth.Observer(say=print))
    book = vqsynth.load(mine)
    print(book.synthesize(targets={"centroid": "line(p5,p95)"}, seconds=2))


def make_sounds(folder: Path) -> str:
    """Make tones that decay and hisses that swell."""
    folder.mkdir(exist_ok=True)
    t, rng = np.arange(16000) / 16000, np.random.default_rng(0)
    for i, f0_hz in enumerate((110, 165, 220, 330)):
        tone = sum(np.sin(2 * np.pi * k * f0_hz * t) / k for k in range(1, 12)) * np.exp(-2 * t)
        hiss = rng.standard_normal(len(t)) * t
        soundfile.write(folder / f"{i}.wav", np.concatenate([0.1 * tone, 0.03 * hiss]), 16000)
    return str(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
