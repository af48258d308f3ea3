"""What long work tells its caller: words, and how far it has come.

The library is silent by itself. A caller who wants to hear of long work gives it an `Observer`: one of their own, or
the one of `vqsynth.running.progress`, which draws a bar on a terminal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vqsynth.errors import ParameterError


@dataclass(frozen=True)
class Advance:
    """Hold how far some work has come.

    Parameters
    ----------
    doing : str
        The name of the work, such as "training".
    share : float
        How much of it is done, from 0 to 1.
    state : str
        How things stand, in a few words, such as "loss 0.412".
    step, total : int or None
        The number of the last step, and how many there will be; None where the work has no steps, or no end of them
        that is known.

    """

    doing: str
    share: float
    state: str = ""
    step: int | None = None
    total: int | None = None


def _ignore(told: Any) -> None:
    """Take what is told, and do nothing."""


@dataclass(frozen=True)
class Observer:
    """Hear of long work: `say` is called with every line of words, `advance` with every step.

    Parameters
    ----------
    say : callable
        Called with a line of text (str), without an end of line.
    advance : callable
        Called with an `Advance`. It is called often, and the work waits for it.

    Examples
    --------
    >>> import numpy as np
    >>> import vqsynth
    >>> shares = []
    >>> observer = vqsynth.Observer(advance=lambda at: shares.append(at.share))
    >>> path = vqsynth.load("violin").encode(np.ones(88200) * 0.1, 44100, observer=observer)
    >>> shares[-1]
    1.0

    """

    say: Callable[[str], object] = _ignore
    advance: Callable[[Advance], object] = _ignore


SILENT = Observer()
"""The observer of whoever gives none."""


def check_observer(observer: Any) -> Observer:
    """Return an observer. Raises ParameterError for anything else."""
    if not isinstance(observer, Observer):
        raise ParameterError(f"observer must be a vqsynth.Observer (got {type(observer).__name__})")
    return observer


class Smoothed:
    """Follow a value that jumps from step to step."""

    SMOOTHING = 0.98

    def __init__(self) -> None:
        self._mean: float | None = None

    def follow(self, value: float) -> float:
        """Take note of a value, and return the smoothed one."""
        self._mean = value if self._mean is None else self.SMOOTHING * self._mean + (1 - self.SMOOTHING) * value
        return self._mean
