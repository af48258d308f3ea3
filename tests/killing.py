"""Trainings in processes of their own, killed in the middle."""

import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from vqsynth.training.core.checkpoint import load_checkpoint

ROOT = Path(__file__).parent.parent
KILLED = 9


def run_until_killed(program: str, folder: Path, path: Path, *, step: int) -> int:
    """Run a program on a folder, kill it when the checkpoint at `path` has come to a step, and return the last step."""
    process = subprocess.Popen([sys.executable, "-c", program, folder], cwd=ROOT)
    try:
        _wait_for_step(path, step, process)
    finally:
        process.kill()
        process.wait()
    return load_checkpoint(path).step


def _wait_for_step(path: Path, step: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        if path.exists() and load_checkpoint(path).step >= step:
            return
        time.sleep(0.05)
    raise AssertionError("the training ended before it could be killed")


def count_kills(work: Callable[[], object], check: Callable[[int], object]) -> int:
    """Do some work in a process that ends, with no chance to clean up, before its first change to a file; then again
    before its second; and so on until it gets through. After each, `check` is called. Returns how often that was.
    """
    for step in range(1000):
        child = os.fork()
        if not child:
            _work_until(step, work)
        _, status = os.waitpid(child, 0)
        check(step)
        if os.waitstatus_to_exitcode(status) == 0:
            return step
        assert os.waitstatus_to_exitcode(status) == KILLED
    raise AssertionError("the work never ends")


def _work_until(step: int, work: Callable[[], object]) -> NoReturn:
    """Do work in a process that ends when so many changes to files are done."""
    left = step

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir") or (event == "open" and _writes(arguments)):
            if not left:
                os._exit(KILLED)
            left -= 1

    sys.addaudithook(count)
    try:
        work()
    except BaseException:  # noqa: BLE001 - nothing may get back into the tests of the parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _writes(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
