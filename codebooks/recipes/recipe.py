"""The recipe of a shipped codebook: its sources, its sizes and its training.

Of each source every fifth file in the order of names is held out and never trained on; of two to four files the last.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from vqsynth.codebooks.recipes.sources import Notes, Source, check_sources
from vqsynth.sound.frames import FrameGrid
from vqsynth.training.codebook.job import CodebookJob, make_config
from vqsynth.training.codebook.trainer import TrainConfig

SR_HZ = 44100


class Origin(Protocol):
    """What any recipe says of the sounds of what it makes."""

    @property
    def about(self) -> str: ...  # noqa: D102
    @property
    def licence(self) -> str: ...  # noqa: D102
    @property
    def sources(self) -> tuple[Source, ...]: ...  # noqa: D102
    @property
    def note(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Recipe:
    """Describe a codebook: its name, what it is `about`, its sources, frames, sizes and steps.

    note: where the sources are thin, what that means for the codebook. The widths are those of the model; long windows
    need narrow ones to stay under 8 MB. transpose: semitones by which copies of the recorded notes are added, up and
    down, where notes lie apart.
    """

    name: str
    about: str
    licence: str
    sources: tuple[Source, ...]
    n_fft: int = 2048
    hop_length: int = 512
    codes: int = 1024
    encoder_width: int = 512
    decoder_width: int = 1024
    steps: int = 3000
    transpose: int = 0
    note: str = ""

    @property
    def grid(self) -> FrameGrid:
        """Tell the frames of the codebook."""
        return FrameGrid(sr=SR_HZ, n_fft=self.n_fft, hop_length=self.hop_length)

    @property
    def config(self) -> TrainConfig:
        """Tell what decides the weights, apart from the sounds."""
        config = make_config(self.grid, codes=self.codes, steps=self.steps, transpose=self.transpose)
        model = replace(config.model, encoder_width=self.encoder_width, decoder_width=self.decoder_width)
        return replace(config, model=model)

    def card(self) -> dict[str, Any]:
        """Say what the codebook's card is to say of where it comes from."""
        return describe_origin(self, command=f"make codebook NAME={self.name}")


def make_job(recipe: Recipe, build: Path, folder: Path, *, say: Callable[[str], object]) -> CodebookJob:
    """Put the sounds together under `build`, and say how to train on them. Raises PackageError where one is missing."""
    gathered = gather_sounds(recipe.sources, build, say=say)
    return CodebookJob(
        sounds=[path for _, paths in gathered for path in paths],
        name=recipe.name,
        folder=folder,
        grid=recipe.grid,
        config=recipe.config,
        validation=[path for _, paths in gathered for path in hold_out(paths)],
        about=recipe.card(),
        transposed=[path for source, paths in gathered if isinstance(source, Notes) for path in paths],
        held_out_s=None,
    )


def describe_origin(recipe: Origin, *, command: str) -> dict[str, Any]:
    """Say what a card is to say of where its sounds come from, and what makes it again."""
    credits_ = [source.credit() for source in recipe.sources]
    card = {"about": recipe.about, "licence": recipe.licence, "sources": credits_, "recipe": command}
    return {**card, "note": recipe.note} if recipe.note else card


def gather_sounds(
    sources: tuple[Source, ...], build: Path, *, say: Callable[[str], object]
) -> list[tuple[Source, list[Path]]]:
    """Put the sounds of sources together under `build`, in order. Raises PackageError where one is missing."""
    check_sources(sources)
    gathered = []
    for source in sources:
        say(source.doing())
        gathered.append((source, source.gather(build)))
    return gathered


def hold_out(paths: list[Path]) -> list[Path]:
    """Pick every fifth of sorted paths; of two to four the last, of a single one none."""
    return paths[4::5] or paths[1:][-1:]
