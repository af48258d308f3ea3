"""What is shown while training: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from vqsynth.train.trainer import StepReport

LINE_EVERY_S = 20.0
SMOOTHING = 0.98


class Progress:
    """Show step, loss, codes used and time left, from entering the block to leaving it."""

    def __init__(self, total: int, step: int, codes: int) -> None:
        self._total, self._step, self._first, self._codes = total, step, step, codes
        self._loss: float | None = None
        self._begun = self._shown = time.monotonic()
        console = Console(stderr=True)
        self._bar = _make_bar(console) if console.is_terminal else None
        self._task = TaskID(0)

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("training", total=self._total, completed=self._step, state="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, report: StepReport) -> None:
        """Take note of a step."""
        self._step += 1
        self._loss = report.loss if self._loss is None else SMOOTHING * self._loss + (1 - SMOOTHING) * report.loss
        state = f"loss {self._loss:.3f}  codes {report.codes_used}/{self._codes}"
        if self._bar is not None:
            self._bar.update(self._task, completed=self._step, state=state)
        elif time.monotonic() - self._shown > LINE_EVERY_S or self._step == self._total:
            self._shown = time.monotonic()
            sys.stderr.write(f"step {self._step}/{self._total}  {state}  {self._seconds_left():.0f} s left\n")
            sys.stderr.flush()

    def _seconds_left(self) -> float:
        per_step_s = (time.monotonic() - self._begun) / (self._step - self._first)
        return per_step_s * (self._total - self._step)


def _make_bar(console: Console) -> Bar:
    state = TextColumn("{task.fields[state]}")
    return Bar(TextColumn("training"), BarColumn(), MofNCompleteColumn(), state, TimeRemainingColumn(), console=console)
