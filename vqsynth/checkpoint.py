"""Long work, put down and taken up again: one file that holds tensors and JSON, never pickle.

A checkpoint is a safetensors file whose header says which corpus, which config and which step of a training it is from.
It is written beside its place and renamed into it, so that there is always a whole one. `error` is what is raised:
CodebookError where codebooks are trained.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from vqsynth.errors import CodebookError, ParameterError, VqsynthError
from vqsynth.files import write_whole

FORMAT = "vqsynth-checkpoint-2"
FILE_NAME = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """Hold a training at one step: tensors by name, and what they belong to.

    total is the number of steps the training is to have, or None where the clock counts, which had come to the share
    `clocked` of it. seconds is the time spent on it so far.
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
        """Tell whether the training has come to its end."""
        return self.step >= self.total if self.total else self.clocked >= 1


def checkpoint_path(folder: Path, *, stage: str | None = None) -> Path:
    """Name the checkpoint of what will be saved in `folder`: it lies in FOLDER.training beside it.

    stage: names the checkpoint, where the work has several parts.
    """
    return folder.with_name(folder.name + ".training") / (f"{stage}.safetensors" if stage else FILE_NAME)


def check_no_checkpoint(path: Path) -> None:
    """Refuse to train anew where an unfinished training lies. Raises ParameterError."""
    if path.exists():
        raise ParameterError(
            f"an unfinished training lies in '{path.parent}'; go on with it by --resume, or delete that folder"
        )


def save_checkpoint(path: Path, checkpoint: Checkpoint, *, error: type[VqsynthError] = CodebookError) -> None:
    """Write a checkpoint, whole or not at all, making its folder where there is none.

    Raises `error` for a full disk or a folder that may not be written to.
    """
    from safetensors.numpy import save

    facts = {
        "step": checkpoint.step,
        "total": checkpoint.total,
        "clocked": checkpoint.clocked,
        "seconds": checkpoint.seconds,
        "config": checkpoint.config,
        "corpus": checkpoint.corpus,
    }
    content = save(checkpoint.tensors, metadata={"format": FORMAT, "training": json.dumps(facts, sort_keys=True)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise error(f"could not make the folder '{path.parent}': {e.strerror or e}") from e
    write_whole(path, content, error=error)


def load_checkpoint(path: Path, *, error: type[VqsynthError] = CodebookError) -> Checkpoint:
    """Read a checkpoint.

    Raises `error` for a file that is missing, damaged or something else.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise error(f"there is no checkpoint '{path}' to go on from; train without --resume")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            facts = json.loads(metadata["training"]) if metadata.get("format") == FORMAT else None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        if facts is None:
            raise error(f"'{path}' is no checkpoint of this version ({FORMAT}); delete it and train anew")
        return Checkpoint(tensors=tensors, **facts)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as e:
        raise error(f"the checkpoint '{path}' is damaged ({e}); delete it and train anew") from e


def check_same(
    checkpoint: Checkpoint, *, config: dict[str, Any], corpus: str, error: type[VqsynthError] = CodebookError
) -> None:
    """Refuse to go on with other sounds or other options than those of the checkpoint.

    Raises `error`, naming the options that differ.
    """
    changed = sorted(k for k in config.keys() | checkpoint.config.keys() if config.get(k) != checkpoint.config.get(k))
    if changed:
        was = ", ".join(f"{k} {checkpoint.config.get(k)!r} (now {config.get(k)!r})" for k in changed)
        raise error(f"the training to resume had {was}; give the same options, or train without --resume")
    if corpus != checkpoint.corpus:
        raise error("the training to resume had other sounds; give the same files, or train without --resume")
