"""`vqsynth continuous list`: the models at hand."""

import click

from vqsynth.cli.options import load_whole
from vqsynth.cli.printing import print_table
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.store import load, models_at_hand
from vqsynth.errors import ModelError


@click.command("list")
@click.argument("folders", nargs=-1, metavar="[FOLDERS]...", type=click.Path(exists=True, file_okay=False))
def list_command(folders: tuple[str, ...]) -> None:
    """List the shipped models, and those in FOLDERS.

    For each it shows the seconds of sound it was trained on, its sample rate, its number of components, and its
    vocoders, the default first.

    \b
    Examples:
      vqsynth continuous list
      vqsynth continuous list ~/models
    """
    models, damaged = load_whole(models_at_hand(folders), load, ModelError)
    if models:
        print_table(["name", "seconds", "sr", "components", "vocoders"], [_row(model) for model in models])
    elif not damaged:
        click.echo("no models here; name the folders that hold some, or train one with: vqsynth continuous train")
    if damaged:
        raise ModelError("\nError: ".join(damaged))


def _row(model: ContinuousModel) -> list[str]:
    corpus = model.card.get("corpus")
    seconds = corpus.get("seconds") if isinstance(corpus, dict) else None
    default = str(model.card.get("vocoder", ""))
    vocoders = sorted(model.vocoders, key=lambda name: name != default)
    return [
        model.name,
        f"{seconds:.0f}" if isinstance(seconds, int | float) else "",
        str(model.grid.frames.sr),
        str(len(model.components.scales)),
        ",".join(vocoders),
    ]
