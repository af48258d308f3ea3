"""Targets frame by frame: curves that are sampled and mapped, and the descriptors of a sound."""

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.files import Reading
from vqsynth.curves.language import Curve, make_curve
from vqsynth.curves.listening import LIKE, hear_sound
from vqsynth.curves.ranges import MAPPINGS, map_range
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_choice, check_mapping, check_number, show
from vqsynth.sound.descriptors import find_name, plain_words
from vqsynth.sound.frames import FrameGrid
from vqsynth.storage.files import StrPath

LONGEST_S = 3600.0
DEFAULT_LOUDNESS_DB = -20.0
SILENT = {"loudness": -120.0}
"""The value that a level of minus infinity asks for. For a descriptor that is not listed it asks for nothing."""
PITCH_WEIGHT = 12.0
"""Weight of pitch by default, if controls correct the sound. An envelope corrects what a code misses in centroid;
transposition changes the timbre. With centroid, loudness and pitch as targets, the nrmse of pitch is .032 at a weight
of 1. For speech on the cello, transposed by up to 50 cents, 29 % of the frames lie within 50 cents at 1, 73 % at 12."""
LESS_SURE, MOST_WEIGHT = 1.9, 1.5
"""The weight of a sound's pitch is `PITCH_WEIGHT` times the first number less its confidence, from 1 to the second: the
less sure it is, the harder do other targets pull. Of the frames of a man's speech in which pyin hears a pitch, on the
guitar, 85 % are met with 12 times the confidence, 92 % so. At 24 a drum loop's centroid on the cello is lost: rank
correlation .76 instead of .92."""
FLATNESS_WEIGHT = 0.3
"""Weight of a sound's flatness. Centroid of speech on violin and cello, semitones off: 1.43 at 1, 1.20 at .3, 1.15 at
.1."""
Mappings = str | Mapping[str, str]
"""How targets are brought into range: one way for all, or a way for each descriptor. "*" stands for all that are not
named; by default these are clamped."""
OTHERS = "*"


CurveLike = Any
"""Anything that `vqsynth.curves.language.make_curve` takes: a number, a text, values over time, a `Curve`."""


def join_curves(
    table: DescriptorTable,
    targets: Mapping[str, CurveLike] | None,
    curves: Mapping[str, CurveLike],
    *,
    options: Sequence[str],
) -> dict[str, CurveLike]:
    """Join the curves given as `targets` with those given as keywords.

    Parameters
    ----------
    table : DescriptorTable
        The codebook's table.
    targets : dict of str to curve, optional
        Curves by descriptor.
    curves : dict of str to curve
        Curves by keyword.
    options : sequence of str
        The other keywords of the caller. A misspelt keyword may have meant one of them.

    Returns
    -------
    dict of str to curve
        Curves by the names that the table has.

    Raises
    ------
    ParameterError
        If a name is unknown, and then with the nearest option or descriptor, or if a descriptor is given twice.

    """
    asked = {find_name(name, table.names): (name, curve) for name, curve in check_mapping("targets", targets).items()}
    if len(asked) < len(targets or ()):
        raise ParameterError(f"targets names a descriptor twice (got {', '.join(targets or ())}); give it once")
    for word, curve in curves.items():
        meant = get_close_matches(word, [*options, *table.names, *plain_words(table.names)], n=1)
        if word not in table.names and meant and meant[0] in options:
            raise ParameterError(
                f"unknown option '{word}'; did you mean '{meant[0]}'? options are {', '.join(options)}"
            )
        name = find_name(word, table.names)
        if name in asked:
            raise ParameterError(f"{name} is asked for twice, by {asked[name][0]} and {word}; give it once")
        asked[name] = word, curve
    return {name: curve for name, (_, curve) in asked.items()}


def by_name(table: DescriptorTable, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by the names that the table has. Raises ParameterError for an unknown name."""
    return {find_name(name, table.names): value for name, value in values.items()}


def sample_targets(
    curves: Mapping[str, Any], table: DescriptorTable, grid: FrameGrid, *, seconds: float, mapping: Mappings = "clamp"
) -> dict[str, NDArray[np.float64]]:
    """Turn curves into values per frame.

    Parameters
    ----------
    curves : dict of str to curve
        Curves by descriptor: anything that `make_curve` takes. Loudness is -20 if it is not among them.
    table : DescriptorTable
        The codebook's table.
    grid : FrameGrid
        Frames of the codebook.
    seconds : float
        Duration, above 0 and up to an hour.
    mapping : str, or dict of str to str
        How curves are brought into the codebook's range, see `vqsynth.curves.ranges`. Loudness is never mapped, since
        gain reaches any loudness.

    Returns
    -------
    dict of str to (T,) float64
        Values in each descriptor's unit, NaN where a sound or a file has no value.

    Raises
    ------
    ParameterError
        If a name is unknown, a curve cannot be used, or the duration is out of range.

    Examples
    --------
    >>> import vqsynth
    >>> from vqsynth.curves.targets import sample_targets
    >>> book = vqsynth.load("violin")
    >>> sample_targets({"pitch": "A4"}, book.table, book.grid, seconds=0.01)["pitch"].tolist()
    [440.0]

    """
    check_seconds(seconds, grid)
    times_s = grid.times_s(grid.count(grid.samples(seconds)))
    targets = {}
    how = _check_mappings(mapping, table)
    asked = by_name(table, curves)
    asked = asked if "loudness" in asked else asked | {"loudness": DEFAULT_LOUDNESS_DB}
    for name, curve in make_curves(asked, table, grid).items():
        sampled = curve.sample(times_s, seconds)
        mapped = name != "loudness"
        targets[name] = map_range(sampled, table, name, how.get(name, "clamp")) if mapped else _bridge(sampled)
    return targets


def make_curves(curves: Mapping[str, Any], table: DescriptorTable, grid: FrameGrid) -> dict[str, Curve]:
    """Make the curve of each descriptor. Sounds among them are measured.

    Parameters
    ----------
    curves : dict of str to curve
        Curves by descriptor. A value may be a percentile of the descriptor's column in the table and, if that is in Hz,
        a note.
    table : DescriptorTable
        The codebook's table.
    grid : FrameGrid
        Frames in which sounds are measured.

    Returns
    -------
    dict of str to Curve

    Raises
    ------
    AudioError
        If a sound cannot be read or is silent.
    ParameterError
        If a curve cannot be used.

    """
    made = {}
    for name, value in curves.items():
        unit = table.units[table.position(name)]
        silence = SILENT.get(name, math.nan)
        reading = Reading(name, True, above_zero=_is_octave(table, name), silence=silence, unit=unit)
        hear = partial(_hear, name, grid)
        made[name] = make_curve(value, percentile=partial(table.percentile, name), hear=hear, reading=reading)
    return made


def draw_curves(
    curves: Mapping[str, Any], table: DescriptorTable, grid: FrameGrid, *, seconds: float | None
) -> tuple[dict[str, Curve], float]:
    """Make the curve of each descriptor, and find the duration.

    Parameters
    ----------
    curves, table, grid
        As for `make_curves`.
    seconds : float or None
        Duration. None for that of the curves, see `find_length`.

    Returns
    -------
    curves : dict of str to Curve
        Curves by descriptor.
    seconds : float
        Duration.

    Raises
    ------
    AudioError, ParameterError
        As `make_curves`, `check_seconds` and `find_length` do.

    """
    if seconds is not None:
        check_seconds(seconds, grid)
    made = make_curves(curves, table, grid)
    return made, find_length(made) if seconds is None else seconds


def find_length(curves: Mapping[str, Curve]) -> float:
    """Return the duration of curves in seconds: the end of the longest sound, or the last breakpoint.

    Raises ParameterError if no curve has an end.
    """
    ends_s = [curve.ends_s for curve in curves.values() if curve.ends_s]
    if not ends_s:
        raise ParameterError(
            "seconds must be given, because no target is a sound or has a last breakpoint that ends it"
        )
    return max(ends_s)


def _check_mappings(mapping: Any, table: DescriptorTable) -> dict[str, str]:
    if isinstance(mapping, str):
        return dict.fromkeys(table.names, check_choice("the mapping", mapping, MAPPINGS))
    given = check_mapping("mapping", mapping)
    how = by_name(table, {name: kind for name, kind in given.items() if name != OTHERS})
    how |= {OTHERS: given[OTHERS]} if OTHERS in given else {}
    for name, kind in how.items():
        check_choice("the mapping" if name == OTHERS else f"the mapping of {name}", kind, MAPPINGS)
    return dict.fromkeys(table.names, how.pop(OTHERS, "clamp")) | how


def check_seconds(seconds: Any, grid: FrameGrid) -> float:
    """Return a duration of at least a sample and at most an hour. Raises ParameterError for any other."""
    try:
        number = check_number("seconds", seconds)
    except ParameterError:
        number = 0.0
    if not 0 < number <= LONGEST_S or grid.samples(number) < 1:
        raise ParameterError(
            f"seconds must be above 0 and at most {LONGEST_S:g}, and last a sample (got {show(seconds)}); "
            "render longer sounds in parts"
        )
    return number


def _is_octave(table: DescriptorTable, name: str) -> bool:
    return table.scales[table.position(name)] == "octave"


def _bridge(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw lines across the gaps of values (T,), because gain needs a loudness in every frame."""
    known = ~np.isnan(values)
    frames = np.arange(len(values))
    return np.interp(frames, frames[known], values[known]) if known.any() else np.full(len(values), DEFAULT_LOUDNESS_DB)


def sample_weight(weight: Any, grid: FrameGrid, *, seconds: float) -> ArrayLike:
    """Turn a weight, a number or a curve, into a number or values (T,). Raises ParameterError if it cannot be used."""
    times_s = grid.times_s(grid.count(grid.samples(seconds)))
    sampled = np.nan_to_num(make_curve(weight, reading=Reading(gaps=True)).sample(times_s, seconds))
    return float(sampled[0]) if (sampled == sampled[0]).all() else sampled


def curves_like(file: StrPath, grid: FrameGrid) -> tuple[dict[str, Curve], dict[str, CurveLike], float]:
    """Make curves of the loudness, centroid, flatness and, where it is voiced, pitch of a sound.

    Parameters
    ----------
    file : str or Path
        The sound.
    grid : FrameGrid
        Frames in which it is measured.

    Returns
    -------
    curves : dict of str to Curve
        Curves by descriptor.
    weights : dict of str to number or Curve
        Weights by descriptor. A pitch that is less sure counts more.
    seconds : float
        Duration of the sound.

    Raises
    ------
    AudioError
        If the file is not a sound, or is silent.

    """
    heard = hear_sound(file, grid, LIKE)
    times_s = grid.times_s(len(heard.confidence))
    curves = {name: _trace(f"{name} of {file}", times_s, values) for name, values in heard.values.items()}
    weight = PITCH_WEIGHT * np.clip(LESS_SURE - heard.confidence, 1, MOST_WEIGHT)
    return (
        curves,
        {"pitch": _trace(f"weight of the pitch of {file}", times_s, weight), "flatness": FLATNESS_WEIGHT},
        heard.seconds,
    )


def _trace(text: str, times_s: NDArray[np.float64], values: NDArray[np.float64]) -> Curve:
    return Curve(text, lambda times, seconds: np.interp(times, times_s, values), gaps=True)


def _hear(name: str, grid: FrameGrid, file: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    heard = hear_sound(file, grid, (name,))
    values = heard.values[name]
    return grid.times_s(len(values)), values, heard.seconds
