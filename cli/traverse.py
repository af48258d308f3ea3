"""`vqsynth traverse`: a codebook in the order of a descriptor."""

from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.outputs import dark as dark_option
from vqsynth.cli.streams import say, written
from vqsynth.plot import plot_traverse
from vqsynth.sound import audio
from vqsynth.store import load


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
@click.option("--plot", "plot_file", type=options.File, help="Picture of the sound to write, PNG or SVG.")
@dark_option
@options.excitation
@options.seed
def traverse_command(
    book: str, by: str, descending: bool, frames_per_code: int, output: Path, plot_file: Path | None, dark: bool,
    excitation: str | None, seed: int | None,
) -> None:  # fmt: skip
    """Hear the codes of codebook BOOK one after the other in the order of a descriptor, all equally loud.

    Codes without a usable value, such as unpitched ones going by pitch, are left out.

    \b
    Example:
      vqsynth traverse violin --by centroid -o violin-by-centroid.wav --plot violin-by-centroid.png
    """
    options.check_sound(output)
    options.check_outputs(output, picture=plot_file)
    codebook = load(book)
    path = codebook.traverse(by, descending=descending, frames_per_code=frames_per_code)
    y = codebook.render(path, excitation=excitation, seed=seed)
    with written(output, ".wav") as file:
        audio.save(file, y, path.sr)
    if plot_file:
        table = codebook.table
        values, unit = table.column(by)[path.codes], table.units[table.position(by)]
        grains = codebook.grains.magnitudes[path.codes]
        plot_traverse(y, path.sr, values, plot_file, name=by, unit=unit, magnitudes=grains, dark=dark)
    say(f"{len(set(path.codes.tolist()))} codes in {path.seconds:.2f} s\nwrote {output}")
