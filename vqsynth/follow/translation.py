"""Translate a path to another codebook: each frame gets the code whose descriptors are nearest to those of its code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.controls import Controls, no_controls
from vqsynth.codes.index import Targets, find_candidates
from vqsynth.codes.reaching import find_ends, reach
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.table import DescriptorTable
from vqsynth.codes.voice import SILENT_DB
from vqsynth.curves.language import Curve
from vqsynth.curves.misses import Miss, describe_miss, measure_miss
from vqsynth.curves.targets import Mappings, sample_targets
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_kind
from vqsynth.follow.limits import Limits, check_limits
from vqsynth.notebook import show_block, show_lines
from vqsynth.path import CodePath, check_layers, draw_path
from vqsynth.render import check_path

BY = ("centroid", "flatness", "pitch")
"""The descriptors by which codes are compared."""
PITCH_WEIGHT = 200.0
"""High, since a listener notices a wrong note more than a wrong timbre. For a violin's glide from A3 to C6 at weights
of 12, 50, 200 and 1000 the RMS errors are: pitch, choir 144, 119, 31, 1 cents; pitch, flute 186, 101, 21, 3 cents;
centroid, flute 286, 472, 719, 788."""
QUARTER_TONE = 50.0
"""By how many cents codes are transposed at most, by default."""
SURE = 0.5
"""Pitch counts where the confidence of the first codebook's code is at least this."""


WantedGot = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Kept:
    """Say how well one descriptor was kept in translation.

    Attributes
    ----------
    unit : str
        Unit of the descriptor.
    low, high : float
        The range of the other codebook.
    out_of_reach : float
        Share of the frames outside that range, 0 to 1.
    miss : Miss or None
        How far the new codes, transposed, are from the values wanted. None where none are.

    """

    unit: str
    low: float
    high: float
    out_of_reach: float
    miss: Miss | None


@dataclass(frozen=True, eq=False, repr=False)
class Translation:
    """Hold the paths of another codebook, and by descriptor how well it was kept."""

    paths: tuple[CodePath, ...]
    kept: dict[str, Kept]

    @property
    def path(self) -> CodePath:
        """Take the path of the first layer, which mostly is the only one."""
        return self.paths[0]

    def __repr__(self) -> str:
        layers = f", {len(self.paths)} layers" if len(self.paths) > 1 else ""
        return f"Translation({self.path.codebook!r}, {self.path.seconds:.2f} s{layers}, by {', '.join(self.kept)})"

    def _repr_html_(self) -> str:
        return show_block(repr(self), show_lines(self.summarize()), draw_path(self.path))

    def summarize(self) -> list[str]:
        """Return a line per descriptor that says how well it was kept."""
        lines = []
        for name, kept in self.kept.items():
            span, miss = f"{kept.low:.4g} to {kept.high:.4g} {kept.unit}", kept.miss
            line = f"{name}: {100 * kept.out_of_reach:.1f} % out of reach ({span})"
            said = describe_miss(miss.error, miss.cents, miss.nrmse, kept.unit) if miss else ""
            lines.append(f"{line}; missed by {said}" if said else line)
        return lines


def translate(
    book: CodebookRecord,
    /,
    paths: CodePath | Sequence[CodePath],
    source: CodebookRecord,
    *,
    mapping: Mappings = "clamp",
    limits: Limits | None = None,
) -> Translation:
    """Turn paths of another codebook into paths of this one, with the nearest centroid, flatness and pitch.

    Each frame keeps its loudness. Codes are transposed towards the pitch wanted, within `limits`. The other controls
    of a path belong to its own codes and are dropped.

    Parameters
    ----------
    paths : CodePath or sequence of CodePath
        A path of `source`, or its layers.
    source : CodebookRecord
        The codebook that the paths were made with.
    mapping : str, or dict of name to str
        How descriptors are first brought into the range of this codebook: "clamp", "squeeze", "minmax", "rank",
        "relative" or "octave".
    limits : Limits, optional
        `transpose_cents` bounds the transposition, 50 cents by default.

    Returns
    -------
    Translation
        The paths, for `render`, and by descriptor how well it was kept.

    Raises
    ------
    CodebookError
        For paths that are not of `source`.
    ParameterError
        For tables that share none of the three descriptors, and for options out of range.

    Examples
    --------
    >>> import vqsynth
    >>> violin, cello = vqsynth.load("violin"), vqsynth.load("cello")
    >>> path = violin.follow(targets={"pitch": "A3"}, seconds=1)
    >>> made = cello.translate(path, violin)
    >>> made
    Translation('cello', 1.00 s, by centroid, flatness, pitch)
    >>> made.kept["pitch"].out_of_reach
    0.0
    >>> cello.render(made.path).shape
    (44100,)

    """
    given = [paths] if isinstance(paths, CodePath) else paths
    for name, value in (("source", source), ("book", book)):
        check_kind(name, value, CodebookRecord, "a Codebook, such as load gives")
    check_layers(given)
    for path in given:
        check_path(path, source)
    most_cents = QUARTER_TONE if limits is None else check_limits(limits).transpose_cents
    made = [_translate(path, source, book, mapping, most_cents) for path in given]
    return Translation(tuple(path for path, _ in made), _tell_kept(book.table, made[0][1], most_cents))


def _translate(
    path: CodePath, source: CodebookRecord, book: CodebookRecord, mapping: Mappings, most_cents: float
) -> tuple[CodePath, dict[str, WantedGot]]:
    """Translate one path. Return it, and by descriptor the values wanted and those of its codes, (T,) each."""
    n_samples = max(1, round(path.n_samples * book.grid.sr / path.sr))
    times_s = book.grid.times_s(book.grid.count(n_samples))
    frames = np.rint(times_s * path.sr / path.hop_length).astype(np.int64).clip(0, len(path) - 1)
    wanted = _describe(path, source.table, book.table)
    curves = {name: values[frames] for name, values in wanted.items()}
    targets = _map(curves, book, n_samples / book.grid.sr, mapping)
    loudness = targets.pop("loudness")
    codes = _find_nearest(book.table, targets)
    got = {name: book.table.column(name)[codes].astype(np.float64) for name in targets}
    controls: Controls | None = None
    if "pitch" in targets:
        cents = np.clip(1200 * np.log2(targets["pitch"] / got["pitch"]), -most_cents, most_cents)
        cents = np.nan_to_num(cents)
        controls = replace(no_controls(len(cents)), transpose_cents=cents) if cents.any() else None
        got["pitch"] = got["pitch"] * 2 ** (cents / 1200)
    gain_db = np.where(path.gain_db[frames] > SILENT_DB, loudness - book.table.column("loudness")[codes], SILENT_DB)
    clock = book.grid.sr, book.grid.hop_length, n_samples
    about = path.excitation, path.seed, controls
    made = CodePath(book.name, book.sha256, *clock, codes, gain_db, *about, spread=path.spread)
    return made, {name: (targets[name], got[name]) for name in targets}


def _describe(path: CodePath, table: DescriptorTable, other: DescriptorTable) -> dict[str, NDArray[np.float64]]:
    """Return the descriptors of each frame of a path, (T,), those that both tables have, and its loudness."""
    names = [name for name in BY if name in table.names and name in other.names]
    if not names:
        raise ParameterError(
            f"the tables of the two codebooks must share one of {', '.join(BY)}, and they share none; "
            "measure them again with measured_again"
        )
    found = {name: table.column(name)[path.codes].astype(np.float64) for name in names}
    if "pitch" in found:
        if "pitch_confidence" in table.names:
            found["pitch"][~(table.column("pitch_confidence")[path.codes] >= SURE)] = np.nan
        if path.controls is not None:
            found["pitch"] = found["pitch"] * 2 ** (path.controls.transpose_cents / 1200)
        if np.isnan(found["pitch"]).all() or np.isnan(other.column("pitch")).all():
            del found["pitch"]
    return found | {"loudness": table.column("loudness")[path.codes] + path.gain_db}


def _map(curves: Targets, book: CodebookRecord, seconds: float, mapping: Mappings) -> dict[str, NDArray[np.float64]]:
    """Bring rows (T,) into a codebook's range."""
    drawn = {name: Curve(name, partial(_as_it_is, values), gaps=True) for name, values in curves.items()}
    return sample_targets(drawn, book.table, book.grid, seconds=seconds, mapping=mapping)


def _as_it_is(values: NDArray[np.float64], times: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    return values


def _find_nearest(table: DescriptorTable, targets: Targets) -> NDArray[np.int64]:
    """Find the nearest code of each frame, (T,). Where a pitch is wanted, only codes that have one are considered."""
    pitched = ~np.isnan(targets["pitch"]) if "pitch" in targets else np.zeros(len(next(iter(targets.values()))), bool)
    codes = np.zeros(len(pitched), np.int64)
    for some in (pitched, ~pitched):
        asked = {name: values[some] for name, values in targets.items() if not np.isnan(values[some]).all()}
        if some.any() and asked:
            weights = {"pitch": PITCH_WEIGHT} if "pitch" in asked else {}
            codes[some] = find_candidates(table, asked, weights=weights).codes[:, 0]
    return codes


def _tell_kept(table: DescriptorTable, found: Mapping[str, WantedGot], most_cents: float) -> dict[str, Kept]:
    kept = {}
    for name, (wanted, got) in found.items():
        i = table.position(name)
        unit, scale = table.units[i], table.scales[i]
        miss = measure_miss(got, wanted, np.ones(len(got), bool), unit=unit, scale=scale)
        low, high = find_ends(table, name, transpose_cents=most_cents)
        kept[name] = Kept(unit, low, high, reach(table, name, wanted, transpose_cents=most_cents), miss)
    return kept
