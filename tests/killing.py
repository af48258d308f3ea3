"""Trainings in processes of their own, killed in the middle."""

import subprocess
import sys
import time
from pathlib import Path

from vqsynth.checkpoint import load_checkpoint

ROOT = Path(__file__).parent.parent


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
