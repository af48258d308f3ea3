"""Standard input and output by the file name "-", the same for every verb.

Text can go to standard output, and so can a sound unless it is a terminal. All messages then go to stderr. Options that
take other files refuse "-".
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from vqsynth.cli.given import note_given
from vqsynth.errors import AudioError, ParameterError, VqsynthError

STANDARD = Path("-")
MOST_BYTES = 2**30
_KEY = "vqsynth.standard-output"


class FilePath(click.Path):
    """Take the path of a file, and "-" for standard input or output where `standard` says so.

    kinds: the kinds of file that are taken, so that an error can name the verb for a file of another kind.
    """

    def __init__(self, *kinds: str, standard: str = "") -> None:
        super().__init__(path_type=Path)
        self._kinds, self._standard = kinds, standard

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Make a path, of "./-" too. Raises ParameterError for "-" where only a file will do."""
        if value == "-" and self._standard == "output" and ctx is not None:
            ctx.meta[_KEY] = True
        if value == "-" and self._standard:
            return STANDARD
        if value == "-":
            name = param.human_readable_name if param is not None else "this"
            raise ParameterError(
                f"{name.lower()} cannot be standard input or output, '-'; name a file, and write ./- for one called -"
            )
        path = super().convert(value, param, ctx)
        note_given(ctx, path, self._kinds)
        return path.absolute() if path == STANDARD else path


class Name(click.types.StringParamType):
    """Take the name of a codebook or model, or its folder."""

    def __init__(self, *kinds: str) -> None:
        self._kinds = kinds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name, and note it for the error where it turns out to be of another kind."""
        note_given(ctx, value, self._kinds)
        return super().convert(value, param, ctx)


def warn(line: str) -> None:
    """Write a warning on stderr."""
    click.echo(f"Warning: {line}", err=True)


def say(text: str) -> None:
    """Print a message to standard output, or to stderr where standard output receives a file of the verb."""
    click.echo(text, err=bool(click.get_current_context().meta.get(_KEY)))


def check_standard_output(*, sound: bool) -> None:
    """Raise an error where there is no standard output, or where it is a terminal and a sound is to be written."""
    if sys.stdout is None:
        raise ParameterError("there is no standard output; name a file")
    if sound and sys.stdout.isatty():
        raise AudioError("a terminal shows no sound; redirect standard output to a file or a program, or name a file")


@contextmanager
def written(output: Path, suffix: str) -> Iterator[Path]:
    """Yield a file to write to: the output or, for "-", a temporary file that is then copied to standard output."""
    if output != STANDARD:
        yield output
        return
    with _folder() as folder:
        file = folder / f"standard-output{suffix}"
        yield file
        sys.stdout.flush()
        with file.open("rb") as whole:
            shutil.copyfileobj(whole, sys.stdout.buffer)
        sys.stdout.buffer.flush()


@contextmanager
def readable(given: Path, suffix: str) -> Iterator[Path]:
    """Yield a file to read from: the given one or, for "-", a temporary file with what standard input holds."""
    if given != STANDARD:
        yield given
        return
    if sys.stdin is None or sys.stdin.isatty():
        raise ParameterError("nothing comes from standard input, which is a terminal; name a file")
    with _folder() as folder:
        file = folder / f"standard-input{suffix}"
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise VqsynthError(f"standard input holds more than {MOST_BYTES / 2**20:.0f} MB, the most that is read")
        file.write_bytes(data)
        try:
            yield file
        except VqsynthError as e:
            raise type(e)(str(e).replace(f"'{file}'", "standard input")) from e


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vqsynth-", ignore_cleanup_errors=True) as name:
        yield Path(name)
