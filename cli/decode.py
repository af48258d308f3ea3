"""`vqsynth decode`: a path to sound."""

from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.streams import readable, say, written
from vqsynth.errors import CodebookError
from vqsynth.path import load_layers
from vqsynth.sound import audio
from vqsynth.store import find_codebook, load


@click.command("decode")
@click.argument("path_file", metavar="PATH.json", type=options.PathFile)
@options.output
@click.option(
    "--book", type=options.Book, help="Codebook to play it with.  [default: the shipped one that the path names]"
)
@options.excitation
@options.seed
def decode_command(path_file: Path, output: Path, book: str | None, excitation: str | None, seed: int | None) -> None:
    """Turn a path file into sound, by default with the excitation and seed that it was made with.

    \b
    Example:
      vqsynth decode voice.json -o voice-as-violin.wav
    """
    options.check_sound(output)
    options.check_outputs(output, inputs=options.named(path_file))
    with readable(path_file, ".json") as file:
        path, *others = load_layers(file)
    try:
        folder = find_codebook(book or path.codebook)
    except CodebookError as e:
        if book:
            raise
        raise CodebookError(f"{e}; the path names it, and --book can name another folder") from e
    codebook = load(folder)
    with written(output, ".wav") as file:
        audio.save(file, codebook.render(path, *others, excitation=excitation, seed=seed), path.sr)
    say(f"{path.seconds:.2f} s\nwrote {output}")
