"""`vqsynth continuous live`: a model played live."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import playing
from vqsynth.cli.continuous import rendering
from vqsynth.cli.streams import say
from vqsynth.continuous.store import find_model
from vqsynth.live.gliding import Held, ModelDesk, ModelPlayer


@click.command("live")
@rendering.model_argument
@playing.play_options
@click.option(
    "--between", nargs=2, type=rendering.SoundOrPath, metavar="A B",
    help="Two sounds, or latent paths, that are held; /morph goes from one to the other.",
)  # fmt: skip
@click.option("--vocoder", metavar="NAME", help="Vocoder, one of the model's.  [default: the model's best]")
def live_command(model: str, between: tuple[Path, Path] | None, **values: Any) -> None:
    """Play a sound that comes in through MODEL live, or move between two held sounds.

    OSC messages are taken at port 9000: /shift/1 0.5 and /scale/1 2 move a component, /morph 0.5 stands between the
    held sounds, /gain, /stop and /reset. Blocks of 2048 samples cost a third of what those of 512 do.

    \b
    Examples:
      vqsynth continuous live choir --input card --block 2048
      vqsynth continuous live choir --between a.wav o.wav --null --seconds 5 -o held.wav
    """
    folder = find_model(model)
    playing.check_options(values, inputs=(*folder.iterdir(), *(between or ()), *playing.named(values["heard"])))
    if not between and values["heard"] is None:
        raise click.UsageError("nothing is to sound; give --input, or --between two sounds")
    loaded = rendering.load_model(folder, values)
    held = [Held.of_path(rendering.read_path(loaded, file)) for file in between or ()]
    sr = playing.pick_rate(values, loaded.sr)
    player = ModelPlayer(loaded, sr=sr, between=held, vocoder=values["vocoder"], seed=values["seed"] or 0)
    stage = playing.Stage(player, ModelDesk(player), values, heard=playing.read_heard(values, sr))
    try:
        stage.play()
    finally:
        for line in stage.write():
            say(line)
