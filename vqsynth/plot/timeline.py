"""Reports and traverses over time: a panel for each descriptor, above images of the sound and of the codes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.curves.misses import describe_miss
from vqsynth.plot.look import Look, apply_look, check_picture, label_descriptor, make_figure, save_picture
from vqsynth.plot.spectrogram import draw_image, image_sound, image_spectra
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.audio import check_samples
from vqsynth.storage.files import StrPath

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS = 16
"""Number of codes that are named above a traverse."""


def plot_report(
    report: Mapping[str, Any], y: ArrayLike, file: StrPath, *, title: str | None = None, dark: bool = False
) -> None:
    """Draw the targets and the values of a sound, a panel for each descriptor, above its spectrogram.

    Parameters
    ----------
    report : Report or dict
        The report of the sound. Targets outside the `reach` of a descriptor are shaded.
    y : (n,)
        The sound.
    file : str or Path
        The picture, .png, .svg or .pdf.
    title : str, optional
        Title of the picture.
    dark : bool
        Whether to draw on dark paper.

    Raises
    ------
    ParameterError
        If the extension is unknown.
    VqsynthError
        If the file cannot be written.

    """
    check_picture(file)
    sr, hop_length = int(report["sr"]), int(report["hop_length"])
    descriptors: Mapping[str, Mapping[str, Any]] = report["descriptors"]
    image = image_sound(y, sr)
    with apply_look(dark=dark) as look:
        figure, panels, images = _lay_out(len(descriptors), (1.55,), title)
        for panel, (name, entry) in zip(panels, descriptors.items(), strict=True):
            _draw_descriptor(panel, name, entry, hop_length / sr, look)
        draw_image(figure, images[0], image)
        images[0][0].set_xlabel("time (s)")
        save_picture(figure, file)


def plot_traverse(
    y: ArrayLike,
    sr: int,
    values: ArrayLike,
    file: StrPath,
    *,
    name: str,
    unit: str,
    magnitudes: ArrayLike | None = None,
    codes: ArrayLike | None = None,
    title: str | None = None,
    dark: bool = False,
) -> None:
    """Draw the descriptor of codes that are played one after the other, above the spectrogram of their sound.

    Parameters
    ----------
    y : (n,)
        The sound.
    sr : int
        Its sample rate in Hz.
    values : (N,)
        The descriptor of each code, or of each frame, in the order in which they are played. Each lasts equally long.
        NaN where unusable.
    file : str or Path
        The picture, .png, .svg or .pdf.
    name, unit : str
        Name of the descriptor, and its unit.
    magnitudes : (N, n_bins), optional
        The spectra of the codes, drawn as a second image.
    codes : (N,), optional
        The numbers of the codes. Some of them are written above the panel, with their values.
    title : str, optional
        Title of the picture.
    dark : bool
        Whether to draw on dark paper.

    Raises
    ------
    ParameterError
        If the extension is unknown.
    VqsynthError
        If the file cannot be written.

    """
    check_picture(file)
    samples, levels = check_samples(y), np.asarray(values, dtype=np.float64)
    edges_s = np.linspace(0.0, len(samples) / sr, len(levels) + 1)
    images = [image_sound(samples, sr)]
    if magnitudes is not None:
        images.insert(0, image_spectra(magnitudes, edges_s, sr))
    with apply_look(dark=dark) as look:
        figure, panels, pairs = _lay_out(1, (1.55,) * len(images), title)
        panels[0].stairs(levels, edges_s, baseline=None, color=look.got, linewidth=1.6)
        panels[0].set_title(f"{label_descriptor(name, unit)}, code by code")
        if codes is not None:
            _label_codes(panels[0], np.asarray(codes), levels, edges_s)
        panels[0].set_ylabel(unit)
        for pair, image in zip(pairs, images, strict=True):
            draw_image(figure, pair, image)
        if magnitudes is not None:
            pairs[0][0].set_title("the codes' spectra, in the same order")
            pairs[1][0].set_title("the sound")
        pairs[-1][0].set_xlabel("time (s)")
        save_picture(figure, file)


def _label_codes(panel: "Axes", codes: NDArray[Any], levels: Doubles, edges_s: Doubles) -> None:
    """Write the numbers and the values of evenly chosen codes above the panel."""
    starts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1))
    stops = np.append(starts[1:], len(codes))
    shown = np.unique(np.linspace(0, len(starts) - 1, min(LABELS, len(starts))).round().astype(int))
    middles = [(edges_s[starts[i]] + edges_s[stops[i]]) / 2 for i in shown]
    above = panel.secondary_xaxis("top")
    values = ["none" if np.isnan(value) else f"{value:.4g}" for value in levels[starts[shown]]]
    above.set_xticks(middles, [f"{code}\n{value}" for code, value in zip(codes[starts[shown]], values, strict=True)])
    above.tick_params(labelsize=7.5)
    above.set_xlabel("code, and its value", fontsize=7.5)


def _lay_out(
    n_panels: int, images: Sequence[float], title: str | None
) -> tuple["Figure", list["Axes"], list[tuple["Axes", "Axes"]]]:
    """Lay out panels above images of given relative heights and their colour bars, all on one time axis."""
    heights = [1.0] * n_panels + list(images)
    figure = make_figure(9.0, 0.55 + 1.7 * sum(heights), title)
    rows = figure.add_gridspec(len(heights), 2, height_ratios=heights, width_ratios=[1.0, 0.014], wspace=0.015)
    last = figure.add_subplot(rows[-1, 0])
    above = [figure.add_subplot(rows[i, 0], sharex=last) for i in range(len(heights) - 1)]
    for axis in above:
        axis.tick_params(labelbottom=False)
    bars = [figure.add_subplot(rows[i, 1]) for i in range(n_panels, len(heights))]
    return figure, above[:n_panels], list(zip([*above[n_panels:], last], bars, strict=True))


def _draw_descriptor(panel: "Axes", name: str, entry: Mapping[str, Any], hop_s: float, look: Look) -> None:
    asked, got = _as_curve(entry["asked"]), _as_curve(entry["got"])
    nrmse, out = entry.get("nrmse"), float(entry.get("out_of_reach") or 0.0)
    error = describe_miss(entry.get("error"), entry.get("error_cents"), None, str(entry["unit"]))
    label = ", ".join(["got", *([] if nrmse is None else [f"nrmse {nrmse:.3g}"]), *filter(None, [error])])
    times_s = np.arange(len(asked)) * hop_s
    panel.plot(times_s, asked, color=look.asked, linewidth=4.0, label="asked", solid_capstyle="round")
    panel.plot(np.arange(len(got)) * hop_s, got, color=look.got, linewidth=1.2, label=label)
    if entry.get("reach"):
        low, high = entry["reach"]
        _shade(panel, (asked < low) | (asked > high), hop_s, f"out of reach, {out:.1%} of the time", look)
    elif out > 0:
        panel.plot([], [], " ", label=f"{out:.1%} of the time out of reach")
    panel.set_title(label_descriptor(name, str(entry["unit"])))
    panel.set_ylabel(str(entry["unit"]))
    panel.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=3, borderaxespad=0.0, handlelength=1.6)
    panel.margins(y=0.08)
    known = asked[~np.isnan(asked)]
    _widen(panel, 12.0 if entry["unit"] == "dB" else 0.2 * abs(float(known.mean())) if len(known) else 0.0)


def _widen(panel: "Axes", least: float) -> None:
    """Widen a panel to at least this range, so that the small errors of a steady target look small."""
    low, high = panel.get_ylim()
    missing = max(0.0, least - (high - low))
    panel.set_ylim(low - missing / 2, high + missing / 2)


def _shade(panel: "Axes", where: NDArray[np.bool_], hop_s: float, label: str, look: Look) -> None:
    """Shade the frames of a mask, with one patch for each run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], where, [False])).astype(np.int8)))
    for i, (start, stop) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        span = max((start - 0.5) * hop_s, 0.0), (stop - 0.5) * hop_s
        panel.axvspan(*span, color=look.outside, alpha=0.25, linewidth=0, label=label if i == 0 else None)


def _as_curve(values: Sequence[float | None]) -> Doubles:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
