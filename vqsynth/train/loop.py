"""The training loop: how many steps, checkpoints, Ctrl-C, and what is shown meanwhile."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from vqsynth.checkpoint import Checkpoint, check_no_checkpoint, check_same, load_checkpoint, save_checkpoint
from vqsynth.errors import ParameterError
from vqsynth.interrupts import Stopped, stop_signals
from vqsynth.progress import Progress, Smoothed
from vqsynth.train.corpus import Corpus
from vqsynth.train.settling import settle_decoder
from vqsynth.train.trainer import TrainConfig, Trainer

DEFAULT_MINUTES = 12.0
CHECKPOINT_EVERY_S = 60.0
PROBE_STEPS = 12


@dataclass(frozen=True)
class Trained:
    """Hold what a training ended with: the trainer, and the seconds that its steps took, all sittings together."""

    trainer: Trainer
    seconds: float


def train_model(
    config: TrainConfig,
    corpus: Corpus,
    *,
    checkpoint: Path,
    resume: bool = False,
    device: str = "cpu",
    threads: int = 1,
) -> Trained:
    """Train a model on a corpus, saving a checkpoint at the start, every minute, at the end, and when stopped.

    At last its decoder is settled: see `settling`.

    threads: of torch. With one, weights do not depend on how many cores there are, and nothing is lost where other
    programs run: two threads that wait for each other were measured at 0.9 s a step on two busy cores, one at 0.1 s.
    With `resume`, go on from the checkpoint.
    Raises ParameterError for a device or options that cannot be used, CodebookError for a checkpoint that stands there
    without `resume`, is damaged, or belongs to other sounds or options, and Stopped after Ctrl-C.
    """
    check_device(device)
    with _torch_threads(threads), stop_signals() as stop:
        begun = time.monotonic()
        trainer, before_s = _begin(config, corpus, checkpoint, resume=resume, device=device)

        def save() -> float:
            _save(trainer, checkpoint, before_s + time.monotonic() - begun)
            return time.monotonic()

        saved_at, loss = save(), Smoothed()
        with Progress(trainer.total, trainer.step) as progress:
            while trainer.step < trainer.total:
                report = trainer.advance()
                progress.show(f"loss {loss.follow(report.loss):.3f}  codes {report.codes_used}/{config.model.codes}")
                if stop.is_set() or time.monotonic() - saved_at > CHECKPOINT_EVERY_S:
                    saved_at = save()
                if stop.is_set():
                    raise Stopped(
                        f"stopped at step {trainer.step} of {trainer.total}, which is saved; "
                        "to go on, give the same command with --resume"
                    )
        save()
        settle_decoder(trainer.model, corpus)
        return Trained(trainer, before_s + time.monotonic() - begun)


def check_device(device: str) -> None:
    """Refuse a device that torch does not know or does not find here. Raises ParameterError."""
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as e:
        reason = str(e).splitlines()[0]
        raise ParameterError(f"device '{device}' cannot be used here ({reason}); use cpu") from e


def _begin(config: TrainConfig, corpus: Corpus, path: Path, *, resume: bool, device: str) -> tuple[Trainer, float]:
    if resume:
        saved = load_checkpoint(path)
        check_same(saved, config=config.to_dict(), corpus=corpus.fingerprint)
        trainer = Trainer(config, corpus, total=saved.total, device=device)
        trainer.take_up(saved.tensors, step=saved.step)
        return trainer, saved.seconds
    check_no_checkpoint(path)
    total = config.steps or _steps_in(config, corpus, device)
    return Trainer(config, corpus, total=total, device=device), 0.0


def _steps_in(config: TrainConfig, corpus: Corpus, device: str) -> int:
    """Measure how many steps fit into the minutes asked for, on a trainer that is thrown away."""
    trainer = Trainer(config, corpus, total=PROBE_STEPS * 1000, device=device)
    trainer.advance()
    begun = time.monotonic()
    for _ in range(PROBE_STEPS):
        trainer.advance()
    per_step_s = (time.monotonic() - begun) / PROBE_STEPS
    minutes = DEFAULT_MINUTES if config.minutes is None else config.minutes
    return max(100, int(60 * minutes / per_step_s))


def _save(trainer: Trainer, path: Path, seconds: float) -> None:
    checkpoint = Checkpoint(
        step=trainer.step,
        total=trainer.total,
        seconds=seconds,
        config=trainer.config.to_dict(),
        corpus=trainer.corpus.fingerprint,
        tensors=trainer.to_tensors(),
    )
    save_checkpoint(path, checkpoint)


@contextmanager
def _torch_threads(threads: int) -> Iterator[None]:
    if not 1 <= threads <= 1024:
        raise ParameterError(f"threads must lie between 1 and 1024 (got {threads})")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
