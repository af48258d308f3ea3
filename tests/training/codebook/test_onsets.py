"""The onsets of a corpus: those of clicks and hits are as fast as these are, and a held tone has none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.training.codebook.sound_files import GRID
from vqsynth import load
from vqsynth.codebook import Codebook
from vqsynth.codebooks.recipes.onsets import add_onsets
from vqsynth.sound.onsets import find_onsets
from vqsynth.training.codebook.build import train_codebook
from vqsynth.training.codebook.clustering import cluster_codebook
from vqsynth.training.codebook.corpus import Corpus, load_corpus
from vqsynth.training.codebook.job import CodebookJob, QuickConfig
from vqsynth.training.codebook.onsets import KEPT, gather_onsets

WriteSound = Callable[..., Path]


def clicks(count: int = 12, every_s: float = 0.3) -> NDArray[np.float64]:
    """Make clicks at 8 kHz: noise that falls by 60 dB in a tenth of a second."""
    rng = np.random.default_rng(0)
    t = np.arange(round(count * every_s * GRID.sr)) / GRID.sr
    return 0.3 * np.exp(-(t % every_s) / 0.0145) * rng.normal(size=len(t)) * (t > 0.05)


def book_of(y: NDArray[np.floating], write_sound: WriteSound, **options: int) -> tuple[Codebook, Corpus]:
    corpus = load_corpus([write_sound("sound.wav", y, rate=GRID.sr)], GRID, **options)
    return cluster_codebook("b", QuickConfig(codes=16), corpus, card={}, say=lambda line: None)[0], corpus


def test_gather_onsets_of_a_click_train_rise_in_less_than_a_frame_and_fall_as_it_does(write_sound: WriteSound) -> None:
    book, corpus = book_of(clicks(), write_sound)
    onsets = gather_onsets(book, corpus)
    assert onsets is not None
    assert 4 <= len(onsets) <= 12
    assert onsets.rises_ms.max() < 1000 * GRID.hop_length / GRID.sr
    assert (onsets.levels_db[:, :2].max(axis=1) >= -1).all()
    np.testing.assert_allclose(np.median(onsets.levels_db[:, 3]), -60 * 3 * 0.008 / 0.1, atol=4)
    assert onsets.codes.max() < len(book)


def test_gather_onsets_are_no_slower_than_the_half_of_the_sounds(write_sound: WriteSound) -> None:
    t = np.arange(GRID.sr) / GRID.sr
    slow = 0.3 * np.minimum((t % 0.5) / 0.04, 1) * np.sin(6000 * t) * (t % 0.5 < 0.3)
    book, corpus = book_of(np.concatenate([clicks(8), slow, slow]), write_sound)
    onsets = gather_onsets(book, corpus)
    assert onsets is not None
    assert onsets.rises_ms.max() <= np.median(find_onsets(corpus.y, GRID.sr).rises_ms)


def test_gather_onsets_of_a_held_tone_finds_none(write_sound: WriteSound) -> None:
    fade = np.minimum(np.arange(8000), 8000 - np.arange(8000)).clip(0, 2000) / 2000
    book, corpus = book_of(0.3 * fade**0.3 * np.sin(0.4 * np.arange(8000)), write_sound)
    assert gather_onsets(book, corpus) is None


def test_gather_onsets_keeps_some_dozens_and_gives_the_same_ones_each_time(write_sound: WriteSound) -> None:
    book, corpus = book_of(clicks(110, 0.2), write_sound)
    one, two = (gather_onsets(book, corpus, seed=1) for _ in range(2))
    assert one is not None
    assert two is not None
    assert len(one) <= KEPT
    np.testing.assert_array_equal(one.codes, two.codes)


@pytest.mark.parametrize("struck", [True, False])
def test_a_quick_codebook_is_saved_with_the_onsets_of_its_sounds(
    write_sound: WriteSound, tmp_path: Path, struck: bool
) -> None:
    y = clicks() if struck else 0.2 * np.sin(0.3 * np.arange(16000)) * np.minimum(np.arange(16000) / 4000, 1) ** 0.3
    file = write_sound("sound.wav", y, rate=GRID.sr)
    made = train_codebook(CodebookJob([file], "b", tmp_path / "book", GRID, QuickConfig(codes=8)))
    assert (load(tmp_path / "book").onsets is not None) is (made.onsets is not None) is struck


def test_add_onsets_gives_a_codebook_that_is_there_what_its_training_would(
    write_sound: WriteSound, tmp_path: Path
) -> None:
    file = write_sound("sound.wav", clicks(), rate=GRID.sr)
    job = CodebookJob([file], "b", tmp_path / "book", GRID, QuickConfig(codes=8))
    made = train_codebook(job)
    bare = made.with_onsets(None)
    bare.save(tmp_path / "book")
    said = add_onsets(job)
    back = load(tmp_path / "book")
    assert back.onsets is not None
    assert made.onsets is not None
    assert said.startswith(f"{len(made.onsets)} onsets in ")
    np.testing.assert_array_equal(back.onsets.codes, made.onsets.codes)
    assert back.sha256 == made.sha256
    assert bare.known_hashes <= back.known_hashes
