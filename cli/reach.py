"""`vqsynth reach`: what of a demand a codebook can meet, before anything is rendered."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import following, options
from vqsynth.cli.descriptors import load_book, own_descriptors
from vqsynth.follow.limits import Limits
from vqsynth.follow.reach import describe_reach, preview_targets
from vqsynth.follow.synthesis import gather_targets
from vqsynth.plot import plot_reach


@click.command("reach")
@options.book
@following.targets
@click.option("--plot", "plot_file", type=options.File, help="Picture of what is within reach to write, PNG or SVG.")
@own_descriptors
def reach_command(book: str, plot_file: Path | None, **values: Any) -> None:
    """Show how well codebook BOOK can meet some targets, without rendering a sound.

    For each descriptor it shows the share of the curve that is out of reach, and the least error that a path can have,
    alone and together with the others. Codes count whose value is sure. A pitch is within reach if `synth`, by default,
    transposes a code to it. The errors are those without gain, transposition and envelope, which `synth` adds.

    \b
    Example:
      vqsynth reach violin --target "centroid=sin(p5,p95,0.2)" --target "pitch=line(200,900)" --seconds 10
    """
    options.check_outputs(picture=plot_file, inputs=following.input_files(book, values))
    codebook = load_book(book)
    targets, weights, _ = gather_targets(codebook, **following.gather(values))
    found, unmet = preview_targets(codebook.table, targets, weights=weights, transpose_cents=Limits.transpose_cents)
    if plot_file:
        plot_reach(found, codebook.grid.sr / codebook.grid.hop_length, plot_file)
    click.echo("\n".join(describe_reach(found, unmet)))
