"""Checks of a training with --base, which keeps the VAE of a model and adds vocoders."""

import click

from vqsynth.cli.options import is_given, refuse_given

OF_THE_VAE = ("sr", "n_fft", "hop_length", "n_mels", "minutes", "steps", "no_adversary")


def check_base(base: str | None) -> None:
    """Raise UsageError, where there is a base, for options of the VAE and where no vocoder was named."""
    if base is None:
        return
    refuse_given(OF_THE_VAE, "of frames and VAE, which --base keeps")
    if not is_given("vocoders"):
        raise click.UsageError("name the vocoders to train for the VAE of --base, with --vocoder")
