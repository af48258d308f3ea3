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
from vqsynth.page import map_page, render_page, table_page

NODE = shutil.which("node") or shutil.which("nodejs")
FOLDER = Path(vqsynth.__file__).parent / "page"
SCRIPTS = {*render_page.SCRIPTS, *table_page.SCRIPTS, *map_page.SCRIPTS}
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
    assert {path.name for path in FOLDER.glob("*.js")} == SCRIPTS


@needs_node
@pytest.mark.parametrize("name", sorted(SCRIPTS))
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


POINTS = [[0.0, 0.0], [10.0, 0.0], [0.0, 5.0], [10.0, 5.0], [5.0, 2.5]]
VIEW = "const view = fitView(given, 400, 300, 20);"


@needs_node
def test_fit_view_shows_every_point_with_equal_scales_and_y_upwards() -> None:
    view, places = run(
        ("view.js",), f"(() => {{ {VIEW} return [view, given.map((p) => toPixel(view, p))]; }})()", POINTS
    )
    assert view["scale"] == pytest.approx(36) and places[4] == pytest.approx([200, 150])
    assert places[0] == pytest.approx([20, 240]) and places[3] == pytest.approx([380, 60])


@needs_node
def test_zoom_view_keeps_the_place_under_the_pointer_and_its_bounds() -> None:
    zoomed = f"(() => {{ {VIEW} const at = toPixel(view, given[3]); const near = zoomView(view, 3, at, 1, 72);"
    view, place = run(("view.js",), zoomed + " return [near, toPixel(near, given[3])]; })()", POINTS)
    assert view["scale"] == 72 and place == pytest.approx([380, 60])


@needs_node
def test_find_nearest_takes_a_dot_within_reach_only_and_find_ahead_the_next_on_the_way() -> None:
    calls = (
        "findNearest(view, given, radii, [205, 150], 0)", "findNearest(view, given, radii, [215, 150], 0)",
        "findNearest(view, given, radii, [215, 150], 10)", "findAhead(view, given, 0, [1, 0])",
        "findAhead(view, given, 0, [0, -1])", "findAhead(view, given, 0, [-1, 0])",
        "findAlong(view, given, radii, [20, 240], [380, 60], 0)",
    )  # fmt: skip
    found = run(
        ("view.js",), f"(() => {{ {VIEW} const radii = given.map(() => 8); return [{', '.join(calls)}]; }})()", POINTS
    )
    assert found == [4, -1, 4, 4, 2, -1, [0, 4, 3]]


STAGE = """
const heard = [], listeners = {}, elements = {};
const pen = new Proxy({}, { get: (o, k) => k in o ? o[k] : () => {}, set: (o, k, v) => { o[k] = v; return true; } });
const element = (id) => elements[id] = elements[id] || {
  id, style: {}, value: "", textContent: {data: JSON.stringify(given), sounds: '"AAAA"'}[id] || "", width: 0,
  clientWidth: 400, clientHeight: 300, getContext: () => pen, setPointerCapture() {}, append() {},
  replaceChildren(...parts) { this.parts = parts; }, getBoundingClientRect: () => ({left: 0, top: 0}),
  addEventListener: (name, f) => { listeners[id + " " + name] = f; },
};
globalThis.document = { getElementById: element, createElement: () => ({style: {}}) };
globalThis.window = globalThis;
globalThis.getComputedStyle = () => ({getPropertyValue: () => "#fff"});
globalThis.ResizeObserver = class { observe() {} };
globalThis.AudioContext = class {
  createBuffer(channels, length) { return { getChannelData: () => new Float32Array(length) }; } resume() {}
};
globalThis.AudioBufferSourceNode = class { connect() {} start() { heard.push(chosen); } stop() {} };
const send = (name, event) => listeners["map " + name]({preventDefault() {}, button: 0, pointerId: 1, ...event});
const at = (i) => { const [clientX, clientY] = toPixel(view, points[i]); return {clientX, clientY}; };
"""


def stage(actions: str) -> Any:
    """Play on the page of a map of five codes, with a stand-in for the browser: what is heard, and what is said."""
    given = {
        "points": POINTS, "codes": [7, 8, 9, 10, 11], "counts": [1, 5, 0, 2, 9], "order": [4, 1, 3, 0, 2],
        "names": ["centroid", "pitch"], "units": ["Hz", "Hz"], "octaves": [True, True], "color": "pitch",
        "values": [[100, None], [200, 50], [300, 60], [400, 70], [500, 80]], "sr": 8, "length": 0, "peaks": [1] * 5,
    }  # fmt: skip
    source = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in map_page.SCRIPTS)
    program = (
        f"const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n{STAGE}\n{source}\n{actions}\n"
        "setTimeout(() => process.stdout.write(JSON.stringify({heard, said: elements.now.textContent, view, whole, "
        "scale: elements.scale.parts})), 400);"
    )
    done = subprocess.run(
        [str(NODE), "-e", program], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
def test_map_click_plays_a_code_and_says_what_it_is() -> None:
    found = stage("send('pointerdown', at(0)); send('pointerup', {});")
    assert found["heard"] == [0] and found["said"] == "code 7, used 1 times: centroid 100 Hz, pitch none Hz"
    assert [found["scale"][0], found["scale"][2]] == ["50", "80 Hz"]


@needs_node
def test_map_stroke_plays_the_codes_it_passes_and_background_moves_the_map() -> None:
    found = stage("send('pointerdown', at(0)); send('pointermove', at(3)); send('pointerup', {});")
    assert found["heard"] == [0, 4, 3]
    moved = stage("send('pointerdown', {clientX: 100, clientY: 20}); send('pointermove', {clientX: 130, clientY: 60});")
    assert moved["heard"] == [] and moved["view"]["x"] == pytest.approx(moved["whole"]["x"] + 30)


@needs_node
def test_map_keys_walk_zoom_and_show_all() -> None:
    keys = "for (const key of ['ArrowUp', 'ArrowRight', ' ', '+', '+']) send('keydown', {key});"
    found = stage(keys)
    assert found["heard"] == [4, 1, 1]
    assert found["view"]["scale"] == pytest.approx(found["whole"]["scale"] * 1.25**2)
    assert stage(keys + "send('keydown', {key: '0'});")["view"] == found["whole"]


@needs_node
def test_map_two_fingers_zoom_and_play_nothing_more() -> None:
    pinch = (
        "send('pointerdown', {clientX: 150, clientY: 20});"
        "send('pointerdown', {pointerId: 2, clientX: 250, clientY: 20});"
        "send('pointermove', {pointerId: 2, clientX: 350, clientY: 20});"
    )
    found = stage(pinch)
    assert found["heard"] == [] and found["view"]["scale"] == pytest.approx(2 * found["whole"]["scale"])


@needs_node
def test_map_wheel_zooms_where_it_is_turned_and_colours_follow_the_choice() -> None:
    actions = "send('wheel', {deltaY: -400, ...at(2)}); elements.color.value = 'centroid'; listeners['color change']();"
    found = stage(actions)
    assert found["view"]["scale"] > 1.5 * found["whole"]["scale"] and found["scale"][0] == "100"
