"""What every benchmark shares: a figure beside its bar, one thread, and an exit code that tells the truth."""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Literal

_missed: list[str] = []


def show(what: str, figure: float, bar: float, *, better: Literal["lower", "higher"] = "lower", unit: str = "") -> None:
    """Print a figure beside its bar, and remember whether it was reached."""
    reached = figure <= bar if better == "lower" else figure >= bar
    sign = "<=" if better == "lower" else ">="
    print(f"{what:<62} {figure:>10.4g} {unit:<4} bar {sign} {bar:<8g} {'ok' if reached else 'MISSED'}", flush=True)
    if not reached:
        _missed.append(what)


def note(what: str, figure: float, unit: str = "") -> None:
    """Print a figure that has no bar, for comparison."""
    print(f"{what:<62} {figure:>10.4g} {unit}", flush=True)


def median_seconds(work: Callable[[], object], *, times: int = 5) -> float:
    """Time some work, the median of several runs, the first one left out."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def finish() -> None:
    """Exit with 1 where a bar was missed."""
    if _missed:
        sys.exit(f"missed: {'; '.join(_missed)}")
