"""HTML that a notebook shows for a sound: its codebook, its errors, a player, and pictures of asked and got."""

from collections.abc import Sequence
from html import escape

import numpy as np

from vqsynth.follow.record import DescriptorReport, Report
from vqsynth.sound.audio import embed_wav
from vqsynth.sound.frames import Floats

WIDTH, HEIGHT = 640, 90
MOST_POINTS = 600
"""The most points of a drawn curve, so that an hour takes no more room than a second."""


def show_synthesis(title: str, y: Floats, sr: int, report: Report) -> str:
    """Return self-contained HTML: the report's summary, a player of y (n,) at `sr` Hz, a picture per descriptor."""
    pictures = "".join(
        f"<div>{escape(name)} ({escape(row.unit or 'share')}): asked grey, got blue</div>{draw_row(row)}"
        for name, row in report.descriptors.items()
    )
    player = f'<audio controls src="{embed_wav(y, sr)}"></audio>'
    words = escape(report.summary()).replace("\n", "<br>")
    return f"<div><b>{escape(title)}</b><br>{words}<br>{player}{pictures}</div>"


def draw_row(row: DescriptorReport) -> str:
    """Draw asked and got as SVG, with gaps where there is no value."""
    asked, got = (np.array([np.nan if v is None else v for v in values]) for values in (row.asked, row.got))
    known = np.concatenate([asked, got])
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    lines = "".join(
        f'<path d="{_trace(values, low, high)}" fill="none" stroke="{color}" stroke-width="{width}"/>'
        for values, color, width in ((asked, "#999", 4), (got, "#2a6fbb", 1.5))
    )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">{lines}</svg>'


def _trace(values: Sequence[float] | Floats, low: float, high: float) -> str:
    taken = np.unique(np.linspace(0, len(values) - 1, min(MOST_POINTS, len(values))).astype(int))
    parts, pen = [], "M"
    for i in taken:
        if not np.isfinite(values[i]):
            pen = "M"
            continue
        share = (values[i] - low) / (high - low) if high > low else 0.5
        parts.append(f"{pen}{WIDTH * i / max(1, len(values) - 1):.1f},{HEIGHT - 4 - (HEIGHT - 8) * share:.1f}")
        pen = "L"
    return " ".join(parts)
