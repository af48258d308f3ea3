"""The page's codes against the library's: not one may differ."""

import json
from pathlib import Path

import numpy as np
import pytest

import vqsynth
from tests.studio.node import needs_node, run_node, send_book
from vqsynth.codebook import Codebook
from vqsynth.codes.motion import suit_motion

pytestmark = needs_node
DEMANDS = (
    {"centroid": "sin(p5,p95,0.5)"},
    {"centroid": "random(p5,p95,3,1)", "loudness": "line(-40,-10)"},
    {"pitch": "steps(p20,p50,p80,p40,p60)"},
    {"centroid": "line(p5,p95)", "flatness": "sin(p10,p90,0.7)"},
    {"pitch": "random(p10,p90,2,3)", "centroid": "line(p80,p20)"},
    {"loudness": "line(-130,-20)"},
    {"centroid": "p50"},
    {"bandwidth": "sin(p5,p95,2)", "centroid": "sin(p5,p95,1)", "flatness": "line(p90,p10)", "pitch": "p60"},
)
WAYS = (
    {"method": "nearest"},
    {"motion": 0.0},
    {"seed": 3, "smoothness": 1.5},
    {"motion": 0.2, "style": 0.4, "weights": "curves"},
)
CHOOSE = """
const selector = await openSelector();
say(json("asked").map(({ targets, options }) => {
  const { codes, gain_db } = selector.choose(targets, options);
  return { codes: [...codes], gain_db: [...gain_db] };
}));
"""


def ask(book: Codebook, seconds: float) -> list[dict]:
    """List what is asked for and how, and what the library gives."""
    rows = []
    for demand in DEMANDS:
        targets = book.sample_curves(targets=demand, seconds=seconds)
        for way in WAYS:
            names = [name for name in targets if name != "loudness"]
            options = {"motion": suit_motion(targets), **way}
            if "weights" in options:
                slope = np.linspace(0, 3, len(targets["loudness"]))
                options["weights"] = {name: slope if i else 2.0 for i, name in enumerate(names)}
            path = book.choose(targets, seconds=seconds, **options)
            rows.append({"targets": targets, "options": options, "codes": path.codes, "gain_db": path.gain_db})
    return rows


def write_asked(rows: list[dict], folder: Path) -> None:
    text = json.dumps(rows, default=lambda array: array.tolist())
    (folder / "asked").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["violin", "cello", "percussion"])
def test_codes_and_gains_are_the_librarys(name: str, tmp_path: Path) -> None:
    book = vqsynth.load(name)
    asked = ask(book, 0.6)
    write_asked(asked, send_book(book, tmp_path))
    for row, found in zip(asked, run_node(tmp_path, CHOOSE), strict=True):
        assert found["codes"] == row["codes"].tolist(), row["options"]
        assert found["gain_db"] == row["gain_db"].tolist(), row["options"]


def test_gaps_ask_for_nothing_and_a_book_without_transitions_moves_too(book: Codebook, tmp_path: Path) -> None:
    targets = book.sample_curves(targets={"centroid": "line(p5,p95)", "pitch": "p50"}, seconds=1)
    targets["pitch"][20:60] = np.nan
    rows = []
    for options in ({"method": "nearest"}, {"motion": 0.0}, {"motion": 0.4, "seed": 2}):
        path = book.choose(targets, seconds=1, **options)
        rows.append({"targets": targets, "options": options, "codes": path.codes, "gain_db": path.gain_db})
    write_asked(rows, send_book(book, tmp_path))
    program = CHOOSE.replace("choose(targets", "choose(read(targets)").replace(
        "const selector", "const read = (rows) => Object.fromEntries(Object.entries(rows).map("
        "([name, row]) => [name, row.map((v) => v ?? NaN)]));\nconst selector"
    )  # fmt: skip
    text = (tmp_path / "asked").read_text(encoding="utf-8").replace("NaN", "null")
    (tmp_path / "asked").write_text(text, encoding="utf-8")
    for row, found in zip(rows, run_node(tmp_path, program), strict=True):
        assert found["codes"] == row["codes"].tolist(), row["options"]


DRAG = """
const draw = ({ targets, options }, [from, to, factor]) => ({
  targets: { ...targets, centroid: targets.centroid.map((v, t) => (t >= from && t < to ? v * factor : v)) }, options,
});
const dragged = await openSelector(), found = [];
for (const row of json("asked")) {
  dragged.choose(row.targets, row.options);
  for (const stroke of json("strokes")) {
    const { targets, options } = draw(row, stroke), scratch = await openSelector();
    const gone = dragged.choose(targets, options).codes, searched = dragged.searched;
    const true_ = scratch.choose(targets, options).codes;
    const changed = gone.filter((code, t) => code !== row.codes[t]).length;
    found.push({ differ: gone.filter((code, t) => code !== true_[t]).length, searched, changed });
  }
}
say(found);
"""


def test_drag_goes_on_to_the_codes_that_a_search_from_scratch_finds(tmp_path: Path) -> None:
    book = vqsynth.load("violin")
    targets = book.sample_curves(targets={"centroid": "sin(p20,p80,0.5)"}, seconds=1.5)
    rows = []
    for options in ({"motion": 0.0}, {"motion": 0.5}):
        codes = book.choose(targets, seconds=1.5, **options).codes
        rows.append({"targets": targets, "options": options, "codes": codes})
    write_asked(rows, send_book(book, tmp_path))
    strokes = [[0, 9, 1.2], [60, 70, 0.8], [60, 61, 1.5], [120, 130, 0.9], [0, 130, 1.01]]
    (tmp_path / "strokes").write_text(json.dumps(strokes), encoding="utf-8")
    found = run_node(tmp_path, DRAG)
    assert [row["differ"] for row in found] == [0] * 10
    assert all(row["changed"] for row in found)
    assert min(row["searched"] for row in found) < 100


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ({"gloom": [1]}, "unknown descriptor 'gloom'"),
        ({"centroid": [0]}, "must lie above 0"),
    ],
)
def test_targets_that_cannot_be_met_are_refused_in_a_sentence(
    book: Codebook, tmp_path: Path, targets: dict[str, list[float]], said: str
) -> None:
    write_asked([{"targets": targets | {"loudness": [-20]}, "options": {}}], send_book(book, tmp_path))
    program = "const s = await openSelector(); const [{ targets }] = json('asked');" + (
        "try { s.choose(targets); say(''); } catch (error) { say(error.message); }"
    )
    assert said in run_node(tmp_path, program)


@pytest.mark.parametrize("n", [0, 7, 40, 99])
def test_select_nth_is_numpys_partition(tmp_path: Path, n: int) -> None:
    values = np.random.default_rng(n).integers(0, 30, 100).astype(np.float32)
    values.tofile(tmp_path / "values")
    program = f'const {{ selectNth }} = await load("viterbi"); say(selectNth(new Float32Array(bytes("values")), {n}));'
    assert run_node(tmp_path, program) == np.partition(values, n)[n]
