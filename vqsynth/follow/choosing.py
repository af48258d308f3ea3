"""Curves to a path of codes, by the table alone: nothing is rendered, measured or corrected."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.index import Targets, Weights, check_targets, check_weights
from vqsynth.codes.motion import suit_motion
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.selection import SMOOTHNESS, Selection, check_taken, most_used, price_jumps, select_codes
from vqsynth.curves.targets import (
    DEFAULT_LOUDNESS_DB,
    LONGEST_S,
    CurveLike,
    Mappings,
    check_seconds,
    draw_curves,
    join_curves,
    sample_targets,
)
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_flag, check_whole
from vqsynth.follow.striking import strike, unstruck, with_attacks
from vqsynth.path import CodePath

FOLLOW_OPTIONS = ("targets", "seconds", "mapping", "weights", "method", "smoothness", "style", "rest", "motion",
                  "onsets", "variation", "seed")  # fmt: skip


def choose_path(
    book: CodebookRecord,
    /,
    targets: Targets,
    *,
    seconds: float,
    weights: Weights | None = None,
    method: str = "best_path",
    smoothness: float = SMOOTHNESS,
    style: float = 0.0,
    rest: int = 0,
    motion: float | None = None,
    onsets: bool = True,
    variation: float = 0.0,
    seed: int = 0,
    taken: NDArray[np.int64] | None = None,
) -> CodePath:
    """Choose codes and gains for targets per frame, as `sample_curves` gives them.

    The sound is not rendered, measured or corrected. Loudness is met by gain. Where nothing but loudness is asked for,
    the code that the corpus used most is held.

    Parameters
    ----------
    targets : dict of name to array (T,)
        What is asked for, NaN where nothing is; loudness in dB must be among them.
    seconds : float
        Length of the sound; T must be its number of frames.
    weights : dict of name to number or array (T,), optional
        How much each target counts beside the others, 0 or more, by default 1.
    method, smoothness, style, rest, motion, onsets, variation, seed
        As for `synthesize`.
    taken : array (N, T) of int, optional
        Codes that each frame must not have, those of other layers.

    Returns
    -------
    CodePath
        T codes and gains.

    Raises
    ------
    ParameterError
        For unknown names and options that cannot be used.

    """
    check_flag("onsets", onsets)
    targets, seconds = check_targets(book.table, targets), check_seconds(seconds, book.grid)
    motion = suit_motion(targets) if motion is None else motion
    selection = Selection(method, weights, smoothness, style, rest, variation, seed, motion)
    others = {name: values for name, values in targets.items() if name != "loudness"}
    check_taken(taken, len(targets["loudness"]))
    check_weights(others, selection.weights)
    codes = most_used(book.table, len(targets["loudness"]), taken=taken)
    if others:
        jumps = price_jumps(book.spectra.distances, selection, book.transitions)
        codes = select_codes(book.table, jumps, others, selection, transitions=book.transitions, taken=taken)
    struck = strike(book, codes, targets, selection, taken=taken) if onsets else unstruck(codes, targets)
    gain_db = struck.loudness_db - book.table.column("loudness")[struck.codes]
    clock = book.grid.sr, book.grid.hop_length, book.grid.samples(seconds)
    return with_attacks(CodePath(book.name, book.sha256, *clock, struck.codes, gain_db), struck.attack_ms)


def follow_curves(
    book: CodebookRecord,
    /,
    *,
    targets: Mapping[str, CurveLike] | None = None,
    seconds: float | None = None,
    mapping: Mappings = "clamp",
    weights: Weights | None = None,
    method: str = "best_path",
    smoothness: float = SMOOTHNESS,
    style: float = 0.0,
    rest: int = 0,
    motion: float | None = None,
    onsets: bool = True,
    variation: float = 0.0,
    seed: int = 0,
    **curves: CurveLike,
) -> CodePath:
    """Choose a path that follows descriptor curves, by the table alone.

    Measuring and correction are left out: the sound is not rendered, and gain, transposition and envelope are not moved
    against its error. `synthesize` does both. For a centroid sine the error is 5 to 30 times that of `synthesize`.

    Parameters
    ----------
    targets : dict of name to curve, optional
        What is asked for, by descriptor. A curve is a number, text such as "sin(p5,p95,0.2)", or values over time.
        Loudness is -20 LUFS where it is not asked for.
    seconds : float
        Length of the sound, above 0 and up to an hour.
    mapping : str, or dict of name to str
        How targets are brought into the codebook's range: "clamp", "squeeze", "minmax", "rank", "relative" or "octave".
    weights : dict of name to number or array (T,), optional
        How much each target counts beside the others, 0 or more, by default 1.
    method : {"best_path", "nearest"}
        "best_path" weighs missed targets against jumps between spectra; "nearest" takes the nearest code of every
        frame.
    smoothness : float
        Cost of a jump between two spectra relative to that of a missed target; 0 or more.
    style : float
        0 to 1. At 1 jumps cost the more, the more rarely the training sounds make them.
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
        How much chance decides between nearly equal codes, 0 or more, in spreads of the table.
    seed : int
        Seed of chance.
    **curves
        Descriptors, as in `targets`: `centroid="line(p5,p95)"`.

    Returns
    -------
    CodePath
        T codes and gains, for `render`.

    Raises
    ------
    ParameterError
        For unknown names, and for curves and options that cannot be used.

    Examples
    --------
    >>> import vqsynth
    >>> path = vqsynth.load("violin").follow(targets={"centroid": "line(p5,p95)"}, seconds=1)
    >>> len(path)
    87

    """
    asked = join_curves(book.table, targets, curves, options=FOLLOW_OPTIONS)
    made, seconds = draw_curves(asked, book.table, book.grid, seconds=seconds)
    sampled = sample_targets(made, book.table, book.grid, seconds=seconds, mapping=mapping)
    return choose_path(
        book, sampled, seconds=seconds, weights=weights, method=method, smoothness=smoothness, style=style, rest=rest,
        motion=motion, onsets=onsets, variation=variation, seed=seed,
    )  # fmt: skip


def line_up_codes(book: CodebookRecord, /, by: str, *, descending: bool = False, frames_per_code: int = 4) -> CodePath:
    """Make a path of all codes in the order of a descriptor, each held for some frames, all equally loud.

    Codes without a usable value are left out.

    Parameters
    ----------
    by : str
        A descriptor of the table.
    descending : bool
        Whether to go from the highest value to the lowest.
    frames_per_code : int
        Number of frames that each code is held, 1 or more.

    Returns
    -------
    CodePath
        A path for `render`, at -20 LUFS.

    Raises
    ------
    ParameterError
        For an unknown name, for a descriptor that no code has, and for more than an hour of sound.

    Examples
    --------
    >>> import vqsynth
    >>> book = vqsynth.load("violin")
    >>> path = book.traverse("centroid", frames_per_code=1)
    >>> bool(path.codes[0] == book.table.sort("centroid")[0])
    True

    """
    check_flag("descending", descending)
    check_whole("frames_per_code", frames_per_code, 1)
    order = book.table.sort(by, descending=descending)
    order = order[~np.isnan(book.table.column(by)[order])]
    if len(order) * frames_per_code * book.grid.hop_length > LONGEST_S * book.grid.sr:
        raise ParameterError(f"{frames_per_code} frames of {len(order)} codes would last more than an hour; take fewer")
    if not len(order):
        raise ParameterError(f"no code has a usable {by}; traverse by another descriptor")
    codes = np.repeat(order, frames_per_code)
    gain_db = (DEFAULT_LOUDNESS_DB - book.table.column("loudness")[codes]).astype(np.float64)
    n_samples = len(codes) * book.grid.hop_length - 1
    return CodePath(book.name, book.sha256, book.grid.sr, book.grid.hop_length, n_samples, codes, gain_db)
