"""The reach of a codebook: each target, the nearest values that codes have, and the range of the codes."""

from collections.abc import Mapping

import numpy as np

from vqsynth.follow.reach import Reach
from vqsynth.plot.look import apply_look, check_picture, label_descriptor, make_figure, save_picture
from vqsynth.storage.files import StrPath


def plot_reach(found: Mapping[str, Reach], frames_per_second: float, path: StrPath, *, dark: bool = False) -> None:
    """Draw how well a codebook can meet targets, a panel for each descriptor.

    Parameters
    ----------
    found : dict of str to Reach
        The reach of each target, by descriptor.
    frames_per_second : float
        Frame rate of the targets.
    path : str or Path
        The picture, .png, .svg or .pdf.
    dark : bool
        Whether to draw on dark paper.

    Raises
    ------
    ParameterError
        If the extension is unknown.
    VqsynthError
        If the file cannot be written.

    """
    check_picture(path)
    with apply_look(dark=dark) as look:
        figure = make_figure(9.0, 0.6 + 1.9 * max(1, len(found)), None)
        axes = figure.subplots(max(1, len(found)), 1, sharex=True, squeeze=False)[:, 0]
        for panel, (name, row) in zip(axes, found.items(), strict=False):
            times_s = np.arange(len(row.asked)) / frames_per_second
            panel.axhspan(row.low, row.high, color=look.outside, alpha=0.18, linewidth=0, label="range of the codes")
            panel.plot(times_s, row.asked, color=look.asked, linewidth=4.0, label="asked")
            panel.plot(times_s, row.nearest, color=look.got, linewidth=1.2, label="nearest alone")
            if len(found) > 1:
                panel.plot(times_s, row.together, ":", color=look.ink, linewidth=1.0, label="nearest together")
            panel.set_title(f"{label_descriptor(name, row.unit)}, {row.out_of_reach:.1%} out of reach")
            panel.set_ylabel(row.unit)
            panel.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=4, borderaxespad=0.0, handlelength=1.6)
        axes[-1].set_xlabel("time (s)")
        save_picture(figure, path)
