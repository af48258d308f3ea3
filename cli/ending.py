"""End the command on a signal: at once, with one line, no half-written file, and exit status 128 + signal."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from vqsynth.running.interrupts import GRACE_S, restore_handlers, set_handlers
from vqsynth.storage.files import show_text

AGAIN_S = 0.02
"""Seconds after which a signal is raised again that came where Python drops exceptions."""


class Ended(BaseException):
    """Raised by a signal that ends the command. It is no `Exception`, so that `except Exception` does not catch it."""


class Ending:
    """Keep in mind which signal has come first, and when; the second one ends the process at once."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._since = 0.0
        self._lost = False

    def take(self, number: int, _: FrameType | None) -> None:
        """Take a signal: raise Ended, or for a second one, end without cleaning up."""
        if self.number is not None and not self._lost:
            if time.monotonic() - self._since > GRACE_S:
                os._exit(status_of(number))
            return
        self.number, self._since, self._lost = self.number or number, time.monotonic(), False
        raise Ended

    def hear_lost(self, lost: "sys.UnraisableHookArgs") -> None:
        """Raise the signal again where it came in code whose exceptions Python drops, such as a destructor."""
        if not issubclass(lost.exc_type, Ended):
            sys.__unraisablehook__(lost)
        elif self.number is not None:
            self._lost = True
            threading.Timer(AGAIN_S, signal.raise_signal, (self.number,)).start()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn all that a signal leads to within the block, Ended or what it was made into, into one line and exit."""
        try:
            yield
        except SystemExit:
            raise
        except BaseException:
            if self.number is None:
                raise
            stop("Stopped.", status_of(self.number))


@contextmanager
def heed_signals(*, to_the_last: bool = False) -> Iterator[Ending]:
    """Have Ctrl-C and the other signals that ask for an end raise Ended until the block ends.

    to_the_last: leave the signals to the system afterwards, so that they end the process silently while it exits.
    """
    ending = Ending()
    before, hook = set_handlers(ending.take), sys.unraisablehook
    sys.unraisablehook = ending.hear_lost
    try:
        yield ending
    finally:
        sys.unraisablehook = hook
        restore_handlers(dict.fromkeys(before, signal.SIG_DFL) if to_the_last else before)


def status_of(number: int) -> int:
    """Return the exit status of a process that a signal has ended, as in shells: 130 after Ctrl-C."""
    return 128 + number


def stop(message: str, code: int) -> NoReturn:
    """Write a line to stderr, where there is one, and exit."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{show_text(message)}\n")
        sys.stderr.flush()
    sys.exit(code)
