"""The shipped codebooks: each loads, is small, plays what its table says, and was made by a recipe that is there."""

import json
from pathlib import Path

import numpy as np
import pytest

import vqsynth
from vqsynth.codebooks.recipes.bank import RECIPES
from vqsynth.codes.spectra import CodeSpectra, measure_spectra
from vqsynth.sound.onsets import find_onsets
from vqsynth.store import codebooks_at_hand
from vqsynth.training.codebook.verdict import FEW_USED

BOOKS = codebooks_at_hand()
MEGABYTE = 1e6
every_book = pytest.mark.parametrize("folder", BOOKS, ids=lambda folder: str(folder.name))


def test_bank_has_a_codebook_of_every_recipe() -> None:
    assert {folder.name for folder in BOOKS} == set(RECIPES)


@every_book
def test_shipped_codebook_is_whole_and_under_8_megabytes(folder: Path) -> None:
    book = vqsynth.load(folder)  # checks every hash
    assert book.name == folder.name
    assert sum(file.stat().st_size for file in folder.iterdir()) < 8 * MEGABYTE


@every_book
def test_shipped_codebook_has_the_frames_and_words_of_its_recipe(folder: Path) -> None:
    book, recipe = vqsynth.load(folder), RECIPES[folder.name]
    assert book.grid == recipe.grid and FEW_USED * recipe.codes < len(book) <= recipe.codes
    assert book.card["training"].get("codes", len(book)) == recipe.codes
    assert book.card["model"] == {**recipe.config.model.to_dict(), "codes": len(book)}
    assert book.card["training"]["steps"] == recipe.steps
    said = json.loads(json.dumps(recipe.card()))
    assert {name: book.card.get(name) for name in said} == said


@every_book
def test_shipped_codebook_has_figures_of_sounds_that_were_held_out(folder: Path) -> None:
    card = vqsynth.load(folder).card
    assert card["held_out"] and all(set(d) == {"lsd_db", "sc", "mcd_db"} for d in card["held_out"].values())
    assert card["codes_used"] > FEW_USED
    assert card["perplexity"] > card["codes"] / 4


@every_book
def test_shipped_table_measured_again_is_the_same(folder: Path) -> None:
    book = vqsynth.load(folder)
    rows = np.flatnonzero(book.table.used)[:: len(book) // 12]
    again = measure_spectra(CodeSpectra(book.spectra.magnitudes[rows], book.grid), list(book.table.names))
    np.testing.assert_allclose(again, book.table.values[rows], rtol=1e-3, atol=1e-3)


@every_book
def test_shipped_codebook_follows_a_curve_and_stays_within_full_scale(folder: Path) -> None:
    book = vqsynth.load(folder)
    y = book.render(book.follow(seconds=1.0, centroid="sin(p5,p95,1)"))
    assert len(y) == 44100 and np.isfinite(y).all()
    assert 0.01 < np.sqrt(np.mean(y**2)) < np.abs(y).max() <= 1.0


@pytest.mark.parametrize("name", ["percussion", "guitar"])
def test_shipped_drums_and_guitar_are_struck(name: str) -> None:
    """Steps of loudness rise as fast as what is hit and plucked does, and without onsets in a part of a window."""
    book = vqsynth.load(name)
    assert book.onsets is not None and len(book.onsets) >= 32
    rises_ms = []
    for onsets in (True, False):
        made = book.synthesize(loudness="steps(-45,-18)", centroid="p50", seconds=2, onsets=onsets)
        found = find_onsets(made.y, made.sr)
        rises_ms.append(found.rises_ms[np.abs(found.starts / made.sr - 1).argmin()])
    assert rises_ms[0] < 5 < 6 < rises_ms[1]
