"""Checkpoints: files of tensors and JSON, never pickle, from which a training is resumed.

A checkpoint is a safetensors file. Its header holds corpus, config and step of the training and the SHA-256 of all. It
is written to a temporary file and renamed, so that there is always a complete one. The functions raise `error`, which
is CodebookError where codebooks are trained.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import CodebookError, ParameterError, VqsynthError
from vqsynth.storage.files import StrPath, read_regular, write_whole
from vqsynth.storage.records import parse_json
from vqsynth.storage.tensors import parse_tensors, read_header

FORMAT = "vqsynth-checkpoint-3"
ALONE = "checkpoint"
"""The stage of a training that has only one stage and its own folder."""
_FORMATS = "vqsynth-checkpoint-"
Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """Hold the state of a training at one step.

    total: number of steps, or None where progress follows the clock; then `clocked` is the share that was done.
    seconds: the time spent so far. corpus: the fingerprint of the sounds.
    """

    step: int
    total: int | None
    seconds: float
    config: dict[str, Any]
    corpus: str
    tensors: dict[str, NDArray[Any]]
    clocked: float = 0.0

    @property
    def is_finished(self) -> bool:
        """Tell whether the training is finished."""
        return self.step >= self.total if self.total else self.clocked >= 1


def checkpoint_path(folder: Path, *, stage: str = ALONE) -> Path:
    """Return the checkpoint of a stage of the training for `folder`: FOLDER.training/STAGE.safetensors."""
    if folder.name in ("", "..") or folder.is_symlink():
        folder = folder.resolve()
    return folder.with_name(folder.name + ".training") / f"{stage}.safetensors"


def check_no_checkpoint(file: Path) -> None:
    """Raise ParameterError where there is an unfinished training, of either kind, or another file."""
    if is_checkpoint(file):
        raise ParameterError(
            f"an unfinished training lies in '{file.parent}'; go on with it by --resume, or delete '{file.name}' there"
        )
    for other in sorted(file.parent.glob("*.safetensors")):
        if (other.stem == ALONE) != (file.stem == ALONE) and is_checkpoint(other):
            raise ParameterError(
                f"'{other}' is of an unfinished training of another kind; delete it, or name another folder"
            )
    if file.exists() or file.is_symlink():
        raise ParameterError(f"'{file}' must be a checkpoint or not exist; move it, or name another folder")


def is_checkpoint(file: Path) -> bool:
    """Tell whether a file is a checkpoint, of this version or another one."""
    try:
        header = read_header(read_regular(file))
    except (VqsynthError, ValueError):
        return False
    return str(header["__metadata__"].get("format")).startswith(_FORMATS)


def discard_checkpoint(file: Path) -> None:
    """Delete the checkpoint of a finished training. Any other file stays."""
    if is_checkpoint(file):
        with suppress(OSError):
            file.unlink()


def save_checkpoint(file: Path, checkpoint: Checkpoint, *, error: type[VqsynthError] = CodebookError) -> None:
    """Write a checkpoint, completely or not at all, and make its folder if it is missing.

    Raises `error` for a full disk or a folder that cannot be written to.
    """
    from safetensors.numpy import save

    facts = {field.name: getattr(checkpoint, field.name) for field in fields(checkpoint) if field.name != "tensors"}
    training = json.dumps(facts, sort_keys=True)
    metadata = {"format": FORMAT, "training": training, "sha256": _hash(training, checkpoint.tensors)}
    content = save(checkpoint.tensors, metadata=metadata)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise error(f"could not make the folder '{file.parent}': {e.strerror or e}") from e
    write_whole(file, content, error=error)


def load_checkpoint(file: Path, *, error: type[VqsynthError] = CodebookError) -> Checkpoint:
    """Read a checkpoint.

    Raises `error` for a file that is missing, damaged or something else.
    """
    if not file.is_file() and not file.exists():
        raise error(f"the checkpoint '{file}' to resume from does not exist; train without --resume")
    data = read_regular(file, error=error, what="the checkpoint")
    try:
        metadata, tensors = parse_tensors(data)
        if metadata.get("format") != FORMAT:
            raise error(f"'{file}' must be a checkpoint of this version ({FORMAT}); move it elsewhere and train anew")
        if metadata["sha256"] != _hash(metadata["training"], tensors):
            raise ValueError("its SHA-256 is not the one it names")
        checkpoint = Checkpoint(tensors=tensors, **parse_json(metadata["training"]))
        _check_facts(checkpoint)
        return checkpoint
    except (KeyError, TypeError, ValueError) as e:
        raise error(f"the checkpoint '{file}' is damaged ({e}); delete it and train anew") from e


def check_fit(saved: Tensors, fresh: Tensors, *, file: StrPath, error: type[VqsynthError] = CodebookError) -> None:
    """Raise `error` where saved tensors do not fit a fresh training.

    Further tensors, which optimizers keep for their parameters, must have the shape of the tensor whose name they
    contain, or be single numbers.
    """
    keys = {name.partition("model.")[2] or name: tensor for name, tensor in fresh.items()}
    wrong = [name for name in fresh if name not in saved]
    for name, tensor in saved.items():
        like = fresh.get(name)
        if like is None:
            owners = [key for key in keys if f".{key}." in f".{name}."]
            like = keys[max(owners, key=len)] if owners else None
            if like is not None and not tensor.ndim:
                like = np.zeros((), like.dtype)
        if like is None or (tensor.dtype, tensor.shape) != (like.dtype, like.shape):
            wrong.append(name)
    if wrong:
        raise error(
            f"the checkpoint '{file}' does not fit the model (see {', '.join(wrong[:3])}); delete it and train anew"
        )


def _check_facts(checkpoint: Checkpoint) -> None:
    """Raise ValueError for facts of wrong type or out of range."""
    step, total = checkpoint.step, checkpoint.total
    counted = (step,) if total is None else (step, total)
    if not all(type(number) is int and 0 <= number <= 2**53 for number in counted):
        raise ValueError("its steps are not whole numbers of 0 or more")
    if total is not None and not 0 < total >= step:
        raise ValueError("its number of steps is 0, or less than the steps that are done")
    if not _is_number(checkpoint.seconds, math.inf) or not _is_number(checkpoint.clocked, 1.0):
        raise ValueError("its seconds or its progress are out of range")
    if not isinstance(checkpoint.config, dict) or not isinstance(checkpoint.corpus, str):
        raise ValueError("it lacks its config or its corpus")


def _is_number(value: Any, most: float) -> bool:
    return type(value) in (int, float) and 0 <= float(value) <= most and math.isfinite(value)


def _hash(training: str, tensors: Tensors) -> str:
    digest = hashlib.sha256(training.encode())
    for name in sorted(tensors):
        tensor = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {tensor.dtype} {tensors[name].shape}".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()


def check_same(
    checkpoint: Checkpoint, *, config: dict[str, Any], corpus: str, error: type[VqsynthError] = CodebookError
) -> None:
    """Raise `error` where sounds or options differ from those of the checkpoint; it names the options."""
    changed = sorted(k for k in config.keys() | checkpoint.config.keys() if config.get(k) != checkpoint.config.get(k))
    if changed:
        was = ", ".join(f"{k} {checkpoint.config.get(k)!r} (now {config.get(k)!r})" for k in changed)
        raise error(f"the training to resume had {was}; give the same options, or train without --resume")
    if corpus != checkpoint.corpus:
        raise error("the training to resume had other sounds; give the same files, or train without --resume")
