"""`vqsynth train`: one real run, and what it refuses."""

from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.training.codebook.sound_files import write_notes
from vqsynth import load

SMALL = ("--sr", 8000, "--n-fft", 256, "--codes", 16)


@pytest.fixture
def run(run: Run) -> Run:
    return partial(run, "train")


def test_train_makes_a_codebook_that_plays(run: Run, tmp_path: Path) -> None:
    write_notes(tmp_path / "my söunds")
    code, out, err = run("my söunds", "--name", "mine", "-o", "mine", "--steps", 40, *SMALL)
    assert code == 0, err
    assert out.splitlines()[0] == "4 files, 0.0 minutes; 0 skipped"
    assert out.splitlines()[-1] == "wrote mine"
    assert "codes used, perplexity" in out
    assert "step 40/40" in err
    book = load(tmp_path / "mine")
    assert (book.name, book.grid.sr, book.grid.hop_length) == ("mine", 8000, 64) and 2 <= len(book) <= 16
    assert (tmp_path / "mine.wav").is_file() and "to hear it: mine.wav" in out
    y = book.render(book.follow(centroid="sin(p5,p95,1)", seconds=0.5))
    assert abs(y).max() > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--steps", 3), "steps must lie between"),
        (("--steps", 20, "--minutes", 1), "steps or minutes, not both"),
        (("--minutes", -1), "minutes must lie above 0"),
        (("--seed", -1), "seed must be 0 or more"),
        (("--codes", 1), "codes must lie between 2 and"),
        (("--n-fft", 1000, "--hop-length", 300), "hop_length must divide"),
        (("--hop-length", 0), "hop_length must divide"),
        (("--device", "toaster"), "device 'toaster' cannot be used"),
        (("--threads", 0), "threads must lie between"),
        (("--resume",), "no checkpoint"),
        (("--validation", "nowhere"), "'nowhere' does not exist"),
        (("--codes", 4096), "4096 codes need as many frames"),
    ],
    ids=str,
)
def test_train_given_unusable_options_fails_in_one_line(
    run: Run, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    write_notes(tmp_path / "sounds")
    code, _, err = run("sounds", "--name", "mine", "-o", "mine", *SMALL, *options)
    assert code == 1
    assert err.startswith("Error: ") and said in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "mine").exists()


def test_train_dry_run_lists_what_would_be_used_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    write_notes(tmp_path / "sounds", 10)
    (tmp_path / "sounds" / "broken.wav").write_bytes(b"nothing")
    before = sorted(tmp_path.rglob("*"))
    code, out, err = run("sounds", "--name", "mine", "-o", "mine", "--dry-run", *SMALL)
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "     0.50 s  sounds/note00.wav" and " held out    sounds/note08.wav" in lines
    assert "1 skipped because" in out and "sounds/broken.wav': it is" in out
    assert lines[-1] == "nothing was trained or written"
    assert sorted(tmp_path.rglob("*")) == before


def test_train_with_a_base_goes_on_from_it_and_refuses_other_frames(run: Run, tmp_path: Path) -> None:
    write_notes(tmp_path / "sounds")
    run("sounds", "--name", "mine", "-o", "mine", "--steps", 20, *SMALL)
    code, _, err = run("sounds", "--name", "mine", "-o", "mine", "--base", "mine", "--steps", 10)
    assert code == 0, err
    assert load(tmp_path / "mine").card["training"]["steps"] == 30
    code, _, err = run("sounds", "--name", "mine", "-o", "mine", "--base", "mine", "--sr", 8000)
    assert code == 2 and "--sr is an option of frames, which" in err


def test_train_help_shows_an_example(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "vqsynth train my-sounds" in out
