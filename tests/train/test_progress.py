import re

import pytest

from vqsynth.train import progress
from vqsynth.train.trainer import StepReport


def test_progress_away_from_a_terminal_writes_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    with progress.Progress(3, 1, 64) as shown:
        for _ in range(2):
            shown.show(StepReport(0.5, 60))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"step 3/3  loss 0.500  codes 60/64  \d+ s left", lines[-1])
    assert "\x1b" not in "".join(lines)


def test_progress_on_a_terminal_shows_loss_codes_and_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress.Progress(4, 0, 64) as shown:
        for _ in range(4):
            shown.show(StepReport(0.25, 33))
    err = capsys.readouterr().err
    assert "loss 0.250" in err and "33/64" in err and "4/4" in err
