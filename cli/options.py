"""The options that several verbs share, and how `NAME=VALUE` is read."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from vqsynth.cli.given import BOOK, PATH, SOUND
from vqsynth.cli.streams import STANDARD, FilePath, Name, check_standard_output
from vqsynth.codebook import Codebook
from vqsynth.codes.encoding import CODES_BY, check_keep
from vqsynth.codes.spectra import EXCITATIONS
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.sources import source_file
from vqsynth.errors import CodebookError, ParameterError, VqsynthError
from vqsynth.page import check_page
from vqsynth.plot import check_picture
from vqsynth.sound import audio
from vqsynth.sound.width import check_spread
from vqsynth.storage.files import check_output
from vqsynth.store import find_codebook, load

File = FilePath()
Sound, PathFile, OutputFile = FilePath(SOUND), FilePath(PATH, standard="input"), FilePath(standard="output")
Book = Name(BOOK)
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
T = TypeVar("T")

book = click.argument("book", type=Book)
output: Decorator = click.option(
    "-o", "--output", type=OutputFile, required=True, help="Sound file to write; - writes to a pipe."
)
excitation: Decorator = click.option(
    "--excitation",
    type=click.Choice(EXCITATIONS),
    help="Phases: random, continuous for partials, or refined by iteration.  [default: the path's, else coherent]",
)
seed: Decorator = click.option(
    "--seed", type=click.IntRange(min=0), help="Seed of the noise.  [default: the path's, else 0]"
)
spread: Decorator = click.option(
    "--spread",
    type=float,
    callback=lambda ctx, param, value: read_spread(value),
    help="Width in stereo, 0 to 1; 0: mono.  [default: the path's, else 0]",
)

codes_by: Decorator = click.option(
    "--codes-by",
    type=click.Choice(CODES_BY),
    default=CODES_BY[0],
    show_default=True,
    help="Find codes by the nearest spectrum in reach of the pitch, or by the codebook's encoder.",
)


def keep(default: str) -> Decorator:
    """Make the option of what is kept of a sound; `default` says what is, where nothing is said."""
    return click.option(
        "--keep",
        metavar="pitch=A,envelope=A",
        callback=lambda ctx, param, value: read_keep(value),
        help=f"How much to keep of the sound's pitch and envelope, from 0, the codebook's own, to 1."
        f"  [default: {default}]",
    )


def read_keep(text: str | None) -> dict[str, float] | None:
    """Read how much is kept, NAME=AMOUNT with commas between. Raises ParameterError."""
    if text is None:
        return None
    given = {}
    for name, value in split_pairs(tuple(part for part in text.split(",") if part.strip()), "--keep").items():
        try:
            given[name] = float(value)
        except ValueError as e:
            raise ParameterError(f"--keep {name} must be a number from 0 to 1 (got {value!r})") from e
    check_keep(given)
    return given


def read_spread(value: float | None) -> float | None:
    """Check a spread before any work, None for none. Raises ParameterError."""
    return None if value is None else check_spread(value)


def refuse_given(names: Iterable[str], why: str) -> None:
    """Raise UsageError for options that were typed where they have no use."""
    for name in names:
        if is_given(name):
            typed = next(p.opts[-1] for p in click.get_current_context().command.params if p.name == name)
            raise click.UsageError(f"{typed} is an option {why}; leave it out")


def is_given(name: str) -> bool:
    """Tell whether an option of the running verb was typed."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def split_pairs(values: tuple[str, ...], option: str) -> dict[str, str]:
    """Split each `NAME=VALUE` at its first equals sign. Raises ParameterError if it is missing or a name recurs."""
    pairs: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise ParameterError(f"{option} expects NAME=VALUE (got {text!r})")
        if name.strip() in pairs:
            raise ParameterError(f"{option} names {name.strip()!r} twice; give it once")
        pairs[name.strip()] = value.strip()
    return pairs


def input_files(book: str, curves: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """List what a codebook and curves are read from, none of which may be overwritten.

    Raises CodebookError, and ParameterError for changes of a file's curve that cannot be made.
    """
    drawn = map(source_file, (curves or {}).values())
    return (*find_codebook(book).iterdir(), *filter(None, drawn))


def load_named(book: str | None, name: str) -> Codebook:
    """Load a codebook that is given, or else the one that a path names. Raises CodebookError."""
    try:
        return load(find_codebook(book or name))
    except CodebookError as e:
        hint = "" if book else "; the path names it, and --book or --from can name its folder"
        raise CodebookError(f"{e}{hint}") from e


def named(*inputs: Path) -> tuple[Path, ...]:
    """Return the inputs without standard input, which cannot be overwritten."""
    return tuple(path for path in inputs if path != STANDARD)


def load_whole(
    folders: Iterable[Path], load: Callable[[Path], T], error: type[VqsynthError]
) -> tuple[list[T], list[str]]:
    """Load folders. Return what could be loaded, and the error messages of the others."""
    loaded, damaged = [], []
    for folder in folders:
        try:
            loaded.append(load(folder))
        except error as e:
            damaged.append(str(e))
    return loaded, damaged


def check_names(names: Iterable[str], table: DescriptorTable) -> None:
    """Refuse names that no column has, `seed` and `seconds` among them. Raises ParameterError."""
    for name in names:
        table.position(name)


def check_sound(output: Path) -> None:
    """Raise an error for a sound to write in an unknown format, or to a terminal."""
    if output == STANDARD:
        check_standard_output(sound=True)
    else:
        audio.sound_format(output)


def check_outputs(
    *outputs: Path | None, picture: Path | None = None, page: Path | None = None, inputs: tuple[str | Path, ...] = ()
) -> None:
    """Raise an error, before any work, for outputs that cannot be written, are inputs, or are named twice."""
    if picture is not None:
        check_picture(picture)
    if page is not None:
        check_page(page)
    outputs = (*outputs, picture, page)
    named = [path for path in outputs if path is not None]
    for path in named:
        if path == STANDARD:
            check_standard_output(sound=False)
        else:
            check_output(path, inputs=inputs)
    if len({path.resolve() for path in named}) < len(named):
        raise ParameterError("two outputs have the same name; give each its own")
