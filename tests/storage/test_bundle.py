"""The folder of one kind and of another, told apart; damages of a codebook's folder are in test_codebook."""

import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from tests.killing import count_kills
from vqsynth.codes.record import CODEBOOK
from vqsynth.errors import CodebookError, ModelError
from vqsynth.storage.bundle import Kind, check_target, is_bundle, read_bundle, read_card, seal, write_bundle

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
    with pytest.raises(ModelError, match=r"wheel-left\.bin' is damaged or belongs to another toy"):
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
    with pytest.raises(
        CodebookError, match=r"is not a codebook's card: its kind is 'toy'; name the folder of a codebook"
    ):
        read_card(toy, CODEBOOK)
    with pytest.raises(ModelError, match=r"is not a toy's card: it names no kind, so it is a codebook's"):
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
    with pytest.raises(CodebookError, match="holds something that is not a codebook"):
        check_target(toy, CODEBOOK)
    with pytest.raises(CodebookError, match="holds something that is not a codebook"):
        write_bundle(toy, {}, {}, CODEBOOK)
    assert read_bundle(toy, TOY)[1] == CONTENTS


def test_write_bundle_over_its_own_kind_leaves_nothing_of_the_old(toy: Path) -> None:
    contents = {"body.bin": b"new"}
    write_bundle(toy, seal({"name": "cart"}, contents, TOY), contents, TOY)
    assert sorted(p.name for p in toy.iterdir()) == ["body.bin", "card.json"]
    assert [p.name for p in toy.parent.iterdir()] == ["toy"]


def save(folder: Path, name: str, contents: dict[str, bytes]) -> None:
    write_bundle(folder, seal({"name": name}, contents, TOY), contents, TOY)


def names_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


NEW_CONTENTS = {"body.bin": b"new body", "wheel-left.bin": b"new left", "wheel-spare.bin": b"spare"}


def test_write_bundle_over_its_own_kind_leaves_what_it_did_not_write(toy: Path) -> None:
    (toy / "notes.txt").write_text("precious")
    (toy / "sounds").mkdir()
    (toy / "sounds" / "a.wav").write_bytes(b"sound")
    (toy / "link.txt").symlink_to("notes.txt")
    save(toy, "cart", NEW_CONTENTS)
    assert read_bundle(toy, TOY)[1] == NEW_CONTENTS
    assert names_in(toy) == sorted([*NEW_CONTENTS, "card.json", "link.txt", "notes.txt", "sounds"])
    assert (toy / "notes.txt").read_text() == "precious" and (toy / "sounds" / "a.wav").read_bytes() == b"sound"
    assert (toy / "link.txt").is_symlink()


@pytest.mark.parametrize("name", [*CONTENTS, "wheel-mine.bin", "card.json"])
def test_write_bundle_over_a_file_that_somebody_changed_is_refused(toy: Path, name: str) -> None:
    if name == "card.json":
        card = json.loads((toy / name).read_text())
        del card["card_sha256"]
        (toy / name).write_text(json.dumps(card | {"name": "edited on purpose"}))
    else:
        (toy / name).write_bytes(b"edited for hours")
    before = (toy / name).read_bytes()
    for write in (lambda: check_target(toy, TOY), lambda: save(toy, "cart", NEW_CONTENTS)):
        with pytest.raises(ModelError, match=rf"{name}' was changed since .* move it elsewhere, or name a new folder"):
            write()
    assert (toy / name).read_bytes() == before
    assert names_in(toy) == sorted({*CONTENTS, "card.json", name})


@pytest.mark.parametrize(
    "card",
    [
        b'{"title": "my card game"}', b"{", b"[]", b'{"format": 1}', b'{"format": 1, "kind": "toy", "files": {}}',
        b'{"format": 4, "kind": "toy", "files": {}, "name": "of a later version"}', b"\xff",
    ],
)  # fmt: skip
def test_check_target_with_a_card_that_is_none_of_ours_is_refused(tmp_path: Path, card: bytes) -> None:
    folder = tmp_path / "proj"
    folder.mkdir()
    (folder / "card.json").write_bytes(card)
    (folder / "notes.txt").write_text("precious")
    for write in (lambda: check_target(folder, TOY), lambda: save(folder, "cart", CONTENTS)):
        with pytest.raises(ModelError, match="proj"):
            write()
    assert names_in(folder) == ["card.json", "notes.txt"]


def test_check_target_with_a_file_missing_takes_it_for_ours(toy: Path) -> None:
    (toy / "wheel-left.bin").unlink()
    check_target(toy, TOY)
    save(toy, "cart", NEW_CONTENTS)
    assert read_bundle(toy, TOY)[1] == NEW_CONTENTS


def test_write_bundle_through_a_link_replaces_what_it_points_to(toy: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(toy)
    save(tmp_path / "link", "cart", NEW_CONTENTS)
    assert (tmp_path / "link").is_symlink() and read_bundle(toy, TOY)[1] == NEW_CONTENTS


def test_write_bundle_into_an_empty_folder_fills_it(tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    save(tmp_path / "toy", "car", CONTENTS)
    assert names_in(tmp_path / "toy") == sorted([*CONTENTS, "card.json"]) and names_in(tmp_path) == ["toy"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
@pytest.mark.parametrize("stood_there", ["a toy", "an empty folder", "nothing"])
def test_write_bundle_killed_at_any_step_leaves_the_old_or_the_new_one(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, stood_there: str
) -> None:
    """Also after a second kill in the midst of the next save; and what that one leaves, a last one clears away."""
    tmp_path, states = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("states")
    folder = tmp_path / "toy"

    def stand() -> None:
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        if stood_there != "nothing":
            folder.mkdir()
        if stood_there == "a toy":
            save(folder, "car", CONTENTS)
            (folder / "notes.txt").write_text("precious")

    def read() -> dict[str, bytes]:
        return read_bundle(folder, TOY)[1] if is_bundle(folder) else {}

    def check_first(step: int) -> None:
        old = CONTENTS if stood_there == "a toy" else {}
        assert read() in (old, NEW_CONTENTS), f"killed before change {step}"
        left.append(states / f"left {step}")
        shutil.copytree(tmp_path, left[-1], symlinks=True)
        stand()

    def check_second(step: int) -> None:
        assert read() in (CONTENTS if stood_there == "a toy" else {}, NEW_CONTENTS, third)
        save(folder, "fourth", CONTENTS)
        assert read() == CONTENTS
        notes = ["notes.txt"] if stood_there == "a toy" else []
        assert names_in(folder) == sorted([*CONTENTS, "card.json", *notes]) and names_in(tmp_path) == ["toy"]
        shutil.rmtree(tmp_path)
        shutil.copytree(state, tmp_path, symlinks=True)

    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # which no kill undoes, and which takes most of the time
    left: list[Path] = []
    third = {"body.bin": b"third"}
    stand()
    assert count_kills(lambda: save(folder, "cart", NEW_CONTENTS), check_first) >= 8
    for state in left[::3]:
        shutil.rmtree(tmp_path)
        shutil.copytree(state, tmp_path, symlinks=True)
        count_kills(lambda: save(folder, "third", third), check_second)


def test_write_bundle_clears_no_scrap_that_holds_somebodys_files(toy: Path) -> None:
    scrap = toy / ".vqsynth-new-0123456789ab"
    scrap.mkdir()
    (scrap / "body.bin").write_bytes(b"half")
    (scrap / "notes.txt").write_text("precious")
    save(toy, "cart", NEW_CONTENTS)
    assert names_in(scrap) == ["notes.txt"]


def test_read_bundle_while_it_is_saved_is_wholly_one_of_the_two(tmp_path: Path) -> None:
    folder, ended = tmp_path / "toy", threading.Event()
    save(folder, "car", CONTENTS)

    def save_in_turn() -> None:
        try:
            for i in range(60):
                save(folder, *(("cart", NEW_CONTENTS) if i % 2 == 0 else ("car", CONTENTS)))
        finally:
            ended.set()

    writer = threading.Thread(target=save_in_turn)
    writer.start()
    found = []
    while not ended.is_set() or len(found) < 300:
        assert is_bundle(folder, TOY)
        card, contents = read_bundle(folder, TOY)
        assert contents == (NEW_CONTENTS if card["name"] == "cart" else CONTENTS)
        found.append(card["name"])
    writer.join()
    assert set(found) == {"car", "cart"}
    assert names_in(folder) == sorted([*CONTENTS, "card.json"])


def test_write_bundle_twice_at_once_ends_as_one_of_the_two(tmp_path: Path) -> None:
    """Both wait for each other; what stands there at the end is whole, and nothing else does."""
    for _ in range(10):
        savers = [
            threading.Thread(target=save, args=(tmp_path / "toy", name, contents))
            for name, contents in (("car", CONTENTS), ("cart", NEW_CONTENTS))
        ]
        for saver in savers:
            saver.start()
        for saver in savers:
            saver.join()
        card, contents = read_bundle(tmp_path / "toy", TOY)
        assert contents == (NEW_CONTENTS if card["name"] == "cart" else CONTENTS)
        assert names_in(tmp_path) == ["toy"] and names_in(tmp_path / "toy") == sorted([*contents, "card.json"])
        shutil.rmtree(tmp_path / "toy")


def test_read_bundle_of_a_pipe_is_refused_at_once(toy: Path) -> None:
    (toy / "body.bin").unlink()
    os.mkfifo(toy / "body.bin")
    with pytest.raises(ModelError, match="not a regular file"):
        read_bundle(toy, TOY)
    (toy / "card.json").unlink()
    os.mkfifo(toy / "card.json")
    with pytest.raises(ModelError, match="not a regular file"):
        read_card(toy, TOY)
