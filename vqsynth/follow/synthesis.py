"""Curves to a sound and a report of what came out: follow, render, measure, correct."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.checks import check_choice, check_kind, check_mapping, check_path, check_whole
from vqsynth.codes.index import Targets
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.selection import SMOOTHNESS, Selection
from vqsynth.codes.spectra import EXCITATIONS
from vqsynth.curves.targets import (
    OTHERS,
    PITCH_WEIGHT,
    CurveLike,
    Mappings,
    by_name,
    curves_like,
    find_length,
    join_curves,
    make_curves,
    sample_targets,
    sample_weight,
)
from vqsynth.follow.bending import BENT
from vqsynth.follow.correction import ROUNDS, Trial, Weights, smooth_median, try_path
from vqsynth.follow.display import show_synthesis
from vqsynth.follow.layers import choose_layers, correct_layers, describe_layers
from vqsynth.follow.limits import Limits, check_limits, check_rounds
from vqsynth.follow.record import Report
from vqsynth.follow.report import make_report
from vqsynth.path import CodePath
from vqsynth.sound.audio import limit_peak
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.frames import Floats
from vqsynth.storage.files import StrPath

LIKE_MAPPING = {"centroid": "rank", "flatness": "rank", "pitch": "octave"}
"""How a sound is brought into a codebook's range: order is kept in timbre (rank correlation of centroid over speech
.97, against .74 unmapped), and melody in pitch."""


@dataclass(frozen=True, eq=False, repr=False)
class Synthesis:
    """Hold the path of each layer, their sound (n_samples,) within full scale, and the report of asked and got."""

    paths: tuple[CodePath, ...]
    y: Floats
    report: Report

    @property
    def path(self) -> CodePath:
        """Take the path of the first layer, which mostly is the only one."""
        return self.paths[0]

    @property
    def sr(self) -> int:
        """Tell the sample rate in Hz."""
        return self.path.sr

    def __repr__(self) -> str:
        layers = f", {len(self.paths)} layers" if len(self.paths) > 1 else ""
        asked = ", ".join(self.report.descriptors)
        return f"Synthesis({self.path.codebook!r}, {self.path.seconds:.2f} s, {self.sr} Hz{layers}, asked for {asked})"

    def _repr_html_(self) -> str:
        return show_synthesis(repr(self), self.y, self.sr, self.report)


SYNTHESIS_OPTIONS = (
    "targets", "seconds", "like", "mapping", "weights", "method", "smoothness", "style", "rest", "variation",
    "excitation", "seed", "layers", "rounds", "limits",
)  # fmt: skip


def synthesize(
    book: CodebookRecord,
    /,
    *,
    targets: Mapping[str, CurveLike] | None = None,
    seconds: float | None = None,
    like: StrPath | None = None,
    mapping: Mappings | None = None,
    weights: Mapping[str, CurveLike] | None = None,
    method: str = "best_path",
    smoothness: float = SMOOTHNESS,
    style: float = 0.0,
    rest: int = 0,
    variation: float = 0.0,
    excitation: str = "coherent",
    seed: int = 0,
    layers: int = 1,
    rounds: int = ROUNDS,
    limits: Limits | None = None,
    **curves: CurveLike,
) -> Synthesis:
    """Make a sound that follows descriptor curves: choose codes, render, measure, and correct what was missed.

    This is what the command line does. The path, the sound and the report of what was asked and got come back together.

    Parameters
    ----------
    targets : dict of name to curve, optional
        What is asked for, by descriptor: `centroid` or `brightness`, `flatness` or `noisiness`, `loudness`, `pitch`,
        and what else the codebook's table has. A curve is a number, text such as "sin(p5,p95,0.2)", values over time,
        or what else `vqsynth.curves.language.make_curve` takes. Loudness is -20 dB where it is not asked for.
    seconds : float, optional
        Length of the sound, up to an hour. By default until the sound that is followed has ended or, without one, the
        last sound or breakpoint of the curves.
    like : str or Path, optional
        A sound file whose loudness, centroid, flatness and pitch are asked for; targets replace what it has.
    mapping : str, or dict of name to str, optional
        How targets are brought into the codebook's range: "clamp", "minmax", "rank", "relative" or "octave"; "*" names
        the rest. By default "clamp", and with `like` what suits each descriptor.
    weights : dict of name to curve, optional
        How much each target counts beside the others, 0 or more, 1 where nothing is said; pitch 12 in corrected sound.
    method : {"best_path", "nearest"}
        The path that follows and moves smoothly, or the nearest code of every frame, as in the paper.
    smoothness : float
        Cost of a jump between two spectra, beside that of a missed target; 0 or more.
    style : float
        0 to 1. At 0 the cost of a jump grows with the distance of the two spectra, at 1 with how seldom the instrument
        makes it.
    rest : int
        Frames for which a code stays silent after it has sounded.
    variation : float
        Codes that miss the target by up to so many spreads of the table more than the best may be drawn by chance.
    excitation : {"coherent", "noise", "refined"}
        How spectra get their phases.
    seed : int
        Seed of the noise and of chance; the same seed gives the same samples.
    layers : int
        Number of paths that sound together; no code is used twice at a time.
    rounds : int
        Number of corrections. At 0 the sound is rendered and measured, no more.
    limits : Limits, optional
        How far corrections may move gain, transposition, envelopes and fundamentals.
    **curves
        Descriptors, as in `targets`: `centroid="line(p5,p95)"`. Where a descriptor has the name of an option, `targets`
        is the way to ask for it.

    Returns
    -------
    Synthesis
        The path of each layer, the sound and the report.

    Raises
    ------
    ParameterError
        For curves, names, durations and options that cannot be used; a misspelt name is answered with the nearest.

    Examples
    --------
    >>> import vqsynth
    >>> sound = vqsynth.load("violin").synthesize(targets={"centroid": "line(p5,p95)"}, seconds=1)
    >>> sound.y.shape
    (44100,)
    >>> sound.report["descriptors"]["centroid"]["nrmse"] < 0.02
    True

    """
    check_kind("book", book, CodebookRecord, "a Codebook, such as load gives")
    rounds, limits, seed = check_rounds(rounds), check_limits(limits), check_seed(seed)
    check_choice("excitation", excitation, EXCITATIONS)
    check_whole("layers", layers, 1)
    Selection(method, None, smoothness, style, rest, variation)
    asked, factors, seconds = gather_targets(
        book, targets=join_curves(book.table, targets, curves, options=SYNTHESIS_OPTIONS), seconds=seconds, like=like,
        mapping=mapping, weights=weights,
    )  # fmt: skip
    weighed = dict(factors)
    if rounds and "pitch" in asked:
        factors.setdefault("pitch", PITCH_WEIGHT)
    options: dict[str, Any] = {
        "seconds": seconds, "weights": factors, "method": method, "smoothness": smoothness, "style": style,
        "rest": rest, "variation": variation, "excitation": excitation, "seed": seed,
    }  # fmt: skip
    paths = choose_layers(book, asked, layers=layers, **options)
    if not rounds or layers > 1:
        return correct_and_report(book, paths, asked, rounds=rounds, limits=limits, weights=weighed)
    tried = rechoose(book, paths[0], asked, options)
    paths = (tried.path,) if tried else paths
    return correct_and_report(book, paths, asked, rounds=rounds, limits=limits, weights=weighed, tried=tried)


def rechoose(book: CodebookRecord, path: CodePath, targets: Targets, options: Mapping[str, Any]) -> Trial | None:
    """Move the demand against what a path gets otherwise than its table says, choose again, and keep the better path.

    A sound's flatness, say, has a floor that a spectrum at unit power does not meet. options: those of `choose_layers`.
    Returns the better path and what is known of it, or None where nothing that is asked for can be moved. Layers are
    not chosen again: what each has on its own says little of what they have together (centroid, flatness, bandwidth and
    rolloff of two layers on violin and choir: 4 of 12 sounds better, 6 worse).
    """
    movable = {name: values for name, values in targets.items() if name in BENT}
    if not movable:
        return None
    heard = movable | {"loudness": targets["loudness"]}
    tried = try_path(path, book.spectra, heard)
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
    tried_again = try_path(again, book.spectra, heard)
    sums = [trial.sum_errors(movable, weights=options.get("weights")) for trial in (tried, tried_again)]
    return tried_again if sums[1] < sums[0] else tried


def gather_targets(
    book: CodebookRecord,
    *,
    targets: Mapping[str, CurveLike],
    seconds: float | None = None,
    like: StrPath | None = None,
    mapping: Mappings | None = None,
    weights: Mapping[str, CurveLike] | None = None,
) -> tuple[dict[str, NDArray[np.float64]], dict[str, ArrayLike], float]:
    """Turn curves, and what a sound has, into targets (T,) and weights by descriptor, and the seconds they last.

    The arguments are those of `synthesize`.
    """
    factors, curves = by_name(book.table, check_mapping("weights", weights)), by_name(book.table, targets)
    if like is not None:
        heard, sure, lasts = curves_like(check_path("like", like), book.grid)
        curves, seconds = {**heard, **curves}, lasts if seconds is None else seconds
        factors = {name: curve for name, curve in sure.items() if curves[name] is heard[name]} | factors
    made = make_curves(curves, book.table, book.grid)
    seconds = find_length(made) if seconds is None else seconds
    sampled = sample_targets(made, book.table, book.grid, seconds=seconds, mapping=_suit(mapping, book, like))
    return sampled, {n: sample_weight(w, book.grid, seconds=seconds) for n, w in factors.items()}, seconds


def _suit(mapping: Mappings | None, book: CodebookRecord, like: StrPath | None) -> Mappings:
    """Add to a mapping by descriptor what suits the rest of a sound that is followed."""
    if isinstance(mapping, str) or like is None:
        return "clamp" if mapping is None else mapping
    given = check_mapping("mapping", mapping)
    suits = {} if OTHERS in given else {name: how for name, how in LIKE_MAPPING.items() if name in book.table.names}
    return suits | given


def correct_and_report(
    book: CodebookRecord,
    paths: Sequence[CodePath],
    targets: Targets,
    *,
    rounds: int = ROUNDS,
    limits: Limits | None = None,
    weights: Weights | None = None,
    tried: Trial | None = None,
) -> Synthesis:
    """Render paths that sound together, correct them against their targets, name to (T,), and report what came of it.

    weights: how much each target counts, as `correct_path` takes them. tried: what is known already of a path that is
    the only one. What the report says of codes, gain and controls is
    said of the first path.
    """
    mix = correct_layers(book, paths, targets, rounds=rounds, limits=limits, weights=weights, tried=tried)
    y, scaled_db = limit_peak(mix.y)
    first = mix.paths[0]
    report = make_report(first, targets, book.table, y, book.grid, scaled_db=scaled_db)
    report |= {"rounds": mix.errors, "kept": mix.kept, "spent": mix.spent, "gain_db": first.gain_db.tolist()}
    report |= {"controls": first.controls.to_fields()} if first.controls else {}
    report |= describe_layers(book, mix, report) if len(mix.paths) > 1 else {}
    return Synthesis(mix.paths, y, Report.from_dict(report))
