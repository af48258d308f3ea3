"""The training loop: how many steps, checkpoints, Ctrl-C, and what is shown meanwhile.

A model is trained in stages, the VAE first and then every vocoder, and each has a checkpoint of its own, which stays
until the model is saved. So stages can also be trained one by one, or side by side in several processes.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from vqsynth.checkpoint import Checkpoint, check_same, load_checkpoint, save_checkpoint
from vqsynth.continuous.train.training import Training
from vqsynth.errors import ModelError, ParameterError
from vqsynth.interrupts import Stopped, stop_signals
from vqsynth.progress import Progress, Smoothed

CHECKPOINT_EVERY_S = 60.0
PROBE_STEPS = 6
AnyTraining = TypeVar("AnyTraining", bound=Training)


@dataclass(frozen=True)
class Stage(Generic[AnyTraining]):
    """Describe a training: its name, what decides its weights, and how to begin one of so many steps.

    config is what JSON can hold; corpus the fingerprint of the sounds. Give steps, or minutes to be filled. probe_at:
    the share of all steps whose kind is the slowest, and by which steps are counted out.
    """

    name: str
    config: Mapping[str, Any]
    corpus: str
    begin: Callable[[int], AnyTraining]
    steps: int | None
    minutes: float
    probe_at: float = 0.0


@dataclass(frozen=True)
class Trained(Generic[AnyTraining]):
    """Hold what a stage ended with, and the seconds that its steps took, all sittings together."""

    training: AnyTraining
    seconds: float


def run_stage(stage: Stage[AnyTraining], path: Path, *, resume: bool = False) -> Trained[AnyTraining]:
    """Train a stage to its end, saving a checkpoint at the start, every minute, at the end, and when stopped.

    With `resume`, go on from the checkpoint at `path`, if there is one.
    Raises ModelError for a checkpoint that is damaged or belongs to other sounds or options, Stopped after Ctrl-C.
    """
    with stop_signals() as stop:
        begun = time.monotonic()
        training, before_s = _begin(stage, path, resume=resume)

        def save() -> float:
            _save(stage, training, path, before_s + time.monotonic() - begun)
            return time.monotonic()

        if training.step == training.total:
            return Trained(training, before_s)
        saved_at, shown = save(), _Losses()
        with Progress(training.total, training.step, doing=stage.name) as progress:
            while training.step < training.total:
                progress.show(f"{stage.name}: {shown.follow(training.advance())}")
                if stop.is_set() or time.monotonic() - saved_at > CHECKPOINT_EVERY_S:
                    saved_at = save()
                if stop.is_set():
                    raise Stopped(
                        f"stopped at step {training.step} of {training.total} of the {stage.name}, which is saved; "
                        "to go on, give the same command with --resume"
                    )
        save()
        return Trained(training, before_s + time.monotonic() - begun)


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


def check_length(*, steps: int | None, minutes: float, seed: int) -> None:
    """Refuse a length or seed that makes no training. Raises ParameterError."""
    if steps is not None and not 10 <= steps <= 10_000_000:
        raise ParameterError(f"steps must lie between 10 and 10 million (got {steps})")
    if not 0 < minutes <= 100_000:
        raise ParameterError(f"minutes must lie above 0 (got {minutes:g})")
    if seed < 0:
        raise ParameterError(f"seed must be 0 or more (got {seed})")


class _Losses:
    """Smooth the losses of the steps, and put them into a line."""

    def __init__(self) -> None:
        self._smoothed: dict[str, Smoothed] = {}

    def follow(self, losses: Mapping[str, float]) -> str:
        pairs = ((name, self._smoothed.setdefault(name, Smoothed()).follow(loss)) for name, loss in losses.items())
        return "  ".join(f"{name} {loss:.3f}" for name, loss in pairs)


def _begin(stage: Stage[AnyTraining], path: Path, *, resume: bool) -> tuple[AnyTraining, float]:
    if resume and path.exists():
        saved = load_checkpoint(path, error=ModelError)
        check_same(saved, config=dict(stage.config), corpus=stage.corpus, error=ModelError)
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
    save_checkpoint(path, checkpoint, error=ModelError)
