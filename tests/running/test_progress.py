import re
from collections.abc import Iterable

import numpy as np
import pytest

from vqsynth.running import progress
from vqsynth.running.observing import SILENT, Advance, Observer, Smoothed


def show(steps: Iterable[Advance]) -> list[str]:
    """Show steps and return the words that were said meanwhile."""
    said: list[str] = []
    with progress.show_progress(said.append) as observer:
        for step in steps:
            observer.advance(step)
        observer.say("it is done")
    return said


def test_silent_observer_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    SILENT.say("a word")
    SILENT.advance(Advance("training", 0.5))
    assert capfd.readouterr() == ("", "")


def test_observer_passes_on_words_and_steps() -> None:
    heard: list[object] = []
    observer = Observer(say=heard.append, advance=heard.append)
    observer.say("a word")
    observer.advance(Advance("training", 0.5))
    assert heard == ["a word", Advance("training", 0.5)]


def test_show_progress_away_from_a_terminal_writes_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    state = "loss 0.500  codes 60/64"
    assert show(Advance("training", step / 3, state, step, 3) for step in (2, 3)) == ["it is done"]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"step 3/3  loss 0.500  codes 60/64  \d+ s left", lines[-1])
    assert "\x1b" not in "".join(lines)


def test_show_progress_on_a_terminal_shows_what_is_done_the_state_and_the_steps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    show(Advance(doing, (step + 1) / 4, "loss 0.250", step + 1, 4) for doing in ("one", "two") for step in range(4))
    err = capsys.readouterr().err
    assert "one" in err and "two" in err and "loss 0.250" in err and "4/4" in err


def test_show_progress_by_the_clock_says_steps_and_the_share_of_the_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    show([Advance("training", 0.25, "loss 0.500", 8), Advance("training", 1.0, "loss 0.400", 9)])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("step 8, 25%  loss 0.500")
    assert re.fullmatch(r"step 9, 100%  loss 0.400  0 s left", lines[1])


def test_show_progress_of_work_without_steps_says_its_name_and_share_where_it_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    show([Advance("encoding", 0.5), Advance("encoding", 1.0)])
    assert not capsys.readouterr().err
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    show([Advance("encoding", 0.5), Advance("encoding", 1.0)])
    assert re.fullmatch(r"encoding 50%.*\nencoding 100%  0 s left\n", capsys.readouterr().err)


def test_smoothed_of_a_constant_is_it_and_of_noise_its_mean(rng: np.random.Generator) -> None:
    constant, noisy = Smoothed(), Smoothed()
    assert [constant.follow(0.3) for _ in range(9)] == pytest.approx([0.3] * 9)
    values = [noisy.follow(2 + rng.standard_normal()) for _ in range(2000)]
    assert np.mean(values[500:]) == pytest.approx(2, abs=0.1) and np.std(values[500:]) < 0.2


def test_show_progress_goes_on_where_nobody_reads_along_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []

    def fail(*text: object) -> int:
        written.append(text)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("sys.stderr.write", fail)
    assert show([Advance("training", 1.0, step=1)]) == ["it is done"] and written


def test_show_progress_on_a_terminal_that_was_closed_hides_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def start(self) -> None:
            pass

        def add_task(self, *_: object, **__: object) -> int:
            return 0

        def update(self, *_: object, **__: object) -> None:
            pass

        def stop(self) -> None:
            raise OSError(5, "Input/output error")

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(progress, "_make_bar", lambda *_: Closed())
    with pytest.raises(KeyboardInterrupt):
        stop_in_the_middle()


def stop_in_the_middle() -> None:
    with progress.show_progress(print) as observer:
        observer.advance(Advance("training", 0.5))
        raise KeyboardInterrupt
