"""`vqsynth transfer`: a sound in another timbre."""

from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.streams import say, written
from vqsynth.sound import audio
from vqsynth.store import load

TRANSFERRED = {"pitch": 1.0, "envelope": 0.0}


@click.command("transfer")
@options.book
@click.argument("sound", type=options.Sound)
@options.output
@options.keep("pitch=1,envelope=0")
@options.codes_by
@options.excitation
@options.seed
def transfer_command(
    book: str, sound: Path, output: Path, keep: dict[str, float] | None, codes_by: str, excitation: str | None,
    seed: int | None,
) -> None:  # fmt: skip
    """Play SOUND in the timbre of codebook BOOK: encode, then decode.

    By default the pitch is that of SOUND and the timbre that of BOOK; --keep envelope=1 comes near to SOUND.

    \b
    Examples:
      vqsynth transfer violin voice.wav -o voice-as-violin.wav --excitation refined
      vqsynth transfer choir voice.wav -o near.wav --keep envelope=0.7
    """
    from vqsynth.running.progress import show_progress

    options.check_sound(output)
    options.check_outputs(output, inputs=(sound,))
    codebook = load(book)
    with show_progress(say) as observer:
        path = codebook.encode(
            *audio.load(sound), keep=TRANSFERRED | (keep or {}), codes_by=codes_by, observer=observer
        )
    with written(output, ".wav") as file:
        audio.save(file, codebook.render(path, excitation=excitation, seed=seed), path.sr)
    say(f"{path.seconds:.2f} s, {len(set(path.codes.tolist()))} codes used\nwrote {output}")
