"""Ctrl-C, heeded between two steps of long work, so that none is cut in the middle and its state can be saved."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from vqsynth.errors import VqsynthError


class Stopped(VqsynthError):
    """Long work was stopped by Ctrl-C or a signal, and its state is saved."""


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Turn Ctrl-C and the signal to terminate into an event, until the block ends.

    In another thread than the main one, which no signal reaches, the event stays unset.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    caught = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in caught]
    try:
        yield stop
    finally:
        for number, handler in zip(caught, before, strict=True):
            signal.signal(number, handler)
