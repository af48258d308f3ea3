"""Layers: several paths that sound together and have the loudness asked for together. No frame has a code twice.

Each of N layers is asked for a share 1/N of the power, as if layers added up like noise, and is first corrected on its
own. Their mix is brighter and noisier than each of them, and where partials meet in or out of phase it is louder or
softer. So the mix is measured, and all layers are moved together against its errors, see `vqsynth.follow.mixing`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vqsynth.codes.index import Targets, check_targets
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.spectra import EXCITATIONS
from vqsynth.codes.voice import find_attacks
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_choice, check_whole
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
from vqsynth.follow.mixing import Mix, correct_mix
from vqsynth.follow.striking import plan_loudness
from vqsynth.path import CodePath
from vqsynth.running.observing import SILENT, Observer
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.descriptors import REGISTRY
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.width import check_spread


def choose_layers(
    book: CodebookRecord, targets: Targets, *, layers: int = 1, seconds: float, excitation: str = "coherent",
    seed: int = 0, spread: float = 0.0, **options: Any,
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
    spread : float
        0 to 1: how wide the paths are rendered.
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
    check_spread(spread)
    _check_count(book, targets, check_whole("layers", layers, 1))
    shared = dict(targets) | {"loudness": targets["loudness"] - 10 * np.log10(layers)}
    paths: list[CodePath] = []
    for i in range(layers):
        taken = np.stack([path.codes for path in paths]) if paths else None
        path = choose_path(book, shared, seconds=seconds, seed=seed + i, taken=taken, **options)
        paths.append(replace(path, excitation=excitation, seed=seed + i, spread=spread))
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
    observer: Observer = SILENT,
) -> Mix:
    """Correct each path against the targets on its own, then all of them together against the errors of their mix.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.
    paths : sequence of CodePath
        The layers.
    targets : dict of name to (T,)
        What all layers together are asked for; loudness in dB must be among them.
    rounds : int
        Number of corrections, 0 or more, of each path on its own; the mix gets twice as many.
    limits : Limits, optional
        How far controls may be moved.
    weights : dict of name to number or (T,), optional
        How much each target counts in what is moved and in which round is kept, as `correct_path` takes them.
    tried : Trial, optional
        The path already rendered and measured, where it is the only one.
    observer : Observer
        Hears of every round of every layer, then of those of the mix.

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
    planned = [_plan(book, path, targets["loudness"] - 10 * np.log10(len(paths))) for path in paths]
    how: dict[str, Any] = {"rounds": rounds, "limits": limits, "weights": weights, "observer": observer}
    done = []
    for path, loudness_db in zip(paths, planned, strict=True):
        shared = known | {"loudness": loudness_db}
        is_struck = bool(find_attacks(path.controls))
        if rounds and limits.transpose_cents and "pitch" in targets:
            pitches_hz = book.table.column("pitch")[path.codes].astype(np.float64)
            path = predict_transposition(path, pitches_hz, targets["pitch"], limits)
        if rounds and limits.fundamental_db and "pitch" in targets and book.table.fundamentals is not None:
            codes = path.codes
            levels_db, pitches = book.table.fundamentals[codes], book.table.column("pitch")[codes]
            path = raise_fundamentals(path, pitches, levels_db, targets["pitch"], limits)
        first = None if is_struck else tried
        done.append(correct_path(path, book.spectra, shared, tried=first, **how))
    if len(done) == 1:
        return Mix((done[0].path,), done[0].y, done[0].errors, done[0].kept, done[0].spent())
    if any(find_attacks(path.controls) for path in paths):
        known = known | {"loudness": 10 * np.log10(np.sum(10 ** (np.array(planned) / 10), axis=0))}
    alone = tuple(each.path for each in done)
    return correct_mix(alone, book.spectra, known, **how)


def _plan(book: CodebookRecord, path: CodePath, asked_db: Doubles) -> Doubles:
    """Tell the loudness (T,) that a path is corrected to: what is asked for, or with onsets what these are to have."""
    if not find_attacks(path.controls):
        return asked_db
    return plan_loudness(path, path.gain_db + book.table.column("loudness")[path.codes], asked_db, book.grid)


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
