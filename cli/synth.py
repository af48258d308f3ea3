"""`vqsynth synth`: descriptor curves to sound."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import following, options
from vqsynth.cli.outputs import RenderFiles, render_files
from vqsynth.cli.streams import say, written
from vqsynth.follow.report import summarize, warnings_of
from vqsynth.follow.synthesis import synthesize
from vqsynth.sound import audio
from vqsynth.store import load


@click.command("synth")
@options.book
@following.targets
@options.output
@following.choices
@render_files
def synth_command(book: str, output: Path, **values: Any) -> None:
    """Make a sound from codebook BOOK that follows descriptor curves.

    CURVE is a number; breakpoints in seconds "0:600 2.5:3000 6:900"; line(a,b), exp(a,b), sin(low,high,hz[,phase]),
    steps(a,b,c,...), random(low,high,hz,seed); @file.csv, @file.json; or @voice.wav, what that sound has. A value like
    p5 is that percentile of the codebook's table. A loudness target sets the gain; without one the level is -20.
    What comes out is measured, and gain, transposition and tilt are moved against the error for some rounds.

    \b
    Examples:
      vqsynth synth violin --target "centroid=sin(p5,p95,0.2)" --seconds 10 -o wave.wav --plot wave.png
      vqsynth synth violin --target "centroid=line(p5,p95)" --target pitch=440 --seconds 10 -o up.wav --html up.html
      vqsynth synth violin --like voice.wav -o voice-as-violin.wav
    """
    options.check_sound(output)
    files = RenderFiles.take(values)
    files.check(output, seconds=values["seconds"] or 0, inputs=following.input_files(book, values))
    codebook = load(book)
    made = synthesize(codebook, **following.gather(values))
    with written(output, ".wav") as file:
        audio.save(file, made.y, made.path.sr)
    files.write(made, codebook.table, targets=options.split_pairs(values["targets"], "--target"))
    for line in warnings_of(made.report):
        click.echo(f"Warning: {line}", err=True)
    say("\n".join([*summarize(made.report), f"wrote {output}"]))
