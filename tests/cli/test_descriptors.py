"""`--descriptors F.py`: a descriptor of one's own on the command line."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from vqsynth.cli.main import verbs
from vqsynth.codebook import Codebook
from vqsynth.sound.descriptors import REGISTRY
from vqsynth.storage.records import parse_json
from vqsynth.store import load

Run = Callable[..., Result]
HIGHS = """
import numpy as np
from vqsynth import descriptor

@descriptor("highs", unit="dB")
def highs(sound):
    high = sound.magnitude[..., sound.grid.frequencies_hz > 1000].sum(-1)
    return 20 * np.log10(high / sound.magnitude.sum(-1))
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    monkeypatch.chdir(tmp_path)
    Path("highs.py").write_text(HIGHS)
    before = dict(REGISTRY)

    def invoke(*arguments: Any) -> Result:
        REGISTRY.clear()
        REGISTRY.update(before)
        return CliRunner().invoke(verbs, [str(argument) for argument in arguments])

    yield invoke
    REGISTRY.clear()
    REGISTRY.update(before)


def test_synth_follows_a_descriptor_of_a_file_and_decode_plays_its_path(run: Run, book_folder: Path) -> None:
    target = "--target", "highs=line(p20,p80)", "--seconds", 1
    done = run("synth", book_folder, *target, "--descriptors", "highs.py", "-o", "a.wav", "--report", "a.json")
    assert done.exit_code == 0, done.output
    report = parse_json(Path("a.json").read_bytes())
    assert report["descriptors"]["highs"]["unit"] == "dB" and report["descriptors"]["highs"]["nrmse"] < 0.2
    assert "unknown descriptor 'highs'" in str(run("synth", book_folder, *target, "-o", "b.wav").exception), (
        "without the file"
    )


def test_synth_path_by_a_descriptor_of_a_file_is_played_without_it(run: Run, book_folder: Path) -> None:
    target = "--target", "highs=line(p20,p80)", "--seconds", 0.5
    run("synth", book_folder, *target, "--descriptors", "highs.py", "-o", "a.wav", "--path", "a.json")
    done = run("decode", "a.json", "--book", book_folder, "-o", "b.wav")
    assert done.exit_code == 0, done.output
    assert Path("a.wav").read_bytes() == Path("b.wav").read_bytes()


def test_table_has_the_column_of_the_file(run: Run, book: Codebook, book_folder: Path) -> None:
    done = run(
        "table", book_folder, "--descriptors", "highs.py", "--where", "highs>p50", "--sort", "highs", "--csv", "-"
    )
    header, *rows = done.stdout.splitlines()
    values = [float(row.split(",")[header.split(",").index("highs")]) for row in rows]
    assert done.exit_code == 0 and values == sorted(values) and len(values) == len(book) // 2
    assert "highs" not in load(book_folder).table.names, "the codebook on disk stays as it is"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "adds no descriptor"),
        ("x = 1\nx = y", r"failed in line 2: NameError"),
        ("x = (", r"failed in line 1: SyntaxError"),
        ("import nothing_of_this_name", "failed in line 1: ModuleNotFoundError"),
        (HIGHS.replace('"highs"', '"centroid"'), "failed in line 5: ParameterError: a descriptor 'centroid' exists"),
    ],
)
def test_file_that_adds_no_descriptor_is_refused_in_one_line(run: Run, book_folder: Path, text: str, said: str) -> None:
    Path("mine.py").write_text(text)
    done = run("table", book_folder, "--descriptors", "mine.py")
    assert isinstance(done.exception, ValueError) and said in str(done.exception)
    assert "\n" not in str(done.exception)


def test_file_that_is_not_there_is_refused(run: Run, book_folder: Path) -> None:
    assert "nowhere.py" in str(run("table", book_folder, "--descriptors", "nowhere.py").exception)
