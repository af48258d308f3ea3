"""The sounds that the violin codebook is made of and measured by, put together from their packages."""

import tempfile
from pathlib import Path

import librosa
import numpy as np
import soundfile
from numpy.typing import NDArray

from vqsynth.codebooks.recipes.bank import RECIPES
from vqsynth.codebooks.recipes.recipe import make_job
from vqsynth.training.codebook.job import CodebookJob

BUILD = Path("build/recipes/violin")


def violin_job(folder: Path | None = None) -> CodebookJob:
    """Say what the recipe trains on, making the sounds where they are not there yet."""
    return make_job(RECIPES["violin"], BUILD, folder or Path(tempfile.gettempdir()) / "violin", say=lambda line: None)


def read_sound(path: str | Path, sr: int) -> NDArray[np.float32]:
    """Read a sound as mono at `sr`, with soundfile and librosa alone."""
    y, own_sr = soundfile.read(path, dtype="float32", always_2d=True)
    return librosa.resample(y.mean(axis=1), orig_sr=own_sr, target_sr=sr, res_type="soxr_vhq")
