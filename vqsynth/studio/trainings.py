"""A training that the page starts, watches, stops and resumes.

Sounds come one by one and wait in a temporary folder. The codebook is written into the studio's folder, under a name
that nothing there has yet; nothing is ever replaced. What a stopped training has learned lies beside it.
"""

import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.errors.checks import check_whole
from vqsynth.running.observing import Advance, Observer
from vqsynth.sound.folders import plan_training, split_sounds
from vqsynth.storage.records import check_field
from vqsynth.studio.bodies import NUMBER, Fields, check_known, optional
from vqsynth.studio.scratch import label

MOST_SOUNDS = 5000
MOST_SOUNDS_BYTES = 2**33
NAME = re.compile(r"[^\W_][\w -]{0,59}(?<! )")
KNOWN = ("name", "minutes", "steps", "codes", "seed", "transpose", "quick", "n_fft", "resume")
MOST_MINUTES = 24 * 60.0
STOPPED = ".training"
"""What the folder of an unfinished training is called after its codebook's name: see `checkpoint_path`."""
LINES = 200
"""The last lines that a training said, which are kept."""
PATIENCE_S = 20.0
"""Seconds that a training has to save its state, when the studio ends."""


class Trainings:
    """One training at a time, and the sounds that have come for it.

    Parameters
    ----------
    folder : Path
        The studio's folder, made when a training starts.
    finished : callable
        Called with the folder of a codebook that is done, in another thread.

    """

    def __init__(self, folder: Path, finished: Callable[[Path], Any]) -> None:
        self._folder, self._finished = folder, finished
        self._sounds = tempfile.TemporaryDirectory(prefix="vqsynth-studio-sounds-")
        self._coming = tempfile.TemporaryDirectory(prefix="vqsynth-studio-coming-")
        self._number, self._lock = 0, threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._state: dict[str, Any] = {"state": "idle", "folder": str(folder)}
        self._lines: list[str] = []

    @contextmanager
    def receive_sound(self, name: str) -> Iterator[Path]:
        """Yield the file that a sound is to be written into. It is taken when the block ends without an error.

        Raises ParameterError for too many sounds, and while a training reads them.
        """
        with self._lock:
            self._check_idle("sounds can be added when it has ended")
            self._number += 1
            number = self._number
        files = self._files()
        if len(files) >= MOST_SOUNDS or sum(file.stat().st_size for file in files) > MOST_SOUNDS_BYTES:
            raise ParameterError(
                f"at most {MOST_SOUNDS} sounds of {MOST_SOUNDS_BYTES >> 30} GB in all can be sent; name the folder to "
                "vqsynth train instead"
            )
        coming = Path(self._coming.name) / str(number)
        try:
            yield coming
            coming.rename(Path(self._sounds.name) / name_file(name, number))
        finally:
            coming.unlink(missing_ok=True)

    def clear_sounds(self) -> dict[str, Any]:
        """Forget the sounds that were sent. Raises ParameterError while a training reads them."""
        with self._lock:
            self._check_idle("sounds can be cleared when it has ended")
            for file in self._files():
                file.unlink()
        return self.tell()

    def plan(self, observer: Observer) -> dict[str, Any]:
        """List what a training would use, hold out and skip. Raises AudioError where nothing is usable."""
        lines: list[str] = []

        def say(line: str) -> None:
            lines.extend(self._without_folder(line).splitlines())
            observer.advance(Advance("listing", min(1.0, len(lines) / max(1, len(self._files())))))

        if not self._files():
            raise ParameterError("no sounds were sent; drop a folder of sounds first")
        try:
            plan_training(split_sounds([self._sounds.name]), say)
        except VqsynthError as e:
            raise type(e)(self._without_folder(str(e))) from e
        return {"lines": lines}

    def start(self, asked: Fields) -> dict[str, Any]:
        """Start a training, or go on with one that was stopped, and tell its state. Raises ParameterError."""
        job = self._make_job(check_known(asked, KNOWN))
        with self._lock:
            self._check_idle("stop it first")
            if not self._files():
                raise ParameterError("no sounds were sent; drop a folder of sounds first")
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lines.clear()
            self._state = {"state": "running", "name": job["name"], "folder": job["folder"]}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vqsynth.studio.trainee"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True, encoding="utf-8", start_new_session=True,
            )  # fmt: skip
            self._write(json.dumps(job) + "\n")
            threading.Thread(target=self._follow, args=(self._process, job), daemon=True).start()
        return self.tell()

    def stop(self) -> dict[str, Any]:
        """Have the training save its state and stop. It does so between two steps."""
        process = self._process
        if process is not None and process.poll() is None and process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        return self.tell()

    def tell(self) -> dict[str, Any]:
        """Tell how the training stands: state, share, loss, codes used, the last lines it said, what can be resumed."""
        return {
            **self._state, "lines": list(self._lines), "sounds": len(self._files()), "unfinished": self._unfinished()
        }  # fmt: skip

    def close(self) -> None:
        """Stop the training, wait until its state is saved, and remove the sounds that were sent."""
        self.stop()
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_S)
        self._sounds.cleanup()
        self._coming.cleanup()

    def _make_job(self, asked: Fields) -> dict[str, Any]:
        name = check_field(asked, "name", str)
        if not NAME.fullmatch(name):
            raise ParameterError("the name of a codebook must be letters, digits, spaces and hyphens, at most 60")
        folder, resume = self._folder / name, optional(asked, {"resume": (bool,)}).get("resume", False)
        if folder.exists():
            raise ParameterError(f"'{folder}' is there already and is not replaced; choose another name")
        n_fft = check_whole("n_fft", asked.get("n_fft", 2048), 256, 16384)
        quick = optional(asked, {"quick": (bool,)}).get("quick", False)
        given = {"codes": (int,), "seed": (int,), "transpose": (int,)}
        options = optional(asked, given if quick else {**given, "minutes": NUMBER, "steps": (int,)})
        if not 0 < options.get("minutes", 1) <= MOST_MINUTES:
            raise ParameterError(f"minutes must be above 0, up to {MOST_MINUTES:g} (got {options['minutes']:g})")
        return {
            "name": name, "folder": str(folder), "sounds": self._sounds.name, "resume": resume, "quick": quick,
            "sr": 44100, "n_fft": n_fft, "hop_length": n_fft // 4, "options": options,
        }  # fmt: skip

    def _follow(self, process: "subprocess.Popen[str]", job: dict[str, Any]) -> None:
        """Take what a training tells until it ends."""
        last = {"error": "the training ended without a word; look into the terminal"}
        with process:
            for line in process.stdout or ():
                with suppress(ValueError):
                    told = json.loads(line)
                    last = told if told.keys() & {"done", "stopped", "error"} else last
                    self._hear(told)
        if "done" in last:
            self._state |= {"share": 1.0, "book": self._finished(Path(job["folder"]))}
        if "error" in last:
            self._state |= {"error": self._without_folder(last["error"])}
        self._state |= {"state": {"done": "done", "stopped": "stopped", "error": "failed"}[next(iter(last))]}

    def _hear(self, told: dict[str, Any]) -> None:
        """Take note of a line that a training says, and of how far it has come."""
        if "say" in told:
            self._lines = [*self._lines, self._without_folder(told["say"])][-LINES:]
        if "advance" in told:
            self._state |= told["advance"] | read_figures(told["advance"]["state"]) | {"state": "running"}

    def _write(self, text: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.write(text)
                self._process.stdin.flush()

    def _check_idle(self, what: str) -> None:
        if self._process is not None and self._process.poll() is None:
            raise ParameterError(f"a training is running; {what}")

    def _unfinished(self) -> list[str]:
        """List the names of trainings that were stopped, also by an earlier studio."""
        folders = self._folder.glob(f"*{STOPPED}") if self._folder.is_dir() else ()
        names = sorted(folder.name.removesuffix(STOPPED) for folder in folders)
        return [name for name in names if not (self._folder / name).exists() and name != self._running()]

    def _running(self) -> str | None:
        return self._state["name"] if self._state["state"] == "running" else None

    def _files(self) -> list[Path]:
        folder = Path(self._sounds.name)
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def _without_folder(self, text: str) -> str:
        return text.replace(f"{self._sounds.name}/", "").replace(self._sounds.name, "what was sent")


def name_file(name: str, number: int) -> str:
    """Return the name under which a sound is kept: that of the user's, made plain, after a number."""
    plain = re.sub(r"[^\w. -]", "_", label(name)).lstrip(". ")
    return f"{number:04d} {plain or 'sound.wav'}"


def read_figures(state: str) -> dict[str, Any]:
    """Read loss and codes used from how a training says that things stand: "loss 0.412  codes 900/1024"."""
    found = re.search(r"loss ([\d.]+)\s+codes (\d+)/(\d+)", state)
    return {"loss": float(found[1]), "codes_used": int(found[2]), "codes": int(found[3])} if found else {}
