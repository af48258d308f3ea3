"""`vqsynth continuous plot`: a latent path as a picture."""

from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.continuous.rendering import PathFile, load_path
from vqsynth.cli.outputs import dark as dark_option


@click.command("plot")
@click.argument("path", metavar="PATH.json", type=PathFile)
@click.option("-o", "--output", type=options.File, required=True, help="Picture to write, PNG, SVG or PDF.")
@click.option(
    "--components",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Number of components that are drawn.",
)
@click.option(
    "--before", type=PathFile, metavar="PATH.json", help="Path to draw behind it, such as the one before bending."
)
@dark_option
def plot_command(path: Path, output: Path, components: int, before: Path | None, dark: bool) -> None:
    """Draw the loudness and the components of a latent path over time, the component of largest variance first.

    \b
    Example:
      vqsynth continuous plot bent.json --before violin.json -o bent.png
    """
    files = [file for file in (path, before) if file]
    options.check_outputs(picture=output, inputs=options.named(*files))
    shown, *behind = [load_path(file) for file in files]
    shown.plot(output, components=components, before=behind[0] if behind else None, title=path.stem, dark=dark)
    click.echo(f"wrote {output}")
