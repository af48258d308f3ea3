"""`vqsynth live`: a codebook played live."""

from typing import Any

import click

from vqsynth.cli import options, playing
from vqsynth.cli.streams import say


@click.command("live")
@options.book
@playing.book_options
def live_command(book: str, **values: Any) -> None:
    """Play codebook BOOK live: targets come by OSC and MIDI, or from a sound, and sound goes out at once.

    OSC messages such as /target/centroid 1200, /target/pitch A4, /hold 413, /stop are taken at port 9000. What is
    played, and what was wrong, goes back to whoever spoke last. Nothing sounds until a target or a code is asked for.
    Ctrl-C ends playing; all files are written then, too.

    \b
    Examples:
      vqsynth live violin
      vqsynth live violin --target centroid=1500 --null --seconds 5 -o played.wav --record played.json
      vqsynth live choir --midi tune.mid --null --seconds 10 -o tune.wav
    """
    stage = playing.set_stage(book, values)
    try:
        stage.play()
    finally:
        for line in stage.write():
            say(line)
