"""Make a shipped codebook again: `python -m vqsynth.codebooks.recipes violin [--resume]`.

With `--onsets` a codebook that is there gets the onsets of its sounds, and nothing is trained.
"""

from pathlib import Path

import click

from vqsynth.codebooks.recipes.bank import RECIPES
from vqsynth.codebooks.recipes.onsets import add_onsets
from vqsynth.codebooks.recipes.recipe import make_job
from vqsynth.errors import VqsynthError
from vqsynth.running.progress import show_progress
from vqsynth.training.codebook.build import train_codebook


@click.command()
@click.argument("name", type=click.Choice(sorted(RECIPES)))
@click.option("--build", type=click.Path(path_type=Path), default=Path("build/recipes"), show_default=True,
              help="Where the sounds are put together; nothing there is kept.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The folder to write.  [default: codebooks/NAME]")
@click.option("--threads", type=int, default=1, show_default=True, help="Threads of torch; 1 made the shipped ones.")
@click.option("--resume", is_flag=True, help="Go on with a training that was stopped.")
@click.option("--onsets", is_flag=True, help="Add the onsets of the sounds to the codebook that is there.")
def make_codebook(name: str, build: Path, output: Path | None, threads: int, resume: bool, onsets: bool) -> None:
    """Make the codebook NAME from the packages that hold its sounds."""
    try:
        folder = output or Path("codebooks") / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        job = make_job(RECIPES[name], build / name, folder, say=click.echo)
        if onsets:
            click.echo(add_onsets(job))
            return
        with show_progress(click.echo) as observer:
            train_codebook(job, threads=threads, resume=resume, observer=observer)
    except VqsynthError as e:
        raise click.ClickException(str(e)) from e
    click.echo(f"wrote {folder}")


if __name__ == "__main__":
    make_codebook()
