"""The options of the verbs that follow curves, and the arguments of `synthesize` that they give."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

from vqsynth.cli import options
from vqsynth.codes.selection import METHODS, SMOOTHNESS
from vqsynth.codes.spectra import EXCITATIONS
from vqsynth.curves.ranges import MAPPINGS
from vqsynth.curves.targets import OTHERS
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_choice
from vqsynth.follow.correction import ROUNDS
from vqsynth.follow.limits import Limits
from vqsynth.follow.synthesis import LIKE_MAPPING

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

LIKE_HELP = (
    "Follow a sound's loudness, centroid, flatness and pitch, by default with "
    + ", ".join(f"--map {name}={how}" for name, how in LIKE_MAPPING.items())
    + ". Flatness chooses codes and is not corrected."
)
seconds: Decorator = click.option(
    "--seconds", type=float, help="Length of the sound; by default that of the sound followed, or of the breakpoints."
)
mapping: Decorator = click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="[D=]HOW",
    callback=lambda ctx, param, value: read_mapping(value),
    help=f"How targets, or that of D, are brought into the codebook's range: {', '.join(MAPPINGS)}; repeatable. "
    "By default clamp; with --like as said there.",
)

_TARGETS: list[Decorator] = [
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="D=CURVE",
        help="Descriptor and the curve it is to follow; repeatable.",
    ),
    click.option("--like", type=options.Sound, metavar="SOUND", help=LIKE_HELP),
    seconds,
    mapping,
    click.option(
        "--weight", "weights", multiple=True, metavar="D=W", help="Weight of a target: a number or a curve; repeatable."
    ),
]
_CHOICES: list[Decorator] = [
    click.option(
        "--method",
        type=click.Choice(METHODS),
        default="best_path",
        show_default=True,
        help="Way to choose codes: the nearest of every frame, or the best path through all frames.",
    ),
    click.option(
        "--smoothness",
        type=float,
        default=SMOOTHNESS,
        show_default=True,
        help="Cost of a jump to a different spectrum; 0: jumps cost nothing.",
    ),
    click.option(
        "--style",
        type=float,
        default=0.0,
        show_default=True,
        help="How closely the order of codes follows that of the training sounds, 0 to 1.",
    ),
    click.option(
        "--rest",
        type=int,
        default=0,
        show_default=True,
        metavar="FRAMES",
        help="Frames that a code must rest before it may sound again.",
    ),
    click.option(
        "--motion",
        type=float,
        default=None,
        help="How often the code changes: 0 as seldom as it can, .5 as the training sounds do, 1 every frame.  "
        "[default: 0.5; 0 for rolloff and for several descriptors of timbre]",
    ),
    click.option(
        "--onsets/--no-onsets",
        default=True,
        show_default=True,
        help="Whether onsets of the training sounds are played where loudness rises by 12 dB or more within 50 ms.",
    ),
    click.option(
        "--variation",
        type=float,
        default=0.0,
        show_default=True,
        help="How much chance decides between codes that are nearly as good, from 0.",
    ),
    click.option(
        "--excitation",
        type=click.Choice(EXCITATIONS),
        default="coherent",
        show_default=True,
        help="Phases of the spectra: random, continuous for partials, or refined by iteration.",
    ),
    click.option(
        "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the noise and of chance."
    ),
    click.option(
        "--layers",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Number of paths that sound together.",
    ),
    click.option(
        "--spread",
        type=float,
        callback=lambda ctx, param, value: options.read_spread(value),
        default=0.0,
        show_default=True,
        help="Width in stereo, 0 to 1: layers stand apart, noise differs between left and right; 0: mono.",
    ),
    click.option(
        "--rounds",
        type=click.IntRange(min=0),
        default=ROUNDS,
        show_default=True,
        help="Number of times that the sound is measured and corrected; 0: never.",
    ),
    click.option(
        "--max-envelope",
        type=float,
        default=Limits.envelope_db,
        show_default=True,
        help="Most dB that the correction may raise or lower a band of the spectrum by; 0: none.",
    ),
    click.option(
        "--max-transpose",
        type=float,
        default=Limits.transpose_cents,
        show_default=True,
        help="Most transposition where a pitch is asked for, in cents; 0: none.",
    ),
    click.option(
        "--max-fundamental",
        type=float,
        default=Limits.fundamental_db,
        show_default=True,
        help="Most dB that a weak fundamental is raised by where pitch is asked for; 0: none.",
    ),
    click.option("--no-gain", is_flag=True, help="Leave the gain as the table of codes gives it, uncorrected."),
]


def read_mapping(values: tuple[str, ...]) -> str | dict[str, str] | None:
    """Read the values of --map: one way for all targets, ways by descriptor, or both. Raises ParameterError."""
    bare = [text.strip() for text in values if "=" not in text]
    pairs = options.split_pairs(tuple(text for text in values if "=" in text), "--map")
    if len(bare) > 1:
        raise ParameterError(
            f"--map says twice how all targets are mapped ({', '.join(bare)}); name descriptors, D=HOW"
        )
    for name, how in [*pairs.items(), *(("", how) for how in bare)]:
        check_choice(f"--map {name}".strip(), how, MAPPINGS)
    if not pairs:
        return bare[0] if bare else None
    return dict.fromkeys([OTHERS][: len(bare)], "".join(bare)) | pairs


def targets(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of targets."""
    return reduce(lambda made, option: option(made), reversed(_TARGETS), command)


def choices(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of selection, rendering and correction."""
    return reduce(lambda made, option: option(made), reversed(_CHOICES), command)


def input_files(book: str, values: dict[str, Any]) -> tuple[Path, ...]:
    """Return the files that are read, which must not be overwritten."""
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
    if not given.get("spread", True):
        del given["spread"]  # so that a batch that was made before there was a spread goes on
    if "rounds" in given:
        given["limits"] = Limits(
            envelope_db=given.pop("max_envelope"),
            transpose_cents=given.pop("max_transpose"),
            gain=not given.pop("no_gain"),
            fundamental_db=given.pop("max_fundamental"),
        )
    return given
