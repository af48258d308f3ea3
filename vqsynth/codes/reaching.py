"""What a codebook's codes reach: the values that they surely have, with the holes between them.

The least and the greatest value of a table say little. Its pitches are estimates, and a few codes, chords and noises
most of all, are heard octaves under what anybody plays: of the 993 pitched codes of the violin, 16 lie under its lowest
string, the lowest at 30 Hz. Two measures must therefore agree on a pitch: the estimator, which was sure of it, and the
corpus, which used many codes near it.
"""

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.filters import Bools
from vqsynth.codes.table import DescriptorTable
from vqsynth.sound.arrays import Doubles

NEAR_CENTS = 50.0
"""A quarter tone. A pitch nearer than this is the note asked for."""
CROWD_CENTS = 100.0
"""Codes are near each other if their pitches differ by at most a semitone."""
LEAST_USE, LEAST_CODES = 0.15, 0.25
"""Of a code with a sure pitch, the codes near it are used this often, or are this many, as a share of the median over
all codes. The strays of six shipped codebooks: at most .146 of the use and .19 of the codes. The lowest notes of these
instruments: at least .20 of the use."""
NEAR_SPREADS = 0.1
"""Other descriptors are the value asked for within this share of a spread of the table."""


def find_sure(table: DescriptorTable, name: str) -> Bools:
    """Find the codes whose value of a descriptor can be relied on.

    Parameters
    ----------
    table : DescriptorTable
        The descriptors of K codes.
    name : str
        The descriptor.

    Returns
    -------
    (K,) bool
        Codes that the corpus used, with a usable value. Of pitch, only those that have enough company: a lone pitch
        is more likely to be misheard.

    Raises
    ------
    ParameterError
        If the name is unknown.

    """
    usable: Bools = ~np.isnan(table.column(name)) & table.used
    if not _is_pitch(table, name) or not usable.any():
        return usable
    rows = np.flatnonzero(usable)
    cents = 1200 * np.log2(table.column(name)[rows].astype(np.float64))
    order = np.argsort(cents)
    first = np.searchsorted(cents[order], cents - CROWD_CENTS, "left")
    last = np.searchsorted(cents[order], cents + CROWD_CENTS, "right")
    used = np.concatenate([[0], np.cumsum(table.counts[rows][order])])
    crowd, codes = used[last] - used[first], last - first
    usable[rows] = (crowd >= LEAST_USE * np.median(crowd)) | (codes >= LEAST_CODES * np.median(codes))
    return usable


def list_sure(table: DescriptorTable, name: str) -> Doubles:
    """Return the values that can be relied on, (N,), sorted; N is 0 where no code has one."""
    return np.sort(table.column(name)[find_sure(table, name)].astype(np.float64))


def find_reached(
    table: DescriptorTable, name: str, values: NDArray[np.float64], *, transpose_cents: float = 0.0
) -> Bools:
    """Find the frames in which a code has the value that is asked for, near enough.

    Parameters
    ----------
    table : DescriptorTable
        The descriptors of K codes.
    name : str
        The descriptor.
    values : (T,)
        What is asked for; NaN asks for nothing.
    transpose_cents : float
        How far codes may be transposed to a pitch, 0 or more.

    Returns
    -------
    (T,) bool
        True also where nothing is asked. A pitch may lie a quarter tone from the nearest code, other descriptors a
        tenth of a spread.

    Raises
    ------
    ParameterError
        If the name is unknown.

    """
    have = list_sure(table, name)
    place = table.position(name)
    if _is_pitch(table, name):
        slack = (NEAR_CENTS + transpose_cents) / 1200 / table.spreads[place]
    else:
        slack = NEAR_SPREADS
    away = find_distances(table.rescale(name, values), table.rescale(name, have))
    return np.asarray(np.isnan(values) | (away <= slack + 1e-9))


def reach(table: DescriptorTable, name: str, values: NDArray[np.float64], *, transpose_cents: float = 0.0) -> float:
    """Return the share of a target's frames, 0 to 1, that lies out of reach, see `find_reached`.

    `values` (T,) is the target of descriptor `name`. Frames in which it is NaN are not counted.
    """
    asked = values[~np.isnan(values)]
    return float(np.mean(~find_reached(table, name, asked, transpose_cents=transpose_cents))) if len(asked) else 0.0


def find_ends(table: DescriptorTable, name: str, *, transpose_cents: float = 0.0) -> tuple[float, float]:
    """Return the lowest and the highest value within reach, NaN where no code has one.

    `transpose_cents` is how far codes may be transposed to a pitch.
    """
    have = list_sure(table, name)
    if not len(have):
        return np.nan, np.nan
    ratio = 2 ** (transpose_cents / 1200) if _is_pitch(table, name) else 1.0
    return float(have[0] / ratio), float(have[-1] * ratio)


def _is_pitch(table: DescriptorTable, name: str) -> bool:
    return table.names[table.position(name)] == "pitch"


def find_distances(values: Doubles, have: Doubles) -> Doubles:
    """Return how far each value (T,) is from the nearest of sorted ones (N,); infinity if N is 0."""
    if not len(have):
        return np.full(values.shape, np.inf)
    above = np.searchsorted(have, values).clip(1, max(len(have) - 1, 1))
    below, over = have[above - 1], have[above.clip(max=len(have) - 1)]
    return np.asarray(np.minimum(np.abs(values - below), np.abs(values - over)))
