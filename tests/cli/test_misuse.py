"""The command line in clumsy hands: each mistake is one clear line, and nothing that was there before is lost."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from vqsynth.cli.printing import print_table

COMMAND = [sys.executable, "-c", "from vqsynth.cli.main import main; main()"]
SHORT = ["--seconds", "0.5", "-o", "a.wav"]


def is_one_line(err: str) -> bool:
    return err.startswith("Error: ") and err.count("\n") == 1


@pytest.mark.parametrize(
    "name", ["seed", "seconds", "book", "weights", "method", "self", "curves", "code", "épée", "x" * 999]
)
def test_synth_target_that_names_an_option_is_an_unknown_descriptor(run: Run, book_folder: Path, name: str) -> None:
    code, _, err = run("synth", book_folder, "--target", f"{name}=nearest", *SHORT)
    assert code == 1 and is_one_line(err)
    assert f"unknown descriptor '{name}'" in err


@pytest.mark.parametrize("option", ["--report", "--path"])
def test_synth_never_overwrites_the_curve_or_the_codebook(run: Run, book_folder: Path, option: str) -> None:
    Path("curve.json").write_text("[[0, 600], [1, 900]]")
    for victim in (Path("curve.json"), book_folder / "card.json"):
        before = victim.read_bytes()
        code, _, err = run("synth", book_folder, "--target", "centroid=@curve.json", *SHORT, option, victim)
        assert code == 1 and is_one_line(err) and "would overwrite the input" in err
        assert victim.read_bytes() == before
    assert not Path("a.wav").exists()


def test_encode_never_overwrites_the_codebook(run: Run, book_folder: Path, write_sound: Callable[..., Path]) -> None:
    code, _, err = run("encode", book_folder, write_sound("in.wav", np.zeros(99)), "-o", book_folder / "card.json")
    assert code == 1 and "would overwrite the input" in err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--target", "loudness=-20", "--weight", "centroid=2"], "needs a target"),
        (["--target", "loudness=-20", "--weight", "loudness=2"], "is met by gain"),
        (["--target", "loudness=-20", "--smoothness", "-1"], "smoothness must be"),
        (["--target", "centroid=900", "--smoothness", "1e300"], "0 or more, up to"),
        (["--target", "centroid=900", "--weight", "centroid=1e9"], "the weight of 'centroid'"),
        (["--target", "loudness=300"], "the loudness target"),
    ],
)
def test_synth_option_without_a_meaning_is_refused(run: Run, book_folder: Path, options: list[str], says: str) -> None:
    code, _, err = run("synth", book_folder, *options, *SHORT)
    assert code == 1 and is_one_line(err) and says in err
    assert not Path("a.wav").exists()


def test_synth_of_a_few_samples_says_what_was_asked(run: Run, book_folder: Path) -> None:
    code, out, _ = run("synth", book_folder, "--target", "centroid=900", "--seconds", 0.01, "-o", "a.wav")
    assert code == 0 and "centroid: asked 900 Hz, got" in out


def test_synth_under_a_name_too_long_for_the_system_is_refused_briefly(run: Run, book_folder: Path) -> None:
    code, _, err = run("synth", book_folder, "--target", "centroid=900", "--seconds", 1, "-o", "x" * 5000 + ".wav")
    assert code == 1 and is_one_line(err) and len(err) < 300


def test_decode_of_a_path_whose_book_is_elsewhere_names_the_option(run: Run, book_folder: Path) -> None:
    run("synth", book_folder, "--target", "centroid=900", *SHORT, "--path", "p.json")
    code, _, err = run("decode", "p.json", "-o", "b.wav")
    assert code == 1 and is_one_line(err) and "--book" in err


def test_decode_of_a_path_with_a_negative_seed_is_refused(run: Run, book_folder: Path) -> None:
    run("synth", book_folder, "--target", "centroid=900", *SHORT, "--path", "p.json")
    Path("p.json").write_text(json.dumps(json.loads(Path("p.json").read_text()) | {"seed": -1}))
    code, _, err = run("decode", "p.json", "--book", book_folder, "-o", "b.wav")
    assert code == 1 and is_one_line(err) and "seed must be a whole number of 0 or more" in err


def test_table_json_on_stdout_is_json_though_a_csv_is_written_too(run: Run, book_folder: Path) -> None:
    code, out, err = run("table", book_folder, "--csv", "t.csv", "--json", "-")
    assert code == 0 and len(json.loads(out)["rows"]) == 64
    assert err == "wrote 64 codes to t.csv\n"


def test_table_csv_and_json_both_on_stdout_are_refused(run: Run, book_folder: Path) -> None:
    code, out, err = run("table", book_folder, "--csv", "-", "--json", "-")
    assert code == 1 and out == "" and is_one_line(err)


def test_traverse_for_days_is_refused_before_it_fills_the_memory(run: Run, book_folder: Path) -> None:
    code, _, err = run("traverse", book_folder, "--by", "centroid", "--frames-per-code", 10**12, "-o", "t.wav")
    assert code == 1 and is_one_line(err) and "more than an hour" in err


def test_list_with_a_damaged_codebook_shows_the_others_and_fails(run: Run, book_folder: Path, tmp_path: Path) -> None:
    for name in ("good", "spoiled", "worse"):
        shutil.copytree(book_folder, tmp_path / name)
    (tmp_path / "spoiled" / "table.csv").write_text("code")
    (tmp_path / "worse" / "card.json").write_text("{")
    code, out, err = run("list", tmp_path)
    assert code == 1 and out.count("thirds") == 1
    assert err.count("\n") == 2 and "spoiled" in err and "worse" in err and err.count("Error: ") == 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such names")
@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_file_names_that_are_no_text_are_read_written_and_shown(
    book_folder: Path, tmp_path: Path, encoding: str
) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    name = os.fsdecode(b"\xff\xc3\xa9.wav")
    for verb, *arguments in (
        ["synth", str(book_folder), "--target", "centroid=900", "--seconds", "0.2", "-o", name],
        ["encode", str(book_folder), name, "-o", "p.json"],
    ):
        done = subprocess.run(
            [*COMMAND, verb, *arguments], capture_output=True, cwd=tmp_path, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        assert b"wrote" in done.stdout


def test_table_into_a_closed_pipe_stops_without_a_word(book_folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*COMMAND, "table", str(book_folder)], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.returncode == 1 and done.stderr == b""


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes stdout")
def test_table_without_any_stdout_does_not_crash(book_folder: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "table", str(book_folder)],
        stderr=subprocess.PIPE,
        check=False,
    )
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_table_onto_a_full_disk_is_an_error(book_folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "table", str(book_folder)], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1 and done.stderr.startswith(b"Error: No space left")


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
def test_synth_interrupted_leaves_nothing_and_exits_with_130(book_folder: Path, tmp_path: Path) -> None:
    arguments = ["synth", str(book_folder), "--target", "centroid=p50", "--seconds", "3000", "-o", "a.wav"]
    program = [sys.executable, "-c", "print('here', flush=True); from vqsynth.cli.main import main; main()"]
    process = subprocess.Popen(
        [*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "here\n"
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and err.strip() == "Stopped."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("width", [30, 60, 80, 160])
def test_print_table_on_a_terminal_of_any_width_breaks_no_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    header = ["code", *(f"column{i}\nHz" for i in range(10)), "last_one"]
    rows = [[str(k), *(f"-{k}.{i}{i}{i}1" for i in range(10)), "9"] for k in (1021, 1022)]
    print_table(header, rows)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert all(len(line) <= width for line in lines)
    words = " ".join(lines).split()
    for row in rows:
        assert set(row) <= set(words)
    fits_on_one = sum("last_" in line for line in lines) == 1 and words.count("1021") == 1
    assert fits_on_one == (width == 160)


def test_info_of_a_card_with_control_characters_shows_them_escaped(run: Run, book_folder: Path, tmp_path: Path) -> None:
    book_folder = Path(shutil.copytree(book_folder, tmp_path / "thirds"))
    card = json.loads((book_folder / "card.json").read_text())
    del card["card_sha256"]
    card |= {"licence": "free\x1b[2J\x07", "sources": [{"name": "a\x9b31m\nb"}, 3], "n\x1bme": {"deep\r": []}}
    (book_folder / "card.json").write_text(json.dumps(card))
    code, out, err = run("info", book_folder)
    assert code == 0 and not err
    assert not set(out) & {"\x1b", "\x07", "\x9b", "\r"}
    assert r"licence: free\x1b[2J\x07" in out and r"name a\x9b31m b" in out


def test_error_about_a_name_with_control_characters_shows_them_escaped(run: Run) -> None:
    code, _, err = run("info", "a\x1b[31mb")
    assert code == 1 and r"a\x1b[31mb" in err and "\x1b" not in err
