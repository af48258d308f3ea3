"""Tables, cards and progress on a terminal, and as plain text for programs."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from vqsynth.storage.files import show_text

T = TypeVar("T")


def tell_each(things: Iterable[T], total: int, say: Callable[[T], str]) -> Iterator[T]:
    """Yield things as they come and print a line for each on stderr, with a progress bar where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
    from rich.text import Text

    console = Console(stderr=True)
    columns = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        for number, thing in enumerate(things, 1):
            line = f"{number}/{total} {say(thing)}"
            if console.is_terminal:
                console.print(Text(line))  # over the bar, which what others write would break
            else:
                click.echo(line, err=True)
            bar.advance(task)
            yield thing


@contextmanager
def show_waiting(doing: str) -> Iterator[None]:
    """Show on stderr that work of unknown length goes on: a spinner with the time on a terminal, else a line."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        click.echo(f"{doing} ...", err=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task(doing, total=None)
        yield


def describe_card(card: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Yield a line per fact, those of a group indented under its name."""
    for name, value in card.items():
        label = f"{indent}{_one_line(name.replace('_', ' '))}:"
        if isinstance(value, dict):
            yield label
            yield from describe_card(value, indent + "  ")
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            yield label
            for item in value:
                yield f"{indent}  {_plain(item)}"
        else:
            yield f"{label} {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{_one_line(name)} {_plain(inner)}" for name, inner in value.items()) or "-"
    if isinstance(value, float):
        return f"{value:.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    return _one_line(str(value)) or "-"


def _one_line(text: str) -> str:
    """Return a text of a card as one line without control characters, since anybody may have written it."""
    return show_text(" ".join(text.split("\n")))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a header: with rules on a terminal, else a line per row and a word per cell, none truncated.

    A cell may have two lines, such as the ends of a range; as one word they are low..high. An empty cell is a dash.
    """
    header, rows = [show_text(cell) for cell in header], [[show_text(cell) for cell in row] for row in rows]
    if sys.stdout is not None and sys.stdout.isatty():
        _print_ruled(header, rows)
        return
    lines = [[_join_words(cell, "_") for cell in header], *([_join_words(cell, "..") for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        click.echo("  ".join(cells).rstrip())


def _join_words(cell: str, between_lines: str) -> str:
    return between_lines.join("_".join(line.split()) for line in cell.splitlines()) or "-"


def _print_ruled(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console, header = Console(), [name.replace("_", "_\n") for name in header]
    for columns in _fit_columns([header, *rows], console.width):
        table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)  # ten columns fit on 80 characters
        for i in columns:
            table.add_column(Text(header[i]), justify="right" if i else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(row[i]) for i in columns))
        console.print(table)


def _fit_columns(lines: Sequence[Sequence[str]], width: int) -> list[list[int]]:
    """Split columns into groups that fit a width without breaking numbers; each group begins with the first column."""
    needed = [max(len(word) for cell in column for word in cell.split("\n")) + 1 for column in zip(*lines, strict=True)]
    groups = [[0]]
    for i in range(1, len(needed)):
        if len(groups[-1]) > 1 and sum(needed[k] for k in groups[-1]) + needed[i] > width:
            groups.append([0])
        groups[-1].append(i)
    return groups
