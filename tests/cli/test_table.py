"""`vqsynth list`, `info` and `table`: what they print is what the codebook holds, for people and for programs."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import vqsynth
from vqsynth.cli.main import verbs
from vqsynth.cli.printing import print_table
from vqsynth.codebook import Codebook
from vqsynth.errors import CodebookError, ParameterError, VqsynthError
from vqsynth.sound.frames import FrameGrid

N_CODES = 6
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def tiny_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A codebook of one noise and five harmonic spectra, the higher the code the brighter, saved in a folder."""
    grid = FrameGrid(8000, 512, 128)
    bins = np.arange(grid.n_bins)
    magnitudes = np.stack([np.exp(-bins / (4.0 * k + 8)) * (bins % 16 == 0) for k in range(N_CODES)]) + 1e-5
    magnitudes[0] = 1.0
    folder = tmp_path_factory.mktemp("a folder") / "tiny"
    Codebook.build(
        name="tiny", grid=grid, magnitudes=magnitudes, counts=np.array([5, 2, 7, 7, 100, 1]),
        model_config={"n_fft": 512, "codes": N_CODES}, model_state={"w": np.ones(3, np.float32)},
        card={"licence": "CC0", "seed": 0, "corpus": {"seconds": 123.4, "sources": [{"name": "a", "files": 2}]}},
    ).save(folder)  # fmt: skip
    return folder


@pytest.fixture
def run() -> Run:
    def invoke(*arguments: Any) -> Result:
        return CliRunner().invoke(verbs, [str(argument) for argument in arguments])

    return invoke


def columns(result: Result) -> list[list[str]]:
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.output.splitlines()]


def error(result: Result) -> VqsynthError:
    assert isinstance(result.exception, VqsynthError), result.output
    return result.exception


def test_list_of_a_folder_says_name_seconds_codes_rate_and_ranges(run: Run, tiny_book: Path) -> None:
    for folder in (tiny_book, tiny_book.parent):
        rows = columns(run("list", folder))
        (tiny,) = [row for row in rows if row[0] == "tiny"]
        assert tiny[1:4] == ["123", str(N_CODES), "8000"]
        assert len(tiny) == len(rows[0])
        low, high = map(float, tiny[rows[0].index("centroid_Hz")].split(".."))
        assert 0 < low < high < 4000


def test_list_of_a_folder_without_codebooks_succeeds(run: Run, tmp_path: Path) -> None:
    assert run("list", tmp_path).exit_code == 0


def test_list_of_a_missing_folder_fails(run: Run, tmp_path: Path) -> None:
    result = run("list", tmp_path / "gone")
    assert result.exit_code != 0
    assert "does not exist" in result.output


def test_info_says_what_the_card_says(run: Run, tiny_book: Path) -> None:
    said = run("info", tiny_book).output
    for words in ("name: tiny", "licence: CC0", "sr: 8000", "seconds: 123.4", "name a, files 2", "centroid:"):
        assert words in said
    assert "{" not in said


def test_info_of_a_damaged_codebook_fails(run: Run, tiny_book: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tiny_book.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    (copy / "table.csv").write_bytes((copy / "table.csv").read_bytes().replace(b"1", b"2", 1))
    assert isinstance(error(run("info", copy)), CodebookError)


def test_table_prints_a_row_per_code_with_every_cell_filled(run: Run, tiny_book: Path) -> None:
    rows = columns(run("table", tiny_book))
    assert rows[0][:3] == ["code", "count", "centroid_Hz"]
    assert [row[0] for row in rows[1:]] == [str(k) for k in range(N_CODES)]
    assert {len(row) for row in rows} == {len(rows[0])}


def test_table_sorted_by_count_descending_starts_with_the_most_used(run: Run, tiny_book: Path) -> None:
    rows = columns(run("table", tiny_book, "--sort", "count", "--descending"))
    assert [row[1] for row in rows[1:]] == ["100", "7", "7", "5", "2", "1"]
    assert [row[0] for row in rows[1:]] == ["4", "2", "3", "0", "1", "5"]


def test_table_csv_to_stdout_and_to_a_file_are_what_the_shipped_table_says(
    run: Run, tiny_book: Path, tmp_path: Path
) -> None:
    whole = run("table", tiny_book, "--csv", "-").output
    assert whole == (tiny_book / "table.csv").read_text(encoding="utf-8")
    result = run("table", tiny_book, "--where", "count>=7", "--sort", "centroid", "--csv", tmp_path / "t.csv")
    assert result.output.startswith("wrote 3 codes")
    chosen = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text(encoding="utf-8"))))
    everything = {row["code"]: row for row in csv.DictReader(io.StringIO(whole))}
    assert [row["code"] for row in chosen] == ["2", "3", "4"]
    assert all(row == everything[row["code"]] for row in chosen)


def test_table_json_has_the_same_rows(run: Run, tiny_book: Path) -> None:
    content = json.loads(run("table", tiny_book, "--json", "-", "--where", "code<=1").output)
    assert [row["code"] for row in content["rows"]] == [0, 1]
    assert content["units"]["centroid"] == "Hz"


def test_table_where_nothing_holds_prints_the_header_alone(run: Run, tiny_book: Path) -> None:
    assert len(columns(run("table", tiny_book, "--where", "centroid<0"))) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--sort", "centriod"), "did you mean 'centroid'"),
        (("--where", "centriod>3"), "did you mean 'centroid'"),
        (("--where", "centroid>"), "cannot read the filter"),
    ],
)
def test_table_with_an_unknown_name_or_filter_fails(
    run: Run, tiny_book: Path, options: tuple[str, str], says: str
) -> None:
    assert says in str(error(run("table", tiny_book, *options)))


def test_table_never_overwrites_the_codebook_or_another_output(run: Run, tiny_book: Path, tmp_path: Path) -> None:
    before = (tiny_book / "table.csv").read_bytes()
    assert "overwrite the input" in str(error(run("table", tiny_book, "--csv", tiny_book / "table.csv")))
    assert (tiny_book / "table.csv").read_bytes() == before
    same = tmp_path / "same"
    assert isinstance(error(run("table", tiny_book, "--csv", same, "--json", same)), ParameterError)
    assert not same.exists()


@pytest.mark.parametrize("verb", ["info", "table"])
def test_verbs_with_an_unknown_book_fail_and_name_it(run: Run, verb: str) -> None:
    assert "no-such-book" in str(error(run(verb, "no-such-book")))


@pytest.mark.parametrize("verb", ["list", "info", "table"])
def test_help_of_a_verb_has_an_example(run: Run, verb: str) -> None:
    said = run(verb, "--help").output
    assert f"  vqsynth {verb}" in said
    assert "Example" in said


def test_print_table_on_a_terminal_shows_every_cell_on_a_narrow_one_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")
    print_table(["name", "[Hz]"], [["violin", "1234567890123456"], ["", "[red]x"]])
    said = "".join(capsys.readouterr().out.split())
    for cell in ("violin", "[red]x", "[Hz]"):
        assert cell in said
    assert "…" not in said


def test_table_leaves_out_codes_that_no_sound_used(run: Run) -> None:
    rows = columns(run("table", "guitar"))
    assert len(rows) - 1 == int(vqsynth.load("guitar").table.used.sum()) < 1024
    assert "0" not in {row[1] for row in rows[1:]}
