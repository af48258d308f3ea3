"""The sounds and options of a continuous model's training, before anything is read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from vqsynth.continuous.folder import CONTINUOUS
from vqsynth.continuous.model import ContinuousModel
from vqsynth.errors import ParameterError
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.mel import MelGrid
from vqsynth.storage.bundle import Kind
from vqsynth.training.continuous.vae_trainer import VAETraining
from vqsynth.training.continuous.vocoder_trainer import VocoderTraining
from vqsynth.training.core.job import Job
from vqsynth.training.core.sounds import check_transpose

VAE_STAGE = "vae"
HIGHEST_HZ = 18000.0
"""The upper end of the mel bands, where the sample rate has room for it."""


@dataclass(frozen=True)
class ModelJob(Job):
    """Say what to train a continuous model on, how, and where to save it. The first fields are those of `Job`.

    Parameters
    ----------
    grid : MelGrid
        Frames and mel bands.
    vae : VAETraining
        How to train the VAE.
    vocoders : dict of name to VocoderTraining
        The vocoders to train, at least one.
    transpose : int
        Semitones up to which transposed copies are added, up and down.
    transposed : collection of Path, optional
        The files that get transposed copies, by default all.
    base : ContinuousModel, optional
        A finished model that gets the vocoders. Its VAE is kept, so that its paths stay usable.

    Raises
    ------
    ParameterError
        For a name that cannot name a folder, no vocoder, and a base with another grid.

    """

    kind: ClassVar[Kind] = CONTINUOUS
    grid: MelGrid
    vae: VAETraining
    vocoders: Mapping[str, VocoderTraining]
    transpose: int = 0
    transposed: Collection[Path] | None = None
    base: ContinuousModel | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.vocoders:
            raise ParameterError("a model needs a vocoder; name at least one to train")
        check_transpose(self.transpose)
        if self.base is not None and self.base.grid != self.grid:
            raise ParameterError(f"the grid must be that of model {self.base.name!r}, whose VAE is kept")

    @property
    def stages(self) -> tuple[str, ...]:
        """Name the stages in their order."""
        return (*([VAE_STAGE] if self.base is None else []), *self.vocoders)

    @property
    def base_card(self) -> Mapping[str, Any]:
        """Return the card of the model whose VAE is kept."""
        return self.base.card if self.base else {}


def make_grid(*, sr: int, n_fft: int, hop_length: int | None = None, n_mels: int = 192) -> MelGrid:
    """Make the grid of a model, a quarter of the window its hop by default. Raises ParameterError."""
    frames = FrameGrid(sr, n_fft, n_fft // 4 if hop_length is None else hop_length)
    return MelGrid(frames, n_mels=n_mels, f_max_hz=min(HIGHEST_HZ, sr / 2))


def make_trainings(
    grid: MelGrid,
    *,
    vocoders: Sequence[str] = ("magnitude",),
    steps: Mapping[str, int | None] | None = None,
    minutes: Mapping[str, float | None] | None = None,
    seed: int = 0,
    adversary: bool = True,
) -> tuple[VAETraining, dict[str, VocoderTraining]]:
    """Gather the options of a training: those of the VAE, and those of the vocoders by name.

    steps, minutes: by stage, "vae" or the name of a vocoder; what is missing is as by default.
    Raises ParameterError for values out of range and for both steps and minutes.
    """

    def length(stage: str) -> dict[str, Any]:
        given = {"steps": (steps or {}).get(stage), "minutes": (minutes or {}).get(stage)}
        if None not in given.values():
            raise ParameterError("give steps or minutes, not both")
        return {name: value for name, value in given.items() if value is not None}

    vae = VAETraining(seed=seed, **length(VAE_STAGE))
    vae = replace(vae, model=replace(vae.model, n_mels=grid.n_mels), adversary=vae.adversary if adversary else 0.0)
    return vae, {name: VocoderTraining.of_kind(name, seed=seed, **length(name)) for name in vocoders}
