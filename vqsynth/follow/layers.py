"""Layers: several paths that sound together, no code twice at a time, and as loud together as one is asked to be.

Each layer is asked for the share of the power that it would have if layers added up as noise does. What they make of
it, where partials meet in phase or out of it, is measured on the mix and taken back by one gain curve for all.
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
"""Rounds of the common gain, at most."""
MOST_MIX_GAIN_DB = 15.0
"""How far the common gain moves. Two layers on one pitch may meet in antiphase and nearly cancel: mean error of the
loudness of the choir on 440 Hz up to 1.4 dB at 6 dB, .06 dB at 15."""


@dataclass(frozen=True, eq=False)
class Mix:
    """Hold corrected paths, the sound of them together as rendered, and what the rounds came to.

    errors: per round, by descriptor, as a `Trial` has them; of a mix, the rounds of the common
    gain. kept: the best round. spent: the mean size of each control used, over the layers.
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
    """Choose paths for values per frame that never have a code in common, the i-th under `seed` + i.

    options: the keywords of `choose_path`. The first is the path that `choose_path` gives; the others make do
    with what is left. Raises ParameterError for more layers than there are codes for, and as `choose_path` does.
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
    """Correct each path against the targets, name to (T,), on its own, then the loudness of all together.

    weights: how much each target counts, as `correct_path` takes them. tried: what is known already of a path that is
    the only one. Raises ParameterError for negative rounds or limits.
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
    """Tell what the report of a mix says otherwise than that of its first path.

    `layers` lists the codes of each, `codes_used` counts those of all, and a loudness `table` is that of the powers of
    all layers together.
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
    """Move the gains of all paths together against the loudness that the mix has, and keep the best round."""
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
