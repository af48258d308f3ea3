import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.train.sound_files import GRID, note, write_notes
from vqsynth import load
from vqsynth.codebook import Codebook
from vqsynth.errors import AudioError, CodebookError, ParameterError
from vqsynth.train.build import TrainingJob, make_config, measure_usage, train_codebook

Write = Callable[..., Path]


def job(sounds: list[Path], folder: Path, *, steps: int = 60, codes: int = 16, **options: object) -> TrainingJob:
    config = make_config(GRID, codes=codes, steps=steps)
    return TrainingJob(sounds, "notes", folder, GRID, config, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Codebook, Path, list[str]]:
    """A codebook of 19 notes, trained, and what was said meanwhile."""
    folder, said = tmp_path_factory.mktemp("trained"), []
    paths = write_notes(folder / "sounds", 20)
    (folder / "sounds" / "broken.wav").write_bytes(b"nothing")
    book = train_codebook(
        job([folder / "sounds"], folder / "book", validation=[paths[3]], about={"licence": "mine"}), say=said.append
    )
    return book, folder, said


def test_train_codebook_saves_a_codebook_that_loads(trained: tuple[Codebook, Path, list[str]]) -> None:
    book, folder, _ = trained
    loaded = load(folder / "book")
    np.testing.assert_array_equal(loaded.grains.magnitudes, book.grains.magnitudes)
    assert loaded.card == json.loads(json.dumps(book.card))
    assert len(loaded) == 16


def test_train_codebook_counts_every_frame_of_the_corpus(trained: tuple[Codebook, Path, list[str]]) -> None:
    book = trained[0]
    assert book.table.counts.sum() == book.card["corpus"]["frames"]
    assert book.card["codes_used"] == pytest.approx((book.table.counts > 0).mean(), abs=1e-4)
    assert 1 <= book.card["perplexity"] <= 16


def test_train_codebook_tells_and_writes_down_what_it_used(trained: tuple[Codebook, Path, list[str]]) -> None:
    book, _, said = trained
    assert said[0].startswith("19 files, 0.2 minutes; 1 skipped because 'broken.wav'")
    assert said[1] == "held out: note03.wav"
    assert book.card["corpus"]["files"] == 19
    assert book.card["licence"] == "mine"
    assert set(book.card["held_out"]) == {"sounds/note03.wav"}
    assert book.card["held_out_mean"]["lsd_db"] > 0


def test_train_codebook_leaves_no_checkpoint_behind(trained: tuple[Codebook, Path, list[str]]) -> None:
    assert sorted(p.name for p in trained[1].iterdir()) == ["book", "sounds"]


def test_train_codebook_grains_are_what_the_saved_model_decodes(trained: tuple[Codebook, Path, list[str]]) -> None:
    from vqsynth.model.vqvae import VQVAE, ModelConfig

    book = trained[0]
    decoded = VQVAE.from_tensors(ModelConfig.from_dict(book.card["model"]), book.model_state).decode_codes().numpy()
    shape = decoded / np.linalg.norm(decoded, axis=1, keepdims=True)
    grains = book.grains.magnitudes / np.linalg.norm(book.grains.magnitudes, axis=1, keepdims=True)
    np.testing.assert_allclose(shape, grains, atol=2e-3)


def test_train_codebook_twice_gives_the_same_codebook(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "sounds")
    one, two = (train_codebook(job(paths, tmp_path / name, steps=30)) for name in ("one", "two"))
    assert one.card["files"] == two.card["files"]


def test_train_codebook_of_ten_files_holds_out_the_tenth(tmp_path: Path) -> None:
    paths, said = write_notes(tmp_path / "sounds", 10), []
    train_codebook(job(paths, tmp_path / "book", steps=10), say=said.append)
    assert said[0].startswith("9 files")
    assert said[1] == "held out: note09.wav"


def test_train_codebook_of_few_files_holds_out_none_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    book = train_codebook(job(write_notes(tmp_path / "sounds"), tmp_path / "book", steps=10), say=said.append)
    assert said[1] == "held out: nothing"
    assert book.card["held_out"] == {} and book.card["held_out_mean"] is None


def test_train_codebook_over_a_codebook_replaces_it(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "sounds")
    train_codebook(job(paths, tmp_path / "book", steps=10))
    train_codebook(job(paths, tmp_path / "book", steps=10, codes=8))
    assert len(load(tmp_path / "book")) == 8


def test_train_codebook_into_a_folder_of_something_else_refuses(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "sounds")
    with pytest.raises(CodebookError, match="no codebook"):
        train_codebook(job(paths, tmp_path / "sounds"))
    with pytest.raises(CodebookError, match="is a file"):
        train_codebook(job(paths, paths[0]))
    assert len(list((tmp_path / "sounds").iterdir())) == 4


def test_train_codebook_of_a_folder_without_sound_refuses(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioError, match="no sound in"):
        train_codebook(job([tmp_path / "empty"], tmp_path / "book"))
    (tmp_path / "empty" / "a.wav").write_bytes(b"not sound")
    with pytest.raises(AudioError, match="no usable sound"):
        train_codebook(job([tmp_path / "empty"], tmp_path / "book"))


def test_train_codebook_of_too_little_sound_says_how_many_codes_fit(write_sound: Write, tmp_path: Path) -> None:
    path = write_sound("short.wav", note(300, seconds=0.1), rate=8000)
    with pytest.raises(ParameterError, match=r"16 codes.*there are 13.*--codes"):
        train_codebook(job([path], tmp_path / "book"))
    assert not (tmp_path / "book").exists()


def test_train_codebook_with_everything_held_out_refuses(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "sounds")
    with pytest.raises(ParameterError, match="none is left"):
        train_codebook(job(paths, tmp_path / "book", validation=[tmp_path / "sounds"]))


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\\b"])
def test_train_codebook_with_a_name_that_is_no_folder_refuses(tmp_path: Path, name: str) -> None:
    config = make_config(GRID, codes=16, steps=10)
    with pytest.raises(ParameterError, match="name must be"):
        train_codebook(TrainingJob(write_notes(tmp_path / "s"), name, tmp_path / "book", GRID, config))


def test_measure_usage_of_even_counts_has_the_perplexity_of_their_number() -> None:
    usage = measure_usage(np.repeat([0, 2, 5, 7], 10), 8)
    assert usage.perplexity == pytest.approx(4)
    assert usage.used == 0.5
    assert usage.counts.tolist() == [10, 0, 10, 0, 0, 10, 0, 10]
