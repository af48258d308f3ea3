from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.train.sound_files import write_notes
from vqsynth.errors import AudioError, ParameterError
from vqsynth.soundfiles import Skipped, find_sounds, name_apart, split_sounds, summarize_sounds


def test_find_sounds_searches_folders_and_names_each_file_once(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "in" / "deeper folder", 2)
    (tmp_path / "in" / "manifest.json").write_text("{}")
    (tmp_path / "in" / ".hidden.wav").write_bytes(b"")
    assert find_sounds([tmp_path / "in", paths[0]]) == paths


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


def test_split_sounds_leaves_out_held_out_files_without_sound(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "in", 2)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    soundfile.write(tmp_path / "silent.wav", np.zeros(800), 8000)
    split = split_sounds(paths, [tmp_path / "broken.wav", tmp_path / "silent.wav"])
    assert split.training == tuple(paths) and split.held_out == ()


def test_split_sounds_where_nothing_is_left_or_found_refuses(tmp_path: Path) -> None:
    paths = write_notes(tmp_path / "in", 2)
    (tmp_path / "none").mkdir()
    with pytest.raises(ParameterError, match="none is left to train on"):
        split_sounds(paths, [tmp_path / "in"])
    with pytest.raises(AudioError, match="no sound in"):
        split_sounds([tmp_path / "none"])


def test_summarize_sounds_names_three_that_were_skipped_and_counts_the_rest() -> None:
    skipped = [Skipped(Path(f"/x/{name}.wav"), "it is damaged") for name in "abcde"]
    text = summarize_sounds(7, 90.0, skipped)
    assert text.startswith("7 files, 1.5 minutes; 5 skipped because 'a.wav': it is damaged; 'b.wav'")
    assert text.endswith("'c.wav': it is damaged; and 2 more")
    assert summarize_sounds(1, 60.0, []) == "1 files, 1.0 minutes; 0 skipped"


def test_name_apart_takes_as_many_folders_as_it_needs() -> None:
    assert name_apart([Path("/a/x/1.wav"), Path("/a/x/2.wav")]) == ["x/1.wav", "x/2.wav"]
    alike = [Path("/a/violin/x/1.wav"), Path("/a/cello/x/1.wav")]
    assert name_apart(alike) == ["violin/x/1.wav", "cello/x/1.wav"]
    assert name_apart([alike[0], alike[0]]) == ["x/1.wav", "x/1.wav"]
    assert name_apart([Path("/1.wav"), Path("/a/1.wav")]) == ["1.wav", "a/1.wav"]
    assert name_apart([]) == []
