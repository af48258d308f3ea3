import os
import signal
import threading

import pytest

from vqsynth.running.interrupts import stop_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_signals_sets_the_event_and_lets_the_work_go_on(number: signal.Signals) -> None:
    done = []
    with stop_signals() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        done.append("the step that was cut by nothing")
        assert stop.wait(5)
    assert done


def test_stop_signals_leaves_the_handlers_as_they_were_also_after_an_error() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), stop_signals():
        raise ZeroDivisionError
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_stop_signals_in_another_thread_changes_no_handler() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with stop_signals() as stop:
            seen.append((signal.getsignal(signal.SIGINT), stop.is_set()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(before, False)]
