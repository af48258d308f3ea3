"""One look for every picture, light and dark.

Curves that were asked for are orange, curves of the sound are blue (Okabe and Ito, "Color universal design", 2008).
Descriptors are coloured by viridis and levels by magma, whose lightness rises evenly. All can be told apart with every
kind of colour vision, and in grey. The figures are drawn without pyplot, so no settings are changed and no window is
opened. The same data give the same bytes.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from vqsynth.errors import ParameterError
from vqsynth.storage.files import StrPath, whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
VALUES, LEVELS = "viridis", "magma"


@dataclass(frozen=True)
class Look:
    """Hold the colours of a picture. `unusable` marks codes without a value, and `rim` separates dots that overlap."""

    paper: str
    ink: str
    edge: str
    grid: str
    asked: str
    got: str
    outside: str
    unusable: str
    rim: str


LIGHT = Look("#FFFFFF", "#1A1A1A", "#555555", "#E4E4E4", "#E69F00", "#0072B2", "#999999", "#B4B4B4", "#FFFFFF")
DARK = Look("#15181D", "#E6E6E6", "#8A8F98", "#2C3138", "#E69F00", "#56B4E9", "#8A8F98", "#6A7079", "#4C535C")

_SHAPE: dict[Any, Any] = {
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "vqsynth",
}


def load_matplotlib() -> ModuleType:
    """Import matplotlib even where MPLBACKEND names a backend that this Python does not have.

    The pictures need no backend. A valid one is set afterwards, for others who import matplotlib later.
    """
    if "matplotlib" in sys.modules:
        return sys.modules["matplotlib"]
    wanted = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib as mpl
    finally:
        if wanted is not None:
            os.environ["MPLBACKEND"] = wanted
    if wanted:
        with suppress(ValueError):
            mpl.rcParams["backend"] = wanted
    return mpl


@contextmanager
def apply_look(*, dark: bool = False) -> Iterator[Look]:
    """Let matplotlib draw in the light or the dark look until the block ends, whatever the user's settings are."""
    mpl = load_matplotlib()
    look = DARK if dark else LIGHT
    inks = ("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.labelcolor", "ytick.labelcolor")
    edges = ("axes.edgecolor", "xtick.color", "ytick.color")
    papers = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    colors = dict.fromkeys(inks, look.ink) | dict.fromkeys(edges, look.edge) | dict.fromkeys(papers, look.paper)
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SHAPE | colors | {"grid.color": look.grid})
        yield look


def make_figure(width: float, height: float, title: str | None) -> "Figure":
    """Return an empty figure. Its size is in inches. Dollar signs in the title are not read as formulas."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", parse_math=False)
    return figure


def label_descriptor(name: str, unit: str) -> str:
    """Return the name of a descriptor in words, with its unit."""
    words = name.replace("_", " ")
    return f"{words} ({unit})" if unit else words


def plain_ticks(axis: "Axes", low: float, high: float, *, which: str = "x") -> None:
    """Mark a logarithmic axis with a few round numbers, written without exponents."""
    ticks = round_numbers(low, high)
    mark = axis.set_xticks if which == "x" else axis.set_yticks
    mark(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()


def round_numbers(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times powers of ten from low to high, both above zero, or finer steps if these are too few."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for steps in ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8), tuple(np.arange(10, 100) / 10)):
        found = [float(f"{step * 10.0**power:.3g}") for power in powers for step in steps]
        inside = [number for number in found if low <= number <= high]
        if len(inside) >= 3:
            break
    return inside


def make_norm(values: ArrayLike, scale: str) -> "Normalize":
    """Spread the colours over values (n,) without NaN, evenly in octaves if the scale is "octave"."""
    from matplotlib.colors import LogNorm, Normalize

    low, high = (float(edge) for edge in np.percentile(np.asarray(values, np.float64), (1, 99)))
    if high - low <= 1e-6 * abs(high):
        low, high = low - 0.05 * abs(low) - 1e-6, high + 0.05 * abs(high) + 1e-6
    return LogNorm(low, high) if scale == "octave" and low > 0 else Normalize(low, high)


def check_picture(file: StrPath) -> None:
    """Raise ParameterError for a picture whose extension is not .png, .svg or .pdf."""
    if Path(file).suffix.lower() not in FORMATS:
        raise ParameterError(f"a picture must end in {', '.join(FORMATS)} (got '{file}')")


def save_picture(figure: "Figure", file: StrPath) -> None:
    """Write a picture, completely or not at all. It holds no date, so that the same figure gives the same bytes."""
    suffix = Path(file).suffix.lower()
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix, {})
    with whole_file(file) as partial:
        figure.savefig(partial, format=suffix[1:], metadata=metadata)
