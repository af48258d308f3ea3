"""`vqsynth train`: a folder of sounds to a codebook."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import options
from vqsynth.cli.options import refuse_given
from vqsynth.cli.training import list_sounds, say, sounds_and_frames, training_options
from vqsynth.sound.frames import FrameGrid

OF_THE_BASE = ("sr", "n_fft", "hop_length")
OF_A_NETWORK = ("steps", "minutes", "base", "device", "resume")


@click.command("train")
@sounds_and_frames
@click.option("--name", required=True, help="Name of the codebook.")
@click.option("-o", "--output", type=options.File, required=True, help="Folder of the codebook; its parent must exist.")
@click.option(
    "--codes", type=int, help="Number of codes at most; those that no sound uses are left out.  [default: 1024]"
)
@click.option("--steps", type=int, help="Length of the training in steps.")
@click.option("--minutes", type=float, help="Minutes that all of it may take.  [default: 12]")
@click.option("--quick", is_flag=True, help="Make it in seconds, without a network: the frames are clustered.")
@click.option("--base", help="Finished codebook to go on from; its frames are kept.")
@training_options
def train_command(sounds: tuple[Path, ...], name: str, output: Path, sr: int, n_fft: int, hop_length: int | None,
                  threads: int, device: str, resume: bool, validation: tuple[Path, ...], base: str | None,
                  dry_run: bool, quick: bool, **model: Any) -> None:  # fmt: skip
    """Learn a codebook from SOUNDS, files and folders, and save it as a folder of its own.

    A sound of it is written beside it. At the end a line says how good it is and what would make it better.

    \b
    Examples:
      vqsynth train my-sounds --name mine -o mine --minutes 12
      vqsynth train my-sounds --name mine -o mine --quick
      vqsynth train my-sounds more --name mine -o mine --base mine --minutes 5
    """
    from vqsynth.running.progress import show_progress
    from vqsynth.store import load
    from vqsynth.training.codebook.build import train_codebook
    from vqsynth.training.codebook.job import CodebookJob, QuickConfig, make_config
    from vqsynth.training.codebook.sample import sample_path

    if quick:
        refuse_given(OF_A_NETWORK, "of training a network, and --quick trains none")
    if base is not None:
        refuse_given(OF_THE_BASE, "of frames, which --base keeps")
    known = load(base) if base is not None else None
    grid = known.grid if known else FrameGrid(sr, n_fft, n_fft // 4 if hop_length is None else hop_length)
    of_quick = {name: value for name, value in model.items() if name not in OF_A_NETWORK}
    config = QuickConfig(**of_quick) if quick else make_config(grid, **model, base=known)
    job = CodebookJob(sounds, name, output, grid, config, validation=validation or None, base=known,
                      sample=sample_path(output))  # fmt: skip
    if dry_run:
        list_sounds(job)
        return
    with show_progress(say) as observer:
        train_codebook(job, device=device, threads=threads, resume=resume, observer=observer)
    click.echo(f"wrote {output}")
