import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.training.codebook.sound_files import GRID, note, write_notes
from vqsynth import load
from vqsynth.codebook import Codebook
from vqsynth.errors import AudioError, CodebookError, ParameterError
from vqsynth.running.observing import Observer
from vqsynth.sound.folders import split_sounds
from vqsynth.sound.frames import FrameGrid
from vqsynth.training.codebook import build
from vqsynth.training.codebook.assembly import FEWEST_FRAMES, measure_usage
from vqsynth.training.codebook.averaging import SPECTRUM_FLOOR
from vqsynth.training.codebook.build import train_codebook
from vqsynth.training.codebook.corpus import load_corpus
from vqsynth.training.codebook.held_out import measure_reconstruction
from vqsynth.training.codebook.job import CodebookJob, make_config
from vqsynth.training.codebook.sample import sample_path

Write = Callable[..., Path]


def job(sounds: list[Path], folder: Path, *, steps: int = 60, codes: int = 16, **options: object) -> CodebookJob:
    config = make_config(GRID, codes=codes, steps=steps)
    return CodebookJob(sounds, "notes", folder, GRID, config, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Codebook, Path, list[str]]:
    """A codebook of 19 notes, trained, and what was said meanwhile."""
    folder, said = tmp_path_factory.mktemp("trained"), []
    paths = write_notes(folder / "sounds", 20)
    (folder / "sounds" / "broken.wav").write_bytes(b"nothing")
    book = train_codebook(
        job([folder / "sounds"], folder / "book", validation=[paths[3]], about={"licence": "mine"}),
        observer=Observer(said.append),
    )
    return book, folder, said


def test_train_codebook_saves_a_codebook_that_loads(trained: tuple[Codebook, Path, list[str]]) -> None:
    book, folder, _ = trained
    loaded = load(folder / "book")
    np.testing.assert_array_equal(loaded.spectra.magnitudes, book.spectra.magnitudes)
    assert loaded.card == json.loads(json.dumps(book.card))
    assert 2 <= len(loaded) <= 16


def test_train_codebook_counts_every_frame_of_the_corpus(trained: tuple[Codebook, Path, list[str]]) -> None:
    book = trained[0]
    assert book.table.counts.sum() == book.card["corpus"]["frames"]
    assert (book.table.counts > 0).all(), "what no sound uses is left out"
    assert book.card["codes_used"] == pytest.approx(len(book) / 16, abs=1e-4)
    assert 1 <= book.card["perplexity"] <= 16


def test_train_codebook_tells_and_writes_down_what_it_used(trained: tuple[Codebook, Path, list[str]]) -> None:
    book, _, said = trained
    assert said[0].startswith("19 files, 0.2 minutes; 1 skipped because\n") and "broken.wav': it is" in said[0]
    assert said[1] == "held out: note03.wav"
    assert book.card["corpus"]["files"] == 19
    assert book.card["licence"] == "mine"
    assert set(book.card["held_out"]) == {"sounds/note03.wav"}
    assert book.card["held_out_mean"]["lsd_db"] > 0


def test_train_codebook_leaves_no_checkpoint_behind(trained: tuple[Codebook, Path, list[str]]) -> None:
    assert sorted(p.name for p in trained[1].iterdir()) == ["book", "sounds"]


def test_train_codebook_from_sounds_where_its_checkpoint_lies_leaves_them_alone(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "b.training")
    (tmp_path / "b.training" / "notes.txt").write_text("precious")
    train_codebook(job([tmp_path / "b.training"], tmp_path / "b", steps=10))
    assert sorted(tmp_path.glob("b.training/*")) == sorted([*paths, tmp_path / "b.training" / "notes.txt"])
    assert load(tmp_path / "b").name == "notes"


def test_train_codebook_into_a_folder_with_a_card_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj" / "card.json").write_text('{"title": "my card game"}')
    with pytest.raises(CodebookError, match=r"proj' is not replaced, because its card is not as vqsynth wrote it"):
        train_codebook(job(write_notes(tmp_path / "sounds"), tmp_path / "proj", steps=10))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["proj", "sounds"]


@pytest.mark.parametrize("resume", [False, True])
def test_train_codebook_while_another_training_is_at_work_is_refused(tmp_path: Path, resume: bool) -> None:
    one = job(write_notes(tmp_path / "sounds"), tmp_path / "book", steps=10)
    refused: list[str] = []

    def try_another(line: str) -> None:
        with pytest.raises(ParameterError, match=r"another training is at work in '.*book\.training'") as caught:
            train_codebook(one, resume=resume)
        refused.append(str(caught.value))

    train_codebook(one, observer=Observer(try_another))
    assert refused and not any("\n" in line for line in refused)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["book", "sounds"]


def test_train_codebook_where_a_checkpoint_lies_asks_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = job(write_notes(tmp_path / "sounds"), tmp_path / "book", steps=10)
    with pytest.raises(CodebookError, match=r"book\.training' holds no checkpoint to resume from"):
        train_codebook(one, resume=True)
    monkeypatch.setattr(build, "assemble_codebook", raise_broken_off)
    with pytest.raises(CodebookError, match="broken off"):
        train_codebook(one)
    monkeypatch.undo()
    with pytest.raises(ParameterError, match=r"unfinished training.*--resume"):
        train_codebook(one)
    assert train_codebook(one, resume=True).card["training"]["steps"] == 10


def raise_broken_off(*_: object, **__: object) -> None:
    raise CodebookError("broken off")


@pytest.mark.parametrize("device", ["gpu", "cuda:77", "meta"])
def test_train_codebook_on_a_device_that_is_not_there_refuses(tmp_path: Path, device: str) -> None:
    with pytest.raises(ParameterError, match=f"device '{device}' cannot be used here"):
        train_codebook(job(write_notes(tmp_path / "sounds"), tmp_path / "book"), device=device)
    assert [p.name for p in tmp_path.iterdir()] == ["sounds"]


def test_train_codebook_spectra_are_the_means_of_the_frames_that_the_saved_model_gives_to_them(
    trained: tuple[Codebook, Path, list[str]],
) -> None:
    """By a loop over codes; a code of few frames has the spectrum of the decoder instead."""
    from vqsynth.model.vqvae import VQVAE, ModelConfig, encode_windows

    book, folder, _ = trained
    split = split_sounds([folder / "sounds"], [folder / "sounds" / "note03.wav"])
    windows = load_corpus(split.training, book.grid).windows(slice(None))
    codes = encode_windows(book.card["model"], book.model_state, windows)
    spectra = np.abs(np.fft.rfft(windows * book.grid.window))
    spectra /= np.linalg.norm(windows * book.grid.window, axis=1, keepdims=True)
    model = VQVAE.from_tensors(ModelConfig.from_dict(book.card["model"]), book.model_state)
    wanted = model.decode_codes().numpy().astype(np.float64)
    for k in range(len(book)):
        assert (codes == k).sum() == book.table.counts[k]
        if book.table.counts[k] >= FEWEST_FRAMES:
            wanted[k] = np.exp(np.log(spectra[codes == k] + SPECTRUM_FLOOR).mean(axis=0))
    got = book.spectra.magnitudes / np.linalg.norm(book.spectra.magnitudes, axis=1, keepdims=True)
    np.testing.assert_allclose(got, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), atol=2e-3)


def test_train_codebook_twice_gives_the_same_codebook(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "sounds")
    one, two = (train_codebook(job(paths, tmp_path / name, steps=30)) for name in ("one", "two"))
    assert one.card["files"] == two.card["files"]


def test_train_codebook_of_ten_files_holds_out_the_tenth(tmp_path: Path) -> None:
    paths, said = write_notes(tmp_path / "sounds", 10), []
    train_codebook(job(paths, tmp_path / "book", steps=10), observer=Observer(said.append))
    assert said[0].startswith("9 files")
    assert said[1] == "held out: note09.wav"


def test_train_codebook_of_few_files_holds_out_none_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    book = train_codebook(
        job(write_notes(tmp_path / "sounds"), tmp_path / "book", steps=10), observer=Observer(said.append)
    )
    assert said[1] == "held out: nothing"
    assert book.card["held_out"] == {} and book.card["held_out_mean"] is None


def test_train_codebook_over_a_codebook_replaces_it(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "sounds")
    train_codebook(job(paths, tmp_path / "book", steps=10))
    train_codebook(job(paths, tmp_path / "book", steps=10, codes=8))
    assert load(tmp_path / "book").card["training"]["codes"] == 8


def test_train_codebook_leaves_out_codes_that_nothing_uses(tmp_path: Path) -> None:
    """Ten steps on two notes leave most of 64 codes unused: none of them is in table, percentiles or paths."""
    said: list[str] = []
    paths = write_notes(tmp_path / "sounds", 2)
    book = train_codebook(job(paths, tmp_path / "book", steps=10, codes=64), observer=Observer(said.append))
    assert len(book) < 64 and (book.table.counts > 0).all()
    assert book.model_state["quantizer.code_vectors"].shape[0] == len(book.spectra) == len(book.table) == len(book)
    assert book.card["training"]["codes"] == 64 and book.card["codes_used"] == pytest.approx(len(book) / 64, abs=1e-4)
    assert load(tmp_path / "book").encode(note(200), 8000).codes.max() < len(book)
    assert any(line.startswith("This codebook is poor: of 64 codes only") for line in said)


def test_train_codebook_from_a_base_goes_on_from_it(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "sounds", 4)
    base = train_codebook(job(paths, tmp_path / "book", steps=100))
    config = make_config(GRID, steps=10, base=base)
    assert config.model.codes == 16 and config.base == base.card["files"]["model.safetensors"]
    more = CodebookJob(paths, "more", tmp_path / "book", GRID, config, base=base)
    after, anew = train_codebook(more), train_codebook(job(paths, tmp_path / "anew", steps=10))
    near, far = (measure_reconstruction(b, paths[:1])["sounds/note00.wav"].lsd_db for b in (after, anew))
    before = measure_reconstruction(base, paths[:1])["sounds/note00.wav"].lsd_db
    assert near < before + 1 < far
    assert after.card["training"]["steps"] == 110 and after.card["training"]["codes"] == 16


def test_train_codebook_from_a_base_with_other_frames_or_fewer_codes_refuses(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "sounds", 2)
    base = train_codebook(job(paths, tmp_path / "base", steps=10))
    with pytest.raises(ParameterError, match=f"codes must be {len(base)} or more"):
        make_config(GRID, codes=len(base) - 1, base=base)
    other = FrameGrid(sr=16000, n_fft=256, hop_length=64)
    config = make_config(other, steps=10, base=base)
    with pytest.raises(ParameterError, match="frames must be those of the base 'notes'"):
        train_codebook(CodebookJob(paths, "more", tmp_path / "more", other, config, base=base))


def test_train_codebook_whose_held_out_sounds_go_wrong_is_saved_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, said = write_notes(tmp_path / "sounds", 4), []

    def fail(*_: object, **__: object) -> None:
        assert load(tmp_path / "book").name == "notes", "it is saved before it is measured"
        raise MemoryError("16 GB")

    monkeypatch.setattr("vqsynth.training.codebook.held_out.compare_sounds", fail)
    book = train_codebook(
        job(paths[1:], tmp_path / "book", steps=10, validation=paths[:1]), observer=Observer(said.append)
    )
    assert f"'{paths[0]}' could not be measured: 16 GB" in said
    assert book.card["held_out"] == {} and load(tmp_path / "book").card["held_out_mean"] is None


def test_train_codebook_listens_to_so_much_of_held_out_sound_and_says_so(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "sounds", 3)
    soundfile.write(tmp_path / "long.wav", np.tile(note(330), 20), 8000)
    long = CodebookJob(
        paths,
        "notes",
        tmp_path / "book",
        GRID,
        make_config(GRID, codes=16, steps=10),
        validation=[tmp_path / "long.wav"],
        held_out_s=4.0,
    )
    assert train_codebook(long).card["held_out_seconds"] == 4.0
    assert "held_out_seconds" not in train_codebook(replace(long, held_out_s=None)).card


def test_train_codebook_writes_its_sound_beside_it_and_replaces_only_its_own(tmp_path: Path) -> None:
    paths, sample = write_notes(tmp_path / "sounds", 3), sample_path(tmp_path / "book")
    one = replace(job(paths, tmp_path / "book", steps=10), sample=sample)
    train_codebook(one)
    y, sr = soundfile.read(sample)
    assert sr == 8000 and len(y) == 10 * sr and np.abs(y).max() > 0.01
    first = sample.read_bytes()
    train_codebook(replace(one, config=make_config(GRID, codes=16, steps=10, seed=1)))
    assert sample.read_bytes() != first, "its own is replaced"
    sample.write_bytes(b"somebody's own")
    said: list[str] = []
    train_codebook(one, observer=Observer(said.append))
    assert sample.read_bytes() == b"somebody's own"
    assert any("is not replaced" in line for line in said)


def test_train_codebook_leaves_a_sound_that_came_beside_it_meanwhile(tmp_path: Path) -> None:
    paths, sample = write_notes(tmp_path / "sounds", 3), sample_path(tmp_path / "book")
    train_codebook(
        replace(job(paths, tmp_path / "book", steps=10), sample=sample),
        observer=Observer(lambda _: sample.write_bytes(b"made meanwhile")),
    )
    assert sample.read_bytes() == b"made meanwhile"


def test_train_codebook_into_a_folder_of_something_else_refuses(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "sounds")
    with pytest.raises(CodebookError, match="not a codebook"):
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
    with pytest.raises(ParameterError, match="left to train on"):
        train_codebook(job(paths, tmp_path / "book", validation=[tmp_path / "sounds"]))


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\\b"])
def test_train_codebook_with_a_name_that_is_no_folder_refuses(tmp_path: Path, name: str) -> None:
    config = make_config(GRID, codes=16, steps=10)
    with pytest.raises(ParameterError, match="name must be"):
        train_codebook(CodebookJob(write_notes(tmp_path / "s"), name, tmp_path / "book", GRID, config))


def test_measure_usage_of_even_counts_has_the_perplexity_of_their_number() -> None:
    usage = measure_usage(np.repeat([0, 2, 5, 7], 10), 8)
    assert usage.perplexity == pytest.approx(4)
    assert usage.used == 0.5
    assert usage.counts.tolist() == [10, 0, 10, 0, 0, 10, 0, 10]
