import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.training.codebook.sound_files import write_notes
from vqsynth.errors import AudioError, ParameterError
from vqsynth.sound.folders import Found, Skipped, find_sounds, name_apart, plan_training, split_sounds, summarize_sounds


def test_find_sounds_searches_folders_and_names_each_file_once(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "in" / "deeper folder", 2)
    (tmp_path / "in" / "manifest.json").write_text("{}")
    (tmp_path / "in" / ".hidden.wav").write_bytes(b"")
    assert find_sounds([tmp_path / "in", paths[0]]) == Found(tuple(paths), ())


def test_find_sounds_given_a_missing_path_refuses(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"nowhere.*does not exist"):
        find_sounds([tmp_path / "nowhere"])


@pytest.mark.parametrize(("count", "held_out"), [(9, []), (10, [9]), (25, [9, 19])])
def test_split_sounds_holds_out_every_tenth(tmp_path: Path, count: int, held_out: list[int]) -> None:
    paths = write_notes(tmp_path, count)
    split = split_sounds([tmp_path])
    assert split.held_out == tuple(paths[i] for i in held_out)
    assert sorted(split.training + split.held_out) == paths


def test_split_sounds_holds_out_what_is_named_also_inside_the_sounds(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "in", 3)
    other = write_notes(tmp_path / "other", 1)
    split = split_sounds([tmp_path / "in"], [paths[1], *other])
    assert split.training == (paths[0], paths[2])
    assert split.held_out == (paths[1], *other)


def test_split_sounds_names_held_out_files_without_sound(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "in", 2)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    soundfile.write(tmp_path / "silent.wav", np.zeros(800), 8000)
    split = split_sounds(paths, [tmp_path / "broken.wav", tmp_path / "silent.wav"])
    assert split.training == tuple(paths) and split.held_out == ()
    assert [s.path.name for s in split.skipped] == ["broken.wav", "silent.wav"]
    assert split.skipped[1].reason == "it holds only silence"


def test_split_sounds_where_nothing_is_left_or_found_refuses(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "in", 2)
    (tmp_path / "none").mkdir()
    with pytest.raises(ParameterError, match="one sound must be left to train on"):
        split_sounds(paths, [tmp_path / "in"])
    with pytest.raises(AudioError, match="no sound in"):
        split_sounds([tmp_path / "none"])


def test_summarize_sounds_names_every_one_that_was_skipped() -> None:
    skipped = [Skipped(Path(f"/x/{name}.wav"), "it is damaged") for name in "abcde"]
    lines = summarize_sounds(7, 90.0, skipped).splitlines()
    assert lines[0] == "7 files, 1.5 minutes; 5 skipped because"
    assert lines[1:] == [f"  '/x/{name}.wav': it is damaged" for name in "abcde"]
    assert summarize_sounds(1, 60.0, []) == "1 files, 1.0 minutes; 0 skipped"


def test_find_sounds_follows_links_once_and_names_those_that_lead_nowhere(tmp_path: Path) -> None:
    inside, elsewhere = write_notes(tmp_path / "in", 1), write_notes(tmp_path / "disk" / "violin", 2)
    (tmp_path / "in" / "violin").symlink_to("../disk/violin")
    (tmp_path / "in" / "again").symlink_to("../disk")
    (tmp_path / "in" / "loop").symlink_to(".")
    (tmp_path / "in" / "dangling.wav").symlink_to("/nowhere/x.wav")
    (tmp_path / "in" / "itself.wav").symlink_to("itself.wav")
    found = find_sounds([tmp_path / "in"])
    assert sorted(p.resolve() for p in found.sounds) == sorted([*inside, *elsewhere])
    assert {s.path.name: s.reason for s in found.skipped} == {
        "dangling.wav": "it is a broken link (/nowhere/x.wav)",
        "itself.wav": "it is a broken link (itself.wav)",
    }
    with pytest.raises(AudioError, match=r"dangling.wav' is a broken link"):
        find_sounds([tmp_path / "in" / "dangling.wav"])


@pytest.mark.parametrize(
    "name", [".Trashes/deleted.wav", ".AppleDouble/a.wav", "__MACOSX/a.wav", "._a.wav", "a.wav.asd", "a.wav.reapeaks"]
)
def test_find_sounds_leaves_out_what_is_hidden_and_what_editors_keep(tmp_path: Path, name: str) -> None:
    paths = write_notes(tmp_path, 1)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"\0\5\x16\7" + bytes(700))
    assert find_sounds([tmp_path]) == Found(tuple(paths), ())


def test_find_sounds_names_folders_that_cannot_be_opened_and_what_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_notes(tmp_path / "in", 1)
    (tmp_path / "in" / "locked").mkdir()
    os.mkfifo(tmp_path / "in" / "pipe.wav")
    iterdir = Path.iterdir

    def refuse(self: Path) -> Iterator[Path]:
        if self.name == "locked":
            raise PermissionError(13, "Permission denied")
        return iterdir(self)

    monkeypatch.setattr(Path, "iterdir", refuse)
    found = find_sounds([tmp_path / "in"])
    assert found.sounds == tuple(paths)
    assert [(s.path.name, s.reason) for s in found.skipped] == [
        ("locked", "the folder cannot be opened: Permission denied"),
        ("pipe.wav", "it is not a regular file"),
    ]


def test_plan_training_lists_each_sound_with_its_seconds_and_what_is_skipped(tmp_path: Path) -> None:
    paths, said = write_notes(tmp_path, 3), []
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    plan_training(split_sounds([tmp_path], [paths[2]]), said.append)
    assert said[0] == f"     0.50 s  {paths[0]}" and said[1] == f"     0.50 s  {paths[1]}"
    assert said[2] == f" held out    {paths[2]}"
    assert said[3].startswith(f"2 files, 0.0 minutes; 1 skipped because\n  '{tmp_path / 'broken.wav'}': ")


def test_name_apart_takes_as_many_folders_as_it_needs() -> None:
    assert name_apart([Path("/a/x/1.wav"), Path("/a/x/2.wav")]) == ["x/1.wav", "x/2.wav"]
    alike = [Path("/a/violin/x/1.wav"), Path("/a/cello/x/1.wav")]
    assert name_apart(alike) == ["violin/x/1.wav", "cello/x/1.wav"]
    assert name_apart([alike[0], alike[0]]) == ["x/1.wav", "x/1.wav"]
    assert name_apart([Path("/1.wav"), Path("/a/1.wav")]) == ["1.wav", "a/1.wav"]
    assert name_apart([]) == []
