"""The benchmarks' runner: all are run, what is missing is told in one line, and the exit status tells which."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parent / "bench"
STUBS = {
    "reached": "from _bars import show, finish\nshow('a', 1, 2)\nfinish()\n",
    "missed": "from _bars import show, finish\nshow('a', 3, 2)\nfinish()\n",
    "wanting": "import _bars\nfrom vqsynth.codebooks.recipes.packages import *\nrequire_tool('no-tool', 'tools')\n",
    "no_module": "import no_such_module\n",
    "no_module_later": "import _bars\nimport no_such_module\n",
    "misused": "import _bars\nimport vqsynth\nvqsynth.load('no-such-book')\n",
    "broken": "import _bars\n1 / 0\n",
}


def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the benchmarks as `make bench` does."""
    surroundings = {**os.environ, "PYTHONPATH": str(BENCH), "OMP_NUM_THREADS": "1", **environment}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=surroundings, cwd=BENCH.parent.parent
    )


def write_stubs(folder: Path, *names: str) -> list[Path]:
    """Write scripts that end as their names say."""
    files = [folder / f"{name}.py" for name in names]
    for file in files:
        file.write_text(STUBS[file.stem], encoding="utf-8")
    return files


def test_run_all_goes_on_over_every_script_and_says_what_came_of_each(tmp_path: Path) -> None:
    done = call(BENCH / "_all.py", *write_stubs(tmp_path, *STUBS))
    assert done.returncode == 1
    summary = done.stdout.rpartition("\n\n")[2].splitlines()
    assert summary == [
        "1 of 7 reached their bars: reached",
        "1 of 7 missed a bar: missed",
        "    missed: missed: a",
        "3 of 7 could not run: wanting, no_module, no_module_later",
        "    wanting: missing: the command 'no-tool'; sudo apt-get install tools",
        "    no_module: No module named 'no_such_module'; pip install -e '.[dev]'",
        "    no_module_later: missing: the Python package 'no_such_module'; pip install no_such_module",
        "2 of 7 failed: misused, broken",
        summary[8],
        "    broken: ZeroDivisionError: division by zero",
    ]
    assert summary[8].startswith("    misused: error: no codebook 'no-such-book'")


@pytest.mark.parametrize(
    ("names", "status"),
    [(("reached",), 0), (("reached", "wanting"), 77), (("wanting", "missed"), 1), (("broken", "reached"), 1)],
)
def test_exit_status_tells_a_missed_bar_from_a_missing_package(
    tmp_path: Path, names: tuple[str, ...], status: int
) -> None:
    assert call(BENCH / "_all.py", *write_stubs(tmp_path, *names)).returncode == status


@pytest.mark.parametrize("name", ["recon", "glide_recon"])
def test_benchmark_of_sounds_without_their_packages_ends_in_one_line(tmp_path: Path, name: str) -> None:
    """With no command in PATH, neither FluidSynth nor npm is found."""
    done = call(BENCH / f"{name}.py", PATH=str(tmp_path))
    assert done.returncode == 77
    assert done.stderr.startswith("could not run: missing: the command 'fluidsynth'")
    assert "sudo apt-get install fluidsynth" in done.stderr and done.stderr.count("\n") == 1
