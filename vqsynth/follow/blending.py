"""Blends of two codes whose spectra are near, where the two together meet a target better than one.

Off unless asked for: with a share of up to a half, errors after correction were neither better nor worse on violin,
trumpet and flute (mean nrmse of four curves without and with: flatness of the trumpet .0181, .0175; rolloff of the
violin .0108, .0107).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.controls import no_controls
from vqsynth.codes.index import Demand, Targets
from vqsynth.codes.table import DescriptorTable
from vqsynth.path import CodePath
from vqsynth.sound.frames import Floats

NEIGHBOURS = 8
FARTHEST = 0.3
"""Squared distance of unit spectra, 0 to 2, up to which two codes are near."""


def blend_path(
    path: CodePath, table: DescriptorTable, distances: Floats, targets: Targets, *, limit: float
) -> CodePath:
    """Blend each frame's code with the neighbour that brings it nearest to the targets, name to (T,).

    distances: squared, of unit spectra, (K, K). limit: the largest share of the neighbour, 0 to 1. Descriptors are
    taken to move straight from one code to the other. Loudness and pitch, which other controls meet, do not count.
    """
    others = {name: values for name, values in targets.items() if name not in ("loudness", "pitch")}
    if limit == 0 or not others:
        return path
    demand = Demand(table, others)
    weights = np.broadcast_to(demand.weights, demand.queries.shape)
    near = np.argsort(distances[path.codes], axis=1, kind="stable")[:, 1 : NEIGHBOURS + 1]
    missed = np.nan_to_num(demand.queries - demand.columns[path.codes])[:, None]
    away = np.nan_to_num(demand.columns[near] - demand.columns[path.codes][:, None])
    size = (weights[:, None] * away**2).sum(-1)
    share = np.clip((weights[:, None] * missed * away).sum(-1) / np.maximum(size, 1e-12), 0, limit)
    share[np.take_along_axis(distances[path.codes], near, axis=1) > FARTHEST] = 0
    left = (weights[:, None] * (missed - share[..., None] * away) ** 2).sum(-1)
    best = left.argmin(axis=1)[:, None]
    return _with_blend(path, np.take_along_axis(near, best, 1)[:, 0], np.take_along_axis(share, best, 1)[:, 0])


def _with_blend(path: CodePath, codes: NDArray[np.int64], share: NDArray[np.float64]) -> CodePath:
    controls = path.controls or no_controls(len(path))
    return replace(path, controls=replace(controls, blend_codes=codes, blend=share))
