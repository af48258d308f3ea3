"""Curves to a sound and its report: choose a path, render it, measure the sound, correct the path."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.codes.index import Targets
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.selection import SMOOTHNESS, Selection
from vqsynth.codes.spectra import EXCITATIONS
from vqsynth.codes.voice import find_attacks
from vqsynth.curves.targets import (
    OTHERS,
    PITCH_WEIGHT,
    CurveLike,
    Mappings,
    by_name,
    curves_like,
    draw_curves,
    join_curves,
    sample_targets,
    sample_weight,
)
from vqsynth.errors.checks import check_choice, check_kind, check_mapping, check_path, check_whole
from vqsynth.follow.bending import BENT
from vqsynth.follow.correction import ROUNDS, Trial, Weights, smooth_median, try_path
from vqsynth.follow.layers import choose_layers, correct_layers, describe_layers
from vqsynth.follow.limits import Limits, check_limits, check_rounds
from vqsynth.follow.record import Report, draw_report
from vqsynth.follow.report import make_report, tell_unreached
from vqsynth.notebook import play_sound, show_block, show_lines
from vqsynth.path import CodePath
from vqsynth.render import render_layers
from vqsynth.running.observing import SILENT, Advance, Observer, check_observer
from vqsynth.sound.audio import limit_peak, to_mono
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.frames import Floats
from vqsynth.sound.width import check_spread
from vqsynth.storage.files import StrPath

LIKE_MAPPING = {"centroid": "squeeze", "flatness": "relative", "pitch": "octave"}
"""How the descriptors of a sound are brought into a codebook's range. What a codebook has is left alone: centroid of
speech and singing on violin and choir, 1.2 semitones off, and 6.4 off stretched over the codebook by "rank". Flatness
lies elsewhere in every recording, far lower in one without highs, so only its changes are followed."""
CHOSEN_BY = ("flatness",)
"""What a sound asks of the choice of codes, but not of the correction, where it asks for a centroid, too. An envelope
that is moved against both loses more of the centroid than it wins of flatness: rank correlation of the centroid of a
drum loop on cello .91 with flatness left alone and .75 with it, of speech on violin .94 and .93."""
CHOOSING = "choosing codes"


@dataclass(frozen=True, eq=False, repr=False)
class Synthesis:
    """Hold a sound with its paths and its report.

    Attributes
    ----------
    paths : tuple of CodePath
        The path of each layer.
    y : (n_samples,) float32, or, where it is spread, (n_samples, 2)
        The sound, within full scale.
    report : Report
        What was asked and what was got.

    """

    paths: tuple[CodePath, ...]
    y: Floats
    report: Report

    @property
    def path(self) -> CodePath:
        """Return the path of the first layer, which usually is the only one."""
        return self.paths[0]

    @property
    def sr(self) -> int:
        """Return the sample rate in Hz."""
        return self.path.sr

    def __repr__(self) -> str:
        layers = f", {len(self.paths)} layers" if len(self.paths) > 1 else ""
        asked = ", ".join(self.report.descriptors)
        return f"Synthesis({self.path.codebook!r}, {self.path.seconds:.2f} s, {self.sr} Hz{layers}, asked for {asked})"

    def _repr_html_(self) -> str:
        said, pictures = show_lines(self.report.summary().splitlines()), draw_report(self.report)
        return show_block(repr(self), said, play_sound(self.y, self.sr), pictures)

    def plot(self, file: StrPath, *, title: str | None = None, dark: bool = False) -> None:
        """Draw what was asked and what was got over time, a panel per descriptor, and the spectrogram.

        Parameters
        ----------
        file : str or Path
            The picture, .png, .svg or .pdf.
        title : str, optional
            Title of the picture.
        dark : bool
            Whether to draw on dark paper.

        Raises
        ------
        ParameterError
            For an unknown extension.
        VqsynthError
            Where the file cannot be written.

        """
        from vqsynth.plot import plot_report

        plot_report(self.report, to_mono(self.y), file, title=title, dark=dark)


SYNTHESIS_OPTIONS = (
    "targets", "seconds", "like", "mapping", "weights", "method", "smoothness", "style", "rest", "motion",
    "onsets", "variation", "excitation", "seed", "layers", "spread", "rounds", "limits", "observer",
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
    motion: float | None = None,
    onsets: bool = True,
    variation: float = 0.0,
    excitation: str = "coherent",
    seed: int = 0,
    layers: int = 1,
    spread: float = 0.0,
    rounds: int = ROUNDS,
    limits: Limits | None = None,
    observer: Observer = SILENT,
    **curves: CurveLike,
) -> Synthesis:
    """Make a sound that follows descriptor curves: choose codes, render them, measure the sound, correct the error.

    The command line calls this function too.

    Parameters
    ----------
    targets : dict of name to curve, optional
        What is asked for, by descriptor: `centroid` or `brightness`, `flatness` or `noisiness`, `loudness`, `pitch`,
        and what else the codebook's table has. A curve is a number, text such as "sin(p5,p95,0.2)", values over time,
        or anything else that `vqsynth.curves.language.make_curve` takes. Loudness is -20 LUFS where it is not asked
        for.
    seconds : float, optional
        Length of the sound, up to an hour. By default that of the sound `like`; without one, the time of the last
        breakpoint or the end of the longest sound among the curves.
    like : str or Path, optional
        A sound file whose loudness, centroid, flatness and pitch are asked for; targets replace what it has.
    mapping : str, or dict of name to str, optional
        How targets are brought into the codebook's range: "clamp" leaves them, "minmax" maps their range, "rank" their
        distribution, "relative" their deviations from the median, "octave" shifts by octaves, "squeeze" presses only
        what lies outside into the ends of the range. In a dict, "*" stands for all other descriptors. By default
        "clamp"; with `like`, "squeeze" for centroid, "relative" for flatness, "octave" for pitch.
    weights : dict of name to curve, optional
        How much each target counts beside the others, 0 or more. By default 1, and 12 for pitch where `rounds` is
        above 0; with `like` 12 to 18 for pitch, 0.3 for flatness.
    method : {"best_path", "nearest"}
        "best_path" weighs missed targets against jumps between spectra; "nearest" takes the nearest code of every
        frame, as the paper does.
    smoothness : float
        Cost of a jump between two spectra relative to that of a missed target; 0 or more.
    style : float
        0 to 1. At 0 a jump costs the more, the further the two spectra are apart; at 1 the more, the more rarely the
        training sounds make it.
    rest : int
        Number of frames for which a code is not used again after it has sounded.
    motion : float, optional
        0 to 1, how often the code changes. At 0 a code is held while it meets the targets, at .5 for as long as in the
        training sounds, at 1 for a frame. By default .5, and 0 for a rolloff and for two or more descriptors of timbre:
        fewer codes meet them. "nearest" and `rest` ignore it.
    onsets : bool
        Whether onsets of the training sounds are played where loudness rises by 12 dB or more within 50 ms: their
        attack, their codes while these meet the targets, and their fall to the loudness asked for.
    variation : float
        0 or more, in spreads of the table: chance picks among codes whose distance to the target exceeds the smallest
        one by up to this much.
    excitation : {"coherent", "noise", "refined"}
        How spectra get their phases.
    seed : int
        Seed of the noise and of chance; the same seed gives the same samples.
    layers : int
        Number of paths that sound together; no code is used twice at a time.
    spread : float
        0 to 1. Above 0 the sound is stereo: layers stand evenly apart, the first in the middle where their number is
        odd, and noise differs between left and right. Half the sum of left and right is the mono sound; it is what is
        measured.
    rounds : int
        Number of corrections. At 0 the sound is only rendered and measured.
    limits : Limits, optional
        How far corrections may move gain, transposition, envelopes and fundamentals. Codes are transposed by up to 400
        cents where a pitch is asked for.
    observer : Observer, optional
        Hears before anything is rendered what is out of reach, then of every round of correction. What it raises ends
        the work. By default nobody does.
    **curves
        Descriptors, as in `targets`: `centroid="line(p5,p95)"`. A descriptor with the name of an option can only be
        asked for in `targets`.

    Returns
    -------
    Synthesis
        The path of each layer, the sound `y`, and the report of what was asked and got.

    Raises
    ------
    ParameterError
        For curves, names, durations and options that cannot be used. For a misspelt name it suggests the nearest one.
    AudioError
        For a sound `like` that cannot be read.

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
    check_spread(spread)
    check_observer(observer).advance(Advance(CHOOSING, 0.0))
    Selection(method, None, smoothness, style, rest, variation, motion=0.0 if motion is None else motion)
    drawn = join_curves(book.table, targets, curves, options=SYNTHESIS_OPTIONS)
    asked, factors, seconds = gather_targets(
        book, targets=drawn, seconds=seconds, like=like, mapping=mapping, weights=weights
    )
    free = {name for name in CHOSEN_BY if like is not None and name not in drawn and "centroid" in asked}
    weighed = dict(factors)
    if rounds and "pitch" in asked:
        factors.setdefault("pitch", PITCH_WEIGHT)
    options: dict[str, Any] = {
        "seconds": seconds, "weights": factors, "method": method, "smoothness": smoothness, "style": style,
        "rest": rest, "motion": motion, "onsets": onsets, "variation": variation, "excitation": excitation,
        "seed": seed, "spread": spread,
    }  # fmt: skip
    paths = choose_layers(book, asked, layers=layers, **options)
    tell_unreached(book.table, asked, observer, transpose_cents=limits.transpose_cents if rounds else 0.0)
    how: dict[str, Any] = {
        "rounds": rounds, "limits": limits, "weights": weighed, "free": free, "observer": observer
    }  # fmt: skip
    if not rounds or layers > 1:
        return correct_and_report(book, paths, asked, **how)
    observer.advance(Advance(CHOOSING, 0.5))
    tried = rechoose(book, paths[0], asked, options)
    return correct_and_report(book, (tried.path,) if tried else paths, asked, tried=tried, **how)


def rechoose(book: CodebookRecord, path: CodePath, targets: Targets, options: Mapping[str, Any]) -> Trial | None:
    """Choose a path again for targets that are moved against the difference of sound and table, and keep the better.

    A rendered sound does not always have what the table says of its codes: its flatness, for example, has a lower
    bound that a single spectrum does not have. Layers are not chosen again: what each has alone says little about what
    they have together (centroid, flatness, bandwidth and rolloff of two layers on violin and choir: 4 of 12 sounds
    better, 6 worse).

    Parameters
    ----------
    book : CodebookRecord
        The codebook.
    path : CodePath
        The path to improve.
    targets : dict of name to (T,)
        What is asked for.
    options : dict
        Keywords of `choose_layers`.

    Returns
    -------
    Trial or None
        The better path, rendered and measured. None where none of the targets can be moved.

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
    """Turn curves and the descriptors of a sound into targets.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.
    targets, seconds, like, mapping, weights
        As for `synthesize`.

    Returns
    -------
    targets : dict of name to (T,)
        Values per frame, NaN where nothing is asked.
    weights : dict of name to float or (T,)
        The weights that are not 1.
    seconds : float
        The length of the sound.

    """
    factors, curves = by_name(book.table, check_mapping("weights", weights)), by_name(book.table, targets)
    if like is not None:
        heard, sure, lasts = curves_like(check_path("like", like), book.grid)
        curves, seconds = {**heard, **curves}, lasts if seconds is None else seconds
        factors = {name: curve for name, curve in sure.items() if curves[name] is heard[name]} | factors
    made, seconds = draw_curves(curves, book.table, book.grid, seconds=seconds)
    sampled = sample_targets(made, book.table, book.grid, seconds=seconds, mapping=_suit(mapping, book, like))
    return sampled, {n: sample_weight(w, book.grid, seconds=seconds) for n, w in factors.items()}, seconds


def _suit(mapping: Mappings | None, book: CodebookRecord, like: StrPath | None) -> Mappings:
    """Add to a mapping the defaults for the descriptors of a sound that is followed."""
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
    free: Collection[str] = (),
    observer: Observer = SILENT,
) -> Synthesis:
    """Render paths that sound together, correct them against their targets, and report what was got.

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
    free : collection of str
        Targets that the correction leaves alone; the report has them.
    observer : Observer
        Hears of every round.

    Returns
    -------
    Synthesis
        Codes, gain and controls in its report are those of the first path.

    """
    rounds, limits = check_rounds(rounds), check_limits(limits)
    steered = {name: values for name, values in targets.items() if name not in free}
    counted = {name: weight for name, weight in (weights or {}).items() if name in steered}
    how: dict[str, Any] = {"limits": limits, "weights": counted, "tried": tried, "observer": observer}
    mix = correct_layers(book, paths, steered, rounds=rounds, **how)
    is_wide = any(path.spread for path in mix.paths)
    y, scaled_db = limit_peak(render_layers(mix.paths, book.spectra) if is_wide else mix.y)
    first = mix.paths[0]
    most_cents = limits.transpose_cents if rounds else 0.0
    report = make_report(
        first, targets, book.table, to_mono(y), book.grid, scaled_db=scaled_db, transpose_cents=most_cents
    )
    report |= {"rounds": mix.errors, "kept": mix.kept, "spent": mix.spent, "gain_db": first.gain_db.tolist()}
    report |= {"controls": first.controls.to_fields()} if first.controls else {}
    played = find_attacks(first.controls)
    report |= {"onsets": (np.array(played) * first.hop_length / first.sr).tolist()} if played else {}
    report |= describe_layers(book, mix, report) if len(mix.paths) > 1 else {}
    return Synthesis(mix.paths, y, Report.from_dict(report))
