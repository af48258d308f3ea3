"""The reach of a codebook: each target, the nearest values that codes have, and the range of the codes."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vqsynth.plot.look import apply_look, check_picture, label_descriptor, make_figure, save_picture
from vqsynth.storage.files import StrPath


class Reachable(Protocol):
    """How well the target of one descriptor can be met, as `vqsynth.follow.reach.Reach` has it. Rows are (T,)."""

    @property
    def unit(self) -> str:
        """Return the unit of the values."""
        ...

    @property
    def asked(self) -> NDArray[Any]:
        """Return the target."""
        ...

    @property
    def nearest(self) -> NDArray[Any]:
        """Return the values of the codes that are nearest in this descriptor alone."""
        ...

    @property
    def together(self) -> NDArray[Any]:
        """Return the values of the codes that are nearest in all descriptors together."""
        ...

    @property
    def low(self) -> float:
        """Return the lowest value of the codes."""
        ...

    @property
    def high(self) -> float:
        """Return the highest value of the codes."""
        ...

    @property
    def out_of_reach(self) -> float:
        """Return the share of frames outside that range, 0 to 1."""
        ...


def plot_reach(found: Mapping[str, Reachable], frames_per_second: float, file: StrPath, *, dark: bool = False) -> None:
    """Draw how well a codebook can meet targets, a panel for each descriptor.

    Parameters
    ----------
    found : dict of str to Reach
        The reach of each target, by descriptor.
    frames_per_second : float
        Frame rate of the targets.
    file : str or Path
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
    check_picture(file)
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
        save_picture(figure, file)
