"""The folder of one kind and of another, told apart; damages of a codebook's folder are in test_codebook."""

import json
from pathlib import Path

import pytest

from vqsynth.bundle import Kind, check_target, is_bundle, read_bundle, read_card, seal, write_bundle
from vqsynth.codebook import CODEBOOK
from vqsynth.errors import CodebookError, ModelError

TOY = Kind(
    noun="toy", fields={"name": str}, files=("body.bin",), error=ModelError, name="toy", more="wheel-*.bin", format=3
)
CONTENTS = {"body.bin": b"body", "wheel-left.bin": b"left", "wheel-right.bin": b"right"}


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "toy", seal({"name": "car"}, CONTENTS, TOY), CONTENTS, TOY)
    return tmp_path / "toy"


def test_read_bundle_returns_the_files_that_must_be_and_those_the_card_lists(toy: Path) -> None:
    card, contents = read_bundle(toy, TOY)
    assert contents == CONTENTS
    assert (card["kind"], card["format"], card["name"]) == ("toy", 3, "car")


@pytest.mark.parametrize("name", sorted(CONTENTS))
def test_read_bundle_without_a_file_that_the_card_lists_names_it(toy: Path, name: str) -> None:
    (toy / name).unlink()
    with pytest.raises(ModelError, match=rf"cannot read '.*{name}'.*get a fresh copy"):
        read_bundle(toy, TOY)


def test_read_bundle_with_a_file_of_another_one_names_it(toy: Path) -> None:
    (toy / "wheel-left.bin").write_bytes(b"right")
    with pytest.raises(ModelError, match=r"wheel-left\.bin' is damaged, or of another toy"):
        read_bundle(toy, TOY)


@pytest.mark.parametrize("name", ["wheel-/../../secret.bin", "wheel-\\..\\x.bin", "other.bin", "wheel-\0.bin"])
def test_read_bundle_never_reads_what_a_card_names_elsewhere(toy: Path, name: str) -> None:
    """A card may list anything; what is no file of such a folder is not looked for."""
    card = json.loads((toy / "card.json").read_text())
    del card["card_sha256"]
    card["files"][name] = "00"
    (toy / "card.json").write_text(json.dumps(card))
    assert read_bundle(toy, TOY)[1] == CONTENTS


def test_read_card_of_another_kind_says_which(toy: Path, book_folder: Path) -> None:
    with pytest.raises(CodebookError, match=r"is no codebook's card: its kind is 'toy'; name the folder of a codebook"):
        read_card(toy, CODEBOOK)
    with pytest.raises(ModelError, match=r"is no toy's card: it names no kind, as those of codebooks do"):
        read_card(book_folder, TOY)


def test_read_card_of_a_newer_format_asks_for_an_update(toy: Path) -> None:
    newer = Kind(**{**vars(TOY), "format": 4})
    write_bundle(toy, seal({"name": "car"}, CONTENTS, newer), CONTENTS, newer)
    with pytest.raises(ModelError, match="has format 4, this version of vqsynth reads up to 3; update"):
        read_card(toy, TOY)


def test_is_bundle_tells_kinds_apart_and_takes_a_damaged_card_for_any(toy: Path, book_folder: Path) -> None:
    assert is_bundle(toy) and is_bundle(toy, TOY) and not is_bundle(toy, CODEBOOK)
    assert is_bundle(book_folder) and is_bundle(book_folder, CODEBOOK) and not is_bundle(book_folder, TOY)
    for damaged in (b"{", b"[1]", b"\xff", b"[" * 10000):
        (toy / "card.json").write_bytes(damaged)
        assert is_bundle(toy, TOY) and is_bundle(toy, CODEBOOK)


def test_write_bundle_over_another_kind_is_refused(toy: Path) -> None:
    with pytest.raises(CodebookError, match="holds something that is no codebook"):
        check_target(toy, CODEBOOK)
    with pytest.raises(CodebookError, match="holds something that is no codebook"):
        write_bundle(toy, {}, {}, CODEBOOK)
    assert read_bundle(toy, TOY)[1] == CONTENTS


def test_write_bundle_over_its_own_kind_leaves_nothing_of_the_old(toy: Path) -> None:
    contents = {"body.bin": b"new"}
    write_bundle(toy, seal({"name": "cart"}, contents, TOY), contents, TOY)
    assert sorted(p.name for p in toy.iterdir()) == ["body.bin", "card.json"]
    assert [p.name for p in toy.parent.iterdir()] == ["toy"]
