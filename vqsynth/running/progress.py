"""An observer that shows long work on a terminal as a bar, and elsewhere as a line now and then, on stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from vqsynth.running.observing import Advance, Observer

LINE_EVERY_S = 20.0


@contextmanager
def show_progress(say: Callable[[str], object]) -> Iterator[Observer]:
    """Make an observer that shows what advances on stderr until the block ends, and passes words on to `say`."""
    shown = _Shown(say)
    try:
        yield Observer(shown.say, shown.advance)
    finally:
        shown.end()


class _Shown:
    """Show one work after the other."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say, self._name = say, ""
        self._work: _Work | None = None

    def say(self, line: str) -> None:
        self.end()  # or the bar would be drawn into the words
        self._say(line)

    def advance(self, at: Advance) -> None:
        if self._work is None or self._name != at.doing:
            self.end()
            self._work, self._name = _Work(at), at.doing
        self._work.show(at)
        if at.share >= 1:
            self.end()

    def end(self) -> None:
        if self._work is not None:
            self._work.end()
        self._work = None


class _Work:
    """Show step, state and time left of one work, from its first step to its last."""

    def __init__(self, first: Advance) -> None:
        self._begun = self._shown = time.monotonic()
        self._first = first.share
        console = Console(stderr=True)
        self._bar = _make_bar(console, first.doing) if console.is_terminal else None
        self._task = TaskID(0)
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task(first.doing, total=1.0, state="")

    def show(self, at: Advance) -> None:
        words = "  ".join(filter(None, (_count(at), at.state)))
        if self._bar is not None:
            self._bar.update(self._task, completed=at.share, state=words)
        elif time.monotonic() - self._shown > LINE_EVERY_S or (at.step is not None and at.share >= 1):
            self._shown = time.monotonic()
            with suppress(OSError):  # where nobody reads along any more, the work goes on
                sys.stderr.write(f"{words}  {self._seconds_left(at.share):.0f} s left\n")
                sys.stderr.flush()

    def end(self) -> None:
        if self._bar is not None:
            with suppress(OSError):  # a terminal that was closed would hide what ended the work
                self._bar.stop()

    def _seconds_left(self, share: float) -> float:
        done = share - self._first
        return (time.monotonic() - self._begun) * (1 - share) / done if done > 0 else 0.0


def _count(at: Advance) -> str:
    if at.step is None:
        return f"{at.doing} {at.share:.0%}"
    return f"step {at.step}/{at.total}" if at.total else f"step {at.step}, {at.share:.0%}"


def _make_bar(console: Console, doing: str) -> Bar:
    state = TextColumn("{task.fields[state]}")
    return Bar(TextColumn(doing), BarColumn(), state, TimeRemainingColumn(), console=console)
