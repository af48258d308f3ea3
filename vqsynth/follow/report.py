"""Measure what a rendered sound has of each target, and report asked and got frame by frame."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.index import Targets, find_candidates
from vqsynth.codes.reaching import find_ends, reach
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.misses import Miss, describe_miss, measure_miss
from vqsynth.path import CodePath
from vqsynth.running.observing import Observer
from vqsynth.sound.descriptors import REGISTRY, measure
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.measuring import judged_n_fft
from vqsynth.sound.pitch import count_samples
from vqsynth.storage.records import list_numbers

QUIET_DB = 50.0
"""Frames that are more than this below the loudest frame do not count in errors."""
OWN_FRAMES = frozenset({"pitch", "pitch_confidence", "loudness"})
"""Descriptors that are measured in the codebook's own window, which is as long as its lowest pitch needs."""
NEAR_CENTS = 50.0
"""A quarter tone. A pitch nearer than this is the note asked for; a jump by more is a change of note."""
SHOWN = 8
"""Onsets that a summary names by their time."""
EDGE = 2
"""Number of frames at either end that do not count in errors."""


def make_report(
    path: CodePath,
    targets: Targets,
    table: DescriptorTable,
    y: Floats,
    grid: FrameGrid,
    *,
    scaled_db: float = 0.0,
    transpose_cents: float = 0.0,
) -> dict[str, Any]:
    """Compare targets with what the rendered sound has.

    Parameters
    ----------
    path : CodePath
        The path that was rendered, T frames.
    targets : dict of name to (T,)
        What was asked for, NaN where nothing was.
    table : DescriptorTable
        The codebook's table.
    y : (n_samples,)
        The rendered sound.
    grid : FrameGrid
        The codebook's frames.
    scaled_db : float
        By how many dB the sound was turned down to stay within full scale, 0 or less.
    transpose_cents : float
        How far codes may be transposed to a pitch: so far does the codebook reach beyond its notes.

    Returns
    -------
    dict
        What JSON can hold: the fields of `vqsynth.follow.record.Report`, without `rounds`, `kept`, `spent`, `gain_db`,
        `controls` and `layers`. `descriptors` holds by name the fields of `DescriptorReport`. nrmse is None where the
        target has next to no range, see `vqsynth.curves.misses`. The `table` values of loudness are those of the
        chosen codes at the path's gains.

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
            "asked": list_numbers(asked),
            "table": list_numbers(chosen),
            "got": list_numbers(got.get(name, np.full(len(asked), np.nan))),
            "distance": list_numbers(away),
            **_describe(misses.get(name)),
            "out_of_reach": 0.0 if name == "loudness" else reach(table, name, asked, transpose_cents=transpose_cents),
            **(_hear_notes(asked, got[name], got.get("loudness"), grid) if name == "pitch" and name in got else {}),
            "reach": None if name == "loudness" else _list_ends(table, name, transpose_cents),
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


def _list_ends(table: DescriptorTable, name: str, transpose_cents: float) -> list[float]:
    """List the ends of what is within reach; nothing where no code has a value."""
    ends = find_ends(table, name, transpose_cents=transpose_cents)
    return [] if np.isnan(ends[0]) else [*ends]


def _runner_up(path: CodePath, targets: Targets, table: DescriptorTable) -> list[int] | None:
    """Find for each frame the code that is nearest to the targets but the one chosen; loudness does not count."""
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
    """Say in a listener's terms how a pitch was met: median miss, share within 50 cents, share of note changes.

    A note changes where the target jumps by more than 50 cents. From half a window before the jump to a window after
    it, frames hold both notes. These frames do not count in the first two figures.
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
    """Return a mask (T,) of the frames that hold two notes of the pitch `asked` (T,)."""
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
    """Return the error of one descriptor of a report in words, "" where none was measured."""
    return describe_miss(row.get("error"), row.get("error_cents"), row.get("nrmse"), str(row["unit"]))


def summarize(report: Mapping[str, Any]) -> list[str]:
    """Return a line per descriptor: what was asked and got, and the error, relative to the range and in the unit."""
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
    if played := report.get("onsets"):
        lines.append(f"onsets of the training sounds are played at {', '.join(f'{s:.2f}' for s in played[:SHOWN])}"
                     f"{f' and {len(played) - SHOWN} more times' if len(played) > SHOWN else ' s'}")  # fmt: skip
    return lines


def _say_notes(row: Mapping[str, Any]) -> str:
    changes = row.get("note_changes") or 0
    said = f"median {row['cents_median']:.2g} cents off, {100 * row['within_50_cents']:.0f} % within 50 cents"
    return said + (f" ({100 * changes:.0f} % of the frames, note changes, not counted)" if changes else "")


def tell_unreached(table: DescriptorTable, targets: Targets, observer: Observer, *, transpose_cents: float) -> None:
    """Tell an observer in a line which targets a codebook does not reach. `transpose_cents` is as in `make_report`."""
    asked = {name: values for name, values in targets.items() if name != "loudness"}
    shares = {name: reach(table, name, row, transpose_cents=transpose_cents) for name, row in asked.items()}
    for line in say_unreached(shares):
        observer.say(line)


def say_unreached(shares: Mapping[str, float]) -> list[str]:
    """Return a line that names the targets of which a share, 0 to 1, is out of reach, or no line. shares: by name."""
    named = [f"{100 * share:.1f} % of the {name} target" for name, share in shares.items() if share > 0]
    verb = "is" if len(named) == 1 else "are"
    return [f"{', '.join(named)} {verb} out of the codebook's reach; there the nearest value is played"] * bool(named)


def say_turned_down(report: Mapping[str, Any]) -> list[str]:
    """Return a line that tells by how much the sound was turned down, or no line if it was not."""
    if report["scaled_db"] >= 0:
        return []
    return [f"peaks over full scale: the whole sound was turned down by {-report['scaled_db']:.1f} dB"]


def warnings_of(report: Mapping[str, Any]) -> list[str]:
    """Return a line that names the targets that are partly out of reach, and one where the sound was turned down."""
    shares = {name: row["out_of_reach"] for name, row in report["descriptors"].items()}
    return [*say_unreached(shares), *say_turned_down(report)]


def _span(values: NDArray[np.float64]) -> str:
    known = values[~np.isnan(values)]
    if not len(known):
        return "nothing usable"
    low, high = known.min(), known.max()
    return f"{low:.4g}" if np.isclose(low, high, rtol=1e-4) else f"{low:.4g} to {high:.4g}"


def measure_errors(y: Floats, grid: FrameGrid, targets: Targets) -> tuple[dict[str, Floats], dict[str, Miss | None]]:
    """Measure the descriptors of a sound that targets ask for, and how far each is off.

    Spectral descriptors are measured in windows of `judged_n_fft` samples at the grid's hop. Frames at the edges and
    frames far below the loudest do not count in errors.

    Parameters
    ----------
    y : (n,)
        The sound.
    grid : FrameGrid
        The codebook's frames.
    targets : dict of name to (T,)
        What was asked for, NaN where nothing was.

    Returns
    -------
    got : dict of name to (T,)
        The values of each target that can be measured.
    misses : dict of name to Miss or None
        The errors, None where nothing can be compared.

    """
    names = [name for name in targets if name in REGISTRY]
    spectral = [name for name in names if name not in OWN_FRAMES]
    measured = measure(y, grid, dict.fromkeys([*OWN_FRAMES & set(names), "loudness"]))
    measured |= measure(y, grid, spectral, n_fft=judged_n_fft(grid)) if spectral else {}
    counted = _loud_frames(measured["loudness"])
    got = {name: measured[name] for name in names}
    known = [REGISTRY[name] for name in names]
    misses = {d.name: measure_miss(got[d.name], targets[d.name], counted, unit=d.unit, scale=d.scale) for d in known}
    return got, misses


def _loud_frames(level: Floats) -> NDArray[np.bool_]:
    counted: NDArray[np.bool_] = level > level.max() - QUIET_DB
    counted[:EDGE] = counted[len(counted) - EDGE :] = False
    return counted
