"""`vqsynth map`: the codes of a codebook in two dimensions."""

from contextlib import nullcontext
from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.descriptors import load_book, own_descriptors
from vqsynth.cli.outputs import dark as dark_option
from vqsynth.cli.printing import show_waiting
from vqsynth.codes.projection import PROJECTIONS, project_codes
from vqsynth.page import write_map_page
from vqsynth.plot import plot_map


@click.command("map")
@options.book
@click.option("-o", "--output", type=options.File, help="Picture to write, PNG or SVG.")
@click.option("--html", type=options.File, metavar="F", help="Page to write: zoom, colours, a click plays a code.")
@click.option("--color", default="centroid", show_default=True, metavar="D", help="Descriptor that colours the codes.")
@click.option("--method", type=click.Choice(PROJECTIONS), default="pca", show_default=True,
              help="Projection: pca keeps distances between spectra, tsne keeps neighbours together.")  # fmt: skip
@click.option("--histogram", metavar="D", help="Descriptor whose distribution is drawn under the map.")
@dark_option
@own_descriptors
def map_command(
    book: str, output: Path | None, html: Path | None, color: str, method: str, histogram: str | None, dark: bool
) -> None:
    """Draw the codes of BOOK on a plane, codes with similar spectra near each other.

    The more a code was used in training, the larger it is. Codes without a usable value are grey. The histogram counts
    the codes, and again weighted by their use.

    \b
    Examples:
      vqsynth map violin -o violin.png
      vqsynth map violin --html violin.html
      vqsynth map violin --method tsne --color pitch --histogram pitch --dark -o violin.svg
    """
    if output is None and html is None:
        raise click.UsageError("give a picture to write with -o, a page with --html, or both")
    options.check_outputs(picture=output, page=html, inputs=options.input_files(book))
    codebook = load_book(book)
    options.check_names(filter(None, (color, histogram)), codebook.table)
    with show_waiting("placing the codes by t-SNE") if method == "tsne" else nullcontext():
        projection = project_codes(codebook.spectra.magnitudes, method=method)
    title = f"{codebook.name}: {len(codebook)} codes"
    if output:
        plot_map(projection, codebook.table, output, color=color, histogram=histogram, title=title, dark=dark)
        click.echo(f"wrote {output}")
    if html:
        write_map_page(html, projection, codebook.table, codebook.spectra, color=color, title=title)
        click.echo(f"wrote {html}")
