"""`vqsynth list`: the codebooks at hand."""

from typing import Any

import click

from vqsynth.cli.options import load_whole
from vqsynth.cli.printing import print_table
from vqsynth.codebook import Codebook
from vqsynth.codes.spreadsheet import format_value
from vqsynth.errors import CodebookError
from vqsynth.store import codebooks_at_hand, load


@click.command("list")
@click.argument("folders", nargs=-1, metavar="[FOLDERS]...", type=click.Path(exists=True, file_okay=False))
def list_command(folders: tuple[str, ...]) -> None:
    """List the shipped codebooks, and those in FOLDERS.

    For each it shows the seconds of sound it was trained on, its number of codes, its sample rate, and the range of its
    descriptors from the 5th to the 95th percentile of its codes.

    \b
    Examples:
      vqsynth list
      vqsynth list ~/codebooks
    """
    books, damaged = load_whole(codebooks_at_hand(folders), load, CodebookError)
    if books:
        _print_books(books)
    elif not damaged:
        click.echo("no codebooks here; name the folders that hold some, or train one with: vqsynth train")
    if damaged:
        raise CodebookError("\nError: ".join(damaged))


def _print_books(books: list[Codebook]) -> None:
    units = {name: unit for book in books for name, unit in zip(book.table.names, book.table.units, strict=True)}
    ranges = [book.table.ranges() for book in books]
    print_table(
        ["name", "seconds", "codes", "sr", *(f"{name}\n{unit}".strip() for name, unit in units.items())],
        [
            [book.name, _seconds(book.card), str(len(book)), str(book.grid.sr), *(_span(r.get(name)) for name in units)]
            for book, r in zip(books, ranges, strict=True)
        ],
    )


def _seconds(card: dict[str, Any]) -> str:
    corpus = card.get("corpus")
    seconds = corpus.get("seconds") if isinstance(corpus, dict) else None
    return f"{seconds:.0f}" if isinstance(seconds, int | float) else ""


def _span(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else "\n".join(map(format_value, ends))
