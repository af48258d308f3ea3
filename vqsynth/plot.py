"""The pictures: a curve asked for over the curve obtained, above the spectrogram.

One look for all of them, in colours that differ for every kind of colour vision: orange for what was asked, blue for
what was got (Okabe and Ito, "Color universal design", 2008), and an even ramp of lightness for the spectrogram. The
figures are drawn without pyplot, so nobody's settings are changed and no window is opened. The same data give the same
bytes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.audio import check_samples
from vqsynth.errors import ParameterError
from vqsynth.files import StrPath, whole_file
from vqsynth.frames import FrameGrid, frame_signal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

FORMATS = (".png", ".svg", ".pdf")
ASKED, GOT, OUTSIDE = "#E69F00", "#0072B2", "#999999"
LOWEST_HZ = 50.0
DEPTH_DB = 80.0

_MAX_COLUMNS = 1600  # more than a picture has pixels across
_ROWS = 400
_LOOK: dict[Any, Any] = {
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "vqsynth",
}


def check_picture(path: StrPath) -> None:
    """Refuse a picture path whose extension is none of .png, .svg, .pdf. Raises ParameterError."""
    if Path(path).suffix.lower() not in FORMATS:
        raise ParameterError(f"a picture must end in {', '.join(FORMATS)} (got '{path}')")


def plot_report(report: Mapping[str, Any], y: ArrayLike, path: StrPath, *, title: str | None = None) -> None:
    """Draw what was asked and what was got, a panel per descriptor, above the spectrogram of the sound.

    report: as `vqsynth.report` makes it, null where there is no value; where a descriptor has `reach` (low, high),
    what was asked outside it is shaded. y: (n,). The picture's format is that of the path's extension.
    Raises ParameterError for an extension or folder that does not do, VqsynthError where the disk refuses.
    """
    check_picture(path)
    sr, hop_length = int(report["sr"]), int(report["hop_length"])
    descriptors: Mapping[str, Mapping[str, Any]] = report["descriptors"]
    import matplotlib as mpl

    with mpl.rc_context(_LOOK):
        figure, panels, bottom = _make_figure(len(descriptors), title)
        for panel, (name, entry) in zip(panels, descriptors.items(), strict=True):
            _draw_descriptor(panel, name, entry, hop_length / sr)
        _draw_spectrogram(figure, bottom, check_samples(y), sr)
        _save(figure, path)


def plot_traverse(
    y: ArrayLike, sr: int, values: ArrayLike, path: StrPath, *, name: str, unit: str, title: str | None = None
) -> None:
    """Draw the descriptor of codes played one after the other, above the spectrogram of their sound.

    y: (n,) at `sr` Hz; values: (N,), the descriptor of the codes, or of the frames, in the order played, each for an
    equal time, NaN where not usable. Raises as `plot_report` does.
    """
    check_picture(path)
    samples, levels = check_samples(y), np.asarray(values, dtype=np.float64)
    edges = np.linspace(0.0, len(samples) / sr, len(levels) + 1)
    import matplotlib as mpl

    with mpl.rc_context(_LOOK):
        figure, panels, bottom = _make_figure(1, title)
        panels[0].stairs(levels, edges, baseline=None, color=GOT, linewidth=1.6)
        panels[0].set_title(f"{_with_unit(name, unit)}, code by code")
        panels[0].set_ylabel(unit)
        _draw_spectrogram(figure, bottom, samples, sr)
        _save(figure, path)


def _make_figure(n_panels: int, title: str | None) -> tuple["Figure", list["Axes"], Sequence["Axes"]]:
    """Lay out the panels over the spectrogram and its colour bar, all on one time axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.2 + 1.7 * n_panels), dpi=150, layout="constrained", facecolor="white")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", parse_math=False)
    rows = figure.add_gridspec(
        n_panels + 1, 2, height_ratios=[1.0] * n_panels + [1.55], width_ratios=[1.0, 0.014], wspace=0.015
    )
    bottom = figure.add_subplot(rows[n_panels, 0])
    panels = [figure.add_subplot(rows[i, 0], sharex=bottom) for i in range(n_panels)]
    for panel in panels:
        panel.tick_params(labelbottom=False)
    return figure, panels, (bottom, figure.add_subplot(rows[n_panels, 1]))


def _draw_descriptor(panel: "Axes", name: str, entry: Mapping[str, Any], hop_s: float) -> None:
    asked, got = _as_curve(entry["asked"]), _as_curve(entry["got"])
    nrmse, out = entry.get("nrmse"), float(entry.get("out_of_reach") or 0.0)
    label = "got" if nrmse is None else f"got, nrmse {nrmse:.3g}"
    panel.plot(np.arange(len(asked)) * hop_s, asked, color=ASKED, linewidth=4.0, label="asked", solid_capstyle="round")
    panel.plot(np.arange(len(got)) * hop_s, got, color=GOT, linewidth=1.2, label=label)
    if entry.get("reach"):
        low, high = entry["reach"]
        beyond = (asked < low) | (asked > high)
        _shade(panel, beyond, hop_s, f"out of reach, {out:.1%} of the time")
    elif out > 0:
        label = f"{out:.1%} of the time out of reach"
        panel.plot([], [], " ", label=label)
    panel.set_title(_with_unit(name, str(entry["unit"])))
    panel.set_ylabel(str(entry["unit"]))
    panel.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=3, borderaxespad=0.0, handlelength=1.6)
    panel.margins(y=0.08)
    _widen(panel, 12.0 if entry["unit"] == "dB" else 0.2 * abs(float(np.mean(asked))))


def _widen(panel: "Axes", least: float) -> None:
    """Show at least this range, so that the small errors of a steady target look small."""
    low, high = panel.get_ylim()
    missing = max(0.0, least - (high - low))
    panel.set_ylim(low - missing / 2, high + missing / 2)


def _shade(panel: "Axes", where: NDArray[np.bool_], hop_s: float, label: str) -> None:
    """Shade the frames of a mask, in one patch per run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], where, [False])).astype(np.int8)))
    for i, (start, stop) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        span = (start - 0.5) * hop_s, (stop - 0.5) * hop_s
        panel.axvspan(
            max(span[0], 0.0), span[1], color=OUTSIDE, alpha=0.25, linewidth=0, label=label if i == 0 else None
        )


def _draw_spectrogram(figure: "Figure", axes: Sequence["Axes"], y: Floats, sr: int) -> None:
    axis, bar = axes
    levels_db, times_s, top_hz = _spectrogram(y, sr)
    edges_s = np.append(times_s, len(y) / sr) if len(times_s) > 1 else np.array([0.0, len(y) / sr])
    edges_khz = np.geomspace(LOWEST_HZ, top_hz, _ROWS + 1) / 1000
    image = axis.pcolormesh(edges_s, edges_khz, levels_db, cmap="magma", vmin=-DEPTH_DB, vmax=0.0, rasterized=True)
    axis.set_yscale("log")
    ticks = [hz for hz in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if hz < top_hz / 1000]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()
    axis.grid(False)
    axis.set_ylabel("frequency (kHz)")
    axis.set_xlabel("time (s)")
    axis.set_xlim(0.0, len(y) / sr)
    figure.colorbar(image, cax=bar).set_label("level (dB, loudest = 0)")
    bar.grid(False)


def _spectrogram(y: Floats, sr: int) -> tuple[Doubles, Doubles, float]:
    """Take levels in dB under the loudest, (_ROWS, columns), on frequencies that rise by equal ratios.

    Also returns the columns' times in seconds and the highest frequency in Hz.
    """
    n_fft = 2048 if sr > 16000 else 1024
    grid = FrameGrid(sr, n_fft, n_fft // 4)
    step = max(1, -(-grid.count(len(y)) // _MAX_COLUMNS))
    frames = frame_signal(y, grid)[::step]
    power = np.abs(np.fft.rfft(frames * grid.window, axis=-1)) ** 2
    rows = _to_octaves(power, np.geomspace(LOWEST_HZ, sr / 2, 2 * _ROWS + 1) * (n_fft / sr))
    levels = 10 * np.log10(np.maximum(rows / max(float(power.max()), 1e-20), 1e-12))
    return levels.T, np.arange(len(frames)) * step * grid.hop_length / sr, sr / 2


def _to_octaves(power: Floats, at: Doubles) -> Floats:
    """Take bins to rows, `at` being the rows' edges and centres in turn, in bins.

    A row narrower than a bin is interpolated; a wide one takes the loudest of its bins, so that no partial is lost.
    """
    edges, centres = at[::2], at[1::2]
    low = np.floor(centres).astype(np.int64).clip(0, power.shape[1] - 2)
    share = (centres - low).astype(np.float32)
    rows: Floats = power[:, low] * (1 - share) + power[:, low + 1] * share
    starts = np.ceil(edges).astype(np.int64).clip(0, power.shape[1] - 1)
    loudest = np.maximum.reduceat(power, starts[:-1], axis=1)
    return np.where(np.diff(starts) > 0, np.maximum(rows, loudest), rows)


def _as_curve(values: Sequence[float | None]) -> Doubles:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _with_unit(name: str, unit: str) -> str:
    words = name.replace("_", " ")
    return f"{words} ({unit})" if unit else words


def _save(figure: "Figure", path: StrPath) -> None:
    """Write the picture whole or not at all, without the date that would make each one differ."""
    suffix = Path(path).suffix.lower()
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix, {})
    with whole_file(path) as partial:
        figure.savefig(partial, format=suffix[1:], metadata=metadata)
