"""`vqsynth continuous`: the verbs of the continuous model, one file each."""

import click

from vqsynth.cli.names import CONTINUOUS_VERBS
from vqsynth.cli.verbs import Verbs


@click.group("continuous", cls=Verbs, verbs=CONTINUOUS_VERBS, package="vqsynth.cli.continuous")
def continuous_command() -> None:
    """Glide between sounds: encode them, bend what a model hears, and decode it.

    A latent path holds a model's components over time, and the loudness beside them. The sounds that morph and plane
    start from may be latent paths too.

    \b
    Examples:
      vqsynth continuous morph strings violin.wav cello.wav -o morph.wav
      vqsynth continuous encode strings violin.wav -o violin.json
      vqsynth continuous bend violin.json --component 1 --scale 1.5 -o bent.json
      vqsynth continuous decode bent.json -o bent.wav
    """
