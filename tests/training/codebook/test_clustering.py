"""Codebooks in seconds: the same ones each time, of what they were made of, and a start for a network."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import Run
from tests.training.codebook.sound_files import GRID, note, small_corpus, write_notes
from vqsynth import load
from vqsynth.codebook import Codebook
from vqsynth.codes.nearest import NearestConfig, NearestModel
from vqsynth.codes.record import CODEBOOK
from vqsynth.errors import AudioError, CodebookError, ParameterError
from vqsynth.running.observing import Observer
from vqsynth.sound import audio
from vqsynth.sound.frames import FrameGrid, frame_signal
from vqsynth.storage.bundle import read_card
from vqsynth.training.codebook.assembly import Usage
from vqsynth.training.codebook.build import train_codebook
from vqsynth.training.codebook.clustering import cluster_codebook
from vqsynth.training.codebook.corpus import Corpus, load_corpus
from vqsynth.training.codebook.held_out import measure_reconstruction, pick_files
from vqsynth.training.codebook.job import CodebookJob, QuickConfig, make_config

SMALL = ("--sr", 8000, "--n-fft", 256)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return small_corpus(tmp_path_factory.mktemp("notes"))


def cluster(corpus: Corpus, **config: int) -> tuple[Codebook, Usage, list[str]]:
    said: list[str] = []
    return *cluster_codebook("notes", QuickConfig(**config), corpus, card={}, say=said.append), said


def job(sounds: list[Path], folder: Path, **options: object) -> CodebookJob:
    return CodebookJob(sounds, "notes", folder, GRID, QuickConfig(codes=12), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Codebook, Path, list[str]]:
    """A quick codebook of five notes, one more held out, and what was said meanwhile."""
    folder, said = tmp_path_factory.mktemp("made"), []
    paths = write_notes(folder / "sounds", 6)
    (folder / "sounds" / "broken.wav").write_bytes(b"nothing")
    book = train_codebook(
        job([folder / "sounds"], folder / "book", validation=[paths[2]]), observer=Observer(said.append)
    )
    return book, folder, said


def test_cluster_codebook_twice_gives_the_same_bytes_and_another_seed_others(corpus: Corpus) -> None:
    one, two, other = (cluster(corpus, codes=12, seed=seed)[0] for seed in (3, 3, 4))
    assert one.card["files"] == two.card["files"] != other.card["files"]


def test_cluster_codebook_counts_the_frames_that_its_own_encoder_gives_each_code(corpus: Corpus) -> None:
    book, usage, _ = cluster(corpus, codes=12)
    encoder = NearestModel(NearestConfig.from_dict(book.card["model"]), book.model_state, GRID)
    codes = encoder.encode(corpus.windows(slice(None)))
    np.testing.assert_array_equal(np.bincount(codes, minlength=len(book)), book.table.counts)
    assert usage.counts.sum() == corpus.n_frames == book.table.counts.sum()
    assert book.transitions is not None and book.transitions[:, 2].sum() == corpus.joined.sum()


def test_cluster_codebook_of_a_code_for_each_frame_is_the_frames(write_sound: Callable[..., Path]) -> None:
    """Where every frame is a code of its own, a code's spectrum is that of its frame."""
    rng = np.random.default_rng(0)
    corpus = load_corpus([write_sound("noise.wav", rng.normal(size=1500) * 0.1, rate=8000)], GRID)
    book, _, said = cluster(corpus, codes=500)
    assert len(book) == corpus.n_frames == 24
    assert said == ["24 codes instead of 500: there are 24 frames of sound, one to a code"]
    frames = corpus.windows(slice(None))
    codes = NearestModel(NearestConfig.from_dict(book.card["model"]), book.model_state, GRID).encode(frames)
    assert sorted(codes) == list(range(24))
    magnitudes = np.abs(np.fft.rfft(frames * GRID.window))
    shapes = [m / np.linalg.norm(m, axis=1, keepdims=True) for m in (magnitudes, book.spectra.magnitudes[codes])]
    np.testing.assert_allclose(*shapes, atol=2e-3)


def test_cluster_codebook_of_short_sounds_has_fewer_codes_and_says_so(corpus: Corpus) -> None:
    book, _, said = cluster(corpus)
    fitting = corpus.n_frames // 25
    assert len(book) <= fitting
    assert said == [f"{fitting} codes instead of 1024: there are {corpus.n_frames} frames of sound, 25 to a code"]
    assert cluster(corpus, codes=12)[2] == []


def test_cluster_codebook_of_one_frame_over_and_over_has_two_codes(write_sound: Callable[..., Path]) -> None:
    tone = np.sin(2 * np.pi * np.arange(64 * 60) / 32).astype(np.float32)
    corpus = load_corpus([write_sound("same.wav", tone, rate=8000, subtype="FLOAT")], GRID)
    book, usage, _ = cluster(corpus, codes=20)
    assert 2 <= len(book) <= 20 and usage.used <= 1
    assert np.isfinite(book.spectra.magnitudes).all()


def test_train_codebook_quick_saves_what_loads_with_all_that_a_codebook_has(
    made: tuple[Codebook, Path, list[str]],
) -> None:
    book, folder, said = made
    loaded = load(folder / "book")
    assert loaded.card == json.loads(json.dumps(book.card))
    assert loaded.card["model"]["kind"] == "nearest spectrum"
    assert set(book.card["held_out"]) == {"sounds/note02.wav"} and book.card["held_out_mean"]["lsd_db"] > 0
    assert said[0].startswith("5 files") and "broken.wav': it is" in said[0]
    assert said[1] == "held out: note02.wav"
    assert " codes used, perplexity " in said[-2] and said[-2].endswith(" seconds")
    assert sorted(p.name for p in folder.iterdir()) == ["book", "sounds"]
    sound = loaded.synthesize(centroid="sin(p5,p95,1)", seconds=1)
    assert abs(sound.y).max() > 0 and sound.report["descriptors"]["centroid"]["nrmse"] < 0.2


def test_encode_with_a_quick_codebook_gives_its_own_notes_back_nearly(made: tuple[Codebook, Path, list[str]]) -> None:
    book, folder, _ = made
    y = audio.load(folder / "sounds" / "note01.wav", sr=8000)[0]
    path = book.encode(y, 8000, codes_by="encoder")
    encoder = NearestModel(NearestConfig.from_dict(book.card["model"]), book.model_state, GRID)
    np.testing.assert_array_equal(path.codes, encoder.encode(frame_signal(y, GRID)))
    paths = [folder / "sounds" / "note01.wav"]
    assert measure_reconstruction(book, paths)["sounds/note01.wav"].sc < 0.8


def test_quick_codebook_of_an_unknown_kind_plays_and_is_no_encoder(
    made: tuple[Codebook, Path, list[str]], tmp_path: Path
) -> None:
    book, _, _ = made
    later = Codebook({**book.card, "model": {**book.card["model"], "kind": "tomorrow"}}, book.grid, book.spectra,
                     book.table, book.model_state, book.transitions, book.onsets)  # fmt: skip
    later.save(tmp_path / "later")
    loaded = load(tmp_path / "later")
    assert len(loaded.render(loaded.follow(centroid="p50", seconds=0.2)))
    with pytest.raises(CodebookError, match=r"'tomorrow', which this version of vqsynth does not know; update vqsynth"):
        loaded.encode(note(200), 8000, codes_by="encoder")
    with pytest.raises(CodebookError, match="'tomorrow'"):
        make_config(GRID, base=loaded)


def test_train_codebook_from_a_quick_base_says_what_it_takes_over(
    made: tuple[Codebook, Path, list[str]], tmp_path: Path
) -> None:
    book, folder, _ = made
    config = make_config(GRID, steps=10, base=book)
    assert config.model.codes == book.card["training"]["codes"] and config.base == ""
    said: list[str] = []
    more = CodebookJob([folder / "sounds"], "more", tmp_path / "more", GRID, config, base=book)
    after = train_codebook(more, observer=Observer(said.append))
    assert any("'notes' was made without a network" in line and "takes over its frames" in line for line in said)
    assert after.card["training"]["steps"] == 10 and "kind" not in after.card["model"]


def test_quick_job_given_what_only_a_network_has_refuses(
    made: tuple[Codebook, Path, list[str]], tmp_path: Path
) -> None:
    book, folder, _ = made
    with pytest.raises(ParameterError, match="goes on from none; leave the base away"):
        job([folder / "sounds"], tmp_path / "more", base=book)
    with pytest.raises(ParameterError, match="at one go"):
        train_codebook(job([folder / "sounds"], tmp_path / "more"), resume=True)
    with pytest.raises(ParameterError, match="threads must lie between 1 and 1024"):
        train_codebook(job([folder / "sounds"], tmp_path / "more"), threads=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("entry", [{"codes": 1}, {"codes": 10**6}, {"seed": -1}, {"transpose": 13}], ids=str)
def test_quick_config_given_unusable_options_refuses(entry: dict[str, int]) -> None:
    with pytest.raises(ParameterError, match=next(iter(entry))):
        QuickConfig(**entry)


def test_train_codebook_quick_of_what_is_no_sound_refuses_and_leaves_nothing(
    write_sound: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(AudioError, match="no usable sound"):
        train_codebook(job([write_sound("silent.wav", np.zeros(4000))], tmp_path / "book"))
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "poem.txt").write_text("precious")
    with pytest.raises(CodebookError, match="not a codebook"):
        train_codebook(job(write_notes(tmp_path / "sounds", 2), tmp_path / "book"))
    assert (tmp_path / "book" / "poem.txt").read_text() == "precious"
    assert not (tmp_path / "book.training").exists()


def test_cluster_codebook_of_one_frame_asks_for_more(write_sound: Callable[..., Path], tmp_path: Path) -> None:
    click = write_sound("click.wav", np.ones(8), rate=8000, subtype="FLOAT")
    long = FrameGrid(sr=8000, n_fft=256, hop_length=64)
    with pytest.raises(ParameterError, match=r"2 frames of sound or more \(got 1\)"):
        train_codebook(CodebookJob([click], "click", tmp_path / "book", long, QuickConfig()))


def test_pick_files_spreads_what_it_picks(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}" for i in range(20)]
    assert pick_files(paths, 4) == [paths[0], paths[5], paths[10], paths[15]]
    assert pick_files(paths[:3], 12) == paths[:3] and pick_files([], 12) == []


def test_train_quick_makes_a_codebook_without_torch(tmp_path: Path) -> None:
    write_notes(tmp_path / "sounds", 3)
    words = ["train", "sounds", "--name", "mine", "-o", "mine", "--quick", "--codes", "8", *map(str, SMALL)]
    program = (
        f"import sys; sys.argv = ['vqsynth', *{words!r}]\nfrom vqsynth.cli.main import main\n"
        "main()\nimport vqsynth\n"
        "book = vqsynth.load('mine')\nbook.encode(book.render(book.follow(seconds=0.2, centroid='p50')), 8000)\n"
        "print('loaded:', *sorted({'torch', 'sklearn', 'librosa'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["wrote mine", "loaded:"]
    assert soundfile.info(tmp_path / "mine.wav").duration == 5
    assert read_card(tmp_path / "mine", CODEBOOK)["model"]["codes"] == 8


@pytest.mark.parametrize(
    "options", [("--steps", 20), ("--minutes", 1), ("--resume",), ("--base", "violin"), ("--device", "cpu")], ids=str
)
def test_train_quick_with_options_of_a_network_refuses(run: Run, tmp_path: Path, options: tuple[object, ...]) -> None:
    write_notes(tmp_path / "sounds", 2)
    code, _, err = partial(run, "train")("sounds", "--name", "mine", "-o", "mine", "--quick", *SMALL, *options)
    assert code == 2 and f"{options[0]} is an option of training a network, and --quick trains none" in err
    assert not (tmp_path / "mine").exists()


def test_train_quick_dry_run_writes_nothing(run: Run, tmp_path: Path) -> None:
    write_notes(tmp_path / "sounds", 2)
    code, out, err = run("train", "sounds", "--name", "mine", "-o", "mine", "--quick", "--dry-run", *SMALL)
    assert code == 0, err
    assert out.splitlines()[-1] == "nothing was trained or written"
    assert [p.name for p in tmp_path.iterdir()] == ["sounds"]
