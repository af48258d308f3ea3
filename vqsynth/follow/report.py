"""What was asked and what was got, frame by frame, measured on the rendered sound."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.index import Targets, find_candidates
from vqsynth.codes.selection import reach
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.misses import Miss, describe_miss, measure_miss
from vqsynth.path import CodePath
from vqsynth.sound.descriptors import REGISTRY, measure
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.pitch import count_samples

QUIET_DB = 50.0
"""Frames further than this under the loudest are left out of errors."""
JUDGED_N_FFT = 2048
"""Samples of the frames in which a spectrum is judged, those that librosa has by default, whatever the codebook's are.
Corrected in its own frames of 3072, a centroid of the cello is within .001 of its range in these and .035 off in those
of 2048; so it is with the shorter ones of percussion, .001 and .012."""
JUDGED_FROM_HZ = 32000
"""Sample rate under which so many samples would be too long, and the codebook's own frames judge."""
OWN_FRAMES = frozenset({"pitch", "pitch_confidence", "loudness"})
"""What is measured in the codebook's frames, which are as long as its lowest pitch needs."""
NEAR_CENTS = 50.0
"""A quarter tone: a pitch nearer than this is the note that is meant, a jump by more is another note."""
EDGE = 2
"""Frames at either end that are left out of errors."""


def make_report(
    path: CodePath, targets: Targets, table: DescriptorTable, y: Floats, grid: FrameGrid, *, scaled_db: float = 0.0
) -> dict[str, Any]:
    """Compare targets with what the rendered sound has.

    targets: descriptor name to (T,). y: (n_samples,). scaled_db: what was taken off the level to stay in full scale.
    Returns a dict for JSON: sr, hop_length, codes (T,), codes_used, scaled_db, and under `descriptors`, by target,
    unit, asked, table and got (T,) with None where there is no value, distance (T,) of asked and table in spreads,
    error, RMS in the unit, error_cents, the same of frequencies, nrmse, the error over the range of the target, None
    where that is next to nothing (see `vqsynth.curves.misses`), out_of_reach, and reach, the lowest and highest value
    of the table; runner_up (T,), the code that would have been next. A loudness `table` is that of the chosen codes at
    the path's gains.
    """
    got, misses = measure_errors(y, grid, targets)
    rows = {}
    for name, asked in targets.items():
        chosen = table.column(name)[path.codes].astype(np.float64)
        if name == "loudness":
            chosen = chosen + path.gain_db
        away = np.abs(table.rescale(name, chosen) - table.rescale(name, asked))
        rows[name] = {
            "unit": table.units[table.position(name)],
            "asked": _to_list(asked),
            "table": _to_list(chosen),
            "got": _to_list(got.get(name, np.full(len(asked), np.nan))),
            "distance": _to_list(away),
            **_describe(misses.get(name)),
            "out_of_reach": 0.0 if name == "loudness" else reach(table, name, asked),
            **(_hear_notes(asked, got[name], got.get("loudness"), grid) if name == "pitch" and name in got else {}),
            "reach": None if name == "loudness" else [float(v) for v in table.ranges(low=0, high=100)[name] or ()],
        }
    return {
        "sr": path.sr,
        "hop_length": path.hop_length,
        "codes": path.codes.tolist(),
        "runner_up": _runner_up(path, targets, table),
        "codes_used": len(np.unique(path.codes)),
        "scaled_db": scaled_db,
        "descriptors": rows,
    }


def _runner_up(path: CodePath, targets: Targets, table: DescriptorTable) -> list[int] | None:
    """Find per frame the code that is nearest to the targets, loudness aside, but for the one taken."""
    others = {name: values for name, values in targets.items() if name != "loudness"}
    if not others or len(table) < 2:
        return None
    nearest = find_candidates(table, others, k=2).codes
    first = (
        nearest[:, 0] if nearest.shape[1] < 2 else np.where(nearest[:, 0] == path.codes, nearest[:, 1], nearest[:, 0])
    )
    return [int(code) for code in first]


def _hear_notes(
    asked: NDArray[np.float64], got: Floats, level: Floats | None, grid: FrameGrid
) -> dict[str, float | None]:
    """Tell in a listener's terms how a pitch was met: median miss, share within 50 cents, share of note changes.

    A note changes where the target jumps by more than 50 cents; a window's length after it, and half of one before,
    frames hear both notes. They are left out of the other two figures.
    """
    counted = np.isfinite(asked) & (_loud_frames(level) if level is not None else True)
    changing = find_changes(asked, grid) & counted
    judged = counted & ~changing
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.abs(1200 * np.log2(np.asarray(got, np.float64)[judged] / asked[judged]))
    heard = off[np.isfinite(off)]
    return {
        "cents_median": float(np.median(heard)) if len(heard) else None,
        "within_50_cents": float(np.sum(heard <= NEAR_CENTS)) / len(off) if len(off) else None,
        "note_changes": float(changing.sum() / max(1, counted.sum())),
    }


def find_changes(asked: NDArray[np.float64], grid: FrameGrid) -> NDArray[np.bool_]:
    """Find the frames, (T,), that hear two notes of a pitch that is asked for, (T,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        jumps = np.flatnonzero(np.abs(1200 * np.diff(np.log2(asked))) > NEAR_CENTS) + 1
    window = -(-max(grid.n_fft, count_samples(grid.sr)) // grid.hop_length)
    changing = np.zeros(len(asked), bool)
    for t in jumps:
        changing[max(0, t - window // 2) : t + window] = True
    return changing


def _describe(miss: Miss | None) -> dict[str, float | None]:
    if miss is None:
        return dict.fromkeys(("error", "error_cents", "nrmse"))
    return {"error": miss.error, "error_cents": miss.cents, "nrmse": miss.nrmse}


def describe_error(row: Mapping[str, Any]) -> str:
    """Say the error of a report's row in words; nothing where none was measured."""
    return describe_miss(row.get("error"), row.get("error_cents"), row.get("nrmse"), str(row["unit"]))


def summarize(report: Mapping[str, Any]) -> list[str]:
    """Say in a line per descriptor what was asked and got, and the error, over the target's range and in its unit."""
    lines = []
    for name, row in report["descriptors"].items():
        inside = slice(EDGE, -EDGE) if len(row["asked"]) > 2 * EDGE else slice(None)
        asked, got = (np.array([np.nan if v is None else v for v in row[key]])[inside] for key in ("asked", "got"))
        line = f"{name}: asked {_span(asked)} {row['unit']}".rstrip() + f", got {_span(got)}"
        if error := describe_error(row):
            line += f", error {error}"
        if row.get("cents_median") is not None:
            line += f"; {_say_notes(row)}"
        lines.append(line)
    return lines


def _say_notes(row: Mapping[str, Any]) -> str:
    changes = row.get("note_changes") or 0
    said = f"median {row['cents_median']:.2g} cents off, {100 * row['within_50_cents']:.0f} % within 50 cents"
    return said + (f" ({100 * changes:.0f} % of the frames, note changes, not counted)" if changes else "")


def warnings_of(report: Mapping[str, Any]) -> list[str]:
    """Say in a line each what of the targets is out of reach, and whether the level had to be lowered."""
    lines = [
        f"{100 * row['out_of_reach']:.1f} % of the {name} target is out of the codebook's reach; it is met as nearly "
        "as it can be"
        for name, row in report["descriptors"].items()
        if row["out_of_reach"] > 0
    ]
    if report["scaled_db"] < 0:
        lines.append(f"peaks over full scale: the whole sound was turned down by {-report['scaled_db']:.1f} dB")
    return lines


def _span(values: NDArray[np.float64]) -> str:
    known = values[~np.isnan(values)]
    if not len(known):
        return "nothing usable"
    low, high = known.min(), known.max()
    return f"{low:.4g}" if np.isclose(low, high, rtol=1e-4) else f"{low:.4g} to {high:.4g}"


def measure_errors(y: Floats, grid: FrameGrid, targets: Targets) -> tuple[dict[str, Floats], dict[str, Miss | None]]:
    """Measure a sound (n,): what it has of each target that can be measured, (T,), and how far off that is.

    Spectra are judged in frames of `JUDGED_N_FFT` samples at the grid's hop. Errors are counted over the frames that
    are not at the edges and not far under the loudest.
    """
    names = [name for name in targets if name in REGISTRY]
    spectral = [name for name in names if name not in OWN_FRAMES]
    measured = measure(y, grid, dict.fromkeys([*OWN_FRAMES & set(names), "loudness"]))
    n_fft = JUDGED_N_FFT if grid.sr >= JUDGED_FROM_HZ else grid.n_fft
    measured |= measure(y, grid, spectral, n_fft=n_fft) if spectral else {}
    counted = _loud_frames(measured["loudness"])
    got = {name: measured[name] for name in names}
    known = [REGISTRY[name] for name in names]
    misses = {d.name: measure_miss(got[d.name], targets[d.name], counted, unit=d.unit, scale=d.scale) for d in known}
    return got, misses


def _loud_frames(level: Floats) -> NDArray[np.bool_]:
    counted: NDArray[np.bool_] = level > level.max() - QUIET_DB
    counted[:EDGE] = counted[len(counted) - EDGE :] = False
    return counted


def _to_list(values: NDArray[Any]) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]
