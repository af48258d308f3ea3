"""Tell before rendering how much of some targets a codebook can meet, and the least error that any path can have."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.index import Targets, Weights, find_candidates
from vqsynth.codes.reaching import find_ends, reach
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.misses import Miss, describe_miss, measure_miss

TOLERANCE = 0.1
"""A code meets several targets together if its distance to them is at most this share of a spread of the table."""


@dataclass(frozen=True, eq=False)
class Reach:
    """Hold how well the target of one descriptor can be met.

    Attributes
    ----------
    unit : str
        Unit of the values.
    asked : (T,)
        The target.
    nearest : (T,)
        The values of the codes that are nearest in this descriptor alone.
    together : (T,)
        The values of the codes that are nearest in all descriptors together.
    low, high : float
        The range of the codes whose value is sure, see `vqsynth.codes.reaching`, of pitch with what transposition adds.
    out_of_reach : float
        Share of frames outside that range or in a hole of it, 0 to 1.
    error, error_together : Miss or None
        How far `nearest` and `together` are off, the least error of a path without controls. None where nothing is
        asked.

    """

    unit: str
    asked: NDArray[np.float64]
    nearest: NDArray[np.float64]
    together: NDArray[np.float64]
    low: float
    high: float
    out_of_reach: float
    error: Miss | None
    error_together: Miss | None


def preview_targets(
    table: DescriptorTable, targets: Targets, *, weights: Weights | None = None, transpose_cents: float = 0.0
) -> tuple[dict[str, Reach], float]:
    """Tell how well targets can be met, each alone and all together. Loudness is left out: gain meets it.

    Parameters
    ----------
    table : DescriptorTable
        The codebook's table.
    targets : dict of name to (T,)
        What is asked for, NaN where nothing is.
    weights : dict of name to number or (T,), optional
        How much each target counts beside the others.
    transpose_cents : float
        How far codes may be transposed to a pitch; it widens what is within reach, and lessens no error.

    Returns
    -------
    found : dict of name to Reach
        How well each target can be met.
    unmet : float
        Share of the frames in which no code meets all targets together within `TOLERANCE`, 0 to 1.

    Raises
    ------
    ParameterError
        For unknown names, and weights that cannot be used.

    """
    others = {name: values for name, values in targets.items() if name != "loudness"}
    if not others:
        return {}, 0.0
    joint = find_candidates(table, others, weights=weights)
    found = {}
    for name, asked in others.items():
        column = table.column(name).astype(np.float64)
        alone = find_candidates(table, {name: asked}).codes[:, 0]
        nearest, together = (np.where(np.isnan(asked), np.nan, column[codes]) for codes in (alone, joint.codes[:, 0]))
        unit, scale = table.units[table.position(name)], table.scales[table.position(name)]
        everywhere = np.ones(len(asked), bool)
        errors = [measure_miss(got, asked, everywhere, unit=unit, scale=scale) for got in (nearest, together)]
        found[name] = Reach(
            unit, asked, nearest, together, *find_ends(table, name, transpose_cents=transpose_cents),
            reach(table, name, asked, transpose_cents=transpose_cents), *errors,
        )  # fmt: skip
    return found, float(np.mean(joint.distances[:, 0] > TOLERANCE**2))


def describe_reach(found: dict[str, Reach], unmet: float) -> list[str]:
    """Return a line per descriptor that says how well it can be met, and one for all together."""
    lines = [
        f"{name}: {100 * row.out_of_reach:.1f} % out of reach ({row.low:.4g} to {row.high:.4g} {row.unit}); "
        f"least error {_say(row.error, row.unit)} alone, {_say(row.error_together, row.unit)} together"
        for name, row in found.items()
    ]
    if len(found) > 1:
        lines.append(f"together: no code meets {100 * unmet:.1f} % of the frames within {TOLERANCE:g} of a spread")
    return lines or ["loudness is met by gain"]


def _say(miss: Miss | None, unit: str) -> str:
    return "unknown" if miss is None else describe_miss(miss.error, miss.cents, miss.nrmse, unit)
