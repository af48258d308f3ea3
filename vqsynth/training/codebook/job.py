"""The sounds and options of a codebook's training, before anything is read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from vqsynth.codebook import Codebook
from vqsynth.codes.nearest import MOST_CODES, is_nearest
from vqsynth.codes.record import CODEBOOK, MODEL
from vqsynth.errors import ParameterError
from vqsynth.sound.frames import FrameGrid
from vqsynth.storage.bundle import Kind
from vqsynth.training.core.job import Job
from vqsynth.training.core.sounds import check_transpose

if TYPE_CHECKING:
    from vqsynth.training.codebook.trainer import TrainConfig

CODES = 1024
HELD_OUT_S = 120.0
"""Seconds of held-out sound that are measured by default. More takes time and tells nothing new."""


@dataclass(frozen=True)
class QuickConfig:
    """Say how to make a codebook without a network.

    Parameters
    ----------
    codes : int, optional
        Codes at most: fewer where there are fewer frames. By default 1024, or fewer where the sounds are short.
    seed : int
        Seed of everything random.
    transpose : int
        Semitones by which transposed copies of the sounds are added, up and down.

    Raises
    ------
    ParameterError
        For values out of range.

    """

    codes: int | None = None
    seed: int = 0
    transpose: int = 0

    def __post_init__(self) -> None:
        if self.codes is not None and not 2 <= self.codes <= MOST_CODES:
            raise ParameterError(f"codes must be 2 or more, up to {MOST_CODES} (got {self.codes})")
        if self.seed < 0:
            raise ParameterError(f"seed must be 0 or more (got {self.seed})")
        check_transpose(self.transpose)


@dataclass(frozen=True)
class CodebookJob(Job):
    """Say what to train a codebook on, how, and where to save it. The first fields are those of `Job`.

    Parameters
    ----------
    grid : FrameGrid
        The frames.
    config : TrainConfig
        Model sizes, length, seed.
    transposed : collection of Path, optional
        The files that get the transposed copies of the config, by default all.
    held_out_s : float or None
        Seconds of held-out sound to measure, divided among its files. None measures all.
    base : Codebook, optional
        A finished codebook to go on from, with the frames and model sizes of the job.
    sample : Path, optional
        Where to write a sound of the codebook.

    Raises
    ------
    ParameterError
        For a name that cannot name a folder, and for a model or base with other frames.

    """

    kind: ClassVar[Kind] = CODEBOOK
    grid: FrameGrid
    config: "TrainConfig | QuickConfig"
    transposed: Collection[Path] | None = None
    held_out_s: float | None = HELD_OUT_S
    base: Codebook | None = None
    sample: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.config, QuickConfig):
            if self.base is not None:
                raise ParameterError("a quick codebook is made anew and goes on from none; leave the base away")
            return
        if self.config.model.n_fft != self.grid.n_fft:
            raise ParameterError(
                f"the model's n_fft ({self.config.model.n_fft}) must be the grid's ({self.grid.n_fft})"
            )
        if self.base is not None and self.base.grid != self.grid:
            raise ParameterError(f"the frames must be those of the base {self.base.name!r}, {self.base.grid}")

    @property
    def base_card(self) -> Mapping[str, Any]:
        """Return the card of the codebook to go on from."""
        return self.base.card if self.base else {}


def make_config(
    grid: FrameGrid,
    *,
    codes: int | None = None,
    steps: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    transpose: int = 0,
    base: Codebook | None = None,
) -> "TrainConfig":
    """Make the config of a training on frames of `grid`.

    Parameters
    ----------
    grid : FrameGrid
        The frames.
    codes : int, optional
        The most codes, by default 1024, or as many as were asked for when `base` was trained.
    steps, minutes, seed, transpose
        As for `TrainConfig`.
    base : Codebook, optional
        A codebook to go on from, whose model is kept; of one without a network only the number of codes.

    Returns
    -------
    TrainConfig

    Raises
    ------
    ParameterError
        For values out of range, and fewer codes than the base has.

    """
    if base is not None and is_nearest(base.card["model"]):
        codes, base = base.card.get("training", {}).get("codes", len(base)) if codes is None else codes, None
    from vqsynth.model.vqvae import ModelConfig
    from vqsynth.training.codebook.trainer import TrainConfig

    if base is None:
        model = ModelConfig(n_fft=grid.n_fft, codes=CODES if codes is None else codes)
        return TrainConfig(model, steps=steps, minutes=minutes, seed=seed, transpose=transpose)
    known = ModelConfig.from_dict(base.card["model"])
    wanted = base.card.get("training", {}).get("codes", known.codes) if codes is None else codes
    if wanted < known.codes:
        raise ParameterError(f"codes must be {known.codes} or more, as many as the base has (got {wanted})")
    weights = base.card["files"][MODEL]
    return TrainConfig(replace(known, codes=wanted), steps, minutes, seed, transpose=transpose, base=weights)
