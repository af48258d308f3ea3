"""The options that both trainings have, and the list of what a training would use."""

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from vqsynth.cli import options
from vqsynth.storage.files import show_text

if TYPE_CHECKING:
    from vqsynth.training.core.job import Job

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_GIVEN: list[Decorator] = [
    click.argument("sounds", nargs=-1, required=True, type=options.File),
    click.option("--sr", type=int, default=44100, show_default=True, help="Sample rate in Hz."),
    click.option(
        "--n-fft",
        type=int,
        default=2048,
        show_default=True,
        help="Window in samples; it should hold four periods of the lowest pitch.",
    ),
    click.option("--hop-length", type=int, help="Samples from frame to frame.  [default: a quarter of the window]"),
]
_HOW: list[Decorator] = [
    click.option(
        "--transpose",
        type=int,
        default=0,
        show_default=True,
        help="Semitones by which transposed copies of the sounds are added, up and down; 0: none.",
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything random."),
    click.option("--device", default="cpu", show_default=True, help="Device to train on: cpu, cuda, mps."),
    click.option("--threads", type=int, default=1, show_default=True, help="Number of threads."),
    click.option("--resume", is_flag=True, help="Go on with a training that was stopped."),
    click.option(
        "--validation",
        multiple=True,
        type=options.File,
        help="File or folder to hold out and measure by; repeatable.  [default: every tenth file]",
    ),
    click.option("--dry-run", is_flag=True, help="List what would be used, held out and skipped, and stop."),
]


def sounds_and_frames(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument SOUNDS and the options of frames."""
    return _decorate(command, _GIVEN)


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of how to train, but for how long."""
    return _decorate(command, _HOW)


def list_sounds(job: "Job") -> None:
    """Print what a training would use, hold out and skip."""
    from vqsynth.training.core.job import plan_job

    plan_job(job, say=say)
    click.echo("nothing was trained or written")


def say(line: str) -> None:
    """Print a line of a training, in which names of files may stand."""
    click.echo(show_text(line))


def _decorate(command: Callable[..., Any], decorators: list[Decorator]) -> Callable[..., Any]:
    return reduce(lambda decorated, decorator: decorator(decorated), reversed(decorators), command)
