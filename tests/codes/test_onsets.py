"""Where a loudness asks for onsets, and onsets that a codebook holds: through files, damaged, and missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as parse
from safetensors.numpy import save

from tests.sound_worlds import N_CODES
from vqsynth import load
from vqsynth.codebook import Codebook
from vqsynth.codes.onsets import ARRAYS, Onsets, find_rises
from vqsynth.codes.record import CODEBOOK, GRAINS, MODEL, TABLE
from vqsynth.errors import CodebookError
from vqsynth.sound.frames import FrameGrid
from vqsynth.storage.bundle import read_card, seal, write_bundle

GRID = FrameGrid(sr=16000, n_fft=640, hop_length=160)
ONSETS = Onsets(
    np.array([[3, 4, 5], [6, 6, -1]]),
    np.array([[0, -3, -9], [-1, 0, -120]], np.float32),
    np.array([2.5, 7], np.float32),
)


def test_find_rises_tells_the_frame_before_a_step_and_the_one_of_the_step() -> None:
    loudness = np.repeat([-40.0, -20.0, -40.0, -30.0, -10.0], 20)
    assert find_rises(loudness, GRID) == [(19, 20), (79, 80)]


def test_find_rises_of_a_fast_ramp_arrives_within_6_db_and_a_slow_one_is_no_onset() -> None:
    fast = np.concatenate([np.full(10, -50.0), np.linspace(-44, -14, 6), np.full(10, -14.0)])
    ((before, arrived),) = find_rises(fast, GRID)
    assert fast[before] <= -44
    assert fast[arrived - 1] < -20 <= fast[arrived]
    assert find_rises(np.linspace(-60, 0, 60), GRID) == []
    assert find_rises(np.full(10, -20.0), GRID) == find_rises(np.zeros(1), GRID) == []


def test_find_rises_out_of_a_fall_are_onsets_only_where_they_are_as_fast_as_a_window() -> None:
    fall = np.linspace(-20, -50, 20)
    assert find_rises(np.concatenate([fall, [-40.0, -20.0, -20.0]]), GRID) == [(19, 21)]
    assert find_rises(np.concatenate([fall, np.linspace(-44, -20, 5), np.full(5, -20.0)]), GRID) == []


def test_onsets_come_back_from_a_folder_and_leave_the_hash_of_the_spectra(book: Codebook, tmp_path: Path) -> None:
    struck = book.with_onsets(ONSETS)
    struck.save(tmp_path / "book")
    back = load(tmp_path / "book")
    assert back.onsets is not None
    for name, array in ONSETS.to_arrays().items():
        np.testing.assert_array_equal(back.onsets.to_arrays()[name], array)
    assert back.sha256 == book.sha256
    assert book.known_hashes <= back.known_hashes
    assert back.measured_again().onsets is back.onsets


def test_a_folder_without_onsets_has_none_and_the_bytes_it_had(book: Codebook, tmp_path: Path) -> None:
    book.save(tmp_path / "a")
    book.with_onsets(ONSETS).with_onsets(None).save(tmp_path / "b")
    assert load(tmp_path / "a").onsets is None
    assert (tmp_path / "a" / GRAINS).read_bytes() == (tmp_path / "b" / GRAINS).read_bytes()


DAMAGED: list[dict[str, Any]] = [
    {"onset_rises": None},
    {"onset_codes": np.array([[3, 4, N_CODES], [6, 6, -1]], np.int32)},
    {"onset_codes": np.array([[3, 4, -2], [6, 6, -1]], np.int32)},
    {"onset_codes": np.array([[3, -1, 5], [6, 6, -1]], np.int32)},
    {"onset_codes": np.array([[-1, -1, -1], [6, 6, -1]], np.int32)},
    {"onset_codes": np.zeros((2, 3), np.float32)},
    {"onset_codes": np.zeros((0, 3), np.int32)},
    {"onset_levels": np.zeros((2, 2), np.float32)},
    {"onset_levels": np.full((2, 3), np.nan, np.float32)},
    {"onset_levels": np.full((2, 3), 3, np.float32)},
    {"onset_rises": np.array([0, 1], np.float32)},
    {"onset_rises": np.array([1, np.inf], np.float32)},
    {"onset_rises": np.zeros((2, 1), np.float32)},
]


@pytest.mark.parametrize("damage", DAMAGED, ids=lambda damage: next(iter(damage)))
def test_damaged_onsets_are_refused_in_one_line(book: Codebook, tmp_path: Path, damage: dict[str, Any]) -> None:
    folder = tmp_path / "book"
    book.with_onsets(ONSETS).save(folder)
    arrays = parse((folder / GRAINS).read_bytes()) | damage
    contents = {TABLE: (folder / TABLE).read_bytes(), MODEL: (folder / MODEL).read_bytes()}
    contents |= {GRAINS: save({name: array for name, array in arrays.items() if array is not None})}
    write_bundle(folder, seal(read_card(folder, CODEBOOK), contents, CODEBOOK), contents, CODEBOOK)
    with pytest.raises(CodebookError, match="holds damaged onsets; get a fresh copy of the folder") as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_onsets_tell_their_lengths() -> None:
    assert ONSETS.lengths().tolist() == [3, 2]
    assert len(ONSETS) == 2
    assert set(ONSETS.to_arrays()) == set(ARRAYS)
