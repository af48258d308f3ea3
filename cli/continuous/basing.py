"""What a training is told that keeps the VAE of a model: nothing of the VAE, and which vocoders it is to get."""

import click

from vqsynth.cli.options import is_given, refuse_given

OF_THE_VAE = ("sr", "n_fft", "hop_length", "n_mels", "minutes", "steps", "no_adversary")


def check_base(base: str | None) -> None:
    """Refuse, where the VAE of a base is kept, what would be its options, and vocoders that nobody named."""
    if base is None:
        return
    refuse_given(OF_THE_VAE, "of frames and VAE, which --base keeps")
    if not is_given("vocoders"):
        raise click.UsageError("name what is to be trained for the VAE of --base, by --vocoder")
