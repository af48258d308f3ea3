"""Layers: several paths that sound together and have the loudness asked for together. No frame has a code twice.

Each of N layers is asked for a share 1/N of the power, as if layers added up like noise. Where partials meet in or out
of phase the mix is louder or softer than that. This is measured on the mix and corrected by one gain curve for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.checks import check_choice, check_whole
from vqsynth.codes.index import Targets, check_targets
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.spectra import EXCITATIONS
from vqsynth.codes.voice import LOUDEST_DB, SILENT_DB
from vqsynth.errors import ParameterError
from vqsynth.follow.bending import hold_edges
from vqsynth.follow.choosing import choose_path
from vqsynth.follow.correction import (
    ROUNDS,
    Trial,
    Weights,
    correct_path,
    predict_transposition,
    raise_fundamentals,
)
from vqsynth.follow.limits import Limits, check_limits, check_rounds
from vqsynth.follow.report import measure_errors
from vqsynth.path import CodePath
from vqsynth.render import render_layers
from vqsynth.sound.descriptors import REGISTRY
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.frames import Floats

MIX_ROUNDS = 5
"""The most rounds of correction that the common gain gets."""
MOST_MIX_GAIN_DB = 15.0
"""The most that the common gain moves up or down. Two layers on one pitch may meet in antiphase and nearly cancel: for
the choir on 440 Hz the mean error of loudness is up to 1.4 dB with 6 dB, and .06 dB with 15."""


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
        For each round the errors by descriptor, as in `Trial`; of several layers, the rounds of the common gain.
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


def choose_layers(
    book: CodebookRecord, targets: Targets, *, layers: int = 1, seconds: float, excitation: str = "coherent",
    seed: int = 0, **options: Any,
) -> tuple[CodePath, ...]:  # fmt: skip
    """Choose paths that never have the same code in the same frame.

    The first path is the one that `choose_path` gives. Each further one is chosen among the codes that are left.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.
    targets : dict of name to (T,)
        What all layers together are asked for, NaN where nothing is; loudness in dB must be among them.
    layers : int
        Number of paths, 1 or more.
    seconds : float
        Length of the sound.
    excitation : {"coherent", "noise", "refined"}
        How spectra get their phases.
    seed : int
        Seed of the first path; path i has `seed` + i.
    **options
        Further keywords of `choose_path`.

    Returns
    -------
    tuple of CodePath
        One per layer.

    Raises
    ------
    ParameterError
        For more layers than there are usable codes, and as `choose_path` does.

    """
    targets, seed = check_targets(book.table, targets), check_seed(seed)
    check_choice("excitation", excitation, EXCITATIONS)
    _check_count(book, targets, check_whole("layers", layers, 1))
    shared = dict(targets) | {"loudness": targets["loudness"] - 10 * np.log10(layers)}
    paths: list[CodePath] = []
    for i in range(layers):
        taken = np.stack([path.codes for path in paths]) if paths else None
        path = choose_path(book, shared, seconds=seconds, seed=seed + i, taken=taken, **options)
        paths.append(replace(path, excitation=excitation, seed=seed + i))
    return tuple(paths)


def correct_layers(
    book: CodebookRecord,
    paths: Sequence[CodePath],
    targets: Targets,
    *,
    rounds: int = ROUNDS,
    limits: Limits | None = None,
    weights: Weights | None = None,
    tried: Trial | None = None,
) -> Mix:
    """Correct each path against the targets on its own, then the loudness of all together.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.
    paths : sequence of CodePath
        The layers.
    targets : dict of name to (T,)
        What all layers together are asked for; loudness in dB must be among them.
    rounds : int
        Number of corrections, 0 or more.
    limits : Limits, optional
        How far controls may be moved.
    weights : dict of name to number or (T,), optional
        How much each target counts in what is moved and in which round is kept, as `correct_path` takes them.
    tried : Trial, optional
        The path already rendered and measured, where it is the only one.

    Returns
    -------
    Mix
        The corrected paths and their sound.

    Raises
    ------
    ParameterError
        For negative rounds or limits.

    """
    rounds, limits = check_rounds(rounds), check_limits(limits)
    known = {name: values for name, values in targets.items() if name in REGISTRY}
    shared = known | {"loudness": targets["loudness"] - 10 * np.log10(len(paths))}
    done = []
    for path in paths:
        if rounds and limits.transpose_cents and "pitch" in targets:
            pitches_hz = book.table.column("pitch")[path.codes].astype(np.float64)
            path = predict_transposition(path, pitches_hz, targets["pitch"], limits)
        if rounds and limits.fundamental_db and "pitch" in targets and book.table.fundamentals is not None:
            codes = path.codes
            levels_db, pitches = book.table.fundamentals[codes], book.table.column("pitch")[codes]
            path = raise_fundamentals(path, pitches, levels_db, targets["pitch"], limits)
        done.append(
            correct_path(path, book.spectra, shared, rounds=rounds, limits=limits, weights=weights, tried=tried)
        )
    if len(done) == 1:
        return Mix((done[0].path,), done[0].y, done[0].errors, done[0].kept, done[0].spent())
    mixed = tuple(each.path for each in done)
    spent = _mean_spent([each.spent() for each in done])
    return _correct_mix(book, mixed, known, spent, rounds=min(rounds, MIX_ROUNDS) if limits.gain else 0)


def describe_layers(book: CodebookRecord, mix: Mix, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries in which the report of several layers differs from that of the first layer.

    `layers` lists the codes of each layer, `codes_used` counts those of all, and the `table` values of loudness are
    computed from the summed power of all layers.
    """
    levels_db = [book.table.column("loudness")[path.codes] + path.gain_db for path in mix.paths]
    together_db = 10 * np.log10(sum(10 ** (level / 10) for level in levels_db))
    rows = report["descriptors"]
    return {
        "layers": [path.codes.tolist() for path in mix.paths],
        "codes_used": len(np.unique([path.codes for path in mix.paths])),
        "descriptors": rows | {"loudness": rows["loudness"] | {"table": together_db.tolist()}},
    }


def _check_count(book: CodebookRecord, targets: Targets, layers: int) -> None:
    for name, asked in targets.items():
        column = book.table.column(name)
        usable = len(column) if name == "loudness" or np.isnan(asked).all() else int((~np.isnan(column)).sum())
        if layers > max(usable, 1):
            raise ParameterError(
                f"layers must be at most {usable}, the number of codes with a usable {name} (got {layers})"
            )


def _correct_mix(
    book: CodebookRecord, paths: tuple[CodePath, ...], targets: Targets, spent: dict[str, float], *, rounds: int
) -> Mix:
    """Move the gains of all paths together against the loudness error of the mix, and keep the best round."""
    common_db = np.zeros(len(paths[0]))
    errors: list[dict[str, float | None]] = []
    least, kept = np.inf, 0
    best = paths, np.zeros(0, np.float32)
    for number in range(rounds + 1):
        moved = tuple(_shift(path, common_db) for path in paths)
        y = render_layers(moved, book.spectra)
        got, misses = measure_errors(y, book.grid, targets)
        errors.append({name: miss.scaled if miss else None for name, miss in misses.items()})
        missed = errors[-1]["loudness"]
        if number == 0 or (missed is not None and missed < least):
            best, kept, least = (moved, y), number, np.inf if missed is None else missed
        common_db = common_db + hold_edges(targets["loudness"] - got["loudness"])
        common_db = np.clip(common_db, -MOST_MIX_GAIN_DB, MOST_MIX_GAIN_DB)
    return Mix(*best, errors, kept, spent)


def _shift(path: CodePath, common_db: NDArray[np.float64]) -> CodePath:
    """Add a gain to all frames that sound."""
    shifted = np.clip(path.gain_db + common_db, SILENT_DB + 1, LOUDEST_DB)
    return replace(path, gain_db=np.where(path.gain_db > SILENT_DB, shifted, path.gain_db))


def _mean_spent(each: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for spent in each for name in spent)
    return {name: float(np.mean([spent.get(name, 0.0) for spent in each])) for name in names}
