"""Latent paths over time: the loudness, and below it the components in the order of their variance, on one scale."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError
from vqsynth.plot.look import Look, apply_look, check_picture, make_figure, save_picture
from vqsynth.storage.files import StrPath

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 8
LEAST_SPAN, LEAST_SPAN_DB = 2.5, 12.0
"""Smallest half range of the components in standard deviations, and smallest range of the loudness in dB."""
QUIETEST_DB = -70.0
"""Lowest loudness that is shown. Silence would compress the rest of the panel."""


class Latents(Protocol):
    """What is drawn of a latent path, `vqsynth.continuous.LatentPath`."""

    @property
    def components(self) -> NDArray[Any]:
        """Return the components (C, T), in standard deviations of the corpus."""
        ...

    @property
    def loudness_db(self) -> NDArray[Any]:
        """Return the loudness (T,) in dB."""
        ...

    @property
    def times_s(self) -> NDArray[Any]:
        """Return the time of each frame (T,) in seconds."""
        ...

    @property
    def seconds(self) -> float:
        """Return the length in seconds."""
        ...


def plot_latents(
    path: Latents,
    file: StrPath,
    *,
    components: int = SHOWN,
    before: Latents | None = None,
    title: str | None = None,
    dark: bool = False,
) -> None:
    """Draw a latent path: its loudness in dB, and its first components in standard deviations.

    Parameters
    ----------
    path : LatentPath
        The path.
    file : str or Path
        The picture, .png, .svg or .pdf.
    components : int
        Number of components to draw, 1 or more, on one scale.
    before : LatentPath, optional
        Another path of the same model, drawn behind the first, such as the path before it was bent.
    title : str, optional
        Title of the picture.
    dark : bool
        Whether to draw on dark paper.

    Raises
    ------
    ParameterError
        If there is less than one component, or the extension is unknown.
    VqsynthError
        If the file cannot be written.

    """
    check_picture(file)
    if components < 1:
        raise ParameterError(f"components must be 1 or more (got {components})")
    paths = [path] if before is None else [before, path]
    shown = min(components, len(path.components))
    with apply_look(dark=dark) as look:
        figure = make_figure(9.0, 0.6 + 1.5 + 0.72 * shown, title)
        panels = list(figure.subplots(1 + shown, 1, sharex=True, height_ratios=[1.5] + [0.72] * shown))
        _draw_loudness(panels[0], paths, look)
        for number, panel in enumerate(panels[1:]):
            _draw_component(panel, paths, number, look)
        _share_scale(panels[1:], paths, shown)
        for panel in panels[:-1]:
            panel.tick_params(bottom=False)
        panels[-1].set_xlabel("time (s)")
        panels[-1].set_xlim(0.0, max(p.seconds for p in paths))
        if before is not None:
            panels[0].legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, borderaxespad=0.0)
        save_picture(figure, file)


def _draw_loudness(panel: "Axes", paths: Sequence[Latents], look: Look) -> None:
    _draw(panel, [(p, p.loudness_db) for p in paths], look, behind=len(paths) - 1)
    loud = np.concatenate([p.loudness_db for p in paths]).clip(QUIETEST_DB)
    middle, half = (loud.max() + loud.min()) / 2, max(np.ptp(loud), LEAST_SPAN_DB) / 2
    panel.set_ylim(middle - 1.08 * half, middle + 1.08 * half)
    panel.set_title("loudness (dB)")
    panel.set_ylabel("dB")


def _draw_component(panel: "Axes", paths: Sequence[Latents], number: int, look: Look) -> None:
    panel.axhline(0.0, color=look.edge, linewidth=0.6)
    _draw(panel, [(p, p.components[number]) for p in paths], look, behind=len(paths) - 1)
    panel.set_ylabel(str(number + 1), rotation=0, ha="right", va="center")
    if number == 0:
        panel.set_title("components, in standard deviations of the corpus")


def _draw(panel: "Axes", rows: Sequence[tuple[Latents, NDArray[np.floating]]], look: Look, *, behind: int) -> None:
    """Draw rows (T,) of paths, the first `behind` of them in the background. A single frame is a dot."""
    for i, (path, row) in enumerate(rows):
        marker = "." if len(row) == 1 else None
        if i < behind:
            panel.plot(path.times_s, row, marker=marker, color=look.asked, linewidth=3.0, label="before")
        else:
            panel.plot(path.times_s, row, marker=marker, color=look.got, linewidth=1.2, label="after")


def _share_scale(panels: list["Axes"], paths: Sequence[Latents], shown: int) -> None:
    largest = max(float(np.abs(p.components[:shown]).max()) for p in paths)
    limit = 1.08 * max(LEAST_SPAN, largest)
    steps = [step * 10.0**power for power in range(7) for step in (1, 2, 3, 4, 5, 6, 8)]
    tick = max(step for step in steps if step < 0.75 * limit)
    for panel in panels:
        panel.set_ylim(-limit, limit)
        panel.set_yticks([-tick, 0, tick])
