"""A path played by another codebook: for each frame the code whose descriptors are nearest to those of its own code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vqsynth.checks import check_kind
from vqsynth.codes.controls import Controls, no_controls
from vqsynth.codes.index import Targets, find_candidates
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.selection import reach
from vqsynth.codes.table import DescriptorTable
from vqsynth.codes.voice import SILENT_DB
from vqsynth.curves.language import Curve
from vqsynth.curves.misses import Miss, describe_miss, measure_miss
from vqsynth.curves.targets import Mappings, sample_targets
from vqsynth.errors import ParameterError
from vqsynth.follow.limits import Limits, check_limits
from vqsynth.notebook import show_block, show_lines
from vqsynth.path import CodePath, check_layers, draw_path
from vqsynth.render import check_path

BY = ("centroid", "flatness", "pitch")
"""By what codes are compared."""
PITCH_WEIGHT = 200.0
"""A melody is missed before a timbre. A violin's glide from A3 to C6, RMS in pitch at weights of 12, 50, 200 and 1000:
choir 144, 119, 31, 1 cents, flute 186, 101, 21, 3; in centroid flute 286, 472, 719, 788."""
SURE = 0.5
"""Pitch counts where the code that had it is at least so sure of it."""


WantedGot = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Kept:
    """Say what of a descriptor could be kept.

    out_of_reach: the share of the frames that lies outside low to high, what the other codebook has. miss: how far its
    codes, transposed, are from what is wanted; None where nothing is.
    """

    unit: str
    low: float
    high: float
    out_of_reach: float
    miss: Miss | None


@dataclass(frozen=True, eq=False, repr=False)
class Translation:
    """Hold paths of another codebook, and what could be kept of the first one, by descriptor."""

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
        """Say in a line per descriptor what could be kept."""
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
    """Turn paths of another codebook into paths of this one by the nearest centroid, flatness and pitch, equally loud.

    Gains are set such that each frame's loudness stays. A code's pitch is brought to the one wanted by transposition;
    other controls of the path belong to its own codes and are left out.

    Parameters
    ----------
    paths : CodePath, or list of CodePath
        What is translated: a path, or the layers that sound together.
    source : Codebook
        The codebook that the paths are of.
    mapping : str, or dict of name to str
        How what is wanted is brought into this codebook's range first: "clamp", "minmax", "rank", "relative" or
        "octave", one for all or by descriptor.
    limits : Limits, optional
        How far codes are transposed, a quarter tone by default.

    Returns
    -------
    Translation
        The paths, for `render`, and what could be kept, by descriptor.

    Raises
    ------
    CodebookError
        For paths that are not of `source`.
    ParameterError
        For tables with nothing in common, and for options that cannot be used.

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
    most_cents = check_limits(limits).transpose_cents
    made = [_translate(path, source, book, mapping, most_cents) for path in given]
    return Translation(tuple(path for path, _ in made), _tell_kept(book.table, made[0][1]))


def _translate(
    path: CodePath, source: CodebookRecord, book: CodebookRecord, mapping: Mappings, most_cents: float
) -> tuple[CodePath, dict[str, WantedGot]]:
    """Translate one path; with it come what was wanted and what its codes have, (T,) each, by descriptor."""
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
    made = CodePath(book.name, book.sha256, *clock, codes, gain_db, *about)
    return made, {name: (targets[name], got[name]) for name in targets}


def _describe(path: CodePath, table: DescriptorTable, other: DescriptorTable) -> dict[str, NDArray[np.float64]]:
    """Tell what each frame of a path has, (T,), by descriptors that another table has too, and its loudness."""
    names = [name for name in BY if name in table.names and name in other.names]
    if not names:
        raise ParameterError(f"the two codebooks share none of {', '.join(BY)}; measure them again")
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
    """Find the nearest code of each frame, (T,): of all codes where no pitch is wanted, else of those that have one."""
    pitched = ~np.isnan(targets["pitch"]) if "pitch" in targets else np.zeros(len(next(iter(targets.values()))), bool)
    codes = np.zeros(len(pitched), np.int64)
    for some in (pitched, ~pitched):
        asked = {name: values[some] for name, values in targets.items() if not np.isnan(values[some]).all()}
        if some.any() and asked:
            weights = {"pitch": PITCH_WEIGHT} if "pitch" in asked else {}
            codes[some] = find_candidates(table, asked, weights=weights).codes[:, 0]
    return codes


def _tell_kept(table: DescriptorTable, found: Mapping[str, WantedGot]) -> dict[str, Kept]:
    kept = {}
    for name, (wanted, got) in found.items():
        column, i = table.column(name), table.position(name)
        unit, scale = table.units[i], table.scales[i]
        miss = measure_miss(got, wanted, np.ones(len(got), bool), unit=unit, scale=scale)
        low, high = float(np.nanmin(column)), float(np.nanmax(column))
        kept[name] = Kept(unit, low, high, reach(table, name, wanted), miss)
    return kept
