"""`vqsynth encode`: a sound to a path."""

from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.streams import say, written
from vqsynth.sound import audio
from vqsynth.store import load


@click.command("encode")
@options.book
@click.argument("sound", type=options.Sound)
@options.keep("pitch=1,envelope=1")
@options.codes_by
@click.option("-o", "--output", type=options.OutputFile, required=True, help="Path file to write, JSON.")
def encode_command(book: str, sound: Path, output: Path, keep: dict[str, float] | None, codes_by: str) -> None:
    """Turn SOUND into codes of codebook BOOK and gains: a path file that can be edited and decoded.

    The path also holds the transposition to the pitch of SOUND and the envelope between SOUND and its codes.

    \b
    Example:
      vqsynth encode violin voice.wav -o voice.json
    """
    from vqsynth.running.progress import show_progress

    options.check_outputs(output, inputs=(sound, *options.input_files(book)))
    with show_progress(say) as observer:
        path = load(book).encode(*audio.load(sound), keep=keep, codes_by=codes_by, observer=observer)
    with written(output, ".json") as file:
        path.save(file)
    say(f"{len(path)} frames, {len(set(path.codes.tolist()))} codes used\nwrote {output}")
