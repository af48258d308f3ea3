"""The options of the verbs that follow curves, and what they come to."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

from vqsynth.cli import options
from vqsynth.codes.selection import METHODS, SMOOTHNESS
from vqsynth.curves.ranges import MAPPINGS
from vqsynth.errors import ParameterError
from vqsynth.follow.correction import ROUNDS
from vqsynth.follow.limits import Limits

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_TARGETS: list[Decorator] = [
    click.option("--target", "targets", multiple=True, metavar="D=CURVE", help="A descriptor, its curve; repeatable."),
    click.option("--like", type=options.Sound, metavar="SOUND", help="Follow loudness, centroid, flatness, pitch."),
    click.option("--seconds", type=float, help="Length of the sound; with --like by default that of the sound."),
    click.option("--map", "mapping", type=click.Choice(MAPPINGS), help="Bring targets into the codebook's range."),
    click.option("--weight", "weights", multiple=True, metavar="D=W", help="Weight of a target, or its curve."),
]
_CHOICES: list[Decorator] = [
    click.option("--method", type=click.Choice(METHODS), default="best_path", show_default=True),
    click.option("--smoothness", type=float, default=SMOOTHNESS, show_default=True, help="Price of jumps."),
    click.option("--style", type=float, default=0.0, show_default=True, help="0 to 1: move as the instrument moves."),
    click.option("--rest", type=int, default=0, show_default=True, metavar="FRAMES", help="A code that sounded rests."),
    click.option("--variation", type=float, default=0.0, show_default=True, help="Leave near-equal codes to chance."),
    click.option("--excitation", type=click.Choice(options.EXCITATIONS), default="coherent", show_default=True),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of noise and chance."),
    click.option(
        "--layers", type=click.IntRange(min=1), default=1, show_default=True, help="Paths that sound together."
    ),
    click.option("--rounds", type=click.IntRange(min=0), default=ROUNDS, show_default=True, help="Of correction."),
    click.option("--max-tilt", type=float, default=Limits.tilt_db, show_default=True, help="dB per octave; 0: off."),
    click.option(
        "--max-transpose", type=float, default=Limits.transpose_cents, show_default=True, help="Cents; 0: off."
    ),
    click.option(
        "--max-fundamental",
        type=float,
        default=Limits.fundamental_db,
        show_default=True,
        help="dB that a weak fundamental is raised by where pitch is asked for; 0: off.",
    ),
    click.option("--max-blend", type=float, default=Limits.blend, show_default=True, help="Share of a near code."),
    click.option("--no-gain", is_flag=True, help="Do not correct the gain."),
]


def targets(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is asked for."""
    return reduce(lambda made, option: option(made), reversed(_TARGETS), command)


def choices(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how it is to be met."""
    return reduce(lambda made, option: option(made), reversed(_CHOICES), command)


def input_files(book: str, values: dict[str, Any]) -> tuple[Path, ...]:
    """List what is read, none of which may be overwritten."""
    like = (values["like"],) if values["like"] else ()
    return (*options.input_files(book, options.split_pairs(values["targets"], "--target")), *like)


def gather(values: dict[str, Any]) -> dict[str, Any]:
    """Turn the values of the options into the arguments of `synthesize`. Raises ParameterError for unusable ones."""
    given = dict(values)
    curves, weights = (options.split_pairs(given.pop(f"{name}s"), f"--{name}") for name in ("target", "weight"))
    if not curves and given["like"] is None:
        raise ParameterError("give a --target, or a sound with --like")
    return gather_choices(given) | {"targets": curves, "weights": weights}


def gather_choices(values: dict[str, Any]) -> dict[str, Any]:
    """Turn the values of `choices`, where a verb has them, into arguments of `synthesize`."""
    given = dict(values)
    if "rounds" in given:
        given["limits"] = Limits(
            tilt_db=given.pop("max_tilt"),
            transpose_cents=given.pop("max_transpose"),
            gain=not given.pop("no_gain"),
            blend=given.pop("max_blend"),
            fundamental_db=given.pop("max_fundamental"),
        )
    return given
