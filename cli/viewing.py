"""What is played, drawn on the terminal while it plays."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from vqsynth.live.session import Session, Status

EVERY_S = 0.1
WIDTH, LOWEST_DB = 30, -60.0
"""Of the level: its length in characters, and the level at which it is empty."""


def draw_status(status: Status, console: Console) -> Group:
    """Draw what was asked and got, the level, and how the sound card is served."""
    table = Table(title=f"{status.seconds:.1f} s", box=None, title_justify="left")
    for name in ("", "asked", "got", "error"):
        table.add_column(name, justify="right")
    errors = status.errors()
    for name, value in sorted(status.asked.items()):
        row = (value, status.got.get(name, math.nan), errors.get(name, math.nan))
        table.add_row(name, *map(_format, row))
    full, empty = ("█", "░") if (console.encoding or "").lower().startswith("utf") else ("#", ".")
    share = min(max(1 - status.level_db / LOWEST_DB, 0), 1)
    bar = full * round(share * WIDTH) + empty * (WIDTH - round(share * WIDTH))
    code = "none" if status.code is None else str(status.code)
    load = f"load {100 * status.load:.0f} %   late {status.late}"
    return Group(table, Text(f"code {code}   {bar} {status.level_db:.0f} dB   {load}"))


def _format(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1f}"


@contextmanager
def view(session: Session, *, console: Console | None = None) -> Iterator[Callable[[], None]]:
    """Draw a session within the block, whenever the function that is yielded is called, though not too often."""
    console = console or Console(stderr=True)
    drawn = [0.0]
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def watch() -> None:
            now = time.monotonic()
            if now - drawn[0] >= EVERY_S:
                drawn[0] = now
                live.update(draw_status(session.status(), console), refresh=True)

        yield watch
