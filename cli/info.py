"""`vqsynth info`: a codebook's card."""

import click

from vqsynth.cli import options
from vqsynth.cli.printing import describe_card
from vqsynth.codes.spreadsheet import format_value
from vqsynth.storage.files import show_text
from vqsynth.store import load


@click.command("info")
@options.book
def info_command(book: str) -> None:
    """Show the card of BOOK, a shipped name or a folder: its sounds, its training, its figures, its licence.

    The files of the codebook are checked against the hashes in its card.

    \b
    Example:
      vqsynth info violin
    """
    codebook = load(book)
    for line in describe_card(codebook.card):
        click.echo(line)
    click.echo("ranges (5th to 95th percentile of the codes):")
    for (name, ends), unit in zip(codebook.table.ranges().items(), codebook.table.units, strict=True):
        span = "none usable" if ends is None else f"{format_value(ends[0])} to {format_value(ends[1])} {unit}".rstrip()
        click.echo(show_text(f"  {name}: {span}"))
