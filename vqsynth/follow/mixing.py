"""Layers moved together against the errors of their mix.

What a mix has is not the mean of what its layers have: a line of the centroid that each of two layers of the choir
meets, their mix misses by 9 % of the range. Yet a small move of all layers moves the mix by about as much. So every
layer takes the steps of `vqsynth.follow.correction`, of its gain and its envelope, against the errors that are measured
on the mix. Transposition stays: it shifts phases, so that partials would meet in another way in each round.

Layers on one pitch may meet in antiphase and nearly cancel. If all of them were raised until the rest is loud enough,
each would be up to 22 dB louder than the mix, and heard so where it stands apart in stereo. So where layers cancel, one
of them is raised first and the others are lowered: two are about 3 dB louder than their mix then. Layers take turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.index import Targets
from vqsynth.codes.spectra import CodeSpectra
from vqsynth.codes.voice import LOUDEST_DB, SILENT_DB
from vqsynth.follow.bending import BENT, hold_edges
from vqsynth.follow.correction import CORRECTING, Followers, Heard, Weights, hear, tell_spent
from vqsynth.follow.limits import Limits
from vqsynth.path import CodePath
from vqsynth.render import render_layers
from vqsynth.running.observing import SILENT, Advance, Observer
from vqsynth.sound.frames import Floats

ROUNDS_OF_MIX = 2
"""Rounds of the mix for each round of a layer on its own."""
LOUDNESS_WEIGHT = 4.0
"""How much loudness counts, where no weight is given for it, in which round is kept."""
MOST_MIX_GAIN_DB = 20.0
"""The most that gain moves up or down in a mix. Loudness of three layers of the choir on steps of pitch is off by up to
1.1 dB with 10 dB, and .07 dB with 20."""
_SMOOTHING = np.array([1, 2, 3, 2, 1]) / 9  # frames overlap


@dataclass(frozen=True, eq=False)
class Mix:
    """Hold corrected paths, their sound together, and the errors of each round.

    Attributes
    ----------
    paths : tuple of CodePath
        A path for each layer.
    y : (n_samples,)
        Their sound together. It may exceed full scale.
    errors : list of dict
        For each round the errors by descriptor, as in `Heard`; of several layers, the rounds of their mix.
    kept : int
        The best round, from 0.
    spent : dict of name to float
        The mean size of each control that was used, averaged over the layers.

    """

    paths: tuple[CodePath, ...]
    y: Floats
    errors: list[dict[str, float | None]]
    kept: int
    spent: dict[str, float]


@dataclass(frozen=True, eq=False)
class _MixTrial(Heard):
    """Hold paths beside what is heard of them together, and the number of their round."""

    paths: tuple[CodePath, ...]
    number: int


def correct_mix(
    paths: Sequence[CodePath],
    spectra: CodeSpectra,
    targets: Targets,
    *,
    rounds: int,
    limits: Limits,
    weights: Weights | None = None,
    observer: Observer = SILENT,
) -> Mix:
    """Move all paths together against the errors of their mix.

    Parameters
    ----------
    paths : sequence of CodePath
        The layers, of one length, as they are to start.
    spectra : CodeSpectra
        Those of their codebook.
    targets : dict of name to (T,)
        What the mix is asked for; loudness in dB must be among them.
    rounds : int
        Number of corrections of a layer; the mix gets `ROUNDS_OF_MIX` times as many.
    limits : Limits
        How far controls may be moved.
    weights : dict of name to number or (T,), optional
        How much each target counts, as `correct_path` takes them.
    observer : Observer
        Hears of every round.

    Returns
    -------
    Mix
        The round whose weighted errors add up to the least; where no envelope is moved, only loudness counts.

    """
    weights, limits = weights or {}, replace(limits, transpose_cents=0)
    followers = [Followers(p, spectra, targets, weights, limits, most_gain_db=MOST_MIX_GAIN_DB) for p in paths]
    counted = None if any(name in BENT for name in targets) else {"loudness"}
    judged = {"loudness": LOUDNESS_WEIGHT} | dict(weights)
    trial = best = _try_mix(paths, spectra, targets, 0)
    errors = [trial.errors]
    total = ROUNDS_OF_MIX * rounds
    for number in range(1, total + 1):
        observer.advance(Advance(CORRECTING, (number - 1) / total, step=number, total=total))
        if number == 1 and limits.gain:
            moved = lead(trial.paths, targets["loudness"] - trial.got["loudness"])
        else:
            moved = [each.move(path, trial.got) for each, path in zip(followers, trial.paths, strict=True)]
        trial = _try_mix(moved, spectra, targets, number)
        errors.append(trial.errors)
        best = min(best, trial, key=lambda tried: tried.sum_errors(counted, weights=judged))
    return Mix(best.paths, best.y, errors, best.number, _mean_spent(best.paths))


def lead(paths: Sequence[CodePath], missing_db: NDArray[np.floating[Any]]) -> list[CodePath]:
    """Raise one path and lower the others where their mix is softer than the sum of their powers.

    The paths take turns: the first one is raised where this is needed first, the second where it is needed next.

    Two equal powers that add up to 1, but to p < 1 in their mix, add up to 1 in it where one is s times as much and the
    other as much less, s + 1 / s = 2 (2 - p).

    Parameters
    ----------
    paths : sequence of CodePath
        The layers, of equal power.
    missing_db : (T,)
        By how many dB the mix is softer than it should be. Where it is louder nothing is moved.

    Returns
    -------
    list of CodePath

    """
    excess = 1 - 10 ** (-np.maximum(hold_edges(missing_db), 0) / 10)
    by_db = 10 * np.log10(1 + excess + np.sqrt(excess * (2 + excess)))
    by_db = np.convolve(np.pad(by_db, len(_SMOOTHING) // 2, mode="edge"), _SMOOTHING, "valid")
    leader = _take_turns(by_db > 0, len(paths))
    return [_move_gain(path, np.where(leader == number, by_db, -by_db)) for number, path in enumerate(paths)]


def _take_turns(needed: NDArray[np.bool_], n_layers: int) -> NDArray[np.int64]:
    """Return which layer leads, (T,): the first one the first time that one is needed, and then each in turn."""
    times = np.cumsum(needed & ~np.append(False, needed[:-1]))
    return np.asarray((times - 1) % n_layers)


def _move_gain(path: CodePath, by_db: NDArray[np.float64]) -> CodePath:
    gain_db = np.clip(path.gain_db + by_db, SILENT_DB + 1, LOUDEST_DB)
    return replace(path, gain_db=np.where(path.gain_db > SILENT_DB, gain_db, path.gain_db))


def _try_mix(paths: Sequence[CodePath], spectra: CodeSpectra, targets: Targets, number: int) -> _MixTrial:
    heard = hear(render_layers(paths, spectra, spread=0), spectra, targets)
    return _MixTrial(**vars(heard), paths=tuple(paths), number=number)


def _mean_spent(paths: Sequence[CodePath]) -> dict[str, float]:
    each = [tell_spent(path) for path in paths]
    names = dict.fromkeys(name for spent in each for name in spent)
    return {name: float(np.mean([spent.get(name, 0.0) for spent in each])) for name in names}
