"""Signals sent to the command at several moments: it ends soon, in one line, with 128 and the signal, and no scraps."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vqsynth.cli.ending import Ended, heed_signals
from vqsynth.running.interrupts import GRACE_S, Stopped, stop_signals

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent to the command")
# Stops for a while before it calls a function, and says so.
PROGRAM = """
import sys, time, {module}
def told(*arguments, was={module}.{function}, **options):
    print("here", flush=True, file=sys.__stdout__)
    time.sleep(30)
    return was(*arguments, **options)
{module}.{function} = told
from vqsynth.cli.main import main
main()
"""
SYNTH = ["synth", "BOOK", "--target", "centroid=p50", "--seconds", "0.2", "-o", "a.wav"]
TRAIN = ["train", "sounds", "--name", "x", "-o", "x", "--steps", "100000", "--codes", "8", "--n-fft", "512"]
# The verb, and the module and function that it is about to call when the signal comes.
MOMENTS = {
    "loading": (["info", "BOOK"], "vqsynth.store", "load"),
    "rendering": (SYNTH, "vqsynth.follow.synthesis", "gather_targets"),
    "writing": (SYNTH, "os", "fsync"),
}


@contextmanager
def started(program: str, arguments: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the command, and go on when it has come to where it says "here"."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None and "here\n" in iter(process.stdout.readline, "")
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", MOMENTS)
def test_signal_ends_a_verb_in_one_line_without_scraps(
    moment: str, number: signal.Signals, book_folder: Path, tmp_path: Path
) -> None:
    arguments, module, function = MOMENTS[moment]
    words = [str(book_folder) if word == "BOOK" else word for word in arguments]
    with started(PROGRAM.format(module=module, function=function), words, tmp_path) as process:
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert err == "Stopped.\n"
    assert list(tmp_path.iterdir()) == []


def test_signal_while_torch_is_imported_ends_the_verb_in_one_line(book_folder: Path, tmp_path: Path) -> None:
    program = "import sys; from vqsynth.cli.main import main; print('here', flush=True); main()"
    (tmp_path / "a.wav").write_bytes(wav_of_silence())
    arguments = ["encode", str(book_folder), "a.wav", "-o", "p.json", "--codes-by", "encoder"]
    with started(program, arguments, tmp_path) as process:
        time.sleep(1.0)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (143, "Stopped.\n")
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


def wav_of_silence() -> bytes:
    import io
    import wave

    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16000))
    return content.getvalue()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_during_training_saves_says_so_and_exits_with_its_status(
    number: signal.Signals, sounds: Path, tmp_path: Path
) -> None:
    program = (
        "import vqsynth.training.core.stage as stage\n"
        "stage.Advance = lambda *_: print('here', flush=True)\n"
        "import vqsynth.running.progress as progress\n"
        "progress._Shown.advance = lambda *_: None\n"
        "from vqsynth.cli.main import main; main()"
    )
    with started(program, TRAIN, tmp_path) as process:
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert err.splitlines()[-1].startswith("Stopped at ") and "--resume" in err
    assert "Traceback" not in err and (tmp_path / "x.training").is_dir()


def test_second_signal_ends_a_verb_that_is_cleaning_up_at_once(tmp_path: Path) -> None:
    program = (
        "import time\n"
        "from vqsynth.cli import main as cli\n"
        "def work(**_):\n"
        "    try: print('here', flush=True); time.sleep(30)\n"
        "    finally: print('cleaning', flush=True); time.sleep(30)\n"
        "cli.verbs.main = work\n"
        "cli.main()"
    )
    with started(program, [], tmp_path) as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None and process.stdout.readline() == "cleaning\n"
        time.sleep(GRACE_S + 0.2)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130 and "Traceback" not in err
    assert time.monotonic() - begun < 10


def test_hangup_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    program = (
        "import os, signal; from vqsynth.cli.ending import heed_signals\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN); print('here', flush=True)\n"
        "with heed_signals(): os.kill(os.getpid(), signal.SIGHUP)\n"
        "raise SystemExit('went on')"
    )
    with started(program, [], tmp_path) as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1 and err == "went on\n"


def test_heed_signals_in_a_destructor_ends_all_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    """An error in a destructor is lost; the end is asked for again."""

    class Closing:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.001)

    def work() -> None:
        Closing()
        time.sleep(5)

    with heed_signals() as ending, pytest.raises(Ended):
        work()
    assert ending.number == signal.SIGTERM
    assert capfd.readouterr().err == ""


def test_heed_signals_leaves_the_handlers_and_the_hook_as_they_were() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)], sys.unraisablehook
    with pytest.raises(ZeroDivisionError), heed_signals():
        raise ZeroDivisionError
    after = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)], sys.unraisablehook
    assert after == before


def test_told_turns_what_a_signal_was_made_into_into_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def import_badly() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except Ended as e:
            raise ImportError("a library that knows of no Ctrl-C") from e

    with pytest.raises(SystemExit) as end, heed_signals() as ending, ending.told():
        import_badly()
    assert end.value.code == 130 and capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_signals_tells_which_signal_stopped_the_work(number: signal.Signals) -> None:
    def work() -> None:
        with stop_signals() as stop:
            os.kill(os.getpid(), number)
            assert stop.wait(5)
            raise Stopped("saved")

    with pytest.raises(Stopped) as stopped:
        work()
    assert stopped.value.number == number


def test_stop_signals_lets_the_second_signal_through_and_not_its_echo() -> None:
    done = []

    def work() -> None:
        with stop_signals() as stop:
            for pause_s in (0.0, GRACE_S + 0.1, 5.0):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(pause_s)
                done.append(stop.is_set())

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [True, True]
