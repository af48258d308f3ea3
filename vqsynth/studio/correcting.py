"""Drawn targets to a corrected path: what `synthesize` makes of values per frame."""

from collections.abc import Mapping
from typing import Any

from vqsynth.codebook import Codebook
from vqsynth.errors import ParameterError
from vqsynth.follow.limits import Limits
from vqsynth.follow.synthesis import Synthesis
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
from vqsynth.studio.bounds import MOST_LAYERS, MOST_ROUNDS, count_frames

OPTIONS: Mapping[str, tuple[type, ...]] = {
    "mapping": (str, dict), "method": (str,), "smoothness": NUMBER, "style": NUMBER, "rest": (int,), "motion": NUMBER,
    "variation": NUMBER, "excitation": (str,), "seed": (int,), "layers": (int,), "rounds": (int,),
}  # fmt: skip
"""The options of `synthesize` that the page may give, with their types."""
LIMITS: Mapping[str, tuple[type, ...]] = {
    "envelope_db": NUMBER, "transpose_cents": NUMBER, "fundamental_db": NUMBER, "gain": (bool,),
}  # fmt: skip
KNOWN = ("book", "seconds", "targets", "weights", "limits", *OPTIONS)


def correct(book: Codebook, asked: Fields, observer: Observer) -> dict[str, Any]:
    """Choose a path for targets, render it, measure it, and correct it.

    Parameters
    ----------
    book : Codebook
        The codebook.
    asked : dict
        `seconds`; `targets`, by descriptor a list of T numbers, null where nothing is asked; `weights`, likewise; and
        options of `synthesize`.
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
    made = synthesize_drawn(book, check_known(asked, KNOWN), observer)
    rows = made.report["descriptors"]
    return {
        "paths": [path.to_fields() for path in made.paths],
        "got": {name: row["got"] for name, row in rows.items()},
        "errors": {name: {k: v for k, v in row.items() if not isinstance(v, list)} for name, row in rows.items()},
        **{key: made.report[key] for key in ("scaled_db", "rounds", "kept", "spent")},
    }


def synthesize_drawn(book: Codebook, asked: Fields, observer: Observer, **more: Any) -> Synthesis:
    """Make the sound of targets per frame. Raises ParameterError."""
    seconds = read_number(asked, "seconds")
    n_frames = count_frames(seconds, book.grid)
    drawn = {name: as_curve(row, name) for name, row in read_rows(asked, "targets", n_frames).items()}
    weights = {name: as_curve(row, name) for name, row in read_rows(asked, "weights", n_frames).items()}
    options = optional(asked, OPTIONS) | more
    check_most(options, "layers", MOST_LAYERS)
    check_most(options, "rounds", MOST_ROUNDS)
    limits = check_field({"limits": {}} | dict(asked), "limits", dict)
    options["limits"] = Limits(**optional(check_known(limits, tuple(LIMITS), "limit"), LIMITS))
    return book.synthesize(targets=drawn, weights=weights, seconds=seconds, observer=observer, **options)


def check_most(options: Mapping[str, Any], name: str, most: int) -> None:
    """Raise ParameterError for an option above `most`."""
    if options.get(name, 0) > most:
        raise ParameterError(f"{name} must be at most {most} in the studio (got {options[name]})")
