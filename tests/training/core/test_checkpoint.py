import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vqsynth.errors import CodebookError, ModelError, ParameterError
from vqsynth.training.core.checkpoint import (
    FORMAT,
    Checkpoint,
    check_fit,
    check_no_checkpoint,
    check_same,
    checkpoint_path,
    discard_checkpoint,
    is_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from vqsynth.training.core.claims import claim_checkpoints

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
    with pytest.raises(CodebookError, match="must be a checkpoint of this version"):
        load_checkpoint(tmp_path / "a.safetensors")


def test_load_checkpoint_where_there_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match=r"to resume from does not exist.*without --resume"):
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
    with pytest.raises(ModelError, match="to resume from does not exist"):
        load_checkpoint(tmp_path / "a.safetensors", error=ModelError)
    with pytest.raises(ModelError, match="other sounds"):
        check_same(CHECKPOINT, config=CHECKPOINT.config, corpus="ffff", error=ModelError)
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="could not make the folder"):
        save_checkpoint(tmp_path / "file" / "a.safetensors", CHECKPOINT, error=ModelError)


def forge(path: Path, **facts: object) -> None:
    """Write a checkpoint that says other things, with the hash that belongs to them."""
    save_checkpoint(path, replace(CHECKPOINT, **facts))  # type: ignore[arg-type]


def test_load_checkpoint_with_any_byte_changed_refuses(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, CHECKPOINT)
    whole = path.read_bytes()
    for i in range(0, len(whole), 3):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :])
        with pytest.raises(CodebookError, match=r"a\.safetensors"):
            load_checkpoint(path)


@pytest.mark.parametrize(
    "facts",
    [{"step": 41}, {"step": -1}, {"step": 2.5}, {"step": True}, {"total": 0, "step": 0}, {"total": 10**400},
     {"seconds": "1"}, {"seconds": -1.0}, {"config": []}, {"corpus": None}],
    ids=str,
)  # fmt: skip
def test_load_checkpoint_of_facts_that_no_training_has_refuses(tmp_path: Path, facts: dict[str, object]) -> None:
    forge(tmp_path / "a.safetensors", **facts)
    with pytest.raises(CodebookError, match="damaged"):
        load_checkpoint(tmp_path / "a.safetensors")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_load_checkpoint_of_a_pipe_refuses_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.safetensors")
    with pytest.raises(CodebookError, match="not a regular file"):
        load_checkpoint(tmp_path / "a.safetensors")
    with pytest.raises(ParameterError, match="must be a checkpoint or not exist"):
        check_no_checkpoint(tmp_path / "a.safetensors")


def test_load_checkpoint_of_an_older_version_asks_for_a_new_training(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({}, tmp_path / "a.safetensors", {"format": "vqsynth-checkpoint-1", "training": "{}"})
    assert is_checkpoint(tmp_path / "a.safetensors")
    with pytest.raises(CodebookError, match=f"must be a checkpoint of this version .{FORMAT}.; move it elsewhere"):
        load_checkpoint(tmp_path / "a.safetensors")


FRESH = {"model.a": np.zeros((2, 3), np.float32), "model.deep.b": np.zeros(4, np.float32)}
MOMENTS = {"optimizer.a.step": np.float32(3), "optimizer.a.exp_avg": np.zeros((2, 3), np.float32)}


def test_check_fit_of_weights_and_what_an_optimizer_keeps_of_them_is_silent() -> None:
    saved = {**FRESH, **{k: np.asarray(v) for k, v in MOMENTS.items()}}
    assert [check_fit(tensors, FRESH, file="a") for tensors in (saved, FRESH)] == [None, None]


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("model.a", np.zeros((3, 2), np.float32)),
        ("model.a", np.zeros((2, 3), np.float64)),
        ("model.a", np.zeros((2, 3), np.int32)),
        ("model.c", np.zeros(1, np.float32)),
        ("optimizer.a.exp_avg", np.zeros(6, np.float32)),
        ("optimizer.a.step", np.array(3)),
        ("optimizer.deep.b.exp_avg", np.zeros((2, 3), np.float32)),
        ("something", np.zeros((2, 3), np.float32)),
    ],
)
def test_check_fit_of_another_kind_or_shape_names_it(name: str, tensor: np.ndarray) -> None:
    with pytest.raises(ModelError, match=f"'a' does not fit the model .see {name}.; delete it and train anew"):
        check_fit({**FRESH, name: tensor}, FRESH, file="a", error=ModelError)


def test_check_fit_without_a_weight_names_it() -> None:
    with pytest.raises(CodebookError, match=r"see model\.deep\.b"):
        check_fit({"model.a": FRESH["model.a"]}, FRESH, file="a")


def test_claim_checkpoints_makes_and_removes_their_folder(tmp_path: Path) -> None:
    paths = [checkpoint_path(tmp_path / "mine", stage=stage) for stage in ("vae", "melgan")]
    with claim_checkpoints(paths):
        assert paths[0].parent.is_dir()
    assert not list(tmp_path.iterdir())


def test_claim_checkpoints_ends_and_leaves_what_others_put_there(tmp_path: Path) -> None:
    path = checkpoint_path(tmp_path / "mine")
    path.parent.mkdir()
    (path.parent / "a.wav").write_bytes(b"sound")
    (path.parent / "deeper").mkdir()
    with claim_checkpoints([path]):
        save_checkpoint(path, CHECKPOINT)
        discard_checkpoint(path)
    assert sorted(p.name for p in path.parent.iterdir()) == ["a.wav", "deeper"]


def test_claim_checkpoints_twice_refuses_the_second_in_one_line(tmp_path: Path) -> None:
    path = checkpoint_path(tmp_path / "mine")
    stages = [checkpoint_path(tmp_path / "mine", stage=stage) for stage in ("vae", "melgan")]
    with claim_checkpoints([path]):
        with (
            pytest.raises(
                ParameterError, match=r"another training is at work in '.*mine\.training'; wait for it or name"
            ),
            claim_checkpoints([path]),
        ):
            pass
        with pytest.raises(ParameterError, match="another training is at work"), claim_checkpoints([stages[0]]):
            pass
    with (
        claim_checkpoints(stages[:1]),
        claim_checkpoints(stages[1:]),  # side by side
        pytest.raises(ParameterError, match="another training is at work"),
        claim_checkpoints([path]),
    ):
        pass
    with claim_checkpoints([path]):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system knows no such end")
def test_claim_checkpoints_of_a_killed_training_is_given(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from vqsynth.training.core.claims import claim_checkpoints\n"
        "with claim_checkpoints([Path(sys.argv[1])]): os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = checkpoint_path(tmp_path / "mine")
    root = Path(__file__).parent.parent.parent.parent
    subprocess.run([sys.executable, "-c", program, str(path)], cwd=root, check=False)
    assert path.parent.is_dir()
    with claim_checkpoints([path]):
        save_checkpoint(path, CHECKPOINT)
        discard_checkpoint(path)
    assert not list(path.parent.iterdir())


def test_claim_checkpoints_where_a_file_stands_refuses(tmp_path: Path) -> None:
    (tmp_path / "mine.training").write_text("precious")
    claim = claim_checkpoints([checkpoint_path(tmp_path / "mine")], error=ModelError)
    with pytest.raises(ModelError, match="could not make the folder"), claim:
        pass


@pytest.mark.parametrize("content", [b"precious", b"", json.dumps({"training": 1}).encode()])
def test_discard_checkpoint_of_what_is_none_leaves_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(content)
    discard_checkpoint(path)
    assert path.read_bytes() == content
    with pytest.raises(ParameterError, match="must be a checkpoint or not exist; move it"):
        check_no_checkpoint(path)


def test_check_no_checkpoint_beside_one_of_another_kind_refuses(tmp_path: Path) -> None:
    alone, stages = (
        checkpoint_path(tmp_path / "mine"),
        [checkpoint_path(tmp_path / "mine", stage=s) for s in ("a", "b")],
    )
    save_checkpoint(stages[0], CHECKPOINT)
    check_no_checkpoint(stages[1])
    with pytest.raises(ParameterError, match=r"a\.safetensors' is of an unfinished training of another kind"):
        check_no_checkpoint(alone)
    discard_checkpoint(stages[0])
    save_checkpoint(alone, CHECKPOINT)
    with pytest.raises(ParameterError, match="another kind; delete it"):
        check_no_checkpoint(stages[1])


def test_checkpoint_path_through_a_link_or_a_dot_is_that_of_the_folder_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "link").symlink_to("book")
    monkeypatch.chdir(tmp_path / "book")
    for spelled in (tmp_path / "link", Path(), Path("../book")):
        assert checkpoint_path(spelled).parent.resolve() == tmp_path / "book.training"
