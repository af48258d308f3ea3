"""Small sounds and trainings that the tests of the continuous model's training share."""

from pathlib import Path

import soundfile

from tests.continuous.small import GRID, SIZES, make_sound
from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.vae import VAEConfig
from vqsynth.training.continuous.corpus import MelCorpus, load_mels
from vqsynth.training.continuous.job import ModelJob
from vqsynth.training.continuous.vae_trainer import VAETraining
from vqsynth.training.continuous.vocoder_trainer import VocoderTraining

STEPS = 12
VAE_SIZES = VAEConfig(n_mels=GRID.n_mels, latents=6, width=16, blocks=1)
VAE_TRAINING = VAETraining(VAE_SIZES, steps=STEPS, batch=4, frames=16)


def vocoder_training(kind: str, **options: object) -> VocoderTraining:
    """Take a short training of a small vocoder."""
    small = {"network": SIZES[kind], "steps": STEPS, "batch": 2, "frames": 16, "past": 6}
    return VocoderTraining.of_kind(kind, **{**small, **options})


def write_sounds(folder: Path, count: int = 3, *, seconds: float = 3.0) -> list[Path]:
    """Write sounds that change, and return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"sound{i:02d}.wav" for i in range(count)]
    for i, path in enumerate(paths):
        soundfile.write(path, make_sound(seconds, seed=i), GRID.frames.sr, subtype="FLOAT")
    return paths


def small_corpus(folder: Path, *, transpose: int = 0) -> MelCorpus:
    """Load a corpus of three sounds, nine seconds in all."""
    return load_mels(write_sounds(folder), GRID, transpose=transpose)


def flatten_all(corpus: MelCorpus) -> Flattening:
    """Take the quantiles of all of a corpus's loudness."""
    return Flattening.of_corpus(corpus.loudness_db)


def make_job(
    sounds: list[Path], folder: Path, *, kinds: tuple[str, ...] = ("magnitude",), **options: object
) -> ModelJob:
    """Say how to train a small model."""
    vocoders = {kind: vocoder_training(kind) for kind in kinds}
    given = {"vae": VAE_TRAINING, "vocoders": vocoders, **options}
    return ModelJob(sounds, "mine", folder, GRID, **given)  # type: ignore[arg-type]
