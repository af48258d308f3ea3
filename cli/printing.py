"""Tables on the terminal, and as aligned plain text where a program reads along."""

import sys
from collections.abc import Sequence

import click


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a header: ruled on a terminal, else one line per row and one word per cell, none cut off.

    A cell may have two lines, as a range from low to high has; as one word it is low..high. An empty one is a dash.
    """
    if sys.stdout.isatty():
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

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)  # ten columns fit on 80 characters
    for i, name in enumerate(header):
        table.add_column(Text(name.replace("_", "_\n")), justify="right" if i else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
