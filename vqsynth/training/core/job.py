"""The sounds and options of a training. All checks are made before it begins; the result is saved, then measured."""

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
"""The entries of a card about where its sounds come from."""


@dataclass(frozen=True)
class Job:
    """Say what to train on and where to save the result.

    Parameters
    ----------
    sounds : sequence of str or Path
        Files and folders to train on.
    name : str
        Name of the result.
    folder : Path
        Where it is saved.
    validation : sequence of str or Path, optional
        Files and folders to hold out, also where they lie inside `sounds`. By default every tenth file of ten or more.
    about : dict
        Further entries of the card, such as licence and sources.

    Raises
    ------
    ParameterError
        For a name that cannot name a folder.

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
        """Return the names of the stages in order; checkpoints have these names."""
        return (ALONE,)

    @property
    def base_card(self) -> Mapping[str, Any]:
        """Return the card of the model that the training goes on from, or an empty one without a base."""
        return {}

    def checkpoint(self, stage: str = ALONE) -> Path:
        """Return the checkpoint file of a stage."""
        return checkpoint_path(self.folder, stage=stage)

    def pick_stages(self, stages: Collection[str] | None) -> list[str]:
        """Return the stages asked for in order, all for None. Raises ParameterError for an unknown one."""
        unknown = set(stages or ()) - set(self.stages)
        if unknown:
            raise ParameterError(f"no stage {', '.join(sorted(unknown))}; there are {', '.join(self.stages)}")
        return [stage for stage in self.stages if stages is None or stage in stages]


class Shipped(Protocol):
    """The result of a training: a record with a card that can be saved."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def card(self) -> Mapping[str, Any]:
        """Return the card."""
        ...

    def save(self, folder: Path) -> object:
        """Write it to a folder."""
        ...


Made = TypeVar("Made", bound=Shipped)


@contextmanager
def open_job(job: Job, stages: Collection[str] | None = None, *, resume: bool, device: str) -> Iterator[list[str]]:
    """Check a job, claim its checkpoints until the block ends, and yield its stages.

    Parameters
    ----------
    job : Job
        The job.
    stages : collection of str, optional
        The stages to train, by default all.
    resume : bool
        Whether the training goes on from its checkpoints.
    device : str
        Device of torch.

    Raises
    ------
    ParameterError
        For an unknown stage or device, an unfinished training without `resume`, and a training that is running.
    VqsynthError
        The kind's error, for a folder that holds something else, and for `resume` without a checkpoint.

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
            raise error(f"'{folder}' holds no checkpoint to resume from; train without --resume")
        yield wanted


def plan_job(job: Job, *, say: Say) -> None:
    """Tell `say` what a job would use, hold out and skip. Raises the errors that the job would raise."""
    check_target(job.folder, job.kind)
    plan_training(split_sounds(job.sounds, job.validation), say=say)


def announce_sounds(corpus: Sounds, split: Split, *, say: Say) -> None:
    """Tell `say` what is trained on and what is held out."""
    say(corpus.summary())
    say(f"held out: {', '.join(path.name for path in split.held_out) or 'nothing'}")


def describe_sounds(job: Job, corpus: Sounds, *, transpose: int) -> dict[str, Any]:
    """Return the entries of the card about the sounds. Those of a base are kept where the job does not replace them."""
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
    """Save the result, save it again with the entries that `measure` returns for its card, delete the checkpoints."""
    made.save(job.folder)
    found = measure(made)
    if found:
        made = replace(made, card={**made.card, **found})
        made.save(job.folder)
    for stage in job.stages:
        discard_checkpoint(job.checkpoint(stage))
    return made
