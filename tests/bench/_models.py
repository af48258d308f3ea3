"""The sounds that a continuous model is made of and measured by, put together from their packages."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from _violins import read_sound
from numpy.typing import NDArray

from vqsynth.codebooks.recipes.continuous import MODEL_RECIPES, make_model_job
from vqsynth.continuous import ContinuousModel
from vqsynth.sound.folders import name_apart
from vqsynth.training.continuous.job import ModelJob

BUILD = Path("build/recipes/continuous")
LONGEST_S = 20.0


@cache
def model_job(name: str) -> ModelJob:
    """Say what a model's recipe trains on, making the sounds where they are not there yet."""
    return make_model_job(MODEL_RECIPES[name], BUILD / name, Path(tempfile.gettempdir()) / name, say=lambda line: None)


def held_out(model: ContinuousModel, *, seconds: float = LONGEST_S) -> dict[str, NDArray[np.float32]]:
    """Read the sounds that a model's recipe holds out, up to so many seconds of each, by package and name."""
    paths = [Path(path) for path in model_job(model.name).validation or ()]
    longest = round(seconds * model.sr)
    names = name_apart(paths)
    return {name: read_sound(path, model.sr)[:longest] for name, path in zip(names, paths, strict=True)}
