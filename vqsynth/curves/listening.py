"""Targets from a sound: the curve of one descriptor, or of all descriptors that `--like` follows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import AudioError
from vqsynth.sound.descriptors import Descriptor, measure_clean
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.offset import offset_free_pieces, stream_audible
from vqsynth.sound.pitch import count_samples
from vqsynth.sound.tracking import TRACKED, track_pitch
from vqsynth.storage.files import StrPath

LIKE = ("loudness", "centroid", "flatness", "pitch")
"""The descriptors that `--like` follows."""
QUIET_DB = 50.0
"""Frames further than this below the loudest frame ask for their loudness alone."""
MEMORY_S = 0.15
"""Length of the memory of the K-weighting, in seconds."""
FAINTEST_DB = -118.0
"""A sound that is never louder than this counts as silence. It is the loudness of a sine of amplitude 1e-6."""
LOWEST_DB = -80.0
"""The lowest loudness that is asked for, in LUFS."""


@dataclass(frozen=True, eq=False)
class Heard:
    """Hold the targets that a sound gives.

    Parameters
    ----------
    values : dict of str to (T,) float64
        Values by descriptor, NaN in frames where nothing is asked for.
    seconds : float
        Duration of the sound.
    confidence : (T,) float64
        Confidence of the pitch, 0 to 1.

    """

    values: dict[str, NDArray[np.float64]]
    seconds: float
    confidence: NDArray[np.float64]


def hear_sound(file: StrPath, grid: FrameGrid, names: tuple[str, ...] = LIKE) -> Heard:
    """Measure the descriptors of a sound file, as targets.

    Parameters
    ----------
    file : str or Path
        The sound.
    grid : FrameGrid
        Frames in which it is measured. The sound is resampled to their rate.
    names : tuple of str
        The descriptors. By default loudness, centroid, flatness and pitch.

    Returns
    -------
    Heard

    Raises
    ------
    AudioError
        If the file is not a sound, or is silent or nearly silent.
    ParameterError
        If a name is unknown.

    """
    wanted: tuple[str | Descriptor, ...] = (*names, "loudness", "pitch_confidence")
    wanted += TRACKED if "pitch" in names else ()
    measured, n_samples = measure_pieces(stream_audible(file, sr=grid.sr), grid, tuple(dict.fromkeys(wanted)))
    measured = track_pitch(measured) if "pitch" in names else measured
    loudness = np.maximum(measured["loudness"].astype(np.float64), LOWEST_DB)
    if loudness.max() < LOWEST_DB + 1:
        raise AudioError(_say_unheard(file, measured["loudness"]))
    quiet = loudness < max(loudness.max() - QUIET_DB, LOWEST_DB + 1)
    values = {name: np.where(quiet, np.nan, measured[name].astype(np.float64)) for name in names}
    if "loudness" in values:
        values["loudness"] = loudness
    return Heard(values, n_samples / grid.sr, measured["pitch_confidence"].astype(np.float64))


def _say_unheard(file: StrPath, loudness: Floats) -> str:
    peak = float(loudness.max())
    if peak < FAINTEST_DB:
        return f"'{file}' holds only silence; name a sound that can be heard"
    return f"'{file}' is too quiet to be a target (never louder than {peak:.0f} LUFS); turn it up"


def measure_pieces(
    pieces: Iterable[Floats], grid: FrameGrid, names: tuple[str | Descriptor, ...]
) -> tuple[dict[str, Floats], int]:
    """Measure a sound piece by piece. The result is that of measuring the whole sound.

    Each piece is preceded by the end of the piece before, as far as its first frames and the K-weighting reach back.

    Parameters
    ----------
    pieces : iterable of (n,) float32
        The sound, in pieces of any length.
    grid : FrameGrid
        Frames in which it is measured.
    names : tuple of str or Descriptor
        The descriptors.

    Returns
    -------
    values : dict of str to (T,) float32
        Values by descriptor, in its unit.
    n_samples : int
        Length of the sound.

    """
    longest = max(grid.n_fft, count_samples(grid.sr))
    memory = longest + grid.samples(MEMORY_S)
    parts: dict[str | Descriptor, list[Floats]] = {name: [] for name in names}
    kept, start, done = np.zeros(0, np.float32), 0, 0
    for piece in offset_free_pieces(pieces, grid.sr):
        kept = np.concatenate([kept, piece])
        heard = start + len(kept) - longest // 2  # frames centred up to here are whole
        ready = max(done, grid.count(heard)) if heard >= 0 else 0
        _take(parts, kept, grid, slice(done - start // grid.hop_length, ready - start // grid.hop_length))
        done = ready
        ahead = max(0, done * grid.hop_length - memory - start) // grid.hop_length * grid.hop_length
        kept, start = kept[ahead:], start + ahead
    n_samples = start + len(kept)
    _take(parts, kept, grid, slice(done - start // grid.hop_length, grid.count(n_samples) - start // grid.hop_length))
    return {_name(key): np.concatenate(found) for key, found in parts.items()}, n_samples


def _take(parts: dict[str | Descriptor, list[Floats]], y: Floats, grid: FrameGrid, frames: slice) -> None:
    if frames.stop > frames.start:
        measured = measure_clean(y, grid, parts)
        for key, found in parts.items():
            found.append(measured[_name(key)][frames])


def _name(key: str | Descriptor) -> str:
    return key if isinstance(key, str) else key.name
