"""What a codebook is to be trained on and how, before anything is read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from vqsynth.codebook import Codebook
from vqsynth.codes.record import CODEBOOK, MODEL
from vqsynth.errors import ParameterError
from vqsynth.model.vqvae import ModelConfig
from vqsynth.sound.frames import FrameGrid
from vqsynth.storage.bundle import Kind
from vqsynth.training.codebook.trainer import TrainConfig
from vqsynth.training.core.job import Job

CODES = 1024
HELD_OUT_S = 120.0
"""Seconds of held-out sound that are listened to by default: more of it tells nothing new, and takes its time."""


@dataclass(frozen=True)
class CodebookJob(Job):
    """Say what to train on and what to make of it.

    held_out_s: how many seconds of held-out sound are listened to, shared by its files; None for all of it. base: a
    finished codebook to go on from; its frames and the sizes of its model must be those of the job. sample: where a
    sound of the codebook is written, None for nowhere.
    Raises ParameterError for a name that names no folder, and for a model or a base of other frames.
    """

    kind: ClassVar[Kind] = CODEBOOK
    grid: FrameGrid
    config: TrainConfig
    held_out_s: float | None = HELD_OUT_S
    base: Codebook | None = None
    sample: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
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
) -> TrainConfig:
    """Gather the options of a training on frames of `grid`: 1024 codes, or those that `base` was to have.

    base: a codebook to go on from, whose model is kept. Raises ParameterError for values out of range.
    """
    if base is None:
        model = ModelConfig(n_fft=grid.n_fft, codes=CODES if codes is None else codes)
        return TrainConfig(model, steps=steps, minutes=minutes, seed=seed, transpose=transpose)
    known = ModelConfig.from_dict(base.card["model"])
    wanted = base.card.get("training", {}).get("codes", known.codes) if codes is None else codes
    if wanted < known.codes:
        raise ParameterError(f"codes must be {known.codes} or more, as many as the base has (got {wanted})")
    weights = base.card["files"][MODEL]
    return TrainConfig(replace(known, codes=wanted), steps, minutes, seed, transpose=transpose, base=weights)
