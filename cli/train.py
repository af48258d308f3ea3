"""`vqsynth train`: a folder of sounds to a codebook."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import options
from vqsynth.frames import FrameGrid


@click.command("train")
@click.argument("sounds", nargs=-1, required=True, type=options.File)
@click.option("--name", required=True, help="The codebook's name.")
@click.option("-o", "--output", type=options.File, required=True, help="The codebook's folder; its parent exists.")
@click.option("--sr", type=int, default=44100, show_default=True, help="Sample rate in Hz.")
@click.option("--n-fft", type=int, default=2048, show_default=True, help="Window: four periods of the lowest pitch.")
@click.option("--hop-length", type=int, help="Samples between frames.  [default: a quarter of the window]")
@click.option("--codes", type=int, default=1024, show_default=True, help="How many timbres.")
@click.option("--steps", type=int, help="How long to train, in steps.")
@click.option("--minutes", type=float, help="How long to train, in minutes.  [default: 12]")
@click.option("--front", type=click.Choice(["fourier", "learned"]), default="fourier", show_default=True,
              help="What the encoder sees first: the log spectrum, or convolutions over samples.")  # fmt: skip
@click.option("--transpose", type=int, default=0, show_default=True, help="Also train on copies so many semitones off.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all that is random.")
@click.option("--threads", type=int, default=1, show_default=True, help="Threads of torch.")
@click.option("--device", default="cpu", show_default=True, help="Where to train: cpu, cuda, mps.")
@click.option("--resume", is_flag=True, help="Go on with a training that was stopped.")
@click.option("--validation", multiple=True, type=options.File,
              help="A file or folder to hold out and measure by; repeatable.  [default: every tenth file]")  # fmt: skip
def train_command(sounds: tuple[Path, ...], name: str, output: Path, sr: int, n_fft: int, hop_length: int | None,
                  threads: int, device: str, resume: bool, validation: tuple[Path, ...],
                  **model: Any) -> None:  # fmt: skip
    """Learn a codebook from SOUNDS, files and folders, and save it as a folder of its own.

    \b
    Example:
      vqsynth train my-sounds --name mine -o mine --minutes 12
    """
    from vqsynth.train.build import TrainingJob, make_config, train_codebook

    grid = FrameGrid(sr, n_fft, n_fft // 4 if hop_length is None else hop_length)
    job = TrainingJob(sounds, name, output, grid, make_config(grid, **model), validation=validation or None)
    train_codebook(job, device=device, threads=threads, resume=resume, say=click.echo)
    click.echo(f"wrote {output}")
