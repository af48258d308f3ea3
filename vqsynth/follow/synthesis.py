"""Curves to a sound and a report of what came out: follow, render, measure, correct."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.checks import check_choice, check_kind, check_mapping, check_path, check_whole
from vqsynth.codebook import OPTIONS, Codebook
from vqsynth.codes.index import Targets
from vqsynth.codes.selection import make_selection
from vqsynth.codes.spectra import EXCITATIONS
from vqsynth.curves.targets import OTHERS, PITCH_WEIGHT, Mappings, curves_like, find_length, make_curves, sample_weight
from vqsynth.follow.correction import ROUNDS, TILTED, Trial, smooth_median, try_path
from vqsynth.follow.layers import choose_layers, correct_layers, describe_layers
from vqsynth.follow.limits import Limits, check_limits, check_rounds
from vqsynth.follow.report import make_report
from vqsynth.path import CodePath
from vqsynth.sound.audio import limit_peak
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.frames import Floats
from vqsynth.storage.files import StrPath

LIKE_MAPPING = {"centroid": "rank", "flatness": "rank", "pitch": "octave"}
"""How a sound is brought into a codebook's range: order is kept in timbre (rank correlation of centroid over speech
.97, against .74 unmapped), and melody in pitch."""


@dataclass(frozen=True, eq=False)
class Synthesis:
    """Hold the path of each layer, their sound (n_samples,) within full scale, and the report of asked and got."""

    paths: tuple[CodePath, ...]
    y: Floats
    report: dict[str, Any]

    @property
    def path(self) -> CodePath:
        """Take the path of the first layer, which mostly is the only one."""
        return self.paths[0]


def synthesize(
    book: Codebook,
    *,
    seconds: float | None = None,
    like: StrPath | None = None,
    mapping: Mappings | None = None,
    excitation: str = "coherent",
    seed: int = 0,
    layers: int = 1,
    rounds: int = ROUNDS,
    limits: Limits | None = None,
    **curves: Any,
) -> Synthesis:
    """Follow curves, such as `centroid="sin(p5,p95,0.2)"`, render the path, and measure the sound.

    Fields of `selection.Selection`, such as `method`, may be given beside the curves; weights may be curves. like: a
    sound whose loudness, centroid, flatness and pitch are asked for, for as long as it lasts; curves replace what it
    has. seconds: by default until that sound has ended or, without one, the last sound or breakpoint of the curves.
    mapping: how targets are brought into range (`vqsynth.curves.ranges`), one way for all or by descriptor, by default
    "clamp", or with `like` as suits each.
    layers: how many paths sound together, no code twice at a time. rounds: how often the controls are moved against the
    error that the sound has; `limits` bounds them.
    Raises ParameterError for curves, names, durations and options that cannot be used.
    """
    check_kind("book", book, Codebook, "a Codebook, such as load gives")
    rounds, limits, seed = check_rounds(rounds), check_limits(limits), check_seed(seed)
    check_choice("excitation", excitation, EXCITATIONS)
    check_whole("layers", layers, 1)
    options: dict[str, Any] = {name: curves.pop(name) for name in OPTIONS & set(curves)}
    weights = options.pop("weights", None)
    make_selection(options)
    targets, weights, seconds = gather_targets(
        book, seconds=seconds, like=like, mapping=mapping, weights=weights, **curves
    )
    if rounds and "pitch" in targets:
        weights.setdefault("pitch", PITCH_WEIGHT)
    options |= {"seconds": seconds, "weights": weights, "excitation": excitation, "seed": seed}
    paths = choose_layers(book, targets, layers=layers, **options)
    if not rounds or layers > 1:
        return correct_and_report(book, paths, targets, rounds=rounds, limits=limits)
    tried = rechoose(book, paths[0], targets, options)
    paths = (tried.path,) if tried else paths
    return correct_and_report(book, paths, targets, rounds=rounds, limits=limits, tried=tried)


def rechoose(book: Codebook, path: CodePath, targets: Targets, options: Mapping[str, Any]) -> Trial | None:
    """Move the demand against what a path gets otherwise than its table says, choose again, and keep the better path.

    A sound's flatness, say, has a floor that a grain at unit power does not meet. options: those of `choose_layers`.
    Returns the better path and what is known of it, or None where nothing that is asked for can be moved. Layers are
    not chosen again: what each has on its own says little of what they have together (centroid, flatness, bandwidth and
    rolloff of two layers on violin and choir: 4 of 12 sounds better, 6 worse).
    """
    movable = {name: values for name, values in targets.items() if name in TILTED}
    if not movable:
        return None
    heard = movable | {"loudness": targets["loudness"]}
    tried = try_path(path, book.grains, heard)
    moved = dict(targets)
    for name, asked in movable.items():
        expected = book.table.column(name)[path.codes].astype(np.float64)
        surplus = smooth_median(tried.got[name].astype(np.float64) - expected)
        wanted = asked - surplus
        octaves = book.table.scales[book.table.position(name)] == "octave"
        moved[name] = np.where(wanted > 0, wanted, asked) if octaves else wanted
    (again,) = choose_layers(book, moved, **options)
    if (again.codes == path.codes).all():
        return tried
    tried_again = try_path(again, book.grains, heard)
    return tried_again if tried_again.sum_errors(movable) < tried.sum_errors(movable) else tried


def gather_targets(
    book: Codebook,
    *,
    seconds: float | None = None,
    like: StrPath | None = None,
    mapping: Mappings | None = None,
    weights: Mapping[str, Any] | None = None,
    **curves: Any,
) -> tuple[dict[str, NDArray[np.float64]], dict[str, ArrayLike], float]:
    """Turn curves, and what a sound has, into targets (T,) and weights by descriptor, and the seconds they last.

    The arguments are those of `synthesize`.
    """
    factors = check_mapping("weights", weights)
    if like is not None:
        heard, sure, lasts = curves_like(check_path("like", like), book.grid)
        curves, seconds = {**heard, **curves}, lasts if seconds is None else seconds
        factors = {name: curve for name, curve in sure.items() if curves[name] is heard[name]} | factors
    curves = make_curves(curves, book.table, book.grid)
    seconds = find_length(curves) if seconds is None else seconds
    targets = book.sample_curves(seconds=seconds, mapping=_suit(mapping, book, like), **curves)
    return targets, {n: sample_weight(w, book.grid, seconds=seconds) for n, w in factors.items()}, seconds


def _suit(mapping: Mappings | None, book: Codebook, like: StrPath | None) -> Mappings:
    """Add to a mapping by descriptor what suits the rest of a sound that is followed."""
    if isinstance(mapping, str) or like is None:
        return "clamp" if mapping is None else mapping
    given = check_mapping("mapping", mapping)
    suits = {} if OTHERS in given else {name: how for name, how in LIKE_MAPPING.items() if name in book.table.names}
    return suits | given


def correct_and_report(
    book: Codebook,
    paths: Sequence[CodePath],
    targets: Targets,
    *,
    rounds: int = ROUNDS,
    limits: Limits | None = None,
    tried: Trial | None = None,
) -> Synthesis:
    """Render paths that sound together, correct them against their targets, name to (T,), and report what came of it.

    tried: what is known already of a path that is the only one. What the report says of codes, gain and controls is
    said of the first path.
    """
    mix = correct_layers(book, paths, targets, rounds=rounds, limits=limits, tried=tried)
    y, scaled_db = limit_peak(mix.y)
    first = mix.paths[0]
    report = make_report(first, targets, book.table, y, book.grid, scaled_db=scaled_db)
    report |= {"rounds": mix.errors, "kept": mix.kept, "spent": mix.spent, "gain_db": first.gain_db.tolist()}
    report |= {"controls": first.controls.to_fields()} if first.controls else {}
    report |= describe_layers(book, mix, report) if len(mix.paths) > 1 else {}
    return Synthesis(mix.paths, y, report)
