"""Path files: what is written is what is read, and nothing else is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vqsynth.errors import CodebookError, ParameterError, VqsynthWarning
from vqsynth.path import CodePath

FIELDS: dict[str, Any] = {
    "format": 1, "codebook": "violin", "sha256": "ab", "sr": 16000, "hop_length": 256, "n_samples": 600,
    "excitation": "coherent", "seed": 3, "codes": [1, 2, 3], "gain_db": [-20.0, -6, 0],
}  # fmt: skip

paths = st.integers(1, 2000).flatmap(
    lambda n: st.builds(
        CodePath,
        st.text(max_size=8), st.just("0" * 64), st.just(16000), st.just(100), st.just(n),
        st.lists(st.integers(0, 2**40), min_size=1 + n // 100, max_size=1 + n // 100).map(np.array),
        st.lists(st.floats(-500, 100), min_size=1 + n // 100, max_size=1 + n // 100).map(np.array),
        excitation=st.sampled_from(["noise", "coherent", "refined"]), seed=st.integers(0, 2**60),
    )
)  # fmt: skip


@given(path=paths)
def test_save_and_load_return_the_same_path(path: CodePath, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("paths") / "a path é.json"
    path.save(file)
    again = CodePath.load(file)
    np.testing.assert_array_equal(again.codes, path.codes)
    np.testing.assert_array_equal(again.gain_db, path.gain_db)
    rest = [(p.codebook, p.sha256, p.sr, p.hop_length, p.n_samples, p.excitation, p.seed) for p in (path, again)]
    assert rest[0] == rest[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codes": [1, 2]}, r"different numbers of frames \(codes 2, gain_db 3\); shorten the longer ones too"),
        ({"codes": [1, 2, -3]}, "codes must be 0 or more"),
        ({"codes": [1, 2, 2.5]}, "must hold integers only"),
        ({"codes": [1, 2, 10**30]}, "cannot be used"),
        ({"codes": "123"}, "'codes' must be of type list"),
        ({"gain_db": [0, 0, float("nan")]}, "finite numbers"),
        ({"gain_db": [0, 0, 1e9]}, "finite numbers"),
        ({"gain_db": [0, 0, "loud"]}, "must hold numbers only"),
        ({"gain_db": [[0], [0], [0]]}, "must hold numbers only"),
        ({"gain_db": [0, 0, 10**400]}, "'gain_db' must hold numbers only"),
        ({"gain_db": [0, 0, True]}, "'gain_db' must hold numbers only"),
        ({"codes": [1, 2, True]}, "must hold integers only"),
        ({"codebook": "x" * 2000}, "'codebook' must be at most 1000 characters long"),
        ({"codebook": "\ud800"}, "half a character"),
        ({"tilt_db": [0, 0, "1"]}, "'tilt_db' must hold numbers only"),
        ({"tilt_db": [0, 0]}, "codes 3, gain_db 3, tilt_db 2"),
        ({"codes": [], "gain_db": []}, "it has no frames"),
        ({"n_samples": 0}, "n_samples must be a whole number of 1 or more"),
        ({"sr": 10**400}, "sr must be a whole number of 1 or more, up to"),
        ({"format": True}, "format is True, this version reads up to 2"),
        ({"format": -1}, "format is -1, this version reads up to 2"),
        ({"hop_length": 0}, "hop_length must be a whole number of 1 or more"),
        ({"sr": "fast"}, "'sr' must be of type int"),
        ({"format": 99}, "format is 99, this version reads up to 2"),
        ({"format": None}, "format is None"),
        ({"kind": "latent path"}, "its kind is 'latent path', not 'path'"),
        ({"seed": True}, "'seed' must be of type int"),
    ],
)
def test_load_changed_field_is_refused(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    file = tmp_path / "path.json"
    file.write_text(json.dumps(FIELDS | change))
    with pytest.raises(CodebookError, match=message):
        CodePath.load(file)


@pytest.mark.parametrize("name", sorted(FIELDS.keys() - {"n_samples", "sha256", "excitation", "seed"}))
def test_load_missing_field_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "path.json"
    file.write_text(json.dumps({k: v for k, v in FIELDS.items() if k != name}))
    with pytest.raises(CodebookError, match=name):
        CodePath.load(file)


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"{", b"\xff\xfe\x00", b"RIFF1234WAVE", b"[" * 100000])
def test_load_other_content_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "path.json"
    file.write_bytes(content)
    with pytest.raises(CodebookError, match=r"path.json"):
        CodePath.load(file)


def test_load_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match="cannot read the path file"):
        CodePath.load(tmp_path / "nothing.json")


def test_path_gain_of_nothing_is_written_as_silence() -> None:
    path = CodePath("a", "b", 16000, 256, 300, np.array([0, 1]), np.array([-1e6, 0.123456]))
    np.testing.assert_array_equal(path.gain_db, [-120, 0.1235])


def test_path_infinite_gain_is_refused() -> None:
    with pytest.raises(ParameterError, match="finite"):
        CodePath("a", "b", 16000, 256, 300, np.array([0, 1]), np.array([0, -np.inf]))


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None, True])
def test_path_of_a_seed_that_is_none_is_refused(seed: object) -> None:
    with pytest.raises(ParameterError, match="seed must be a whole number of 0 or more"):
        CodePath("x", "0", 44100, 512, 100, np.zeros(1, np.int64), np.zeros(1), seed=seed)  # type: ignore[arg-type]


def test_load_path_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "path.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(FIELDS).encode())
    np.testing.assert_array_equal(CodePath.load(file).codes, FIELDS["codes"])


def test_load_path_with_blends_plays_without_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    file.write_text(json.dumps(FIELDS | {"blend": [0.0, 0.5, 0.0], "blend_codes": [0, 7, 0]}))
    with pytest.warns(VqsynthWarning, match="blends codes, which is no longer done"):
        np.testing.assert_array_equal(CodePath.load(file).codes, FIELDS["codes"])
