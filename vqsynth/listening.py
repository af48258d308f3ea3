"""Targets taken from a sound: the curve of one descriptor, or all that make a sound like it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqsynth import audio
from vqsynth.descriptors import measure
from vqsynth.files import StrPath
from vqsynth.frames import FrameGrid

LIKE = ("loudness", "centroid", "flatness", "pitch")
"""What `--like` follows."""
QUIET_DB = 50.0
"""Frames further than this under the loudest ask for nothing but their loudness."""
LOWEST_DB = -80.0
"""Loudness is asked for no lower than this."""


@dataclass(frozen=True, eq=False)
class Heard:
    """Hold what a sound asks for: descriptor name to (T,), NaN where nothing is asked, and for how long.

    confidence: (T,), how sure the pitch is, from 0 to 1.
    """

    values: dict[str, NDArray[np.float64]]
    seconds: float
    confidence: NDArray[np.float64]


def hear_sound(path: StrPath, grid: FrameGrid, names: tuple[str, ...] = LIKE) -> Heard:
    """Measure a sound file on a grid. Raises AudioError for what is no sound, ParameterError for unknown names."""
    y, _ = audio.load(path, sr=grid.sr)
    measured = measure(y, grid, dict.fromkeys((*names, "loudness", "pitch_confidence")))
    loudness = np.maximum(measured["loudness"].astype(np.float64), LOWEST_DB)
    quiet = loudness < max(loudness.max() - QUIET_DB, LOWEST_DB + 1)
    values = {name: np.where(quiet, np.nan, measured[name].astype(np.float64)) for name in names}
    if "loudness" in values:
        values["loudness"] = loudness
    return Heard(values, len(y) / grid.sr, measured["pitch_confidence"].astype(np.float64))
