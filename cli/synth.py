"""`vqsynth synth`: descriptor curves to sound."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import following, options
from vqsynth.cli.descriptors import load_book, own_descriptors
from vqsynth.cli.outputs import RenderFiles, render_files
from vqsynth.cli.streams import say, warn, written
from vqsynth.follow.report import say_turned_down, summarize
from vqsynth.follow.synthesis import synthesize
from vqsynth.sound import audio


@click.command("synth")
@options.book
@following.targets
@options.output
@following.choices
@render_files
@own_descriptors
def synth_command(book: str, output: Path, **values: Any) -> None:
    """Make a sound from codebook BOOK that follows descriptor curves.

    CURVE is a number; breakpoints, seconds:value, "0:600 2.5:3000 6:900" (~6:900 approaches by equal ratios);
    line(a,b), exp(a,b), sin(low,high,hz[,phase]), steps(a,b,c,...), random(low,high,hz,seed); @file.csv, @file.json; or
    @voice.wav, the descriptor of that sound, changed by @voice.wav(transpose=12, smooth=0.1, scale=1, shift=0). Values
    are written 1200, 2k, A4 or C#3 (in Hz), p5 (a percentile of the codebook's table), p50+100, p50*1.5. A loudness
    target sets the gain; without one the loudness is -20 LUFS.
    The sound is measured, and gain, transposition and envelope are moved against the error in several rounds.

    \b
    Examples:
      vqsynth synth violin --target "centroid=sin(p5,p95,0.2)" --seconds 10 -o wave.wav --plot wave.png
      vqsynth synth violin --target "centroid=line(p5,p95)" --target pitch=440 --seconds 10 -o up.wav --html up.html
      vqsynth synth violin --target "pitch=0:A3 ~2:C5 4:C5" -o glide.wav
      vqsynth synth violin --like voice.wav -o voice-as-violin.wav
    """
    from vqsynth.running.progress import show_progress

    options.check_sound(output)
    files = RenderFiles.take(values)
    inputs = following.input_files(book, values)
    files.check(output, seconds=values["seconds"] or 0, channels=2 if values["spread"] else 1, inputs=inputs)
    codebook = load_book(book)
    with show_progress(warn) as observer:
        made = synthesize(codebook, observer=observer, **following.gather(values))
    with written(output, ".wav") as file:
        audio.save(file, made.y, made.path.sr)
    drawn = options.split_pairs(values["targets"], "--target")
    files.write(made, codebook.table, targets=drawn, like=values["like"])
    for line in say_turned_down(made.report):
        warn(line)
    say("\n".join([*summarize(made.report), f"wrote {output}"]))
