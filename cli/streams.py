"""Standard input and output where a file is named: "-" by itself, one rule for every verb.

Text, and a sound where no terminal would get it, go to standard output; all that people are told then goes to stderr.
Whatever else takes a file refuses "-".
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

    kinds: what it may be, so that the right verb can be named for what is something else.
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
                f"{name.lower()} cannot be standard input or output, as '-' says; name it, and what is called so ./-"
            )
        path = super().convert(value, param, ctx)
        note_given(ctx, path, self._kinds)
        return path.absolute() if path == STANDARD else path


class Name(click.types.StringParamType):
    """Take the name of a codebook or model, or its folder."""

    def __init__(self, *kinds: str) -> None:
        self._kinds = kinds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take it as it is, and keep it in mind in case it is of another kind."""
        note_given(ctx, value, self._kinds)
        return super().convert(value, param, ctx)


def say(text: str) -> None:
    """Tell people something: on standard output, or on stderr where standard output is a file of the verb's."""
    click.echo(text, err=bool(click.get_current_context().meta.get(_KEY)))


def check_standard_output(*, sound: bool) -> None:
    """Refuse standard output where there is none, or where it is a terminal, which shows no sound."""
    if sys.stdout is None:
        raise ParameterError("there is no standard output; name a file")
    if sound and sys.stdout.isatty():
        raise AudioError("a terminal shows no sound; lead standard output into a file or a program, or name a file")


@contextmanager
def written(output: Path, suffix: str) -> Iterator[Path]:
    """Give a file to write to: the output or, for "-", one of this suffix that then goes to standard output."""
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
    """Give a file to read from: the one that is given or, where that is "-", one of what standard input holds."""
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
