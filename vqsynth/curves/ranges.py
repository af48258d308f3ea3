"""Targets that do not fit a codebook, brought into its range.

    clamp      left as they are; what is out of reach is met as nearly as it can be
    squeeze    what is within reach is left alone; what is outside is pressed into the last tenth, in order
    minmax     the target's range onto the codebook's
    rank       the target's distribution onto the codebook's: order is kept, nothing else
    relative   deviations from the target's own median, around the codebook's
    octave     as few octaves up or down as bring the most frames within reach, for pitch; clamp for decibels

The range of a codebook is that of the codes whose value is sure, see `vqsynth.codes.reaching`; what lies in a
hole between them is out of reach, too. Frequencies are mapped in octaves. NaN, where nothing is asked, stays NaN.
"""

from typing import Literal, get_args

import numpy as np

from vqsynth.codes.reaching import list_sure, reach
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.misses import find_range
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_choice
from vqsynth.sound.arrays import Doubles

Mapping = Literal["clamp", "squeeze", "minmax", "rank", "relative", "octave"]
MAPPINGS: tuple[str, ...] = get_args(Mapping)
KNEE, MOST_PERCENT = 0.1, 99.0
"""Margin of a codebook's range, a share of it at either end, into which "squeeze" presses what lies outside, and the
percentile of the codes up to which that range goes: at the very end there is one code, with one pitch. Centroid of
speech on cello, semitones off where it is within reach: 2.9 to the last code, 1.6 so."""
MOST_OCTAVES = 8
BRIDGED_CENTS = 200.0
"""Octaves are chosen as if codes were transposed by up to a whole tone: a codebook may have few notes."""
FEW = 0.02
"""Shifts count as equally good whose frames out of reach differ by no more than this share; the smallest is taken."""


def map_range(values: Doubles, table: DescriptorTable, name: str, how: str) -> Doubles:
    """Map a target (T,) of a descriptor into the range that a table's codes have.

    Raises ParameterError for an unknown mapping or name, and for frequencies of 0 Hz or less.
    """
    check_choice("the mapping", how, MAPPINGS)
    asked = ~np.isnan(values)
    if how == "clamp" or not asked.any():
        return values
    have, want = list_sure(table, name), values[asked]
    if not len(have):
        return values
    octaves = table.scales[table.position(name)] == "octave"
    if how == "octave" and not octaves:
        return values
    if octaves and (want <= 0).any():
        raise ParameterError(f"a target for {name} must lie above 0 in every frame; raise the curve")
    if how == "octave":
        return _shift_octaves(values, table, name)
    unit, scale = table.units[table.position(name)], "octave" if octaves else "linear"
    if how in ("minmax", "rank") and find_range(want, unit=unit, scale=scale) is None:
        want = np.full(len(want), float(np.median(want)))  # or rounding would be spread over the whole range
    mapped = _map(np.log2(want), np.log2(have), how) if octaves else _map(want, have, how)
    result = np.full(len(values), np.nan)
    found = np.exp2(mapped) if octaves else mapped
    # rounding leads out of reach
    result[asked] = np.clip(found, have[0], have[-1]) if how in ("minmax", "squeeze") else found
    return result


def _shift_octaves(values: Doubles, table: DescriptorTable, name: str) -> Doubles:
    """Move frequencies (T,) by as few octaves as bring about as many as any others do within reach."""
    shifts = sorted(range(-MOST_OCTAVES, MOST_OCTAVES + 1), key=lambda octaves: (abs(octaves), octaves))
    outside = [reach(table, name, values * 2.0**octaves, transpose_cents=BRIDGED_CENTS) for octaves in shifts]
    few = min(outside) + FEW
    return values * 2.0 ** next(octaves for octaves, share in zip(shifts, outside, strict=True) if share <= few)


def _squeeze(want: Doubles, have: Doubles) -> Doubles:
    """Press what lies outside, (T,), into the margins of sorted values (K,), on the scale that distances compare."""
    low, high = np.percentile(have, [100 - MOST_PERCENT, MOST_PERCENT])
    margin, top, bottom = KNEE * (high - low), max(high, float(want.max())), min(low, float(want.min()))
    if top > high:
        want = np.where(want > high - margin, high - margin * (top - want) / (top - high + margin), want)
    if bottom < low:
        want = np.where(want < low + margin, low + margin * (want - bottom) / (low + margin - bottom), want)
    return want


def _map(want: Doubles, have: Doubles, how: str) -> Doubles:
    """Map values (T,) into sorted ones (K,), both on the scale that distances compare."""
    if how == "squeeze":
        return _squeeze(want, have)
    if how == "relative":
        return np.asarray(np.median(have) + want - np.median(want))
    if how == "minmax":
        span = float(np.ptp(want))
        share = (want - want.min()) / span if span > 0 else np.full(len(want), 0.5)
        return np.asarray(have[0] + share * (have[-1] - have[0]))
    distinct, place, count = np.unique(want, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - 0.5 * count) / len(want)
    return np.asarray(np.interp(middle, np.linspace(0, 1, len(have)), have)[place] if len(distinct) else want)
