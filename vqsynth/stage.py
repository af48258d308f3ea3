"""A stage of training: how many steps, checkpoints, Ctrl-C, and what is shown meanwhile.

A codebook is trained in one stage; a continuous model in several, the VAE first and then every vocoder. Each has a
checkpoint of its own, so that stages can also be trained one by one, or side by side in several processes.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from numpy.typing import NDArray

from vqsynth.checkpoint import Checkpoint, check_same, load_checkpoint, save_checkpoint
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.interrupts import Stopped, stop_signals
from vqsynth.progress import Progress

CHECKPOINT_EVERY_S = 60.0
PROBE_STEPS = 6
Report_co = TypeVar("Report_co", covariant=True)


class Training(Protocol[Report_co]):
    """What advances by steps, from 0 to `total`, and can be put down and taken up between any two of them."""

    step: int
    total: int

    def advance(self) -> Report_co:
        """Do one step, and report on it."""
        ...

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Copy all that the next step depends on to NumPy, by name."""
        ...

    def take_up(self, tensors: Mapping[str, NDArray[Any]], *, step: int) -> None:
        """Go back to the state that `to_tensors` copied at `step`."""
        ...


AnyTraining = TypeVar("AnyTraining", bound=Training[Any])


@dataclass(frozen=True)
class Stage(Generic[AnyTraining]):
    """Describe a training: its name, what decides its weights, and how to begin one of so many steps.

    config is what JSON can hold; corpus the fingerprint of the sounds. Give steps, or minutes to be filled. tell: makes
    a line to show of what a step reports. error: what is raised for a bad checkpoint. probe_at: the share of all steps
    whose kind is the slowest, and by which steps are counted out.
    """

    name: str
    config: Mapping[str, Any]
    corpus: str
    begin: Callable[[int], AnyTraining]
    steps: int | None
    minutes: float
    tell: Callable[[Any], str]
    error: type[VqsynthError]
    probe_at: float = 0.0


@dataclass(frozen=True)
class Trained(Generic[AnyTraining]):
    """Hold what a stage ended with, and the seconds that its steps took, all sittings together."""

    training: AnyTraining
    seconds: float


def run_stage(stage: Stage[AnyTraining], path: Path, *, resume: bool = False) -> Trained[AnyTraining]:
    """Train a stage to its end, saving a checkpoint at the start, every minute, at the end, and when stopped.

    With `resume`, go on from the checkpoint at `path`, if there is one.
    Raises the stage's error for a checkpoint that is damaged or belongs to other sounds or options, and Stopped after
    Ctrl-C.
    """
    with stop_signals() as stop:
        begun = time.monotonic()
        training, before_s = _begin(stage, path, resume=resume)

        def spent_s() -> float:
            return before_s + time.monotonic() - begun

        def save() -> float:
            seconds = spent_s()
            _save(stage, training, path, seconds)
            return seconds

        if training.step == training.total:
            return Trained(training, before_s)
        saved_s = save()
        with Progress(training.total, training.step, doing=stage.name) as progress:
            while training.step < training.total:
                progress.show(stage.tell(training.advance()))
                if stop.is_set() or spent_s() - saved_s > CHECKPOINT_EVERY_S:
                    saved_s = save()
                if stop.is_set():
                    raise Stopped(
                        f"stopped at step {training.step} of {training.total} of the {stage.name}, which is saved; "
                        "to go on, give the same command with --resume"
                    )
        return Trained(training, save())


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Give torch so many threads until the block ends. Raises ParameterError for a number out of range."""
    if not 1 <= threads <= 1024:
        raise ParameterError(f"threads must lie between 1 and 1024 (got {threads})")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _begin(stage: Stage[AnyTraining], path: Path, *, resume: bool) -> tuple[AnyTraining, float]:
    if resume and path.exists():
        saved = load_checkpoint(path, error=stage.error)
        check_same(saved, config=dict(stage.config), corpus=stage.corpus, error=stage.error)
        training = stage.begin(saved.total)
        training.take_up(saved.tensors, step=saved.step)
        return training, saved.seconds
    return stage.begin(stage.steps or _steps_in(stage)), 0.0


def _steps_in(stage: Stage[AnyTraining]) -> int:
    """Measure how many steps fit into the minutes asked for, on a training that is thrown away."""
    training = stage.begin(PROBE_STEPS * 1000)
    training.step = int(stage.probe_at * training.total)
    training.advance()
    begun = time.monotonic()
    for _ in range(PROBE_STEPS):
        training.advance()
    per_step_s = (time.monotonic() - begun) / PROBE_STEPS
    return max(100, int(60 * stage.minutes / per_step_s))


def _save(stage: Stage[AnyTraining], training: AnyTraining, path: Path, seconds: float) -> None:
    checkpoint = Checkpoint(
        step=training.step,
        total=training.total,
        seconds=seconds,
        config=dict(stage.config),
        corpus=stage.corpus,
        tensors=training.to_tensors(),
    )
    save_checkpoint(path, checkpoint, error=stage.error)
