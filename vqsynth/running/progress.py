"""What is shown of long work: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from contextlib import suppress
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

LINE_EVERY_S = 20.0
SMOOTHING = 0.98


class Smoothed:
    """Follow a value that jumps from step to step."""

    def __init__(self) -> None:
        self._mean: float | None = None

    def follow(self, value: float) -> float:
        """Take note of a value and return what the last ones come to."""
        self._mean = value if self._mean is None else SMOOTHING * self._mean + (1 - SMOOTHING) * value
        return self._mean


class Progress:
    """Show step, state and time left, from entering the block to leaving it.

    total: steps the work has, or None where only its share is known. step: those that were done before. doing: what
    stands before the bar.
    """

    def __init__(self, total: int | None, step: int = 0, *, doing: str = "training") -> None:
        self._total, self._step, self._doing = total, step, doing
        self._begun = self._shown = time.monotonic()
        self._first: float | None = None
        console = Console(stderr=True)
        self._bar = _make_bar(console, doing) if console.is_terminal else None
        self._task = TaskID(0)

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task(self._doing, total=1.0, state="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            with suppress(OSError):  # a terminal that was closed would hide what ended the work
                self._bar.stop()

    def show(self, state: str, *, share: float) -> None:
        """Take note of a step, after which things stand as `state` says and `share` of the work, 0 to 1, is done."""
        self._step += 1
        if self._first is None:
            self._begun, self._first = time.monotonic(), share
        step = f"step {self._step}/{self._total}" if self._total else f"step {self._step}, {share:.0%}"
        if self._bar is not None:
            self._bar.update(self._task, completed=share, state=f"{step}  {state}")
        elif time.monotonic() - self._shown > LINE_EVERY_S or share >= 1:
            self._shown = time.monotonic()
            with suppress(OSError):  # where nobody reads along any more, the work goes on
                sys.stderr.write(f"{step}  {state}  {self._seconds_left(share):.0f} s left\n")
                sys.stderr.flush()

    def _seconds_left(self, share: float) -> float:
        done = share - (self._first or 0.0)
        return (time.monotonic() - self._begun) * (1 - share) / done if done > 0 else 0.0


def _make_bar(console: Console, doing: str) -> Bar:
    state = TextColumn("{task.fields[state]}")
    return Bar(TextColumn(doing), BarColumn(), state, TimeRemainingColumn(), console=console)
