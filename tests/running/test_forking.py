"""Processes forked after use: they give what their parent gave, and none waits for ever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.continuous.small import make_small_model
from vqsynth.running.forking import allow_threads

ROOT = Path(__file__).parent.parent.parent
LIMIT_S = 120.0
JOBS = {
    "encode": "book.encode(y, 16000).codes.tobytes()",
    "nearest": "book.follow(seconds=4, method='nearest', centroid='sin(p5,p95,1)').codes.tobytes()",
    "synthesize": "synthesize(book, seconds=1, centroid='sin(p5,p95,1)', rounds=1).y.tobytes()",
    "transfer": "model.transfer(y[:40000], 16000, vocoder='magnitude').tobytes()",
}
PROGRAM = """
import multiprocessing, os, sys, numpy as np
from vqsynth import load, synthesize
from vqsynth.continuous.store import load as load_model

book, model = load(sys.argv[1]), load_model(sys.argv[2])
y = np.random.default_rng(0).uniform(-0.3, 0.3, 16000 * 8).astype(np.float32)

def job(number):
    return {job}

def forked():
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, job(0)[:1000])
        os._exit(0)
    os.close(writing)
    return os.fdopen(reading, "rb").read()

if __name__ == "__main__":
    first = job(0)
    assert forked() == first[:1000]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(job, range(2)) == [first, first]
    assert job(0) == first
    print("the same")
"""


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    make_small_model(vocoders=("magnitude",)).save(folder)
    return folder


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.parametrize("job", JOBS)
def test_forked_process_gives_what_its_parent_gave(job: str, book_folder: Path, model_folder: Path) -> None:
    program = PROGRAM.replace("{job}", JOBS[job])
    done = subprocess.run(
        [sys.executable, "-c", program, book_folder, model_folder], capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "2"}, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the same\n" and done.stderr == ""


def test_allow_threads_in_a_process_of_its_own_allows_all() -> None:
    assert allow_threads(4) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_allow_threads_in_a_forked_process_allows_one() -> None:
    program = (
        "import os, faiss, torch; from vqsynth.running.forking import *; mind_forks()\n"
        "if os.fork() == 0: os._exit(10 * torch.get_num_threads() + allow_threads(4))\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]), torch.get_num_threads(), allow_threads(4))"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "11 2 4\n"
