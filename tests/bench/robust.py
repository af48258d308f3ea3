"""Whether pitch survives on a violin that was not trained on, and codes a change of level.

    python tests/bench/robust.py [STEPS]

Trains two codebooks, each on one package, and sends the other package's sounds through it. Pitch is measured with
librosa's pYIN in both; kept are frames within 50 cents, of those voiced in both. The recorded notes are three or four
semitones apart: that codebook is trained with `--transpose 2`, to have codes for the pitches between.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
from _bars import finish, note, show
from _violins import read_sound, violin_job

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.training.codebook.build import train_codebook
from vqsynth.training.codebook.job import make_config

SR, HOP = 22050, 256
LONGEST_S = 20.0
LEVELS_DB = (-40, -20, 0, 12)
QUIETEST_DB = -70.0


def pitch(y: np.ndarray) -> np.ndarray:
    """Measure the pitch in Hz, NaN where there is none."""
    return librosa.pyin(y, fmin=170, fmax=2600, sr=SR, frame_length=1024, hop_length=HOP)[0]


def pitch_kept(book: Codebook, paths: list[Path]) -> float:
    """Measure the share of frames, voiced before and after, whose pitch stays within 50 cents, in percent."""
    kept, voiced = 0, 0
    for path in paths:
        y = read_sound(path, book.grid.sr)[: int(LONGEST_S * book.grid.sr)]
        decoded = book.render(book.encode(y, book.grid.sr))
        hz = [pitch(librosa.resample(s, orig_sr=book.grid.sr, target_sr=SR)) for s in (y, decoded)]
        both = ~np.isnan(hz[0]) & ~np.isnan(hz[1])
        kept += int((np.abs(1200 * np.log2(hz[1][both] / hz[0][both])) < 50).sum())
        voiced += int(both.sum())
    return 100 * kept / max(voiced, 1)


def changed_by_level(book: Codebook, paths: list[Path]) -> tuple[int, int]:
    """Count frames over -70 dBFS whose code is another one at another level, and frames in all."""
    changed, frames = 0, 0
    for path in paths:
        y = read_sound(path, book.grid.sr)
        plain = book.encode(y, book.grid.sr).codes
        for level_db in LEVELS_DB:
            turned = book.encode((y * 10 ** (level_db / 20)).astype(np.float32), book.grid.sr)
            loud = turned.gain_db > QUIETEST_DB
            changed += int((turned.codes != plain)[loud].sum())
            frames += int(loud.sum())
    return changed, frames


def main(steps: str = "1500") -> None:
    """Print pitch kept in both directions, and codes changed by level, beside their bars."""
    job = violin_job()
    packages = {
        kind: [Path(p) for p in job.sounds if folder in Path(p).parts]
        for kind, folder in (("rendered", "rendered"), ("recorded", "node_modules"))
    }
    with tempfile.TemporaryDirectory() as folder:
        for kind, other, transpose in (("rendered", "recorded", 0), ("recorded", "rendered", 2)):
            config = make_config(job.grid, steps=int(steps), transpose=transpose)
            one = replace(job, sounds=packages[kind], folder=Path(folder) / kind, config=config, validation=None)
            book = train_codebook(one)
            kept = pitch_kept(book, packages[other])
            show(f"trained on {kind}, pitch of {other} kept", kept, 90.0, better="higher", unit="%")
    changed, frames = changed_by_level(vqsynth.load("violin"), [Path(p) for p in job.sounds])
    show("frames whose code changes with the level", changed, 0)
    note("    of frames", frames)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
