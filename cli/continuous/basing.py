"""What a training is told that keeps the VAE of a model: nothing of the VAE, and which vocoders it is to get."""

import click
from click.core import ParameterSource

OF_THE_VAE = ("sr", "n_fft", "hop_length", "n_mels", "minutes", "steps", "no_adversary")


def check_base(base: str | None) -> None:
    """Refuse, where the VAE of a base is kept, what would be its options, and vocoders that nobody named."""
    if base is None:
        return
    context = click.get_current_context()
    given = {name for name in (*OF_THE_VAE, "vocoders")
             if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}  # fmt: skip
    for name in OF_THE_VAE:
        if name in given:
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} is an option of frames and VAE, which --base keeps; leave it away")
    if "vocoders" not in given:
        raise click.UsageError("name what is to be trained for the VAE of --base, by --vocoder")
