"""The scripts of the pages do what the library does: they are run where a JavaScript engine is at hand."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.errors import ParameterError
from vqsynth.page import render_page, table_page

NODE = shutil.which("node") or shutil.which("nodejs")
FOLDER = Path(vqsynth.__file__).parent / "page"
needs_node = pytest.mark.skipif(NODE is None, reason="no JavaScript engine here")


def run(names: tuple[str, ...], expression: str, given: Any = None) -> Any:
    """Load scripts, and return what an expression gives, in which `given` is a value from here."""
    source = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)
    program = f"{source}\nconst given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n" + (
        f"process.stdout.write(JSON.stringify({expression}));"
    )
    done = subprocess.run(
        [str(NODE), "-e", program], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows_of(book: Codebook) -> dict[str, Any]:
    table = book.table
    values = [[None if np.isnan(v) else v for v in row] for row in table.values.tolist()]
    rows = [
        [code, count, *row]
        for code, count, row in zip(table.codes.tolist(), table.counts.tolist(), values, strict=True)
    ]
    return {"names": ["code", "count", *table.names], "rows": rows}


def test_scripts_of_every_page_are_there_and_none_is_left_over() -> None:
    assert {path.name for path in FOLDER.glob("*.js")} == {*render_page.SCRIPTS, *table_page.SCRIPTS}


@needs_node
@pytest.mark.parametrize("name", sorted({*render_page.SCRIPTS, *table_page.SCRIPTS}))
def test_scripts_are_read_without_a_complaint(name: str) -> None:
    done = subprocess.run([str(NODE), "--check", str(FOLDER / name)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


EXPRESSIONS = (
    "centroid>2000 and flatness<-20", "centroid > p50", "pitch<p25 or pitch>p75", "p10<pitch<p90",
    "200<pitch<=300<centroid",
    "not pitch>0", "not (crest>p90 or count==3) and code!=7", "count>=.5e2", "not not pitch<400", "p50.5<loudness",

    "brightness>bandwidth and noisiness<0", "centroid>bandwidth", "pitch!=0", "-30<flatness",
    "count==64 or count==1 and pitch>1e9", "flatness< +1e300",
)  # fmt: skip


@needs_node
def test_compile_filter_agrees_with_the_tables_own(book: Codebook) -> None:
    given = rows_of(book) | {"expressions": EXPRESSIONS}
    found = run(
        ("filter.js",),
        "given.expressions.map(e => {const h = compileFilter(e, given.names, given.rows);"
        " return given.rows.map((_, i) => h(i));})",
        given,
    )
    for expression, held in zip(EXPRESSIONS, found, strict=True):
        assert held == book.table.filter(expression).tolist(), expression
    assert 0 < sum(map(sum, found)) < len(EXPRESSIONS) * len(book)


WRONG = ("", "centroid", "centroid>", "centroid>>3", "gloom>3", "1<2", "p50<3", "centroid>2 and", "(pitch>3",
         "pitch>3)", "pitch=3", "pitch>3 flatness<2", "pitch>p101", "constructor>1", "alert(1)")  # fmt: skip


@needs_node
def test_compile_filter_refuses_what_the_table_refuses(book: Codebook) -> None:
    attempt = (
        "given.expressions.map(e => {try { compileFilter(e, given.names, given.rows)(0); return null; }"
        " catch (error) { return error.constructor.name + ': ' + error.message; }})"
    )
    for expression, said in zip(
        WRONG, run(("filter.js",), attempt, rows_of(book) | {"expressions": WRONG}), strict=True
    ):
        assert (said or "").startswith("Error: "), (expression, said)
        with pytest.raises(ParameterError):
            book.table.filter(expression)


@needs_node
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", ["pitch", "centroid", "count"])
def test_sort_rows_agrees_with_the_tables_own(book: Codebook, name: str, descending: bool) -> None:
    given = rows_of(book) | {"column": ["code", "count", *book.table.names].index(name), "descending": descending}
    order = run(("sorting.js",), "sortRows([...given.rows.keys()], given.rows, given.column, given.descending)", given)
    assert order == book.table.sort(name, descending=descending).tolist()


@needs_node
def test_mix_color_is_viridis() -> None:
    import matplotlib as mpl

    shares = np.linspace(0, 1, 33)
    found = run(("colors.js",), "given.map(mixColor)", shares.tolist())
    mixed = np.array([[int(c) for c in text[4:-1].split(",")] for text in found])
    true = 255 * mpl.colormaps["viridis"](shares)[:, :3]
    assert np.abs(mixed - true).max() < 9


@needs_node
@pytest.mark.parametrize(("low", "high"), [(0, 10), (-45.2, -15.9), (0, 0.013), (1.2e3, 1.9e4), (0, 900)])
def test_nice_ticks_are_round_and_inside(low: float, high: float) -> None:
    ticks = run(("curves.js",), "niceTicks(given[0], given[1], 4)", [low, high])
    steps = np.diff(ticks)
    assert 2 <= len(ticks) <= 6 and ticks[0] >= low - 1e-9 and ticks[-1] <= high + 1e-9
    assert steps == pytest.approx(steps[0])
    assert float(f"{steps[0]:.1g}") == pytest.approx(steps[0])


@needs_node
def test_trace_path_has_gaps_and_keeps_the_extremes_of_what_shares_a_pixel() -> None:
    values = [1, 2, None, 3] + [0, 9, -9, 0] * 500
    path = run(("curves.js",), "tracePath(given, (t) => t < 4 ? 10 * t : 50 + t / 1e4, (v) => v)", values)
    assert path == "M0.0 1.0h0L10.0 2.0M30.0 3.0h0L50.0 -9.0L50.0 9.0"


@needs_node
def test_find_range_of_a_steady_target_is_wide_enough_for_small_errors_to_look_small() -> None:
    low, high = run(("curves.js",), "findRange(given)", {"unit": "dB", "asked": [-20.0] * 9, "got": [-20.01] * 9})
    assert high - low == pytest.approx(12, abs=0.1) and low < -20 < high
    assert run(("curves.js",), "findRange(given)", {"unit": "Hz", "asked": [None], "got": [None]}) == [0, 1]


@needs_node
def test_find_runs_joins_neighbours() -> None:
    assert run(("curves.js",), "findRuns(given.length, (t) => given[t])", [1, 1, 0, 1, 0, 0, 1]) == [
        [0, 1],
        [3, 3],
        [6, 6],
    ]
