"""`vqsynth transfer`: a sound in another timbre."""

from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.streams import say, written
from vqsynth.sound import audio
from vqsynth.store import load


@click.command("transfer")
@options.book
@click.argument("sound", type=options.Sound)
@options.output
@options.excitation
@options.seed
def transfer_command(book: str, sound: Path, output: Path, excitation: str | None, seed: int | None) -> None:
    """Play SOUND in the timbre of codebook BOOK: encode, then decode.

    \b
    Example:
      vqsynth transfer violin voice.wav -o voice-as-violin.wav --excitation refined
    """
    from vqsynth.running.progress import show_progress

    options.check_sound(output)
    options.check_outputs(output, inputs=(sound,))
    codebook = load(book)
    with show_progress(say) as observer:
        path = codebook.encode(*audio.load(sound), observer=observer)
    with written(output, ".wav") as file:
        audio.save(file, codebook.render(path, excitation=excitation, seed=seed), path.sr)
    say(f"{path.seconds:.2f} s, {len(set(path.codes.tolist()))} codes used\nwrote {output}")
