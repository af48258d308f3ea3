"""`vqsynth continuous transfer`: a sound through a model."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli.continuous import rendering
from vqsynth.continuous.store import find_model


@click.command("transfer")
@rendering.model_argument
@click.argument("sound", type=rendering.SoundOrPath)
@rendering.render_options
def transfer_command(model: str, sound: Path, **values: Any) -> None:
    """Play SOUND in the timbre of MODEL: encode it, then decode it.

    \b
    Example:
      vqsynth continuous transfer choir speech.wav -o speech-as-choir.wav
    """
    folder = find_model(model)
    rendering.check(values, sound, *folder.iterdir())
    loaded = rendering.load_model(folder, values)
    rendering.render(loaded, rendering.read_path(loaded, sound), values)
