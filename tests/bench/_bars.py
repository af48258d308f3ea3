"""What every benchmark shares: a figure beside its bar, and an exit status that tells the truth.

0   every bar was reached
1   a bar was missed
2   it could not be used as it was called
77  it could not run here, or not all of it, for want of a package; what is missing is told in one line
"""

import statistics
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal

from vqsynth.codebooks.recipes.packages import PackageError
from vqsynth.errors import VqsynthError

MISSED, MISUSED, WANTING = 1, 2, 77
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


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say in one line what a benchmark wants, or is asked that it cannot do; of its own faults show where they are."""
    if isinstance(error, PackageError):
        print(f"could not run: {error}", file=sys.stderr)
        sys.exit(MISSED if _missed else WANTING)
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("vqsynth"):
        print(f"could not run: missing: the Python package '{error.name}'; pip install {error.name}", file=sys.stderr)
        sys.exit(MISSED if _missed else WANTING)
    if isinstance(error, VqsynthError):
        print(f"error: {error}", file=sys.stderr)
        sys.exit(MISUSED)
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _tell
