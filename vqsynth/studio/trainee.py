"""The process of a training: `python -m vqsynth.studio.trainee`.

A process of its own does not slow the server down, and can be stopped. The first line on its standard input is the job,
JSON. When the input ends, the training saves its state and stops, also where the server was killed. On standard output
it writes a line of JSON for each thing it tells: `say`, `advance`, and at the end `done`, `stopped` or `error`.
"""

import json
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from vqsynth.errors import VqsynthError
from vqsynth.running.interrupts import Stopped
from vqsynth.running.observing import Advance, Observer
from vqsynth.sound.frames import FrameGrid

EVERY_S = 0.2
"""Seconds between two lines about how far it has come."""


def train(job: dict[str, Any], observer: Observer) -> None:
    """Train the codebook of a job: its sounds, folder, name, clock and options. Raises VqsynthError."""
    from vqsynth.training.codebook.build import train_codebook
    from vqsynth.training.codebook.job import CodebookJob, QuickConfig, make_config

    grid = FrameGrid(job["sr"], job["n_fft"], job["hop_length"])
    options = job["options"]
    config = QuickConfig(**options) if job["quick"] else make_config(grid, **options)
    made = CodebookJob([job["sounds"]], job["name"], Path(job["folder"]), grid, config)
    train_codebook(made, resume=job["resume"], observer=observer)


class Teller:
    """Write what a training tells as lines of JSON, progress not too often."""

    def __init__(self) -> None:
        self._last = 0.0
        self.observer = Observer(say=lambda line: self.write({"say": line}), advance=self.advance)

    def advance(self, at: Advance) -> None:
        """Write how far the training has come."""
        if time.monotonic() - self._last > EVERY_S:
            self._last = time.monotonic()
            self.write({"advance": vars(at)})

    def write(self, told: dict[str, Any]) -> None:
        """Write a line; nobody may be there to read it."""
        with suppress(OSError, ValueError):
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def stop_at_the_end_of_input() -> None:
    """Wait until the standard input ends, and then stop the training as Ctrl-C does."""
    sys.stdin.buffer.read()
    signal.raise_signal(signal.SIGINT)


def start() -> int:
    """Do the job that is given on the standard input, and return the exit status."""
    teller = Teller()
    job = json.loads(sys.stdin.buffer.readline())
    try:
        threading.Thread(target=stop_at_the_end_of_input, daemon=True).start()
        train(job, teller.observer)
    except (Stopped, KeyboardInterrupt) as e:
        teller.write({"stopped": str(e)})
    except VqsynthError as e:
        teller.write({"error": str(e)})
        return 1
    else:
        teller.write({"done": job["name"]})
    return 0


if __name__ == "__main__":
    sys.exit(start())
