"""What records show of themselves in a notebook: words, tables, players and small pictures, as HTML.

The HTML needs nothing else. All words in it are escaped, for names come from files; all of it is bounded, so that an
hour takes little more room than a second.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.sound.arrays import Floats, Ints
from vqsynth.sound.audio import embed_wav
from vqsynth.storage.files import show_text

WIDTH, HEIGHT, STRIP_HEIGHT = 640, 90, 18
MOST_POINTS = 600
"""Points of a curve that is drawn."""
MOST_STRIPES = 320
"""Stripes of a row of codes, two pixels each."""
MOST_LINES, MOST_CHARACTERS = 40, 300
LONGEST_S = 60.0
"""Of a longer sound, so much can be played: 7 MB at 44.1 kHz, stereo twice that."""
ASKED, GOT = ("#999", 4.0), ("#2a6fbb", 1.5)
"""Colour and width of a curve that is asked for, and of one that is there."""
TURN = 137.5
"""Degrees of hue from one code to the next, the golden angle, so that neighbours differ."""


def show_block(title: str, *parts: str) -> str:
    """Put pieces of HTML together under a title, which is text."""
    return f"<div><b>{_tell(title)}</b>{''.join(parts)}</div>"


def show_lines(lines: Iterable[str]) -> str:
    """Write lines of text one under the other."""
    told = [_tell(line) for line in lines]
    return "".join(f"<div>{line}</div>" for line in [*told[:MOST_LINES], *(["…"] if len(told) > MOST_LINES else [])])


def show_rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table of texts, its first rows where there are many."""
    lines = [("th", head), *(("td", row) for row in rows[:MOST_LINES])]
    cells = ("".join(f"<{tag}>{_tell(cell)}</{tag}>" for cell in row[:MOST_LINES]) for tag, row in lines)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def list_facts(card: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each number or text that a card has where `labels`, place to label, says; "a.b" is b within a.

    Anybody may have written the card: what is neither number nor text is passed over.
    """
    for place, label in labels.items():
        value: Any = card
        for name in place.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield label.format(f"{value:.4g}" if isinstance(value, float) else value)


def play_sound(y: Floats, sr: int) -> str:
    """Make a player of a sound, (n,) or (n, 2), within full scale, of its beginning where it is long."""
    most = round(LONGEST_S * sr)
    left_out = f"<div>its first {LONGEST_S:g} s</div>" if len(y) > most else ""
    return f'<div><audio controls src="{embed_wav(y[:most], sr)}"></audio></div>{left_out}'


def draw_curves(label: str, *curves: tuple[ArrayLike, tuple[str, float]]) -> str:
    """Draw curves (T,), each with colour and width, over one another: a line of text over an SVG.

    Where a value is not finite there is a gap. The line says the label, which is text, and the range.
    """
    rows = [(np.asarray(values, np.float64), look) for values, look in curves]
    known = np.concatenate([values[np.isfinite(values)] for values, _ in rows])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    span = f": {low:.4g} to {high:.4g}" if len(known) else ": no value"
    lines = "".join(
        f'<path d="{_trace(values, low, high)}" fill="none" stroke="{color}" stroke-width="{width}"/>'
        for values, (color, width) in rows
    )
    return f"<div>{_tell(label)}{span}</div>{_svg(lines, HEIGHT)}"


def draw_codes(codes: Ints) -> str:
    """Draw a row of codes (T,) as stripes, a colour for each code, which say what they are under the pointer."""
    shown = codes[spread_places(len(codes), MOST_STRIPES)]
    edges = np.concatenate([[0], np.flatnonzero(np.diff(shown)) + 1, [len(shown)]])
    scale = WIDTH / len(shown)
    stripes = "".join(
        f'<rect x="{scale * start:.1f}" width="{scale * (stop - start):.1f}" height="{STRIP_HEIGHT}" '
        f'fill="hsl({TURN * shown[start] % 360:.0f},55%,55%)"><title>code {shown[start]}</title></rect>'
        for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    )
    return _svg(stripes, STRIP_HEIGHT)


def _svg(inside: str, height: int) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">{inside}</svg>'


def _trace(values: NDArray[np.float64], low: float, high: float) -> str:
    parts, pen = [], "M"
    for i in spread_places(len(values), MOST_POINTS):
        if not np.isfinite(values[i]):
            pen = "M"
            continue
        share = (values[i] - low) / (high - low) if high > low else 0.5
        parts.append(f"{pen}{WIDTH * i / max(1, len(values) - 1):.1f},{HEIGHT - 4 - (HEIGHT - 8) * share:.1f}")
        pen = "L"
    return " ".join(parts)


def spread_places(n: int, most: int) -> Ints:
    """Choose at most so many of n places, evenly, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(most, n)).astype(np.int64))


def _tell(text: str) -> str:
    shown = show_text(" ".join(str(text).split()))
    return escape(shown if len(shown) <= MOST_CHARACTERS else f"{shown[:MOST_CHARACTERS]}…")
