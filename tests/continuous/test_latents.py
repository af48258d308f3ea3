"""Latent paths: what is written is what is read, nothing else is, and nothing changes them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from tests.continuous.latent_paths import make_path, same
from vqsynth.continuous.latents import LatentPath, check_same_model, count_samples
from vqsynth.errors import ModelError, ParameterError, VqsynthError

FIELDS: dict[str, Any] = {
    "format": 1, "kind": "latent path", "model": "strings", "sha256": "ab", "sr": 8000, "hop_length": 256,
    "n_samples": 600, "vocoder": None, "excitation": "coherent", "seed": 3, "loudness_db": [-20.0, -6, 0],
    "components": [[0, 1.5, -2], [1e-3, 2, 3]],
}  # fmt: skip
FACTS = ("model", "sha256", "sr", "hop_length", "n_samples", "vocoder", "excitation", "seed")


@pytest.mark.parametrize("suffix", [".json", ".safetensors", ".JSON"])
@given(seconds=st.floats(1e-4, 1.5), seed=st.integers(0, 2**60), vocoder=st.none() | st.text(max_size=8))
def test_save_and_load_return_the_same_path(
    seconds: float, seed: int, vocoder: str | None, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = replace(make_path(seconds, seed=seed, vocoder=vocoder), seed=seed)
    file = tmp_path_factory.mktemp("paths") / f"a path é{suffix}"
    path.save(file)
    again = LatentPath.load(file)
    assert same(again, path)
    assert [getattr(again, name) for name in FACTS] == [getattr(path, name) for name in FACTS]


@given(values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20))
def test_save_as_json_keeps_every_bit_of_a_component(
    values: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("paths") / "a.json"
    frames = {"hop_length": 100, "n_samples": 100 * len(values) - 1, "loudness_db": np.zeros(len(values))}
    LatentPath("m", "0", 8000, components=np.array([values], np.float32), **frames).save(file)
    np.testing.assert_array_equal(LatentPath.load(file).components[0], np.array(values, np.float32))


def test_save_as_json_has_a_line_per_component(tmp_path: Path) -> None:
    make_path().save(tmp_path / "a.json")
    lines = (tmp_path / "a.json").read_text().splitlines()
    assert len(lines) < 40
    assert sum(line.lstrip().startswith("[") for line in lines) == 16


def test_load_edited_json_has_what_was_edited(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(FIELDS))
    path = LatentPath.load(file)
    np.testing.assert_allclose(path.components, FIELDS["components"])
    np.testing.assert_array_equal(path.loudness_db, [-20, -6, 0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loudness_db": [1, 2]}, "make 3 frames"),
        ({"components": [[1, 2], [3, 4]]}, r"make 3 frames, so components of shape \(C, 3\)"),
        ({"components": [[1, 2, 3], [4, 5]]}, "rows of numbers, all of one length"),
        ({"components": [1, 2, 3]}, "rows of numbers, all of one length"),
        ({"components": []}, "make 3 frames"),
        ({"components": [[1, 2, None]]}, "'components' must hold numbers only"),
        ({"components": [[1, 2, 10**400]]}, "'components' must hold numbers only"),
        ({"components": [[1, 2, float("nan")]]}, "NaN stands where JSON has finite numbers"),
        ({"components": [[1, 2, 1e30]]}, "components must lie within 1e.06"),
        ({"components": "123"}, "'components' must be of type list"),
        ({"components": [[1, 2, True]]}, "'components' must hold numbers only"),
        ({"loudness_db": [1, 2, "x" * 10**6]}, "'loudness_db' must hold numbers only"),
        ({"loudness_db": [0, 0, float("inf")]}, "Infinity stands where JSON has finite numbers"),
        ({"loudness_db": [0, 0, 500]}, "loudness_db must lie within 120"),
        ({"loudness_db": [[0], [0], [0]]}, "'loudness_db' must hold numbers only"),
        ({"hop_length": 0}, "must be a whole number of 1 or more, up to"),
        ({"n_samples": -1}, "must be a whole number of 1 or more, up to"),
        (
            {"hop_length": 10**30, "n_samples": 5, "loudness_db": [0], "components": [[0]]},
            "hop_length must be a whole number",
        ),
        ({"sr": "fast"}, "'sr' must be of type int"),
        ({"vocoder": 3}, "'vocoder' must be of type str"),
        ({"format": 99}, "format is 99, this version reads up to 1"),
        ({"format": True}, "format is True"),
        ({"format": 0}, "format is 0"),
        ({"kind": "codes"}, "its kind is 'codes'"),
        ({"seed": True}, "'seed' must be of type int"),
        ({"seed": -1}, "seed must be a whole number of 0 or more"),
    ],
)
def test_load_changed_field_is_refused(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    file = tmp_path / "path.json"
    file.write_text(json.dumps(FIELDS | change))
    with pytest.raises(ModelError, match=message):
        LatentPath.load(file)


@pytest.mark.parametrize("name", FIELDS)
def test_load_missing_field_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "path.json"
    file.write_text(json.dumps({k: v for k, v in FIELDS.items() if k != name}))
    with pytest.raises(ModelError, match=name):
        LatentPath.load(file)


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"{", b"\xff\xfe\x00", b"RIFF1234WAVE", b"[" * 100000])
def test_load_other_content_is_refused(content: bytes, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"path{suffix}"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=f"path{suffix}"):
        LatentPath.load(file)


def test_load_safetensors_with_any_byte_changed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    make_path(0.05, n_components=2).save(file)
    whole = file.read_bytes()
    for i in range(0, len(whole), 7):
        file.write_bytes(whole[:i] + bytes([whole[i] ^ 4]) + whole[i + 1 :])
        with pytest.raises(ModelError):
            LatentPath.load(file)


def test_load_safetensors_of_another_number_type_is_refused(tmp_path: Path) -> None:
    save_file({"components": torch.zeros(2, 3, dtype=torch.bfloat16)}, tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match="expected safetensors with components and loudness_db"):
        LatentPath.load(tmp_path / "a.safetensors")


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_load_a_folder_says_that_it_is_one(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"a{suffix}").mkdir()
    with pytest.raises(ModelError, match="Is a directory"):
        LatentPath.load(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("name", ["nothing.json", "nothing.safetensors", "no/such/folder.json"])
def test_load_missing_file_says_so_once(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot read the latent path") as caught:
        LatentPath.load(tmp_path / name)
    assert str(caught.value).count(str(tmp_path)) == 1


@pytest.mark.parametrize("name", ["a.wav", "a", "a.npz"])
def test_save_to_another_suffix_lists_the_known(name: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"must end in \.json or \.safetensors"):
        make_path().save(tmp_path / name)


def test_save_into_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VqsynthError, match="does not exist"):
        make_path().save(tmp_path / "missing" / "a.json")


def test_path_copies_its_arrays_and_lets_nobody_write_to_them() -> None:
    given_values = np.zeros((2, 5))
    path = LatentPath("m", "0", 8000, 100, 450, given_values, np.zeros(5))
    given_values[:] = 7
    assert not path.components.any()
    with pytest.raises(ValueError, match="read-only"):
        path.components[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        path.loudness_db[0] = 1


def test_path_loudness_of_nothing_is_silence() -> None:
    path = LatentPath("m", "0", 8000, 100, 150, np.zeros((1, 2)), np.array([-1e9, -20.123456]))
    np.testing.assert_array_equal(path.loudness_db, [-100, -20.1235])


def test_sample_line_starts_in_the_first_frame_and_ends_in_the_last() -> None:
    path = make_path(0.5099)
    assert path.sample("line(0,1)")[[0, -1]].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(path.sample("0:0 100:100"), path.times_s)
    assert make_path(1e-3).sample("line(0.25,1)").tolist() == [0.25]


def test_with_values_leaves_the_rest_and_refuses_other_lengths() -> None:
    path = make_path(0.5, vocoder="melgan", seed=4)
    louder = path.with_values(loudness_db=path.loudness_db + 6)
    assert louder.vocoder == "melgan" and same(louder.with_values(loudness_db=path.loudness_db), path, tolerance=1e-9)
    with pytest.raises(ParameterError, match="frames"):
        path.with_values(components=path.components[:, :-1])


@pytest.mark.parametrize("change", [{"sha256": "cd" * 32}, {"components": np.zeros((3, 41))}])
def test_check_same_model_of_different_ones_names_both(change: dict[str, Any]) -> None:
    other = make_path(**{"model": "choir"} | change)
    check_same_model(make_path(), make_path(2.0, seed=3))
    with pytest.raises(ModelError, match="different models, 'strings' of hash abababab and 'choir' of hash"):
        check_same_model(make_path(), make_path(), other)


@pytest.mark.parametrize("seconds", [0, -1, 3601, float("nan"), float("inf")])
def test_count_samples_outside_an_hour_is_refused(seconds: float) -> None:
    with pytest.raises(ParameterError, match="seconds must be above 0"):
        count_samples(seconds, 8000)
