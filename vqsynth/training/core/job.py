"""What is to be trained on and made of it; how that begins, with all checks, and how it ends, saved before measured."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from vqsynth.errors import ParameterError
from vqsynth.sound.folders import Split, plan_training, split_sounds
from vqsynth.storage.bundle import Kind, check_target
from vqsynth.storage.files import StrPath
from vqsynth.training.core.checkpoint import (
    ALONE,
    check_no_checkpoint,
    checkpoint_path,
    discard_checkpoint,
)
from vqsynth.training.core.claims import claim_checkpoints
from vqsynth.training.core.sounds import Sounds

Say = Callable[[str], object]
OF_THE_SOUNDS = ("licence", "about", "sources", "note")
"""What a card says of where its sounds come from."""


@dataclass(frozen=True)
class Job:
    """Say what to train on and what to make of it.

    sounds, validation: files and folders. validation is held out, also where it lies inside `sounds`; with None,
    every tenth file is, of ten or more. about: what else the card is to say, such as licence and sources.
    Raises ParameterError for a name that names no folder.
    """

    kind: ClassVar[Kind]
    sounds: Sequence[StrPath]
    name: str
    folder: Path
    validation: Sequence[StrPath] | None = field(default=None, kw_only=True)
    about: Mapping[str, Any] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        if not self.name.strip() or self.name != self.name.strip() or set(self.name) & set("/\\"):
            raise ParameterError(f"name must be a word that can name a folder (got {self.name!r})")

    @property
    def stages(self) -> tuple[str, ...]:
        """Name the stages in their order, each as its checkpoint is named."""
        return (ALONE,)

    @property
    def base_card(self) -> Mapping[str, Any]:
        """Return the card of what the training goes on from, an empty one where there is none."""
        return {}

    def checkpoint(self, stage: str = ALONE) -> Path:
        """Name the checkpoint of a stage."""
        return checkpoint_path(self.folder, stage=stage)

    def pick_stages(self, stages: Collection[str] | None) -> list[str]:
        """List the stages wanted in their order, all with None. Raises ParameterError for one that there is not."""
        unknown = set(stages or ()) - set(self.stages)
        if unknown:
            raise ParameterError(f"no stage {', '.join(sorted(unknown))}; there are {', '.join(self.stages)}")
        return [stage for stage in self.stages if stages is None or stage in stages]


class Shipped(Protocol):
    """What a training makes: a record with a card, that can be saved."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def card(self) -> Mapping[str, Any]:
        """Return what it says of itself."""
        ...

    def save(self, folder: Path) -> object:
        """Write it to a folder."""
        ...


Made = TypeVar("Made", bound=Shipped)


@contextmanager
def open_job(job: Job, stages: Collection[str] | None = None, *, resume: bool, device: str) -> Iterator[list[str]]:
    """Check that a job can be done, keep other trainings off its folder until the block ends, and list its stages.

    stages: those wanted, all with None.
    Raises ParameterError for an unknown stage or device, for an unfinished training without `resume` and for one that
    is at work, and the kind's error for a folder that holds something else, and for nothing to go on from.
    """
    wanted, error = job.pick_stages(stages), job.kind.error
    check_target(job.folder, job.kind)
    if device != "cpu":  # which is there always, and is not worth the seconds that loading torch takes
        from vqsynth.training.core.trainer import check_device

        check_device(device)
    paths = [job.checkpoint(stage) for stage in wanted]
    with claim_checkpoints(paths, error=error):
        for path in () if resume else paths:
            check_no_checkpoint(path)
        if resume and not any(job.checkpoint(stage).exists() for stage in job.stages):
            folder = job.checkpoint(job.stages[0]).parent
            raise error(f"there is no checkpoint in '{folder}' to go on from; train without --resume")
        yield wanted


def plan_job(job: Job, *, say: Say) -> None:
    """Tell what a job would use, hold out and skip. Raises what it would raise."""
    check_target(job.folder, job.kind)
    plan_training(split_sounds(job.sounds, job.validation), say=say)


def announce_sounds(corpus: Sounds, split: Split, *, say: Say) -> None:
    """Tell what is trained on and what is held out."""
    say(corpus.summary())
    say(f"held out: {', '.join(path.name for path in split.held_out) or 'nothing'}")


def describe_sounds(job: Job, corpus: Sounds, *, transpose: int) -> dict[str, Any]:
    """Gather what the card says of the sounds; what a base said of its own stays."""
    return {
        "licence": "that of the sounds it was trained on",
        **{key: job.base_card[key] for key in OF_THE_SOUNDS if key in job.base_card},
        **job.about,
        "corpus": {
            "files": len(corpus.files),
            "seconds": round(corpus.seconds, 1),
            "skipped": len(corpus.skipped),
            "frames": corpus.n_frames,
            "transposed_semitones": transpose,
            "sha256": corpus.fingerprint,
        },
    }


def finish_job(job: Job, made: Made, *, measure: Callable[[Made], Mapping[str, Any]]) -> Made:
    """Save what was made, and again with what `measure` finds for its card; what is done leaves no checkpoint."""
    made.save(job.folder)
    found = measure(made)
    if found:
        made = replace(made, card={**made.card, **found})
        made.save(job.folder)
    for stage in job.stages:
        discard_checkpoint(job.checkpoint(stage))
    return made
