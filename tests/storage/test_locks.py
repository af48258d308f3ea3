"""A lock is held by one, and by nobody once its holder is gone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vqsynth.errors import ParameterError
from vqsynth.storage.locks import hold_lock, try_lock

BUSY = ParameterError("another one is at work")
ROOT = Path(__file__).parent.parent.parent


def test_hold_lock_leaves_no_file(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "lock", busy=BUSY):
        assert [p.name for p in tmp_path.iterdir()] == ["lock"]
    assert not list(tmp_path.iterdir())


def test_hold_lock_twice_refuses_the_second_until_the_first_ends(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "lock", busy=BUSY):
        for wait_s in (0.0, 0.05):
            with (
                pytest.raises(ParameterError, match="another one"),
                hold_lock(tmp_path / "lock", busy=BUSY, wait_s=wait_s),
            ):
                pass
        assert (tmp_path / "lock").exists()
    with hold_lock(tmp_path / "lock", busy=BUSY):
        pass


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system knows no such end")
def test_hold_lock_after_a_killed_holder_is_given(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from vqsynth.storage.locks import hold_lock\n"
        "with hold_lock(Path(sys.argv[1]), busy=ValueError()): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "lock")], cwd=ROOT, check=False)
    assert (tmp_path / "lock").exists()
    with hold_lock(tmp_path / "lock", busy=BUSY):
        pass
    assert not list(tmp_path.iterdir())


def test_try_lock_of_what_is_no_regular_file_refuses_and_never_hangs(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "real").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("pipe", "link"):
        with pytest.raises(OSError):  # noqa: PT011 - what the system says of a link differs
            try_lock(tmp_path / name)
    assert (tmp_path / "real").read_text() == "precious"


def test_hold_lock_taken_in_turn_by_many_is_never_held_twice(tmp_path: Path) -> None:
    """Each adds one to a number in a file, by reading and writing: what is lost was held twice."""
    program = (
        "import sys; from pathlib import Path; from vqsynth.storage.locks import hold_lock\n"
        "lock, number = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "for _ in range(60):\n"
        "    with hold_lock(lock, busy=TimeoutError(), wait_s=30): number.write_text(str(int(number.read_text()) + 1))"
    )
    (tmp_path / "number").write_text("0")
    arguments = [sys.executable, "-c", program, str(tmp_path / "lock"), str(tmp_path / "number")]
    workers = [subprocess.Popen(arguments, cwd=ROOT) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert (tmp_path / "number").read_text() == "180"
    assert [p.name for p in tmp_path.iterdir()] == ["number"]
