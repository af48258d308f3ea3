"""`vqsynth info`: a codebook's card."""

from collections.abc import Iterator
from typing import Any

import click

from vqsynth.cli import options
from vqsynth.shelf import load
from vqsynth.spreadsheet import format_value


@click.command("info")
@options.book
def info_command(book: str) -> None:
    """Show the card of BOOK, a shipped name or a folder: what it was made of, how, how good it is, its licence.

    The codebook is checked on the way: every file is there and is the one that the card means.

    \b
    Example:
      vqsynth info violin
    """
    codebook = load(book)
    for line in _describe(codebook.card, ""):
        click.echo(line)
    click.echo("ranges (5th to 95th percentile of the codes):")
    for (name, ends), unit in zip(codebook.table.ranges().items(), codebook.table.units, strict=True):
        span = "none usable" if ends is None else f"{format_value(ends[0])} to {format_value(ends[1])} {unit}".rstrip()
        click.echo(f"  {name}: {span}")


def _describe(card: dict[str, Any], indent: str) -> Iterator[str]:
    """Yield a line per fact, those of a group indented under its name."""
    for name, value in card.items():
        label = f"{indent}{name.replace('_', ' ')}:"
        if isinstance(value, dict):
            yield label
            yield from _describe(value, indent + "  ")
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            yield label
            for item in value:
                yield f"{indent}  {', '.join(f'{k} {_plain(v)}' for k, v in item.items()) if item else '-'}"
        else:
            yield f"{label} {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value) or "-"
