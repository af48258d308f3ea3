"""What a training is told that keeps the VAE of a model: nothing of the VAE, and which vocoders it is to get."""

import click
from click.core import ParameterSource

OF_THE_VAE = ("sr", "n_fft", "hop_length", "n_mels", "minutes", "steps", "no_adversary")


def check_base(base: str | None) -> None:
    """Refuse, where the VAE of a base is kept, what would be its options, and vocoders that nobody named."""
    if base is None:
        return
    for name in OF_THE_VAE:
        if _is_given(name):
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} is an option of frames and VAE, which --base keeps; leave it away")
    if not _is_given("vocoders"):
        raise click.UsageError("name what is to be trained for the VAE of --base, by --vocoder")


def _is_given(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE
