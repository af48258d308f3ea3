"""Descriptors of one's own on the command line: a Python file that is run, and codebooks measured with what it adds."""

import runpy
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from vqsynth.cli.printing import show_waiting
from vqsynth.cli.streams import FilePath
from vqsynth.codebook import Codebook
from vqsynth.errors import ParameterError
from vqsynth.sound.descriptors import REGISTRY
from vqsynth.store import load

_ADDED = "vqsynth.descriptors"


def add_descriptors(file: Path) -> list[str]:
    """Run a Python file, and return the names of the descriptors that it adds.

    Raises ParameterError for a file that cannot be read, that fails, or that adds no descriptor.
    """
    before = dict(REGISTRY)
    try:
        runpy.run_path(str(file), run_name=file.stem)
    except OSError as e:
        raise ParameterError(f"cannot read '{file}': {e.strerror}; --descriptors takes a Python file") from e
    except Exception as e:
        raise ParameterError(f"'{file}' failed{_line_in(e, file)}: {type(e).__name__}: {e}") from e
    added = [name for name, found in REGISTRY.items() if before.get(name) is not found]
    if not added:
        raise ParameterError(f"'{file}' adds no descriptor; put @vqsynth.descriptor(NAME, unit=...) over a function")
    return added


def load_book(book: str | Path) -> Codebook:
    """Load a codebook, and measure it with the descriptors that --descriptors has added. Raises CodebookError."""
    found = load(book)
    if set(click.get_current_context().meta.get(_ADDED, ())) - set(found.table.names):
        with show_waiting(f"measuring the codes of {found.name}"):
            return found.measured_again()
    return found


def _line_in(error: Exception, file: Path) -> str:
    """Say at which line of a file an error was raised."""
    if isinstance(error, SyntaxError):
        return f" in line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f" in line {lines[-1]}" if lines else ""


def _take(ctx: click.Context, _: click.Parameter, files: tuple[Path, ...]) -> None:
    ctx.meta.setdefault(_ADDED, []).extend(name for file in files for name in add_descriptors(file))


own_descriptors: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--descriptors",
    type=FilePath(),
    multiple=True,
    expose_value=False,
    is_eager=True,
    callback=_take,
    metavar="F.py",
    help="Python file with descriptors of your own; this runs the file, so take only one that you trust; repeatable.",
)
