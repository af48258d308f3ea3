from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vqsynth.checkpoint import (
    Checkpoint,
    check_no_checkpoint,
    check_same,
    checkpoint_path,
    load_checkpoint,
    save_checkpoint,
)
from vqsynth.errors import CodebookError, ModelError, ParameterError

CHECKPOINT = Checkpoint(
    step=12,
    total=40,
    seconds=3.5,
    config={"seed": 0, "model": {"codes": 8}},
    corpus="ab12",
    tensors={"model.a": np.arange(6, dtype=np.float32).reshape(2, 3), "optimizer.a.step": np.array(12.0, np.float32)},
)


def test_load_checkpoint_of_save_checkpoint_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "made" / "a.safetensors"
    save_checkpoint(path, CHECKPOINT)
    loaded = load_checkpoint(path)
    assert replace(loaded, tensors={}) == replace(CHECKPOINT, tensors={})
    assert loaded.tensors.keys() == CHECKPOINT.tensors.keys()
    for name, values in CHECKPOINT.tensors.items():
        np.testing.assert_array_equal(loaded.tensors[name], values)


def test_save_checkpoint_leaves_nothing_else_in_the_folder(tmp_path: Path) -> None:
    for _ in range(2):
        save_checkpoint(tmp_path / "a.safetensors", CHECKPOINT)
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


@pytest.mark.parametrize("damage", ["truncated", "empty", "flipped", "pickle"])
def test_load_checkpoint_of_a_damaged_file_refuses(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, CHECKPOINT)
    content = path.read_bytes()
    damaged = {
        "truncated": content[:-5],
        "empty": b"",
        "flipped": b"\xff" + content[1:],
        "pickle": b"\x80\x04cos\nsystem\n",
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(CodebookError, match="damaged"):
        load_checkpoint(path)


def test_load_checkpoint_of_other_tensors_refuses(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(3)}, tmp_path / "a.safetensors")
    with pytest.raises(CodebookError, match="no checkpoint of this version"):
        load_checkpoint(tmp_path / "a.safetensors")


def test_load_checkpoint_where_there_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match=r"no checkpoint.*without --resume"):
        load_checkpoint(tmp_path / "a.safetensors")


def test_check_same_names_the_option_that_changed() -> None:
    check_same(CHECKPOINT, config=CHECKPOINT.config, corpus="ab12")
    with pytest.raises(CodebookError, match=r"seed 0 \(now 1\)"):
        check_same(CHECKPOINT, config={**CHECKPOINT.config, "seed": 1}, corpus="ab12")
    with pytest.raises(CodebookError, match="other sounds"):
        check_same(CHECKPOINT, config=CHECKPOINT.config, corpus="ffff")


def test_checkpoint_path_lies_beside_the_folder(tmp_path: Path) -> None:
    assert checkpoint_path(tmp_path / "violin").parent == tmp_path / "violin.training"
    assert checkpoint_path(tmp_path / "violin", stage="vae") == tmp_path / "violin.training" / "vae.safetensors"


def test_check_no_checkpoint_refuses_where_one_lies(tmp_path: Path) -> None:
    check_no_checkpoint(tmp_path / "a.safetensors")
    save_checkpoint(tmp_path / "a.safetensors", CHECKPOINT)
    with pytest.raises(ParameterError, match=r"unfinished training lies in.*--resume"):
        check_no_checkpoint(tmp_path / "a.safetensors")


def test_load_checkpoint_of_another_kind_of_work_raises_its_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no checkpoint"):
        load_checkpoint(tmp_path / "a.safetensors", error=ModelError)
    with pytest.raises(ModelError, match="other sounds"):
        check_same(CHECKPOINT, config=CHECKPOINT.config, corpus="ffff", error=ModelError)
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="could not make the folder"):
        save_checkpoint(tmp_path / "file" / "a.safetensors", CHECKPOINT, error=ModelError)
