import re

import numpy as np
import pytest

from vqsynth.running import progress


def test_progress_away_from_a_terminal_writes_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    with progress.Progress(3, 1) as shown:
        for share in (2 / 3, 1.0):
            shown.show("loss 0.500  codes 60/64", share=share)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"step 3/3  loss 0.500  codes 60/64  \d+ s left", lines[-1])
    assert "\x1b" not in "".join(lines)


def test_progress_on_a_terminal_shows_what_is_done_the_state_and_the_steps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress.Progress(4, doing="vocoding") as shown:
        for step in range(4):
            shown.show("loss 0.250", share=(step + 1) / 4)
    err = capsys.readouterr().err
    assert "vocoding" in err and "loss 0.250" in err and "4/4" in err


def test_progress_by_the_clock_says_steps_and_the_share_of_the_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    with progress.Progress(None, 7) as shown:
        shown.show("loss 0.500", share=0.25)
        shown.show("loss 0.400", share=1.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("step 8, 25%  loss 0.500")
    assert re.fullmatch(r"step 9, 100%  loss 0.400  0 s left", lines[1])


def test_smoothed_of_a_constant_is_it_and_of_noise_its_mean(rng: np.random.Generator) -> None:
    constant, noisy = progress.Smoothed(), progress.Smoothed()
    assert [constant.follow(0.3) for _ in range(9)] == pytest.approx([0.3] * 9)
    values = [noisy.follow(2 + rng.standard_normal()) for _ in range(2000)]
    assert np.mean(values[500:]) == pytest.approx(2, abs=0.1) and np.std(values[500:]) < 0.2


def test_progress_goes_on_where_nobody_reads_along_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    with progress.Progress(1) as shown:
        monkeypatch.setattr("sys.stderr.write", fail)
        shown.show("all is well", share=1.0)
        assert shown._step == 1, "the step is counted all the same"


def test_progress_on_a_terminal_that_was_closed_hides_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def stop(self) -> None:
            raise OSError(5, "Input/output error")

    shown = progress.Progress(1)
    monkeypatch.setattr(shown, "_bar", Closed())
    assert not shown.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None), "the first error goes on"
