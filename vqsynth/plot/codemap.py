"""The map of a codebook: a dot for each code, similar spectra near each other, and a histogram of a descriptor."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.projection import Projection
from vqsynth.codes.table import DescriptorTable
from vqsynth.plot.look import (
    VALUES,
    Look,
    apply_look,
    check_picture,
    label_descriptor,
    make_figure,
    make_norm,
    plain_ticks,
    round_numbers,
    save_picture,
)
from vqsynth.sound.arrays import Doubles
from vqsynth.storage.files import StrPath

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure


SMALLEST, LARGEST = 4.0, 110.0  # areas of dots, in square points
RIM = 0.4
BARS = 48


def plot_map(
    projection: Projection,
    table: DescriptorTable,
    file: StrPath,
    *,
    color: str = "centroid",
    histogram: str | None = None,
    title: str | None = None,
    dark: bool = False,
) -> None:
    """Draw a map of the codes. A descriptor gives their colours, and the number of uses gives their areas.

    Parameters
    ----------
    projection : Projection
        The K codes of the table on a plane, in the order of the table.
    table : DescriptorTable
        The codebook's table.
    file : str or Path
        The picture, .png, .svg or .pdf.
    color : str
        The descriptor that colours the codes. Codes without a usable value are grey.
    histogram : str, optional
        A descriptor whose distribution over the codes is drawn below the map, plain and weighted by their use.
    title : str, optional
        Title of the picture.
    dark : bool
        Whether to draw on dark paper.

    Raises
    ------
    ParameterError
        If a descriptor or the extension is unknown.
    VqsynthError
        If the file cannot be written.

    """
    check_picture(file)
    for name in filter(None, (color, histogram)):
        table.position(name)
    with apply_look(dark=dark) as look:
        heights = [_map_height(projection), *([2.3] if histogram else [])]
        figure = make_figure(8.0, 0.9 + sum(heights), title)
        rows = figure.add_gridspec(len(heights), 1, height_ratios=heights)
        _draw_map(figure, figure.add_subplot(rows[0]), projection, table, color, look)
        if histogram:
            _draw_histogram(figure.add_subplot(rows[1]), table, histogram, look)
        save_picture(figure, file)


def _map_height(projection: Projection) -> float:
    """Return the height in inches at which the codes fill a map of equal scales, within limits."""
    wide, high = np.maximum(np.ptp(projection.points, axis=0), 1e-9)
    return float(np.clip(6.4 * high / wide, 3.6, 6.4))


def _draw_map(
    figure: "Figure", axis: "Axes", projection: Projection, table: DescriptorTable, color: str, look: Look
) -> None:
    values, most = table.column(color), max(int(table.counts.max()), 1)
    areas = np.array([_area(count, most) for count in table.counts])
    order = np.argsort(-areas, kind="stable")  # small ones are drawn last, so that large ones do not hide them
    known = order[~np.isnan(values[order])]
    unknown = order[np.isnan(values[order])]
    x, y = projection.points.T
    axis.scatter(x[unknown], y[unknown], areas[unknown], look.unusable, edgecolors=look.rim, linewidths=RIM)
    if len(known):
        position = table.position(color)
        norm = make_norm(values[known], table.scales[position])
        dots = axis.scatter(x[known], y[known], areas[known], values[known], cmap=VALUES, norm=norm,
                            edgecolors=look.rim, linewidths=RIM)  # fmt: skip
        _draw_bar(figure, axis, dots, label_descriptor(color, table.units[position]))
    axis.set_aspect("equal", adjustable="datalim")
    axis.set_xlabel(projection.labels[0])
    axis.set_ylabel(projection.labels[1])
    if projection.unit == "":
        axis.tick_params(labelbottom=False, labelleft=False)
    _draw_legend(axis, table.counts, f"no usable {color.replace('_', ' ')}", len(unknown), look)


def _area(count: float, most: int) -> float:
    """Return the area of a dot in square points. It grows with the count, from a smallest that can be seen."""
    return SMALLEST + (LARGEST - SMALLEST) * count / most


def _draw_bar(figure: "Figure", axis: "Axes", dots: "ScalarMappable", label: str) -> None:
    bar = figure.colorbar(dots, ax=axis, aspect=40, pad=0.015, extend="both")
    bar.set_label(label)
    bar.ax.grid(False)
    if type(bar.norm).__name__ == "LogNorm":
        plain_ticks(bar.ax, *bar.ax.get_ylim(), which="y")


def _draw_legend(axis: "Axes", counts: NDArray[np.int64], unusable: str, n_unusable: int, look: Look) -> None:
    most = max(int(counts.max()), 1)
    shown = sorted({int(number) for number in (most, round_numbers(most / 25, most / 3)[-1], most / 20) if number >= 1})
    handles = [
        axis.scatter(
            [], [], _area(n, most), color="none", edgecolors=look.ink, linewidths=0.8, label=f"used {n:,} times"
        )
        for n in shown
    ]
    if n_unusable:
        handles.append(axis.scatter([], [], 40, color=look.unusable, label=f"{unusable}: {n_unusable}"))
    axis.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(handles), handletextpad=0.4)


def _draw_histogram(axis: "Axes", table: DescriptorTable, name: str, look: Look) -> None:
    position = table.position(name)
    usable = ~np.isnan(table.column(name))
    values, counts = table.column(name)[usable].astype(np.float64), table.counts[usable]
    label = label_descriptor(name, table.units[position])
    axis.set_xlabel(label)
    axis.set_ylabel("share (%)")
    if not len(values):
        axis.set_title(f"no code has a usable {name.replace('_', ' ')}")
        return
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-6 * abs(high):
        low, high = low - 0.05 * abs(low) - 1e-6, high + 0.05 * abs(high) + 1e-6
    octaves = table.scales[position] == "octave" and low > 0
    edges = np.geomspace(low, high, BARS + 1) if octaves else np.linspace(low, high, BARS + 1)
    edges[[0, -1]] = low, high  # rounding in geomspace could leave out the outermost codes
    axis.stairs(_shares(values, edges, np.ones(len(values))), edges, fill=True, color=look.unusable, label="codes")
    axis.stairs(_shares(values, edges, counts), edges, color=look.got, linewidth=1.6, label="weighted by their use")
    axis.set_title(f"{label}: {len(values)} of {len(table)} codes")
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, borderaxespad=0.0, handlelength=1.6)
    if octaves:
        axis.set_xscale("log")
        plain_ticks(axis, low, high)


def _shares(values: Doubles, edges: Doubles, weights: NDArray[np.generic]) -> Doubles:
    """Return the weighted share, in percent, of the values between the edges."""
    counted, _ = np.histogram(values, edges, weights=weights)
    return 100 * counted / max(float(weights.sum()), 1e-12)
