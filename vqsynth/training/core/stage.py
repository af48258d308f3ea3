"""A stage of training: how many steps, checkpoints, Ctrl-C, and what is shown meanwhile.

A codebook is trained in one stage; a continuous model in several, the VAE first and then every vocoder. Each has a
checkpoint of its own, so that stages can also be trained one by one, or side by side in several processes.

Every schedule of a training follows its progress, from 0 to 1. Where the number of steps is given, progress is counted
in steps, and a training that was stopped and taken up again ends with the weights of one that was not. Where minutes
are given, progress follows the clock: the minutes are kept however fast the machine is, and however fast it stays.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from vqsynth.errors import VqsynthError
from vqsynth.running.forking import allow_threads
from vqsynth.running.interrupts import Stopped, stop_signals
from vqsynth.running.observing import SILENT, Advance, Observer
from vqsynth.training.core.checkpoint import Checkpoint, check_fit, check_same, load_checkpoint, save_checkpoint
from vqsynth.training.core.trainer import Trainer

CHECKPOINT_EVERY_S = 60.0
LONGEST_STEP = 0.01
"""Share of a training by the clock that one step counts for at most: k-means takes seconds, and no phase is skipped."""
LONGEST_PAUSE_S = 60.0
"""Seconds between two steps that count at most: a process that was stopped for an hour has not trained for one."""
AnyTraining = TypeVar("AnyTraining", bound=Trainer[Any])


@dataclass(frozen=True)
class Stage(Generic[AnyTraining]):
    """Describe a training: its name, what decides its weights, and how to begin one.

    config is what JSON can hold; corpus the fingerprint of the sounds. steps: how many, or None to fill `seconds`,
    those of all sittings together. begin: makes a training of so many steps, or of as many as the clock allows. tell:
    makes a line to show of what a step reports. error: what is raised for a bad checkpoint.
    """

    name: str
    config: Mapping[str, Any]
    corpus: str
    begin: Callable[[int | None], AnyTraining]
    steps: int | None
    seconds: float
    tell: Callable[[Any], str]
    error: type[VqsynthError]


@dataclass(frozen=True)
class Trained(Generic[AnyTraining]):
    """Hold what a stage ended with, and the seconds that its steps took, all sittings together."""

    training: AnyTraining
    seconds: float


def run_stage(
    stage: Stage[AnyTraining], path: Path, *, resume: bool = False, observer: Observer = SILENT
) -> Trained[AnyTraining]:
    """Train a stage to its end, saving a checkpoint at the start, every minute, at the end, and when stopped.

    With `resume`, go on from the checkpoint at `path`, if there is one. `observer` is told of every step.
    Raises the stage's error for a checkpoint that is damaged or belongs to other sounds or options, and Stopped after
    Ctrl-C.
    """
    with stop_signals() as stop:
        training, before_s = _begin(stage, path, resume=resume)
        clock = _Clock(before_s)
        if training.progress >= 1:
            return Trained(training, before_s)
        saved_s = _save(stage, training, path, clock.spent_s)
        while training.progress < 1:
            told = stage.tell(training.advance())
            spent_s = clock.tick()
            if training.total is None:
                training.clocked = min(spent_s / stage.seconds, training.clocked + LONGEST_STEP, 1.0)
            observer.advance(Advance(stage.name, training.progress, told, training.step, training.total))
            if stop.is_set() or spent_s - saved_s > CHECKPOINT_EVERY_S:
                saved_s = _save(stage, training, path, spent_s)
            if stop.is_set():
                raise Stopped(_tell_stopped(stage, training))
        return Trained(training, _save(stage, training, path, clock.spent_s))


class _Clock:
    """Count the seconds that a training takes, those of earlier sittings included, without long pauses."""

    def __init__(self, before_s: float) -> None:
        self.spent_s, self._last = before_s, time.monotonic()

    def tick(self) -> float:
        """Count the time since the last tick, and return all that was spent."""
        now = time.monotonic()
        self.spent_s += min(now - self._last, LONGEST_PAUSE_S)
        self._last = now
        return self.spent_s


def _tell_stopped(stage: Stage[AnyTraining], training: AnyTraining) -> str:
    step = f"step {training.step} of {training.total}" if training.total else f"{training.progress:.0%}"
    return f"stopped at {step} of the {stage.name}, which is saved; to go on, give the same command with --resume"


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Give torch so many threads until the block ends. Raises ParameterError for a number out of range."""
    before, wanted = torch.get_num_threads(), allow_threads(threads)
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _begin(stage: Stage[AnyTraining], path: Path, *, resume: bool) -> tuple[AnyTraining, float]:
    if not (resume and path.exists()):
        return stage.begin(stage.steps), 0.0
    saved = load_checkpoint(path, error=stage.error)
    check_same(saved, config=dict(stage.config), corpus=stage.corpus, error=stage.error)
    training = stage.begin(saved.total)
    check_fit(saved.tensors, training.to_tensors(), path=path, error=stage.error)
    training.take_up(saved.tensors, step=saved.step)
    training.clocked = saved.clocked
    return training, saved.seconds


def _save(stage: Stage[AnyTraining], training: AnyTraining, path: Path, seconds: float) -> float:
    """Write a checkpoint, and return the seconds that it says were spent."""
    checkpoint = Checkpoint(
        step=training.step,
        total=training.total,
        seconds=seconds,
        config=dict(stage.config),
        corpus=stage.corpus,
        tensors=training.to_tensors(),
        clocked=training.clocked,
    )
    save_checkpoint(path, checkpoint, error=stage.error)
    return seconds
