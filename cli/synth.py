"""`vqsynth synth`: descriptor curves to sound."""

import json
from pathlib import Path
from typing import Any

import click

from vqsynth import audio
from vqsynth.cli import options
from vqsynth.files import write_whole
from vqsynth.plot import plot_report
from vqsynth.report import summarize, warnings_of
from vqsynth.selection import METHODS, SMOOTHNESS
from vqsynth.shelf import load
from vqsynth.synthesis import synthesize


@click.command("synth")
@options.book
@click.option("--target", "targets", multiple=True, required=True, metavar="D=CURVE", help="A descriptor, its curve.")
@click.option("--seconds", type=float, required=True, help="Length of the sound.")
@options.output
@click.option("--method", type=click.Choice(METHODS), default="best_path", show_default=True)
@click.option("--excitation", type=click.Choice(options.EXCITATIONS), default="coherent", show_default=True)
@click.option("--weight", "weights", multiple=True, metavar="D=W", help="Weight of a target, 1 by default.")
@click.option("--smoothness", type=float, default=SMOOTHNESS, show_default=True, help="Price of jumps between spectra.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the noise.")
@click.option("--path", "path_file", type=options.File, help="Write the codes and gain, JSON, for `decode`.")
@click.option("--report", "report_file", type=options.File, help="Write what was asked and got, JSON.")
@click.option("--plot", "plot_file", type=options.File, help="Draw it, PNG or SVG.")
def synth_command(book: str, targets: tuple[str, ...], weights: tuple[str, ...], output: Path, path_file: Path | None,
                  report_file: Path | None, plot_file: Path | None, **choices: Any) -> None:  # fmt: skip
    """Make a sound from codebook BOOK that follows descriptor curves.

    CURVE is a number; breakpoints in seconds "0:600 2.5:3000 6:900"; line(a,b), exp(a,b), sin(low,high,hz[,phase]),
    steps(a,b,c,...), random(low,high,hz,seed); or @file.csv, @file.json. A value like p5 is that percentile of the
    codebook's table. A loudness target sets the gain; without one the level is steady at -20.

    \b
    Example:
      vqsynth synth violin --target "centroid=sin(p5,p95,0.2)" --seconds 10 -o wave.wav --plot wave.png
    """
    audio.sound_format(output)
    curves, factors = options.split_pairs(targets, "--target"), options.split_numbers(weights, "--weight")
    inputs = options.input_files(book, curves)
    options.check_outputs(output, path_file, report_file, picture=plot_file, inputs=inputs)
    codebook = load(book)
    options.check_names(curves, codebook.table)
    made = synthesize(codebook, weights=factors, **choices, **curves)
    audio.save(output, made.y, made.path.sr)
    if path_file:
        made.path.save(path_file)
    if report_file:
        write_whole(report_file, json.dumps(made.report) + "\n")
    if plot_file:
        plot_report(made.report, made.y, plot_file)
    for line in warnings_of(made.report):
        click.echo(f"Warning: {line}", err=True)
    click.echo("\n".join([*summarize(made.report), f"wrote {output}"]))
