"""`vqsynth continuous`: the verbs of the continuous model, one file each."""

import click

from vqsynth.cli.names import CONTINUOUS_VERBS
from vqsynth.cli.verbs import Verbs


@click.group("continuous", cls=Verbs, verbs=CONTINUOUS_VERBS, package="vqsynth.cli.continuous")
def continuous_command() -> None:
    """Glide between sounds: encode them to latent paths, bend these, and decode them.

    A latent path holds the components of a sound and its loudness over time. morph and plane take sounds or latent
    paths.

    \b
    Examples:
      vqsynth continuous morph strings violin.wav cello.wav -o morph.wav
      vqsynth continuous encode strings violin.wav -o violin.json
      vqsynth continuous bend violin.json --component 1 --scale 1.5 -o bent.json
      vqsynth continuous decode bent.json -o bent.wav
    """
