"""Before anything is rendered: what of a demand is within reach, and the least error that any path can have."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.index import Targets, Weights, find_candidates
from vqsynth.codes.selection import reach
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.misses import Miss, describe_miss, measure_miss

TOLERANCE = 0.1
"""A joint demand is met by a code that misses it by no more than a tenth of a spread of the table."""


@dataclass(frozen=True, eq=False)
class Reach:
    """Hold what can be had of one descriptor's target.

    asked: (T,). nearest: (T,), what the code has that is nearest in this descriptor alone; together: (T,), the same of
    the code that is nearest in all. out_of_reach: the share of frames outside the table's range. error, error_together:
    how far off these two are, the least that a path without controls can be, None where nothing is asked.
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
    table: DescriptorTable, targets: Targets, *, weights: Weights | None = None
) -> tuple[dict[str, Reach], float]:
    """Tell by descriptor what can be had of targets (T,), and the share of frames that no code meets jointly.

    Loudness is left out: gain meets it. Raises ParameterError for unknown names and weights.
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
            unit, asked, nearest, together, float(np.nanmin(column)),
            float(np.nanmax(column)), reach(table, name, asked), *errors,
        )  # fmt: skip
    return found, float(np.mean(joint.distances[:, 0] > TOLERANCE**2))


def describe_reach(found: dict[str, Reach], unmet: float) -> list[str]:
    """Say in a line per descriptor, and one for all together, what can be had."""
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
