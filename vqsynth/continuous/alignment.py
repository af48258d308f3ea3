"""Bring two sounds to one length: evenly, or by dynamic time warping, which makes similar frames coincide.

Distances are Euclidean, between frames of components. The accumulated distance is

    D[i, j] = d(i, j) + min(D[i-1, j], D[i, j-1], D[i-1, j-1])

(Sakoe and Chiba, "Dynamic programming algorithm optimization for spoken word recognition", 1978, without a band). It is
computed a row at a time: with S the running sum of d along the row and m the smaller of the two values above, D[i, j] =
S[j] + min over k <= j of (m[k] - S[k-1]). Only some rows are kept, one in sqrt(T). The others are computed again on the
way back, so that memory grows with the length to the power of 1.5.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.continuous.latents import LONGEST_S, LatentPath, check_latents, check_same_model
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_whole
from vqsynth.sound.arrays import Doubles

Integers = NDArray[np.int64]

MOST_SAMPLES = round(LONGEST_S * 384000)
MOST_CELLS = 400_000_000
"""The most pairs of frames that are compared: four minutes with four minutes, at 86 frames a second."""


def stretch(path: LatentPath, n_samples: int) -> LatentPath:
    """Make a path longer or shorter. The first and last frame stay first and last; a single frame is held.

    Parameters
    ----------
    path : LatentPath
        The path; it is not changed.
    n_samples : int
        The new length in samples, 1 or more.

    Returns
    -------
    LatentPath
        New frames are interpolated linearly, loudness in dB.

    Raises
    ------
    ParameterError
        For a length out of range.

    """
    check_latents(path)
    check_whole("n_samples", n_samples, 1, MOST_SAMPLES)
    frames = 1 + n_samples // path.hop_length
    return take_frames(path, np.linspace(0.0, len(path) - 1.0, frames), n_samples)


def align_dtw(a: LatentPath, b: LatentPath, *, n_samples: int | None = None) -> tuple[LatentPath, LatentPath]:
    """Bring two paths to one length by dynamic time warping, so that similar frames coincide.

    Where a moment of one path is matched with a long stretch of the other, the result gives half of that stretch to
    both.

    Parameters
    ----------
    a, b : LatentPath
        Two paths of one model; they are not changed.
    n_samples : int, optional
        The common length in samples, by default that of the longer path.

    Returns
    -------
    tuple of two LatentPath
        Both paths at the common length.

    Raises
    ------
    ModelError
        For paths of different models.
    ParameterError
        For paths that are too long to compare.

    """
    check_same_model(a, b)
    n_samples = max(a.n_samples, b.n_samples) if n_samples is None else n_samples
    check_whole("n_samples", n_samples, 1, MOST_SAMPLES)
    i, j = warp(a.components.T, b.components.T).astype(np.float64)
    moving = [index / index[-1] for index in (i, j) if index[-1] > 0]
    progress = np.mean(moving, axis=0) if moving else np.zeros(1)
    at = np.linspace(0.0, 1.0, 1 + n_samples // a.hop_length)
    ways = (np.interp(at, progress, index) for index in (i, j))
    first, second = (take_frames(p, way, n_samples) for p, way in zip((a, b), ways, strict=True))
    return first, second


def take_frames(path: LatentPath, positions: Doubles, n_samples: int) -> LatentPath:
    """Take frames at positions (T,) from 0 to len(path) - 1, interpolated between whole numbers."""
    low = np.floor(positions).astype(np.int64).clip(0, len(path) - 1)
    high, share = np.minimum(low + 1, len(path) - 1), positions - low
    mixed = [
        values[..., low] * (1 - share) + values[..., high] * share for values in (path.components, path.loudness_db)
    ]
    return replace(path, n_samples=n_samples, components=mixed[0], loudness_db=mixed[1])


def warp(a: ArrayLike, b: ArrayLike) -> Integers:
    """Find the warping path of least summed distance through two sequences of frames.

    Parameters
    ----------
    a, b : (T_a, C), (T_b, C)
        The sequences.

    Returns
    -------
    (2, L) int
        Pairs of frames from (0, 0) to the last two. From pair to pair each index grows by 0 or 1.

    Raises
    ------
    ParameterError
        For more than `MOST_CELLS` pairs.

    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if len(first) * len(second) > MOST_CELLS:
        raise ParameterError(
            f"dtw compares every frame of one sound with every frame of the other, and {len(first)} with {len(second)} "
            "are too many; align by stretch, or morph shorter sounds"
        )
    size = int(np.ceil(np.sqrt(len(first))))
    kept = [_above_the_first(len(second))]  # the row above each block of rows
    for start in range(0, len(first) - size, size):
        kept.append(_fill_rows(kept[-1], _measure(first[start : start + size], second))[-1])
    pairs = [(len(first) - 1, len(second) - 1)]
    for block in reversed(range(len(kept))):
        start, last = block * size, pairs[-1][1]
        rows = _fill_rows(kept[block], _measure(first[start : start + size], second[: last + 1]))
        _walk_back(pairs, rows, start)
    return np.array(pairs[::-1], np.int64).T


def _measure(a: Doubles, b: Doubles) -> Doubles:
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
    distances: Doubles = np.sqrt(np.maximum(squares, 0.0))
    return distances


def _above_the_first(length: int) -> Doubles:
    """Make the row above the first: infinite but for its left corner, from which only the first pair is reached."""
    row = np.full(length + 1, np.inf)
    row[0] = 0.0
    return row


def _fill_rows(above: Doubles, distances: Doubles) -> Doubles:
    """Accumulate distances (R, T) below the row `above` (T + 1,). Return (R + 1, T + 1), with that row on top."""
    rows = np.full((len(distances) + 1, distances.shape[1] + 1), np.inf)
    rows[0] = above[: rows.shape[1]]
    sums = np.cumsum(distances, axis=1)
    before = sums - distances
    for i in range(len(distances)):
        cheapest = np.minimum(rows[i, 1:], rows[i, :-1]) - before[i]
        rows[i + 1, 1:] = sums[i] + np.minimum.accumulate(cheapest)
    return rows


def _walk_back(pairs: list[tuple[int, int]], rows: Doubles, start: int) -> None:
    """Append pairs from the last one back to the row above `start`, the first of these rows, or to the first pair."""
    i, j = pairs[-1]
    while i >= start and (i, j) != (0, 0):
        k = i - start  # rows[k + 1, j + 1] is D[i, j]
        ways = ((i - 1, j - 1, rows[k, j]), (i - 1, j, rows[k, j + 1]), (i, j - 1, rows[k + 1, j]))
        i, j, _ = min(ways, key=lambda way: way[2])
        pairs.append((i, j))
