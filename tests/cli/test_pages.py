"""`vqsynth map`, `--html` and `--dark`: what the command line shows, and what it refuses before any work."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.page.parsing import assert_needs_no_network, parse_page
from tests.plot.pictures import png_size, texts
from vqsynth.cli.main import verbs
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.path import CodePath

Run = Callable[..., Result]
TARGET = ("--target", "centroid=line(p10,p90)", "--seconds", 1)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: Any) -> Result:
        return CliRunner().invoke(verbs, [str(argument) for argument in arguments])

    return invoke


def error(result: Result) -> VqsynthError:
    assert isinstance(result.exception, VqsynthError), result.output
    return result.exception


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_map_writes_a_picture_of_every_code(run: Run, book_folder: Path, method: str) -> None:
    done = run("map", book_folder, "-o", "a é.svg", "--method", method, "--color", "pitch", "--histogram", "flatness")
    assert done.exit_code == 0 and done.stdout == "wrote a é.svg\n"
    said = texts(Path("a é.svg"))
    assert "thirds: 64 codes" in said and "pitch (Hz)" in said and "flatness (dB): 64 of 64 codes" in said


def test_map_html_is_a_page_of_every_code_with_or_without_a_picture(run: Run, book_folder: Path) -> None:
    done = run("map", book_folder, "--html", "a.html", "--color", "pitch")
    assert done.exit_code == 0 and done.output == "wrote a.html\n"
    data = json.loads(parse_page(Path("a.html")).by_id("data").text)
    assert len(data["points"]) == 64 and data["color"] == "pitch"
    assert run("map", book_folder, "--html", "b.html", "-o", "b.png").output == "wrote b.png\nwrote b.html\n"
    neither = run("map", book_folder)
    assert neither.exit_code == 2 and "give a picture to write with -o, a page with --html, or both" in neither.output


def test_map_tsne_says_that_it_works(run: Run, book_folder: Path) -> None:
    done = run("map", book_folder, "--method", "tsne", "-o", "a.png")
    assert "placing the codes by t-SNE ..." in done.stderr and done.stdout == "wrote a.png\n"


def test_map_dark_is_another_picture_of_the_same_size(run: Run, book_folder: Path) -> None:
    for name, options in (("light.png", ()), ("dark.png", ("--dark",))):
        assert run("map", book_folder, "-o", name, *options).exit_code == 0
    assert png_size(Path("light.png")) == png_size(Path("dark.png"))
    assert Path("light.png").read_bytes() != Path("dark.png").read_bytes()


@pytest.mark.parametrize(("options", "message"), [
    (["-o", "a.gif"], "a picture must end in"), (["-o", "no/a.png"], "does not exist"),
    (["-o", "a.png", "--color", "gloom"], "unknown descriptor 'gloom'"),
    (["-o", "a.png", "--histogram", "gloom"], "unknown descriptor 'gloom'"),
])  # fmt: skip
def test_map_wrong_input_writes_nothing(run: Run, book_folder: Path, options: list[str], message: str) -> None:
    assert message in str(error(run("map", book_folder, *options)))
    assert list(Path.cwd().iterdir()) == []


def test_map_over_the_codebook_is_refused(run: Run, book_folder: Path) -> None:
    with pytest.raises(ParameterError, match="picture must end in"):
        raise error(run("map", book_folder, "-o", book_folder / "table.csv"))


def test_synth_html_is_a_page_of_that_render(run: Run, book_folder: Path) -> None:
    done = run("synth", book_folder, *TARGET, "-o", "a.wav", "--html", "a.html", "--report", "r.json")
    assert done.exit_code == 0, done.output
    assert_needs_no_network(Path("a.html"))
    page = parse_page(Path("a.html"))
    assert page.texts("code") == ["centroid = line(p10,p90)"]
    assert json.loads(page.by_id("data").text)["codes"] == json.loads(Path("r.json").read_text())["codes"]


def test_synth_html_longer_than_a_page_is_refused_before_any_work(run: Run, book_folder: Path) -> None:
    done = run("synth", book_folder, "--target", "centroid=900", "--seconds", 901, "-o", "a.wav", "--html", "a.html")
    assert "at most 900 s" in str(error(done))
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(("html", "message"), [("a.txt", "a page must end in"), ("no/a.html", "does not exist")])
@pytest.mark.parametrize("verb", ["synth", "table"])
def test_html_that_cannot_be_written_is_refused_before_any_work(
    run: Run, book_folder: Path, verb: str, html: str, message: str
) -> None:
    options = (*TARGET, "-o", "a.wav") if verb == "synth" else ()
    assert message in str(error(run(verb, book_folder, *options, "--html", html)))
    assert list(Path.cwd().iterdir()) == []


def test_table_html_holds_the_rows_that_were_asked_for_in_their_order(run: Run, book_folder: Path) -> None:
    chosen = ("--where", "centroid>p50", "--sort", "pitch", "--descending")
    assert run("table", book_folder, *chosen, "--html", "a.html", "--json", "a.json").exit_code == 0
    page = parse_page(Path("a.html"))
    codes = [row[0] for row in json.loads(page.by_id("data").text)["rows"]]
    assert codes == [row["code"] for row in json.loads(Path("a.json").read_text())["rows"]]
    assert page.find("h1")[0].text == f"thirds: {len(codes)} codes"


def test_synth_plot_dark_is_another_picture(run: Run, book_folder: Path) -> None:
    for name, options in (("light.png", ()), ("dark.png", ("--dark",))):
        assert run("synth", book_folder, *TARGET, "-o", "a.wav", "--plot", name, *options).exit_code == 0
    assert Path("light.png").read_bytes() != Path("dark.png").read_bytes()


def test_traverse_plot_shows_the_spectra(run: Run, book_folder: Path) -> None:
    done = run("traverse", book_folder, "--by", "pitch", "-o", "t.wav", "--plot", "t.svg", "--dark")
    assert done.exit_code == 0, done.output
    assert "the codes' spectra, in the same order" in texts(Path("t.svg"))


def test_traverse_path_and_plot_name_the_codes_that_are_heard(run: Run, book_folder: Path) -> None:
    names = ("--path", "t.json", "--plot", "t.svg", "--seed", "5")
    assert run("traverse", book_folder, "--by", "pitch", "-o", "t.wav", *names).exit_code == 0
    path = CodePath.load("t.json")
    assert run("decode", "t.json", "--book", book_folder, "-o", "again.wav").exit_code == 0
    assert Path("again.wav").read_bytes() == Path("t.wav").read_bytes() and path.seed == 5
    said = texts(Path("t.svg"))
    lines = said.splitlines()
    assert {f" {path.codes[0]} ", f" {path.codes[-1]} "} <= set(lines) and "thirds by pitch" in said


def test_synth_like_names_the_sound_on_its_page_and_picture(run: Run, book_folder: Path) -> None:
    assert run("traverse", book_folder, "--by", "pitch", "--frames-per-code", 1, "-o", "a (1).wav").exit_code == 0
    files = ("--html", "a.html", "--plot", "a.svg")
    assert run("synth", book_folder, "--like", "a (1).wav", "-o", "b.wav", "--rounds", 0, *files).exit_code == 0
    assert parse_page(Path("a.html")).find("h1")[0].text.startswith("thirds like a (1).wav: loudness")
    assert "thirds like a (1).wav" in texts(Path("a.svg"))


def test_table_html_loads_no_heavy_library(book_folder: Path, tmp_path: Path) -> None:
    """Its sounds are rendered, nothing is drawn."""
    script = (
        "import sys; from vqsynth.cli.main import main\n"
        f"sys.argv = ['vqsynth', 'table', {str(book_folder)!r}, '--html', 'a.html']\n"
        "main()\n"
        "heavy = {'torch', 'librosa', 'sklearn', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
