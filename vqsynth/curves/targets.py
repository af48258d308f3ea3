"""What is asked for, frame by frame: curves sampled and mapped, or what a sound has."""

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.checks import check_choice, check_mapping, check_number, show
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.files import Reading
from vqsynth.curves.language import Curve, make_curve
from vqsynth.curves.listening import LIKE, hear_sound
from vqsynth.curves.ranges import MAPPINGS, map_range
from vqsynth.errors import ParameterError
from vqsynth.sound.descriptors import find_name, plain_words
from vqsynth.sound.frames import FrameGrid
from vqsynth.storage.files import StrPath

LONGEST_S = 3600.0
DEFAULT_LOUDNESS_DB = -20.0
SILENT = {"loudness": -120.0}
"""What a level of minus infinity asks for, by descriptor; elsewhere it asks for nothing."""
PITCH_WEIGHT = 12.0
"""Weight of pitch where nothing else is said and controls correct: tilt makes good what a code misses in centroid, and
transposition changes the timbre. Centroid, loudness and pitch together, nrmse of pitch: .032 at a weight of 1. Speech
on cello, frames within 50 cents of its pitch, transposed by up to 50 cents: 29 % at 1, 73 % at 12."""
LESS_SURE, MOST_WEIGHT = 1.9, 1.5
"""The weight of a sound's pitch is `PITCH_WEIGHT` times the first number less its confidence, from 1 to the second: where
it is less sure, the other targets pull harder. Frames of a man's speech on guitar in which pyin hears a pitch: 85 % with
12 times the confidence, 92 % so. At 24 a drum loop's centroid is lost on cello, rank correlation .76 for .92."""
FLATNESS_WEIGHT = 0.3
"""Weight of a sound's flatness. Centroid of speech on violin and cello, semitones off: 1.43 at 1, 1.20 at .3, 1.15 at
.1."""
Mappings = str | Mapping[str, str]
"""How targets are brought into range, one way for all or by descriptor; "*" stands for those that are not named, which
are else clamped."""
OTHERS = "*"


CurveLike = Any
"""Anything that `vqsynth.curves.language.make_curve` takes: a number, text, values over time, a `Curve`."""


def join_curves(
    table: DescriptorTable,
    targets: Mapping[str, CurveLike] | None,
    curves: Mapping[str, CurveLike],
    *,
    options: Sequence[str],
) -> dict[str, CurveLike]:
    """Join what is asked for as `targets` with what came as keywords, by the names that the table has.

    options: keywords of the caller, which a misspelt one may have meant. Raises ParameterError for unknown names, with
    the nearest of options and descriptors, and for one asked for twice.
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
    """Name values by what the table calls their descriptors. Raises ParameterError for unknown names."""
    return {find_name(name, table.names): value for name, value in values.items()}


def sample_targets(
    curves: Mapping[str, Any], table: DescriptorTable, grid: FrameGrid, *, seconds: float, mapping: Mappings = "clamp"
) -> dict[str, NDArray[np.float64]]:
    """Turn curves into values per frame, loudness at -20 where none is given.

    curves: descriptor name to anything that `curves.make_curve` takes. mapping: see
    `vqsynth.curves.ranges`; loudness, which gain meets, is never mapped. Returns name to (T,), NaN where a sound or a
    file that is a target has no value.
    Raises ParameterError for unknown names, unusable curves, and a duration outside 0 to an hour.
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
    """Make a curve of what is given for each descriptor; sounds are heard. Raises ParameterError as `make_curve` does.

    A value may be a percentile of the table's own column and, where that is in Hz, a note.
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
    """Make a curve of what is given for each descriptor, and tell the seconds: those given, else as `find_length` does.

    Raises ParameterError as `make_curves`, `check_seconds` and `find_length` do.
    """
    if seconds is not None:
        check_seconds(seconds, grid)
    made = make_curves(curves, table, grid)
    return made, find_length(made) if seconds is None else seconds


def find_length(curves: Mapping[str, Curve]) -> float:
    """Tell how long curves last, in seconds: until the last sound has ended and the last breakpoint has come.

    Raises ParameterError where there is neither.
    """
    ends_s = [curve.ends_s for curve in curves.values() if curve.ends_s]
    if not ends_s:
        raise ParameterError("seconds must be given where no sound and no last breakpoint says how long it lasts")
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
    """Take a duration of a sample to an hour. Raises ParameterError."""
    try:
        number = check_number("seconds", seconds)
    except ParameterError:
        number = 0.0
    if not 0 < number <= LONGEST_S or grid.samples(number) < 1:
        raise ParameterError(
            f"seconds must be above 0 and at most {LONGEST_S:g}: a sample or more, an hour or less (got "
            f"{show(seconds)}); render longer sounds in parts"
        )
    return number


def _is_octave(table: DescriptorTable, name: str) -> bool:
    return table.scales[table.position(name)] == "octave"


def _bridge(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw lines over gaps, (T,): gain needs a loudness in every frame."""
    known = ~np.isnan(values)
    frames = np.arange(len(values))
    return np.interp(frames, frames[known], values[known]) if known.any() else np.full(len(values), DEFAULT_LOUDNESS_DB)


def sample_weight(weight: Any, grid: FrameGrid, *, seconds: float) -> ArrayLike:
    """Turn a weight, a number or a curve, into a number or values per frame, (T,). Raises ParameterError."""
    times_s = grid.times_s(grid.count(grid.samples(seconds)))
    sampled = np.nan_to_num(make_curve(weight, reading=Reading(gaps=True)).sample(times_s, seconds))
    return float(sampled[0]) if (sampled == sampled[0]).all() else sampled


def curves_like(path: StrPath, grid: FrameGrid) -> tuple[dict[str, Curve], dict[str, CurveLike], float]:
    """Ask for what makes a sound: its loudness, centroid, flatness and, where it is voiced, pitch.

    Returns curves by descriptor, weights or their curves (a pitch that is less sure counts more), and the sound's seconds.
    Raises AudioError for what is no sound.
    """
    heard = hear_sound(path, grid, LIKE)
    times_s = grid.times_s(len(heard.confidence))
    curves = {name: _trace(f"{name} of {path}", times_s, values) for name, values in heard.values.items()}
    weight = PITCH_WEIGHT * np.clip(LESS_SURE - heard.confidence, 1, MOST_WEIGHT)
    return (
        curves,
        {"pitch": _trace(f"weight of the pitch of {path}", times_s, weight), "flatness": FLATNESS_WEIGHT},
        heard.seconds,
    )


def _trace(text: str, times_s: NDArray[np.float64], values: NDArray[np.float64]) -> Curve:
    return Curve(text, lambda times, seconds: np.interp(times, times_s, values), gaps=True)


def _hear(name: str, grid: FrameGrid, path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    heard = hear_sound(path, grid, (name,))
    values = heard.values[name]
    return grid.times_s(len(values)), values, heard.seconds
