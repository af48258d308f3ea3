"""A stage of training: its length, its checkpoints, Ctrl-C, and its reports.

A codebook is trained in one stage. A continuous model is trained in several: first the VAE, then every vocoder. Each
stage has its own checkpoint, so stages can also be trained one by one, or side by side in several processes.

Every schedule of a training follows its progress, from 0 to 1. If the number of steps is given, progress is counted in
steps, and a training that was stopped and resumed ends with the same weights as one that was not. If minutes are given,
progress follows the clock. The training then takes these minutes, however fast the machine is and however its speed
changes.
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
"""Largest share of a training by the clock for which one step counts. K-means takes seconds and skips no phase."""
LONGEST_PAUSE_S = 60.0
"""Most seconds that count between two steps. A process that was paused for an hour did not train for an hour."""
AnyTraining = TypeVar("AnyTraining", bound=Trainer[Any])


@dataclass(frozen=True)
class Stage(Generic[AnyTraining]):
    """Describe a stage of training.

    Parameters
    ----------
    name : str
        Name of the stage, for reports.
    config : dict
        The options that decide its weights, as JSON can hold them.
    corpus : str
        Fingerprint of the sounds.
    begin : callable
        Takes the number of steps, or None for as many as the clock allows, and returns a new training.
    steps : int or None
        Number of steps. None to train for `seconds`.
    seconds : float
        Duration of the training, summed over all sessions.
    tell : callable
        Turns the report of a step into a line of text.
    error : type
        The error that is raised for a bad checkpoint.

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
    """Hold a training that has ended, and the seconds that its steps took, summed over all sessions."""

    training: AnyTraining
    seconds: float


def run_stage(
    stage: Stage[AnyTraining], file: Path, *, resume: bool = False, observer: Observer = SILENT
) -> Trained[AnyTraining]:
    """Train a stage to its end. Save a checkpoint at the start, every minute, at the end, and when it is stopped.

    Parameters
    ----------
    stage : Stage
        The stage.
    file : Path
        The checkpoint.
    resume : bool
        Whether to continue from the checkpoint, if there is one.
    observer : Observer
        Hears of every step. By default nobody does.

    Returns
    -------
    Trained

    Raises
    ------
    VqsynthError
        The stage's `error`, if the checkpoint is damaged, or belongs to other sounds or options.
    Stopped
        After Ctrl-C.

    """
    with stop_signals() as stop:
        training, before_s = _begin(stage, file, resume=resume)
        clock = _Clock(before_s)
        if training.progress >= 1:
            return Trained(training, before_s)
        saved_s = _save(stage, training, file, clock.spent_s)
        while training.progress < 1:
            told = stage.tell(training.advance())
            spent_s = clock.tick()
            if training.total is None:
                training.clocked = min(spent_s / stage.seconds, training.clocked + LONGEST_STEP, 1.0)
            observer.advance(Advance(stage.name, training.progress, told, training.step, training.total))
            if stop.is_set() or spent_s - saved_s > CHECKPOINT_EVERY_S:
                saved_s = _save(stage, training, file, spent_s)
            if stop.is_set():
                raise Stopped(_tell_stopped(stage, training))
        return Trained(training, _save(stage, training, file, clock.spent_s))


class _Clock:
    """Count the seconds of a training, with those of earlier sessions and without long pauses."""

    def __init__(self, before_s: float) -> None:
        self.spent_s, self._last = before_s, time.monotonic()

    def tick(self) -> float:
        """Add the time since the last tick, and return the seconds spent so far."""
        now = time.monotonic()
        self.spent_s += min(now - self._last, LONGEST_PAUSE_S)
        self._last = now
        return self.spent_s


def _tell_stopped(stage: Stage[AnyTraining], training: AnyTraining) -> str:
    step = f"step {training.step} of {training.total}" if training.total else f"{training.progress:.0%}"
    return f"stopped at {step} of the {stage.name}, which is saved; to continue, give the same command with --resume"


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Let torch use a number of threads until the block ends. Raises ParameterError unless it is 1 to 1024."""
    before, wanted = torch.get_num_threads(), allow_threads(threads)
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _begin(stage: Stage[AnyTraining], file: Path, *, resume: bool) -> tuple[AnyTraining, float]:
    if not (resume and file.exists()):
        return stage.begin(stage.steps), 0.0
    saved = load_checkpoint(file, error=stage.error)
    check_same(saved, config=dict(stage.config), corpus=stage.corpus, error=stage.error)
    training = stage.begin(saved.total)
    check_fit(saved.tensors, training.to_tensors(), file=file, error=stage.error)
    training.take_up(saved.tensors, step=saved.step)
    training.clocked = saved.clocked
    return training, saved.seconds


def _save(stage: Stage[AnyTraining], training: AnyTraining, file: Path, seconds: float) -> float:
    """Write a checkpoint, and return its seconds."""
    checkpoint = Checkpoint(
        step=training.step,
        total=training.total,
        seconds=seconds,
        config=dict(stage.config),
        corpus=stage.corpus,
        tensors=training.to_tensors(),
        clocked=training.clocked,
    )
    save_checkpoint(file, checkpoint, error=stage.error)
    return seconds
