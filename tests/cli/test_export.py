"""`vqsynth export`: what it writes, and one clear line where it cannot."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.continuous.small import make_small_model


def test_codebook_is_exported_with_its_patches(run: Run, book_folder: Path, tmp_path: Path) -> None:
    code, out, err = run("export", book_folder, "-o", "thirds.ts")
    assert (code, err) == (0, "")
    written = [line.removeprefix("wrote ") for line in out.splitlines()]
    assert written[0] == "thirds.ts" and "vqsynth.follow~.pd" in written
    assert {file.name for file in tmp_path.iterdir()} == set(written)


def test_model_is_exported_where_it_is_one(run: Run, tmp_path: Path) -> None:
    make_small_model().save(tmp_path / "small")
    (tmp_path / "patches").mkdir()
    code, out, err = run("export", "small", "-o", "patches/small.ts", "--continuous")
    assert (code, err) == (0, "") and "vqsynth.decode~.pd" in out
    assert "vqsynth.follow~.pd" not in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("violn", "-o", "v.ts"), "no codebook 'violn'"),
        (("violin", "-o", "v.wav"), "must be named NAME.ts"),
        (("violin", "-o", "nowhere/v.ts"), "does not exist; make it first"),
        (("violin", "-o", "v.ts", "--continuous"), "no continuous model 'violin'"),
        (("note.txt", "-o", "v.ts"), "no codebook 'note.txt'"),
    ],
)
def test_wrong_input_is_told_in_one_line(run: Run, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    (tmp_path / "note.txt").write_text("no codebook")
    code, out, err = run("export", *arguments)
    assert code == 1 and not out and told in err and err.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.parametrize("name", ["grains.safetensors", "model.safetensors", "table.csv"])
def test_cut_codebook_is_told_in_one_line(run: Run, book_folder: Path, tmp_path: Path, name: str) -> None:
    damaged = shutil.copytree(book_folder, tmp_path / "cut")
    (damaged / name).write_bytes((damaged / name).read_bytes()[:-100])
    code, out, err = run("export", "cut", "-o", "cut.ts")
    assert code == 1 and not out and "Error: 'cut" in err and err.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["cut"]


def test_input_is_not_overwritten(run: Run, book_folder: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(book_folder, tmp_path / "book")
    (copied / "own.ts").symlink_to(copied / "card.json")
    before = (copied / "card.json").read_bytes()
    code, _, err = run("export", "book", "-o", "book/own.ts")
    assert code == 1 and err.count("\n") == 1
    assert (copied / "card.json").read_bytes() == before
