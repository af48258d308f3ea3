"""`vqsynth continuous decode`: a latent path to sound."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import options
from vqsynth.cli.continuous import rendering
from vqsynth.continuous.store import find_model
from vqsynth.errors import ModelError


@click.command("decode")
@click.argument("path", metavar="PATH.json", type=rendering.PathFile)
@rendering.render_options
@click.option(
    "--model", type=rendering.Model, help="Model to decode with.  [default: the shipped one that the path names]"
)
def decode_command(path: Path, model: str | None, **values: Any) -> None:
    """Turn a latent path into sound, by default with the vocoder, excitation and seed that it names.

    \b
    Example:
      vqsynth continuous decode bent.json -o bent.wav --excitation refined
    """
    rendering.check(values, *options.named(path))
    latents = rendering.load_path(path)
    try:
        folder = find_model(model or latents.model)
    except ModelError as e:
        if model:
            raise
        raise ModelError(f"{e}; the path names it, and --model can name another folder") from e
    rendering.check(values, *folder.iterdir())
    rendering.render(rendering.load_model(folder, values), latents, values)
