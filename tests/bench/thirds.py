"""How near a codebook comes to a source that it was not trained on: made of the other sources, tested on that one.

    python tests/bench/thirds.py [BOOK ...]

Codebooks are clustered as `vqsynth train --quick` does, of all sources of a shipped codebook but one. Whole files that
the recipe holds out of that one are played, pitch and envelope kept. Distances as `vqsynth.sound.distances` takes them.
"""

import sys
from pathlib import Path

import numpy as np
from _bars import finish, note, show

from vqsynth.codebook import Codebook
from vqsynth.codebooks.recipes.bank import RECIPES
from vqsynth.codebooks.recipes.recipe import gather_sounds, hold_out
from vqsynth.render import render_path
from vqsynth.sound import audio
from vqsynth.sound.distances import Distances, compare_sounds, mean_distances
from vqsynth.training.codebook.clustering import cluster_codebook
from vqsynth.training.codebook.corpus import load_corpus
from vqsynth.training.codebook.job import QuickConfig

BUILD, BARS = Path("build/recipes"), Distances(lsd_db=8.0, sc=0.40, mcd_db=3.0)


def play(book: Codebook, file: Path) -> Distances:
    """Encode a sound, all of it kept, render it and compare."""
    y, _ = audio.load(file, sr=book.grid.sr)
    # Not `book.render`, which turns down sounds whose peaks exceed full scale.
    return compare_sounds(y, render_path(book.encode(y, book.grid.sr), book.spectra), sr=book.grid.sr)


def bench_without(name: str, left_out: int) -> Distances | None:
    """Make a codebook of all sources but one, and play the held-out files of that one; None where it has none."""
    recipe = RECIPES[name]
    gathered = gather_sounds(recipe.sources, BUILD / name, say=lambda line: None)
    files = hold_out(gathered[left_out][1])
    if not files:
        return None
    others = [path for i, (_, paths) in enumerate(gathered) if i != left_out for path in paths]
    config = QuickConfig(codes=recipe.codes)
    book, _ = cluster_codebook(name, config, load_corpus(others, recipe.grid), card={}, say=lambda line: None)
    found = mean_distances([play(book, file) for file in files])
    note(f"{name} without {recipe.sources[left_out].credit()['sound']}: log-spectral distance", found.lsd_db, "dB")
    note("    spectral convergence", found.sc)
    note("    mel-cepstral distance", found.mcd_db, "dB")
    return found


def main(*names: str) -> None:
    """Print every source of the codebooks, and the means beside their bars."""
    chosen = names or [name for name, recipe in RECIPES.items() if len(recipe.sources) > 2]
    each = [bench_without(name, i) for name in chosen for i in range(len(RECIPES[name].sources))]
    mean = {name: np.mean([d.to_dict()[name] for d in each if d]) for name in BARS.to_dict()}
    for (name, bar), unit in zip(BARS.to_dict().items(), ("dB", "", "dB"), strict=True):
        show(f"a source that was left out, all kept: {name}", float(mean[name]), bar, unit=unit)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
