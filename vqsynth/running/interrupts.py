"""Signals that end the program, such as Ctrl-C. Long work handles them between two steps, never within one."""

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
"""The signals: Ctrl-C, a request to terminate, and a closed terminal."""
GRACE_S = 0.5
"""Two signals less than this many seconds apart count as one: a program that forwards a signal may send it twice."""

Take = Callable[[int, FrameType | None], None]


class Stopped(VqsynthError):
    """A signal stopped long work, and the state of the work is saved. `number` is the number of the signal."""

    number: int = signal.SIGINT


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Turn the signals that end the program into an event, inside a `with` block.

    The first signal sets the event. A second one has its usual effect, in case the current step takes long. Signals
    reach only the main thread; in any other thread the event stays unset.

    Yields
    ------
    threading.Event
        Set once a signal has arrived.

    Raises
    ------
    Stopped
        Passed on from the block, with the number of the signal added.

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
    """Make the signals that end the program call `take`, and return their earlier handlers for `restore_handlers`.

    A hang-up that is ignored, as under nohup, stays ignored. Outside the main thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    hangup = getattr(signal, "SIGHUP", None)
    caught = [n for n in ENDING if n is not hangup or signal.getsignal(n) is not signal.SIG_IGN]
    return {number: signal.signal(number, take) for number in caught}


def restore_handlers(before: dict[signal.Signals, Any]) -> None:
    """Restore the handlers that `set_handlers` returned.

    A handler that was not set by Python code becomes the system's default.
    """
    for number, handler in before.items():
        signal.signal(number, signal.SIG_DFL if handler is None else handler)
