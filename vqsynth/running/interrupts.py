"""Signals that ask for an end: heeded between two steps of long work, so that none is cut in the middle."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from vqsynth.errors import VqsynthError

ENDING: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Ctrl-C, a request to terminate, and a terminal that was closed."""
GRACE_S = 0.5
"""A signal that follows another within this is the same one: programs that pass it on may send it twice."""

Take = Callable[[int, FrameType | None], None]


class Stopped(VqsynthError):
    """Long work was stopped by Ctrl-C or another signal, `number`, and its state is saved."""

    number: int = signal.SIGINT


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Turn Ctrl-C and the other signals that ask for an end into an event, until the block ends.

    The second one, in case the step takes long, does what it would have done outside of the block. A Stopped that
    leaves the block gets the number of the signal. In another thread than the main one, which no signal reaches, the
    event stays unset.
    """
    stop, came = threading.Event(), list[tuple[int, float]]()

    def take(number: int, _: FrameType | None) -> None:
        stop.set()
        came.append((number, time.monotonic()))
        if came[-1][1] - came[0][1] > GRACE_S:
            restore_handlers(before)
            os.kill(os.getpid(), number)

    before = set_handlers(take)
    try:
        yield stop
    except Stopped as e:
        e.number = came[0][0] if came else e.number
        raise
    finally:
        restore_handlers(before)


def set_handlers(take: Take) -> dict[signal.Signals, Any]:
    """Have the signals that ask for an end call `take`, and return what they did before, for `restore_handlers`.

    A hang-up that is ignored, as by nohup, stays ignored. In another thread than the main one nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    hangup = getattr(signal, "SIGHUP", None)
    caught = [n for n in ENDING if n is not hangup or signal.getsignal(n) is not signal.SIG_IGN]
    return {number: signal.signal(number, take) for number in caught}


def restore_handlers(before: dict[signal.Signals, Any]) -> None:
    """Give the signals back to those who had them; what had been set by no Python code is the system's default."""
    for number, handler in before.items():
        signal.signal(number, signal.SIG_DFL if handler is None else handler)
