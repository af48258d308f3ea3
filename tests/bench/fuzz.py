"""Hostile files: every kind that vqsynth reads, spoiled by a seed, each read in a process that is watched.

    python tests/bench/fuzz.py [COUNT] [SEED] [WORKERS]

Whatever a file holds, reading it ends within 10 s and 1.5 GB, in an answer or in a VqsynthError of one sentence. Every
case that does not is named, and made again by the same seed and number.
"""

import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from _bars import finish, note, show  # noqa: E402

LONGEST_S, MOST_BYTES = 10.0, 1.5e9
LIMIT_BYTES = 12 * 2**30
"""Of address space: what a process may never take, whatever it reads."""


def work(folder: str, seed: str) -> None:
    """Read case after case, whose numbers come line by line, and tell of each what it came to."""
    from tests.hostile import Originals, spoil, use
    from vqsynth.errors import VqsynthError

    originals = Originals(Path(folder) / f"originals-{os.getpid()}")
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    tell({"ready": True})
    for line in sys.stdin:
        case = spoil(originals, Path(folder) / f"{os.getpid()}-{int(line)}", seed=int(seed), number=int(line))
        tell({"kind": case.kind, "done": case.done})
        forget_peak()
        begun, fault, refused = time.monotonic(), "", False
        try:
            use(case)
        except VqsynthError as e:
            refused = True
            fault = "a message of more than a page" if len(str(e)) > 2000 else ""
        except BaseException as e:  # noqa: BLE001 - that is what is looked for
            last = traceback.extract_tb(e.__traceback__)[-1]
            fault = f"{type(e).__name__}: {str(e)[:150]} ({Path(last.filename).name}:{last.lineno})"
        tell({"fault": fault, "refused": refused, "s": time.monotonic() - begun, "bytes": peak()})


def tell(what: dict[str, object]) -> None:
    """Write a line for the parent."""
    sys.__stdout__.write(json.dumps(what) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def forget_peak() -> None:
    """Measure the most memory from now on, where the system can."""
    refs = Path("/proc/self/clear_refs")
    if refs.exists():
        refs.write_text("5")


def peak() -> int:
    """Tell the most memory that this process has had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Worker:
    """A process that reads cases, and is started anew where one ends it."""

    def __init__(self, folder: str, seed: int) -> None:
        self.command = [sys.executable, str(Path(__file__)), "--work", folder, str(seed)]
        self.number = -1
        self.start()

    def start(self) -> None:
        """Start the process; it is ready a few seconds later."""
        # Unbuffered, so that a line that waits in a buffer is not waited for.
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        self.listen(120)

    def listen(self, seconds: float) -> dict[str, object] | None:
        """Wait for a line. Returns None where none comes."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else b""
        return json.loads(line) if line else None

    def give(self, number: int) -> None:
        """Hand over a case."""
        assert self.process.stdin is not None
        self.number = number
        self.process.stdin.write(f"{number}\n".encode())

    def take(self) -> dict[str, object]:
        """Wait for what came of the case."""
        about = self.listen(60) or {"kind": "?", "done": "?"}
        found = self.listen(LONGEST_S + 5)
        if found is None:
            code = self.process.poll()
            self.process.kill()
            self.process.wait()
            self.start()
            hung = code is None
            found = {
                "fault": "hung" if hung else f"the process died ({code})",
                "s": LONGEST_S + 5 if hung else 0.0,
                "bytes": 0,
            }
        return {**about, **found, "number": self.number}


def main(count: str = "1000", seed: str = "1", workers: str = "2") -> None:
    """Print how many cases end otherwise than they may, beside their bars."""
    begun, found = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        crew = [Worker(folder, int(seed)) for _ in range(int(workers))]
        for first in range(0, int(count), len(crew)):
            batch = [worker for i, worker in enumerate(crew) if first + i < int(count)]
            for i, worker in enumerate(batch):
                worker.give(first + i)
            found += [worker.take() for worker in batch]
        for worker in crew:
            worker.process.kill()
            worker.process.wait()
    tell_all(found, time.monotonic() - begun)


def tell_all(found: list[dict[str, object]], seconds: float) -> None:
    """Print the faults, then the figures."""
    slow = [c for c in found if float(c["s"]) > LONGEST_S]  # type: ignore[arg-type]
    large = [c for c in found if int(c["bytes"]) > MOST_BYTES]  # type: ignore[call-overload]
    broken = [c for c in found if c["fault"] and c["fault"] != "hung"]
    for case in [*slow, *large, *broken]:
        how = f"{case['fault'] or 'no fault'}, {float(case['s']):.1f} s, {int(case['bytes']) / 1e6:.0f} MB"  # type: ignore[arg-type,call-overload]
        print(f"case {case['number']} {case['kind']}: {case['done']}: {how}")
    note("hostile files", len(found))
    note("    refused in one sentence", sum(bool(c.get("refused")) for c in found))
    note("    kinds of files", len(Counter(c["kind"] for c in found)))
    note("    all of them", seconds, "s")
    show("hostile files that end in a traceback", len(broken), 0)
    show("hostile files that take over 10 s", len(slow), 0)
    show("hostile files that take over 1.5 GB", len(large), 0)
    note("    the slowest", max(float(c["s"]) for c in found), "s")  # type: ignore[arg-type]
    note("    the largest", max(int(c["bytes"]) for c in found) / 1e6, "MB")  # type: ignore[call-overload]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
        finish()
