"""`vqsynth continuous encode`: a sound to a latent path."""

from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.continuous.rendering import check_latents, encode_file, model_argument
from vqsynth.cli.streams import say, written
from vqsynth.continuous.store import find_model, load


@click.command("encode")
@model_argument
@click.argument("sound", type=options.Sound)
@click.option(
    "-o", "--output", type=options.OutputFile, required=True, help="Latent path to write, JSON or safetensors."
)
def encode_command(model: str, sound: Path, output: Path) -> None:
    """Turn SOUND into a latent path of MODEL, a shipped name or a folder. It can be bent, plotted and decoded.

    \b
    Example:
      vqsynth continuous encode strings violin.wav -o violin.json
    """
    check_latents(output)
    folder = find_model(model)
    options.check_outputs(output, inputs=(sound, *folder.iterdir()))
    path = encode_file(load(folder), sound)
    with written(output, ".json") as file:
        path.save(file)
    say(f"{len(path)} frames of {path.n_components} components, {path.seconds:.2f} s\nwrote {output}")
