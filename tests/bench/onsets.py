"""How fast steps of loudness rise, beside the training sounds' own onsets, and what onsets cost in error.

    python tests/bench/onsets.py [BOOK ...]

Rises are the time from 10 to 90 % of the amplitude, as `vqsynth.sound.onsets` measures it, on the training sounds and
on what is made; medians. The training sounds are put together as by the codebook's recipe. A step at which no onset is
found counts as 100 ms. Errors are RMS over the 5th to 95th percentile of the table, of loudness over the range that is
asked for; what is turned down to stay in full scale counts.
"""

import sys
from pathlib import Path

import numpy as np
from _bars import finish, note, show
from numpy.typing import NDArray

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.codebooks.recipes.bank import RECIPES
from vqsynth.codebooks.recipes.recipe import make_job
from vqsynth.codes.motion import NATURAL
from vqsynth.follow.synthesis import Synthesis
from vqsynth.sound.folders import split_sounds
from vqsynth.sound.onsets import RISE_DB, find_onsets
from vqsynth.training.codebook.corpus import load_corpus

BOOKS = ("percussion", "guitar")
BUILD = Path("build/recipes")
FACTOR, MORE_ERROR, MISSED_MS = 1.5, 0.005, 100.0
NEAR_S = 0.05
STEPS = "steps(-45,-15,-45,-18,-50,-15,-45,-20,-40,-15,-45,-15)"
SECONDS = 6.0
BESIDE = {
    "percussion": ({}, {"centroid": "p50"}, {"centroid": "line(p10,p90)"},
                   {"centroid": "steps(p20,p60,p40,p80,p30,p70)"}),
    "guitar": ({}, {"centroid": "p50"}, {"centroid": "steps(p20,p60,p40,p80,p30,p70)"},
               {"pitch": "steps(E3,A3,C4,E4)"}),
}  # fmt: skip


def corpus_rise(name: str) -> float:
    """Measure the median rise of the training sounds of a codebook, in ms."""
    job = make_job(RECIPES[name], BUILD / name, BUILD / "out" / name, say=lambda line: None)
    corpus = load_corpus(split_sounds(job.sounds, job.validation).training, job.grid)
    return float(np.median(find_onsets(corpus.y, corpus.grid.sr).rises_ms))


def rises_of(made: Synthesis) -> NDArray[np.float64]:
    """Measure the rise at each step up of the loudness that was asked for, in ms."""
    asked = np.array(made.report["descriptors"]["loudness"]["asked"])
    times_s = (np.flatnonzero(np.diff(asked) >= RISE_DB) + 1) * made.path.hop_length / made.sr
    found = find_onsets(made.y, made.sr)
    near = [np.abs(found.starts / made.sr - t) < NEAR_S for t in times_s]
    return np.array([found.rises_ms[each][0] if each.any() else MISSED_MS for each in near])


def errors_of(made: Synthesis, book: Codebook) -> dict[str, float]:
    """Return the error of each descriptor that was asked for, over its range."""
    errors = {}
    for name, row in made.report["descriptors"].items():
        ends = (row["asked"],) if name == "loudness" else ([book.table.percentile(name, p) for p in (5, 95)],)
        errors[name] = float(row["error"] / np.ptp(ends[0]))
    return errors


def bench_book(name: str) -> None:
    """Print the bars of one codebook."""
    book, usual = vqsynth.load(name), corpus_rise(name)
    note(f"{name}: training sounds, rise from 10 to 90 %", usual, "ms")
    for beside in BESIDE.get(name, ({},)):
        for motion in (0.0, NATURAL):
            said = f"{name}, {' '.join(f'{k} {v}' for k, v in beside.items()) or 'loudness alone'}, motion {motion:g}"
            played, plain = (
                book.synthesize(loudness=STEPS, seconds=SECONDS, motion=motion, onsets=onsets, **beside)
                for onsets in (True, False)
            )
            note(f"{said}: without onsets", float(np.median(rises_of(plain))), "ms")
            show(f"{said}: rise", float(np.median(rises_of(played))), FACTOR * usual, unit="ms")
            before = errors_of(plain, book)
            for descriptor, error in errors_of(played, book).items():
                more = error - before[descriptor]
                show(f"    {descriptor}: error {error:.4f}, more than without", more, MORE_ERROR)


def main(*names: str) -> None:
    """Print every bar for every codebook."""
    for name in names or BOOKS:
        bench_book(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
