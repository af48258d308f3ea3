"""Make a shipped continuous model again: `python -m vqsynth.codebooks.recipes.continuous strings [--resume]`.

The sounds are those of the codebooks, and so are the files held out. Copies of the recorded notes, a few semitones up
and down, fill the gaps between them. Stages can be trained side by side, each in a process of its own, and are put
together at last: `--stage vae`, then `--stage magnitude` and `--stage melgan` at the same time, then `--resume`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vqsynth.codebooks.recipes.bank import CREDITS, PHRASES, RECIPES, SOUNDFONT, SOUNDFONT_AND_NOTES
from vqsynth.codebooks.recipes.recipe import SR_HZ, describe_origin, gather_sounds, hold_out
from vqsynth.codebooks.recipes.sources import Notes, Rendered, Source
from vqsynth.errors import VqsynthError
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.mel import MelGrid

if TYPE_CHECKING:
    from vqsynth.training.continuous.job import ModelJob
    from vqsynth.training.continuous.vae_trainer import VAETraining
    from vqsynth.training.continuous.vocoder_trainer import VocoderTraining

STEPS = {"vae": 4500, "magnitude": 6000, "melgan": 6000}

GRID = MelGrid(FrameGrid(SR_HZ, 2048, 512))
LONG_EXCERPTS = {"batch": 12, "frames": 64}
"""Few and long: sounds of a choir are alike enough for it."""
NOTES_GAIN_DB = -8.0
"""Every recorded note is as loud as its format allows; so loud are the rendered ones on average."""


@dataclass(frozen=True)
class ModelRecipe:
    """Describe a continuous model: its name, what it is `about`, the codebooks whose sounds it learns, and its steps.

    transpose: semitones up and down by which copies of the recorded notes are added. vae, magnitude: options of these
    trainings that differ from the defaults.
    """

    name: str
    about: str
    licence: str
    sources: tuple[Source, ...]
    transpose: int = 0
    steps: Mapping[str, int] = field(default_factory=lambda: STEPS)
    vae: Mapping[str, Any] = field(default_factory=dict)
    magnitude: Mapping[str, Any] = field(default_factory=dict)
    grid: MelGrid = GRID
    note: str = ""

    def trainings(self) -> "tuple[VAETraining, dict[str, VocoderTraining]]":
        """Say how its stages are trained: the VAE, and the vocoders by name."""
        from vqsynth.training.continuous.job import make_trainings

        vae, vocoders = make_trainings(self.grid, steps=self.steps, vocoders=[n for n in self.steps if n != "vae"])
        return replace(vae, **self.vae), {**vocoders, "magnitude": replace(vocoders["magnitude"], **self.magnitude)}

    def card(self) -> dict[str, Any]:
        """Say what the model's card is to say of where it comes from."""
        return describe_origin(self, command=f"make model NAME={self.name}")


def _sources(*books: str) -> tuple[Source, ...]:
    """Take two sources of each codebook, into folders of their own, recorded notes no louder than rendered ones.

    Else loudness would tell which of the two is played, and the latents, which know that, would know the loudness.
    """
    return tuple(_move(source, book) for book in books for source in RECIPES[book].sources[:2])


def _move(source: Source, book: str) -> Source:
    if isinstance(source, Notes):
        return replace(source, folder=f"{book}/{source.folder}", gain_db=NOTES_GAIN_DB)
    return replace(source, folder=f"{book}/{source.folder}") if isinstance(source, Rendered) else source


_RECIPES = (
    ModelRecipe(
        name="strings",
        about="violin and cello: held, short, legato, vibrato, swells, glissandi, tremolo and trills",
        licence=SOUNDFONT_AND_NOTES.replace("codebook", "model"),
        sources=_sources("violin", "cello"),
        transpose=12,
        steps={**STEPS, "vae": 7000, "magnitude": 12000},
        # Violin and cello are far enough apart that a morph needs less help than the choir's.
        vae={
            "adversary": 0.12,
            "pursuits": 2,
            "beta": 2e-4,
            "relative": 0.08,
            "centroid": 0.03,
            "reading": 0.2,
            "between": 0.1,
            "between_from": 0.6,
            "colour": 0.5,
        },
        magnitude={"between": 0.1, "between_from": 0.75},
    ),
    ModelRecipe(
        name="choir",
        about=f"a choir on ah and ooh: {PHRASES}",
        licence=f"{SOUNDFONT}; {CREDITS}".replace("codebook", "model"),
        sources=_sources("choir"),
        # Its sounds are alike but for their pitch, and between two pitches it is hardest to be like both.
        vae={"between": 1.0, "between_from": 0.3, "cosines": 10, **LONG_EXCERPTS},
        magnitude={"between": 0.7, "past": 12, **LONG_EXCERPTS},
        note=RECIPES["choir"].note,
    ),
)
MODEL_RECIPES = {recipe.name: recipe for recipe in _RECIPES}
"""The recipes of the continuous models, by name."""


def make_model_job(recipe: ModelRecipe, build: Path, folder: Path, *, say: Callable[[str], object]) -> "ModelJob":
    """Put the sounds together under `build`, and say how to train on them. Raises PackageError where one is missing."""
    from vqsynth.training.continuous.job import ModelJob

    gathered = gather_sounds(recipe.sources, build, say=say)
    vae, vocoders = recipe.trainings()
    return ModelJob(
        sounds=[path for _, paths in gathered for path in paths],
        name=recipe.name,
        folder=folder,
        grid=recipe.grid,
        vae=vae,
        vocoders=vocoders,
        validation=[path for _, paths in gathered for path in hold_out(paths)],
        transpose=recipe.transpose,
        transposed=[path for source, paths in gathered if isinstance(source, Notes) for path in paths],
        about=recipe.card(),
    )


@click.command()
@click.argument("name", type=click.Choice(sorted(MODEL_RECIPES)))
@click.option("--build", type=click.Path(path_type=Path), default=Path("build/recipes"), show_default=True,
              help="Where the sounds are put together; nothing there is kept.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path),
              help="The folder to write.  [default: codebooks/continuous/NAME]")  # fmt: skip
@click.option("--threads", type=int, default=2, show_default=True, help="Threads of torch; 2 made the shipped ones.")
@click.option("--resume", is_flag=True, help="Go on with a training that was stopped.")
@click.option("--vocoder", "vocoders", multiple=True, type=click.Choice(sorted(set(STEPS) - {"vae"})),
              help="Leave out all vocoders but this; repeatable.")  # fmt: skip
@click.option("--stage", "stages", multiple=True, type=click.Choice(sorted(STEPS)),
              help="Train only this stage, and leave it as a checkpoint; repeatable.")  # fmt: skip
@click.option("--base", help="A model whose VAE is kept, and to which the vocoders are added.")
def make_model(
    name: str,
    build: Path,
    output: Path | None,
    threads: int,
    resume: bool,
    vocoders: tuple[str, ...],
    stages: tuple[str, ...],
    base: str | None,
) -> None:
    """Make the continuous model NAME from the packages that hold its sounds."""
    from vqsynth.continuous.store import load
    from vqsynth.running.progress import show_progress
    from vqsynth.training.continuous.build import train_model

    try:
        folder = output or Path("codebooks") / "continuous" / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        job = make_model_job(MODEL_RECIPES[name], build / "continuous" / name, folder, say=click.echo)
        kept = {kind: job.vocoders[kind] for kind in vocoders or job.vocoders}
        job = replace(job, vocoders=kept, base=load(base) if base else None)
        with show_progress(click.echo) as observer:
            model = train_model(job, threads=threads, resume=resume, stages=stages or None, observer=observer)
    except VqsynthError as e:
        raise click.ClickException(str(e)) from e
    click.echo(f"wrote {folder}" if model else f"trained {', '.join(stages)}; put the model together by --resume")


if __name__ == "__main__":
    make_model()
