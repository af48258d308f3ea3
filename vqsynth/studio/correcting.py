"""Drawn targets to a corrected path: what `synthesize` makes of values per frame."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vqsynth.codebook import Codebook
from vqsynth.errors import ParameterError
from vqsynth.follow.correction import ROUNDS
from vqsynth.follow.limits import Limits
from vqsynth.follow.synthesis import Synthesis, correct_and_report, gather_targets
from vqsynth.path import CodePath, read_paths
from vqsynth.running.observing import Observer
from vqsynth.storage.records import check_field
from vqsynth.studio.bodies import (
    NUMBER,
    Fields,
    as_curve,
    check_known,
    optional,
    read_number,
    read_rows,
)
from vqsynth.studio.bounds import MOST_LAYERS, MOST_ROUNDS, check_duration, count_frames

OPTIONS: Mapping[str, tuple[type, ...]] = {
    "mapping": (str, dict), "method": (str,), "smoothness": NUMBER, "style": NUMBER, "rest": (int,), "motion": NUMBER,
    "variation": NUMBER, "excitation": (str,), "seed": (int,), "layers": (int,), "rounds": (int,),
}  # fmt: skip
"""The options of `synthesize` that the page may give, with their types."""
LIMITS: Mapping[str, tuple[type, ...]] = {
    "envelope_db": NUMBER, "transpose_cents": NUMBER, "fundamental_db": NUMBER, "gain": (bool,),
}  # fmt: skip
KNOWN = ("book", "seconds", "targets", "weights", "limits", "paths", *OPTIONS)


def correct(book: Codebook, asked: Fields, observer: Observer) -> dict[str, Any]:
    """Choose a path for targets, render it, measure it, and correct it.

    Parameters
    ----------
    book : Codebook
        The codebook.
    asked : dict
        `seconds`; `targets`, by descriptor a list of T numbers, null where nothing is asked; `weights`, likewise, or a
        number; and options of `synthesize`. With `paths`, the fields of a path file for each layer, these are
        corrected, and no codes are chosen.
    observer : Observer
        Hears of every round.

    Returns
    -------
    dict
        `paths`, the fields of a path file for each layer; `got`, what the sound has by descriptor, T numbers; `errors`,
        by descriptor `error` in its unit, `nrmse`, and what else the report says in one number; `scaled_db`, `rounds`
        and `kept` as in the report.

    Raises
    ------
    ParameterError
        For what cannot be asked.

    """
    check_known(asked, KNOWN)
    make = synthesize_drawn if asked.get("paths") is None else correct_drawn
    made = make(book, asked, observer)
    rows = made.report["descriptors"]
    return {
        "paths": [path.to_fields() for path in made.paths],
        "got": {name: row["got"] for name, row in rows.items()},
        "errors": {name: {k: v for k, v in row.items() if not isinstance(v, list)} for name, row in rows.items()},
        **{key: made.report[key] for key in ("scaled_db", "rounds", "kept", "spent")},
    }


def synthesize_drawn(book: Codebook, asked: Fields, observer: Observer) -> Synthesis:
    """Make the sound of targets per frame. Raises ParameterError."""
    seconds, options = read_number(asked, "seconds"), read_options(asked)
    curves = read_curves(asked, count_frames(seconds, book.grid))
    return book.synthesize(**curves, seconds=seconds, limits=read_limits(asked), observer=observer, **options)


def correct_drawn(book: Codebook, asked: Fields, observer: Observer) -> Synthesis:
    """Correct paths that the page has chosen, against targets per frame. Raises ParameterError and CodebookError."""
    paths, options = read_drawn(book, asked), read_options(asked)
    curves = read_curves(asked, len(paths[0]))
    targets, weights, _ = gather_targets(book, **curves, seconds=paths[0].seconds, mapping=options.get("mapping"))
    how: dict[str, Any] = {"rounds": options.get("rounds", ROUNDS), "limits": read_limits(asked), "observer": observer}
    return correct_and_report(book, paths, targets, weights=weights, **how)


def read_drawn(book: Codebook, asked: Fields) -> tuple[CodePath, ...]:
    """Read the paths of a request, with the excitation that it asks for. Raises ParameterError and CodebookError.

    What a path does not say of its codebook and clock is that of the codebook.
    """
    clock = {"sr": book.grid.sr, "hop_length": book.grid.hop_length}
    known = {"format": 1, "codebook": book.name, "sha256": book.sha256, **clock}
    layers = check_field(asked, "paths", list)
    if not 1 <= len(layers) <= MOST_LAYERS:
        raise ParameterError(f"'paths' must hold 1 to {MOST_LAYERS} paths (got {len(layers)})")
    layers = [known | layer if isinstance(layer, dict) else layer for layer in layers]
    paths = read_paths({"format": 2, "kind": "path", "layers": layers})
    for path in paths:
        book.check_path(path)
    check_duration(paths[0].seconds)
    return tuple(replace(path, **optional(asked, {"excitation": (str,)})) for path in paths)


def read_curves(asked: Fields, n_frames: int) -> dict[str, Any]:
    """Read targets, rows of T numbers, and weights, numbers or such rows, as curves. Raises ParameterError."""
    given = check_field({"weights": {}} | dict(asked), "weights", dict)
    constant = {name: read_number(given, name) for name, weight in given.items() if type(weight) in NUMBER}
    varying = {"weights": {name: weight for name, weight in given.items() if name not in constant}}
    targets, weights = read_rows(asked, "targets", n_frames), read_rows(varying, "weights", n_frames)
    curves = {name: as_curve(row, name) for name, row in weights.items()}
    return {"targets": {name: as_curve(row, name) for name, row in targets.items()}, "weights": constant | curves}


def read_options(asked: Fields) -> dict[str, Any]:
    """Read the options of `synthesize`. Raises ParameterError."""
    options = optional(asked, OPTIONS)
    check_most(options, "layers", MOST_LAYERS)
    check_most(options, "rounds", MOST_ROUNDS)
    return options


def read_limits(asked: Fields) -> Limits:
    """Read how far the controls may be moved. Raises ParameterError."""
    limits = check_field({"limits": {}} | dict(asked), "limits", dict)
    return Limits(**optional(check_known(limits, tuple(LIMITS), "limit"), LIMITS))


def check_most(options: Mapping[str, Any], name: str, most: int) -> None:
    """Raise ParameterError for an option above `most`."""
    if options.get(name, 0) > most:
        raise ParameterError(f"{name} must be at most {most} in the studio (got {options[name]})")
