"""`vqsynth continuous train`: a folder of sounds to a continuous model."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import options
from vqsynth.cli.continuous.basing import check_base
from vqsynth.cli.training import list_sounds, say, sounds_and_frames, training_options


@click.command("train")
@sounds_and_frames
@click.option("--name", required=True, help="Name of the model.")
@click.option("-o", "--output", type=options.File, required=True, help="Folder of the model; its parent must exist.")
@click.option("--n-mels", type=int, default=192, show_default=True, help="Number of mel bands.")
@click.option("--minutes", type=float, help="Minutes of training of the VAE.  [default: 15]")
@click.option("--steps", type=int, help="Steps of training of the VAE.")
@click.option("--vocoder", "vocoders", multiple=True, type=click.Choice(["magnitude", "melgan"]),
              default=("magnitude",), show_default=True, help="Vocoder to train; repeatable.")  # fmt: skip
@click.option("--vocoder-minutes", type=float, help="Minutes of training of each vocoder.  [default: 12, melgan 60]")
@click.option("--vocoder-steps", type=int, help="Steps of training of each vocoder.")
@click.option(
    "--no-adversary", is_flag=True, help="Train without the adversary that takes the loudness out of the latents."
)
@click.option("--base", help="Finished model that the vocoders are added to; its VAE and frames are kept.")
@training_options
def train_command(sounds: tuple[Path, ...], name: str, output: Path, transpose: int, threads: int, device: str,
                  resume: bool, validation: tuple[Path, ...], base: str | None, dry_run: bool,
                  **given: Any) -> None:  # fmt: skip
    """Learn a continuous model from SOUNDS, files and folders, and save it as a folder of its own.

    \b
    Example:
      vqsynth continuous train my-sounds --name mine -o mine --minutes 15 --vocoder magnitude --vocoder melgan
    """
    from vqsynth.continuous.store import load
    from vqsynth.running.progress import show_progress
    from vqsynth.training.continuous.build import train_model
    from vqsynth.training.continuous.job import ModelJob, make_grid, make_trainings

    check_base(base)
    known = load(base) if base else None
    grid = known.grid if known else make_grid(**{k: given[k] for k in ("sr", "n_fft", "hop_length", "n_mels")})
    kinds = given["vocoders"]
    steps = {"vae": given["steps"], **dict.fromkeys(kinds, given["vocoder_steps"])}
    minutes = {"vae": given["minutes"], **dict.fromkeys(kinds, given["vocoder_minutes"])}
    vae, vocoders = make_trainings(grid, vocoders=kinds, steps=steps, minutes=minutes, seed=given["seed"],
                                   adversary=not given["no_adversary"])  # fmt: skip
    job = ModelJob(sounds, name, output, grid, vae, vocoders, transpose, base=known, validation=validation or None)
    if dry_run:
        list_sounds(job)
        return
    with show_progress(say) as observer:
        train_model(job, device=device, threads=threads, resume=resume, observer=observer)
    click.echo(f"wrote {output}")
