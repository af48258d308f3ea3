"""Batch: every target with every codebook, whole or not at all, resumed where it stopped, one summary of all."""

import csv
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import Run
from vqsynth.codebook import Codebook
from vqsynth.errors import AudioError, CodebookError, ParameterError
from vqsynth.follow import batch
from vqsynth.follow.batch import Job, Outcome, Request, plan_batch, summarize_batch, write_summary
from vqsynth.follow.synthesis import synthesize
from vqsynth.sound import audio
from vqsynth.store import load

RISING = Request("centroid=line(p5,p95); loudness=-25", {"centroid": "line(p5,p95)", "loudness": "-25"})
HELD = Request("pitch=300", {"pitch": "300"})
WRONG = Request("gloom=3", {"gloom": "3"})
SHORT = {"seconds": 0.4, "rounds": 1}


def run_batch(jobs: Iterable[Job]) -> Iterator[Outcome]:
    """Do jobs with codebooks as the command line loads them."""
    return batch.run_batch(jobs, load)


@pytest.fixture
def voice(write_sound: Callable[..., Path]) -> Path:
    t = np.arange(12000) / 16000
    y = 0.3 * np.sin(2 * np.pi * 220 * t) * np.linspace(0.1, 1, len(t)) + 0.1 * np.sin(2 * np.pi * 1500 * t)
    return write_sound("voice.wav", y, rate=16000)


@pytest.fixture
def other_folder(book_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(book_folder, tmp_path / "other"))


def read_summary(folder: Path) -> list[dict[str, str]]:
    with (folder / "summary.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_batch_makes_every_request_with_every_book(
    run: Run, book_folder: Path, other_folder: Path, voice: Path
) -> None:
    code, out, err = run(
        "batch", "-b", book_folder, "-b", other_folder, "--target", RISING.text, "--target", "pitch=300;",
        "--like", voice, "--seconds", 0.4, "--rounds", 1, "-o", "out",
    )  # fmt: skip
    assert code == 0
    names = [f"{book}-{n}" for book in ("thirds", "other") for n in (1, 2, 3)]
    files = {f"{name}.{kind}" for name in names for kind in ("wav", "json")} | {"summary.csv"}
    assert {file.name for file in Path("out").iterdir()} == files
    assert [line.split(":")[0] for line in err.splitlines()] == [f"{i}/6 {n}.wav" for i, n in enumerate(names, 1)]
    assert len(out.splitlines()) == 7 and out.startswith("book")
    rows = read_summary(Path("out"))
    assert [row["file"] for row in rows] == [f"{name}.wav" for name in names]
    assert [row["target"] for row in rows[:3]] == [RISING.text, "pitch=300;", f"like {voice}"]
    assert rows[0]["nrmse_pitch"] == "" and float(rows[2]["nrmse_centroid"]) >= 0


def test_batch_a_sound_is_that_of_synthesize(book: Codebook, book_folder: Path, tmp_path: Path) -> None:
    [outcome] = run_batch(plan_batch([book_folder], [RISING], tmp_path / "out", **SHORT))
    made = synthesize(book, centroid="line(p5,p95)", loudness="-25", **SHORT)
    audio.save(tmp_path / "same.wav", made.y, 16000)
    assert outcome.job.file.read_bytes() == (tmp_path / "same.wav").read_bytes()
    report = json.loads(outcome.job.report_file.read_text())
    assert {k: report[k] for k in made.report} == made.report
    header, [row] = summarize_batch([outcome])
    cells = dict(zip(header, row, strict=True))
    assert float(cells["nrmse_centroid"]) == pytest.approx(made.report["descriptors"]["centroid"]["nrmse"], abs=1e-4)
    assert cells["codes_used"] == str(made.report["codes_used"]) and float(cells["seconds"]) == 0.4


def test_batch_of_a_sound_lasts_as_long_as_it(book_folder: Path, tmp_path: Path, voice: Path) -> None:
    [outcome] = run_batch(plan_batch([book_folder], [Request("voice", like=voice)], tmp_path / "out", rounds=0))
    assert soundfile.info(outcome.job.file).frames == 12000


def test_batch_goes_on_after_a_failure_and_exits_with_one(run: Run, book_folder: Path, other_folder: Path) -> None:
    (other_folder / "table.csv").write_text("code")
    code, out, err = run(
        "batch", "-b", other_folder, "-b", book_folder, "--target", WRONG.text, "--target", HELD.text,
        "--target", "seconds=3", "--seconds", 0.4, "--rounds", 0, "-o", "out",
    )  # fmt: skip
    assert code == 1 and err.splitlines()[-1].startswith("Error: 5 of 6 sounds failed")
    rows = read_summary(Path("out"))
    assert [bool(row["failure"]) for row in rows] == [True, True, True, True, False, True]
    assert "unknown descriptor 'gloom'" in rows[3]["failure"] and "'seconds'" in rows[5]["failure"]
    assert {file.name for file in Path("out").iterdir()} == {"thirds-2.wav", "thirds-2.json", "summary.csv"}
    assert len(out.splitlines()) == 7


def test_batch_a_sound_that_cannot_be_written_leaves_no_report(
    book_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AudioError("the disk is full")

    jobs = plan_batch([book_folder], [HELD], tmp_path / "out", **SHORT)
    monkeypatch.setattr(audio, "save", fail)
    [outcome] = run_batch(jobs)
    assert outcome.failure == "the disk is full" and list((tmp_path / "out").iterdir()) == []


def test_batch_resumed_makes_what_is_missing_only(run: Run, book_folder: Path) -> None:
    command = ["batch", "-b", book_folder, "--target", RISING.text, "--target", HELD.text, "--seconds", 0.4,
               "--rounds", 1, "-o", "out"]  # fmt: skip
    assert run(*command)[0] == 0
    summary = Path("out/summary.csv").read_bytes()
    before = Path("out/thirds-1.wav").stat().st_mtime_ns
    made = Path("out/thirds-2.wav").read_bytes()
    Path("out/thirds-2.wav").unlink()
    code, _, err = run(*command, "--resume")
    assert code == 0 and err.splitlines() == ["1/2 thirds-1.wav: finished before", "2/2 thirds-2.wav: done"]
    assert Path("out/thirds-1.wav").stat().st_mtime_ns == before
    assert Path("out/thirds-2.wav").read_bytes() == made
    assert Path("out/summary.csv").read_bytes() == summary


def test_batch_resumed_refuses_what_was_made_for_something_else(book_folder: Path, tmp_path: Path) -> None:
    list(run_batch(plan_batch([book_folder], [HELD], tmp_path / "out", **SHORT)))
    before = (tmp_path / "out" / "thirds-1.wav").read_bytes()
    for request, choices in ((RISING, SHORT), (HELD, SHORT | {"seed": 4})):
        with pytest.raises(ParameterError, match="not made for this target"):
            plan_batch([book_folder], [request], tmp_path / "out", resume=True, **choices)
    (tmp_path / "out" / "thirds-1.json").unlink()
    with pytest.raises(ParameterError, match="not made for this target"):
        plan_batch([book_folder], [HELD], tmp_path / "out", resume=True, **SHORT)
    assert (tmp_path / "out" / "thirds-1.wav").read_bytes() == before


def test_batch_resumed_makes_again_what_comes_of_a_codebook_that_was_trained_again(
    run: Run, book: Codebook, other_folder: Path, tmp_path: Path
) -> None:
    command = ["batch", "-b", other_folder, "--target", RISING.text, "--seconds", 0.4, "--rounds", 1, "-o", "out"]
    assert run(*command)[0] == 0
    before = Path("out/other-1.wav").read_bytes()
    spectra = np.roll(book.spectra.magnitudes, 8, axis=1) + 1e-4
    trained = Codebook.build(name="other", grid=book.grid, magnitudes=spectra, counts=book.table.counts,
                             model_config=book.card["model"], model_state=book.model_state, card={})  # fmt: skip
    trained.save(other_folder)
    code, _, err = run(*command, "--resume")
    assert code == 0 and err == "1/1 other-1.wav: done again, its codebook or a file it follows has changed\n"
    assert Path("out/other-1.wav").read_bytes() != before
    assert (
        json.loads(Path("out/other-1.json").read_text())["made_from"]["grains.safetensors"]
        == trained.card["files"]["grains.safetensors"]
    )
    assert run(*command, "--resume")[2] == "1/1 other-1.wav: finished before\n"


@pytest.mark.parametrize("use", ["like", "loudness"])
def test_batch_resumed_makes_again_what_follows_a_changed_file(
    book_folder: Path, tmp_path: Path, voice: Path, use: str
) -> None:
    request = Request("voice", like=voice) if use == "like" else Request("voice", {use: f"@{voice}"})
    other = Request("pitch", {"pitch": "300"})

    def go(**resume: bool) -> list[tuple[bool, bool]]:
        outcomes = run_batch(plan_batch([book_folder], [request, other], tmp_path / "out", **SHORT, **resume))
        return [(outcome.resumed, outcome.outdated) for outcome in outcomes if outcome.report]

    assert go() == [(False, False), (False, False)]
    y, rate = soundfile.read(voice)
    soundfile.write(voice, y[::-1], rate)
    assert go(resume=True) == [(False, True), (True, False)]
    assert go(resume=True) == [(True, False), (True, False)]
    voice.unlink()
    assert go(resume=True) == [(True, False), (True, False)]


def test_batch_made_again_and_stopped_does_not_pass_for_finished(
    book_folder: Path, tmp_path: Path, voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan(**resume: bool) -> list[Job]:
        return plan_batch([book_folder], [Request("voice", like=voice)], tmp_path / "out", **SHORT, **resume)

    list(run_batch(plan()))
    soundfile.write(voice, 0.1 * np.sin(np.arange(6000) * 0.2), 16000)
    with monkeypatch.context() as broken:
        broken.setattr(audio, "save", lambda *_: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            list(run_batch(plan(resume=True)))
    [outcome] = run_batch(plan(resume=True))
    assert outcome.report and not outcome.resumed


def test_batch_resumed_with_a_damaged_card_fails_and_keeps_the_sound(other_folder: Path, tmp_path: Path) -> None:
    list(run_batch(plan_batch([other_folder], [HELD], tmp_path / "out", **SHORT)))
    before = (tmp_path / "out" / "other-1.wav").read_bytes()
    (other_folder / "card.json").write_text("{")
    [outcome] = run_batch(plan_batch([other_folder], [HELD], tmp_path / "out", resume=True, **SHORT))
    assert "is damaged" in outcome.failure and (tmp_path / "out" / "other-1.wav").read_bytes() == before


def test_batch_never_writes_over_the_sound_it_follows(book_folder: Path, tmp_path: Path, voice: Path) -> None:
    (tmp_path / "out").mkdir()
    sound = voice.rename(tmp_path / "out" / "thirds-1.wav")
    with pytest.raises(ParameterError, match="would overwrite the input"):
        plan_batch([book_folder], [Request("like it", like=sound)], tmp_path / "out", resume=True)


def test_plan_batch_folder_that_cannot_be_filled_is_refused(book_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for folder, says in (("full", "is not empty"), ("full/mine.txt", "is a file"), ("no/where", "parent must exist")):
        with pytest.raises(ParameterError, match=says):
            plan_batch([book_folder], [HELD], tmp_path / folder, **SHORT)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["full"]


def test_plan_batch_of_nothing_unknown_or_twice_is_refused_before_the_folder_is_made(
    book_folder: Path, tmp_path: Path
) -> None:
    for books, requests, says in (
        ([book_folder], [], "at least one"),
        ([book_folder, book_folder], [HELD], "two codebooks have the same name"),
    ):
        with pytest.raises(ParameterError, match=says):
            plan_batch(books, requests, tmp_path / "out")
    with pytest.raises(CodebookError, match="no codebook 'tuba'"):
        plan_batch(["tuba"], [HELD], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--target", "centroid", "--seconds", 1], "--target expects NAME=VALUE"),
        (["--target", "centroid=900; centroid=800", "--seconds", 1], "twice"),
        (["--target", "centroid=900"], "--target needs --seconds"),
        (["--seconds", 1], "at least one"),
    ],
)
def test_batch_wrong_usage_is_one_line_and_makes_no_folder(
    run: Run, book_folder: Path, arguments: list[str], says: str
) -> None:
    code, out, err = run("batch", "-b", book_folder, *arguments, "-o", "out")
    assert code == 1 and out == "" and err.startswith("Error: ") and err.count("\n") == 1 and says in err
    assert not Path("out").exists()


def test_write_summary_of_texts_with_commas_can_be_read(book_folder: Path, tmp_path: Path) -> None:
    odd = Request('gloom=line(1,2); "é"', {"gloom": "line(1,2)"})
    outcomes = list(run_batch(plan_batch([book_folder], [odd], tmp_path / "out", **SHORT)))
    write_summary(outcomes, tmp_path / "out")
    [row] = read_summary(tmp_path / "out")
    assert row["target"] == odd.text and row["seconds"] == row["file"] == ""


@pytest.mark.skipif(os.name != "posix", reason="pipes and links")
def test_batch_with_bad_files_among_good_ones_names_each_and_makes_the_rest(
    run: Run, book_folder: Path, other_folder: Path, voice: Path
) -> None:
    (other_folder / "table.csv").write_text("code\n")
    os.mkfifo("pipe.wav")
    Path("gone.wav").symlink_to("nowhere.wav")
    Path("text.wav").write_text("no sound")
    bad = ["pipe.wav", "gone.wav", "text.wav"]
    code, _, err = run(
        "batch", "-b", other_folder, "-b", book_folder, "--target", "centroid=@missing.csv", "--target", HELD.text,
        *(word for name in [*bad, voice] for word in ("--like", name)), "--seconds", 0.4, "--rounds", 1, "-o", "out",
    )  # fmt: skip
    assert code == 1
    *lines, last = err.splitlines()
    assert len(lines) == 12 and last == "Error: 10 of 12 sounds failed; out/summary.csv says why"
    assert [line.endswith(": done") for line in lines] == [False] * 6 + [False, True, False, False, False, True]
    for line, name in zip(lines[6:], ["missing.csv", None, *bad, None], strict=True):
        assert name is None or (": failed: " in line and name in line)
    failures = [row["failure"] for row in read_summary(Path("out"))]
    assert all("table.csv" in failure for failure in failures[:6]) and failures[7] == failures[11] == ""
    assert sorted(file.name for file in Path("out").glob("*.wav")) == ["thirds-2.wav", "thirds-6.wav"]


def test_batch_resumed_makes_again_what_has_a_report_that_is_not_whole(book_folder: Path, tmp_path: Path) -> None:
    def make(**options: bool) -> list[bool]:
        jobs = plan_batch([book_folder], [HELD], tmp_path / "out", **options, **SHORT)
        return [outcome.resumed for outcome in run_batch(jobs)]

    assert make() == [False] and make(resume=True) == [True]
    report = tmp_path / "out" / "thirds-1.json"
    fields = json.loads(report.read_text())
    del fields["descriptors"]
    report.write_text(json.dumps(fields))
    assert make(resume=True) == [False]
    assert "descriptors" in json.loads(report.read_text())
