"""Jobs of both kinds keep off each other's folders, and begin with the same checks."""

from pathlib import Path

import pytest

from tests.training.codebook.sound_files import GRID
from tests.training.continuous.sound_files import make_job
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.training.codebook.job import CodebookJob, make_config
from vqsynth.training.core.job import Job, open_job, plan_job


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    """Return jobs of both kinds that write to one folder."""
    book = CodebookJob([], "mine", tmp_path / "mine", GRID, make_config(GRID, codes=16, steps=10))
    return [book, make_job([], tmp_path / "mine")]


@pytest.mark.parametrize("first", [0, 1])
def test_open_job_while_one_of_the_other_kind_is_at_work_refuses(jobs: list[Job], first: int) -> None:
    with (
        open_job(jobs[first], resume=False, device="cpu"),
        pytest.raises(ParameterError, match=r"another training is at work in '.*mine\.training'"),
        open_job(jobs[1 - first], resume=False, device="cpu"),
    ):
        pass
    with open_job(jobs[1 - first], resume=False, device="cpu") as stages:
        assert list(jobs[1 - first].stages) == stages


@pytest.mark.parametrize("kind", [0, 1])
def test_open_job_with_nothing_to_go_on_from_or_no_device_refuses(jobs: list[Job], kind: int, tmp_path: Path) -> None:
    with (
        pytest.raises(VqsynthError, match="holds no checkpoint to resume from"),
        open_job(jobs[kind], resume=True, device="cpu"),
    ):
        pass
    with pytest.raises(ParameterError, match="device 'moon'"), open_job(jobs[kind], resume=False, device="moon"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [0, 1])
def test_plan_job_for_a_folder_that_holds_something_else_refuses(jobs: list[Job], kind: int, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("precious")
    with pytest.raises(VqsynthError, match=r"'.*mine' holds something that is not a"):
        plan_job(jobs[kind], say=print)
