"""`vqsynth table`: what each code of a codebook sounds like."""

from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.descriptors import load_book, own_descriptors
from vqsynth.cli.printing import print_table
from vqsynth.cli.streams import STANDARD, say
from vqsynth.codes.spreadsheet import format_value
from vqsynth.errors import ParameterError
from vqsynth.page import write_table_page


@click.command("table")
@options.book
@click.option("--sort", "by", default="code", metavar="D", help="Descriptor to sort by; `code` and `count` sort too.")
@click.option("--descending", is_flag=True, help="Sort from the highest value down.")
@click.option("--where", metavar="EXPR", help="Condition that a code must meet to be shown.")
@click.option("--csv", type=options.OutputFile, metavar="F", help="CSV file to write, in full precision; - prints it.")
@click.option("--json", type=options.OutputFile, metavar="F", help="JSON file to write; - prints it.")
@click.option("--html", type=options.File, metavar="F", help="Page to write; on it, a click plays a code.")
@own_descriptors
def table_command(
    book: str, by: str, descending: bool, where: str | None, csv: Path | None, json: Path | None, html: Path | None
) -> None:
    """Show the descriptors of the codes of BOOK, a shipped name or a folder. Codes that no sound uses are left out.

    EXPR compares descriptors, `count` and `code` with numbers or percentiles, joined by and, or, not. Codes without a
    usable value come last and meet no comparison.

    \b
    Examples:
      vqsynth table violin --sort centroid --descending
      vqsynth table violin --where "centroid>2000 and flatness<-20"
      vqsynth table violin --where "p10<pitch<p50" --csv low.csv
      vqsynth table violin --sort pitch --html violin.html
    """
    if csv == json == STANDARD:
        raise ParameterError("--csv and --json cannot both print; name a file for one of them")
    options.check_outputs(csv, json, page=html, inputs=options.input_files(book))
    codebook = load_book(book)
    used = codebook.table.select(codebook.table.used)
    table = used if where is None else used.select(used.filter(where))
    table = table.select(table.sort(by, descending=descending))
    for path, write in ((csv, table.to_csv), (json, table.to_json)):
        if path == STANDARD:
            click.echo(write(), nl=False)
        elif path is not None:
            write(path)
            say(f"wrote {len(table)} codes to {path}")
    if html is not None:
        write_table_page(html, table, codebook.spectra, title=f"{codebook.name}: {len(table)} codes")
        say(f"wrote {len(table)} codes to {html}")
    if not (csv or json or html):
        header = ["code", "count", *(f"{n}\n{u}".strip() for n, u in zip(table.names, table.units, strict=True))]
        rows = zip(table.codes, table.counts, table.values, strict=True)
        print_table(header, [[str(code), str(count), *map(format_value, row)] for code, count, row in rows])
