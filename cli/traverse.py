"""`vqsynth traverse`: a codebook in the order of a descriptor."""

from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.descriptors import load_book, own_descriptors
from vqsynth.cli.outputs import dark as dark_option
from vqsynth.cli.outputs import write_rendered
from vqsynth.cli.streams import say
from vqsynth.plot import plot_traverse


@click.command("traverse")
@options.book
@click.option("--by", required=True, metavar="D", help="Descriptor that orders the codes.")
@click.option("--descending", is_flag=True, help="Go from the highest value to the lowest.")
@click.option(
    "--frames-per-code",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    help="Number of frames that each code is held.",
)
@options.output
@click.option(
    "--path", "path_file", type=options.OutputFile, help="Path file to write, JSON: the codes and gains, for `decode`."
)
@click.option("--plot", "plot_file", type=options.File, help="Picture to write, with codes and values, PNG or SVG.")
@dark_option
@options.excitation
@options.seed
@own_descriptors
def traverse_command(
    book: str, by: str, descending: bool, frames_per_code: int, output: Path, path_file: Path | None,
    plot_file: Path | None, dark: bool, excitation: str | None, seed: int | None,
) -> None:  # fmt: skip
    """Hear the codes of codebook BOOK one after the other in the order of a descriptor, all equally loud.

    Codes without a usable value, such as unpitched codes when ordered by pitch, are left out.

    \b
    Example:
      vqsynth traverse violin --by centroid -o violin-by-centroid.wav --plot violin-by-centroid.png
    """
    options.check_sound(output)
    options.check_outputs(output, path_file, picture=plot_file, inputs=options.input_files(book))
    codebook = load_book(book)
    path = codebook.traverse(by, descending=descending, frames_per_code=frames_per_code)
    y = write_rendered(codebook, [path], output, path_file, excitation=excitation, seed=seed)
    if plot_file:
        table, spectra = codebook.table, codebook.spectra.magnitudes[path.codes]
        plot_traverse(
            y, path.sr, table.column(by)[path.codes], plot_file, name=by, unit=table.units[table.position(by)],
            magnitudes=spectra, codes=path.codes, title=f"{codebook.name} by {by}", dark=dark,
        )  # fmt: skip
    say(f"{len(set(path.codes.tolist()))} codes in {path.seconds:.2f} s\nwrote {output}")
