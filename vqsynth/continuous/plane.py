"""The interpolation plane: four sounds at the corners of a square are mixed by a point that moves over it.

    C (0,1)    D (1,1)
    A (0,0)    B (1,0)

The walk of the point is written as `0:0.1,0.2 4:0.9,0.8`, that is seconds:x,y, joined by straight lines, the first and
last point held; as `0.5,0.5`, a point that stays; as `@walk.csv` or `@walk.json`, rows of three numbers; or as an array
of points (P, 3).
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vqsynth.continuous.alignment import stretch
from vqsynth.continuous.latents import LONGEST_S, LatentPath, check_same_model, count_samples
from vqsynth.continuous.morphing import mix, warn_far_stretched
from vqsynth.curves.files import read_places
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import show
from vqsynth.sound.arrays import Doubles

FORM = "'0:0.1,0.2 4:0.9,0.8', seconds and then x,y, or x,y alone where it stays"


def walk_plane(corners: Sequence[LatentPath], at: str | ArrayLike, *, seconds: float | None = None) -> LatentPath:
    """Mix four paths bilinearly by the position of a moving point between their corners.

    Parameters
    ----------
    corners : list of four LatentPath
        A at (0, 0), B at (1, 0), C at (0, 1), D at (1, 1).
    at : str or (P, 3) array
        The walk of the point: text such as "0:0.1,0.2 4:0.9,0.8" (seconds:x,y), "@file", or rows of seconds, x and y.
        x and y lie within 0 to 1.
    seconds : float, optional
        Length of the result, to which all four are stretched. By default that of the walk or of the longest sound,
        whichever is longer.

    Returns
    -------
    LatentPath
        The mix. The corners are not changed.

    Warns
    -----
    VqsynthWarning
        Where a sound is stretched more than ten times.

    Raises
    ------
    ModelError
        For corners of different models.
    ParameterError
        For fewer or more than four corners, and for walks that cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from vqsynth import continuous
    >>> model, t = continuous.load("strings"), np.arange(22050) / 44100
    >>> corners = [model.encode(0.1 * np.sin(2 * np.pi * f * t), 44100) for f in (220, 330, 440, 660)]
    >>> continuous.walk_plane(corners, "0:0,0 1:1,1")
    LatentPath('strings', 87 frames, 1.00 s, 16 components)

    """
    check_corners(corners)
    check_same_model(*corners)
    walk = read_walk(at)
    longest_s = max(walk[-1, 0], *(path.seconds for path in corners))
    n_samples = count_samples(longest_s if seconds is None else seconds, corners[0].sr)
    warn_far_stretched(corners, n_samples)
    stretched = [stretch(path, n_samples) for path in corners]
    x, y = (np.interp(stretched[0].times_s, walk[:, 0], place) for place in walk.T[1:])
    return mix(stretched, np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y]))


def check_corners(corners: Sequence[Any]) -> None:
    """Raise ParameterError for fewer or more than four corners."""
    if not isinstance(corners, Sequence) or isinstance(corners, str | bytes):
        raise ParameterError(f"a plane has four corners, A, B, C and D (got {show(corners)})")
    if len(corners) != 4:
        raise ParameterError(f"a plane has four corners, A, B, C and D (got {len(corners)})")


def read_walk(at: str | ArrayLike) -> Doubles:
    """Read a walk as points (P, 3) of seconds, x and y, times rising and x, y from 0 to 1. Raises ParameterError."""
    rows = _parse(at.strip()) if isinstance(at, str) else _as_rows(at)
    if not rows:
        raise ParameterError(f"the walk is empty; expected {FORM}")
    walk = np.array([_read_point(row) for row in rows])
    times = walk[:, 0]
    if times[0] < 0 or (np.diff(times) <= 0).any():
        written = ", ".join(f"{time:g}" for time in times[:8])
        raise ParameterError(f"the times of a walk must rise, from 0 s or later (got {written})")
    if times[-1] > LONGEST_S:
        raise ParameterError(f"a walk may last {LONGEST_S:.0f} s (got one that ends at {times[-1]:g} s)")
    outside = walk[((walk[:, 1:] < 0) | (walk[:, 1:] > 1)).any(axis=1)]
    if len(outside):
        time, x, y = outside[0]
        raise ParameterError(f"x and y of a walk must lie between 0 and 1 (got {x:g},{y:g} at {time:g} s)")
    return walk


def _parse(text: str) -> list[Sequence[Any]]:
    if text.startswith("@"):
        try:
            return list(read_places(Path(text[1:])))
        except ParameterError as e:
            raise ParameterError(f"the walk '{text}': {e}; expected rows of seconds, x and y") from e
    parts = re.sub(r"\s*([,:])\s*", r"\1", text).split()
    if len(parts) == 1 and ":" not in text:
        return [("0", *text.split(","))]
    for part in parts:
        if ":" not in part:
            raise ParameterError(f"a point of a walk is {FORM} (got '{part}')")
    return [(part.partition(":")[0], *part.partition(":")[2].split(",")) for part in parts]


def _as_rows(at: ArrayLike) -> list[Sequence[Any]]:
    if not isinstance(at, Iterable) or (isinstance(at, np.ndarray) and not at.ndim):
        raise ParameterError(f"a walk is {FORM}, or points of these three (got {at!r})")
    return [tuple(row) if isinstance(row, Iterable) and not isinstance(row, str) else (row,) for row in at]


def _read_point(row: Sequence[Any]) -> tuple[float, ...]:
    try:
        point = tuple(float(number) for number in row)
    except (TypeError, ValueError):
        point = ()
    if len(point) != 3 or not np.isfinite(point).all():
        written = ",".join(map(str, row[1:]))
        raise ParameterError(f"a point of a walk is {FORM} (got '{row[0] if len(row) else ''}:{written}')")
    return point
