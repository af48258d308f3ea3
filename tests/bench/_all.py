"""Run every benchmark, and say at the end which reached their bars, which missed one, and which could not run.

    python tests/bench/_all.py [SCRIPT ...]

Exit status: 1 where one missed a bar or failed, 77 where all that could run reached theirs, 0 where all ran.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MISSED, WANTING = 1, 77
WORDS = {0: "reached their bars", MISSED: "missed a bar", WANTING: "could not run"}
FAILED = "failed"


@dataclass(frozen=True)
class Run:
    """Hold what came of a script: its exit status, and the last line that it said of it."""

    script: Path
    status: int
    said: str


def run_script(script: Path) -> Run:
    """Run a script, all that it prints passed on."""
    print(f"== {script}", flush=True)
    lines = [""]
    with subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        for line in process.stderr or ():
            print(line, end="", file=sys.stderr, flush=True)
            lines.append(line.strip() or lines[-1])
    last = lines[-1]
    if process.returncode == 1 and last.startswith("ModuleNotFoundError"):  # before it could tell so itself
        return Run(script, WANTING, f"{last.partition(': ')[2]}; pip install -e '.[dev]'")
    status = FAILED_STATUS if process.returncode == 1 and not last.startswith("missed") else process.returncode
    return Run(script, status, last.removeprefix("could not run: "))


FAILED_STATUS = 2


def summarize(runs: Sequence[Run]) -> list[str]:
    """Count the runs by what came of them, and name those that did not reach their bars, with why."""
    lines = []
    for word in (*WORDS.values(), FAILED):
        found = [run for run in runs if WORDS.get(run.status, FAILED) == word]
        if found:
            lines.append(f"{len(found)} of {len(runs)} {word}: {', '.join(run.script.stem for run in found)}")
        lines += [f"    {run.script.stem}: {run.said}" for run in found if run.status]
    return lines


def exit_status(runs: Sequence[Run]) -> int:
    """Tell the worst of what came of the runs."""
    found = {run.status for run in runs}
    return 0 if found <= {0} else WANTING if found <= {0, WANTING} else MISSED


def main(*names: str) -> None:
    """Run the scripts that are named, by default all beside this one."""
    scripts = [Path(name) for name in names] or sorted(Path(__file__).parent.glob("[!_]*.py"))
    runs = [run_script(script) for script in scripts]
    print("\n".join(["", *summarize(runs)]))
    sys.exit(exit_status(runs))


if __name__ == "__main__":
    main(*sys.argv[1:])
