"""The page's engine beside the library: its sound, its codes, how fast it answers a drag, how fast it plays.

    python tests/bench/studio_engine.py [BOOK ...]

Sound: a random curve of 60 s, plain and with every control, against `vqsynth.render`. Codes: eight demands of 10 s by
three ways, against `Codebook.choose`. Drag: a point of a curve of 10 s is moved a hundred times, and the curve is
sampled and its codes are found each time; the last of them is searched again from scratch. Times are CPU time, all
threads of node added up. Needs node.
"""

import gzip
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from _bars import WANTING, finish, note, show

sys.path.insert(0, str(Path(__file__).parents[2]))

import vqsynth
from tests.studio.node import NODE, STATIC, level_db, run_node, send_book, send_path
from tests.studio.test_engine_play import AUDIO_THREAD
from tests.studio.test_engine_select import CHOOSE, DEMANDS, write_asked
from tests.studio.test_engine_voice import random_controls
from vqsynth.codebook import Codebook
from vqsynth.codes.motion import suit_motion
from vqsynth.render import render_path

SOUND_S, CURVE_S, PLAYED_S = 60.0, 10.0, 20.0
BOOKS = ("violin", "cello", "percussion")
SOUND_BAR_DB, DRAG_BARS_MS, PLAY_BAR = -100.0, (30.0, 100.0), 15.0
SIZE_BARS = 250.0, 80.0

RENDER = 'const { renderPath } = await load("render"); keep("y", renderPath(await openBook(), json("path")));'
DRAG = """
const { Grid } = await load("book"), { frameTimes, sampleCurve } = await load("curve");
const selector = await openSelector(), times = frameTimes(new Grid(json("card")), 10), { curves, options } = json("drag");
const sample = () => Object.fromEntries(Object.entries(curves).map(([name, points]) => [name, sampleCurve(points, times)]));
const spent = [], [name] = Object.keys(curves), points = curves[name];
selector.choose(sample(), options);
let found = null;
for (let move = 0; move < 110; move++) {
  const point = points[5 + (move > 60)], before = process.cpuUsage();
  point.value *= 1 + 0.02 * Math.sin(move / 5);
  point.time += 0.004 * Math.cos(move / 7);
  found = selector.choose(sample(), options);
  const { user, system } = process.cpuUsage(before);
  if (move >= 10) spent.push((user + system) / 1e3);
}
const scratch = (await openSelector()).choose(sample(), options);
say({ spent, differ: found.codes.filter((code, t) => code !== scratch.codes[t]).length });
"""  # noqa: E501  the lines of a program
PLAY = """
tell({ do: "swap", paths: [json("path")] });
tell({ do: "play", from: 0 });
listen(44100 * 2);
const before = process.cpuUsage();
listen(44100 * 16);
const { user, system } = process.cpuUsage(before);
say((16 * 44100) / json("card").sr / ((user + system) / 1e6));
"""


def compare_sounds(book: Codebook, folder: Path) -> None:
    """Render a random curve on both sides, plain and controlled."""
    plain = book.follow(centroid="random(p5,p95,4,1)", loudness="random(-30,-12,2,2)", seconds=SOUND_S)
    controlled = replace(plain, controls=random_controls(len(plain)))
    for what, path in (("plain", plain), ("controls", controlled)):
        send_path(path, folder)
        run_node(folder, RENDER)
        true, found = render_path(path, book.spectra), np.fromfile(folder / "y", np.float32)
        show(f"{book.name}, {what}: error of the page's sound", level_db(found - true, true), SOUND_BAR_DB, unit="dB")


def compare_codes(book: Codebook, folder: Path) -> None:
    """Choose codes on both sides."""
    rows = []
    for demand in DEMANDS:
        targets = book.sample_curves(targets=demand, seconds=CURVE_S)
        for options in ({"method": "nearest"}, {"motion": 0.0}, {"motion": suit_motion(targets)}):
            codes = book.choose(targets, seconds=CURVE_S, **options).codes
            rows.append({"targets": targets, "options": options, "codes": codes})
    write_asked(rows, folder)
    found = run_node(folder, CHOOSE)
    differ = sum(
        int(np.count_nonzero(got["codes"] != row["codes"])) for row, got in zip(rows, found, strict=True)
    )  # fmt: skip
    note(f"{book.name}: frames compared", sum(len(row["codes"]) for row in rows))
    show(f"{book.name}: codes that differ", differ, 0)


def time_drag(book: Codebook, folder: Path) -> None:
    """Move a point, with motion and without, and beside another curve."""
    rng = np.random.default_rng(0)
    curves = {}
    for name in ("centroid", "flatness"):
        low, high = book.table.percentile(name, 10), book.table.percentile(name, 90)
        curves[name] = [{"time": float(t), "value": v} for t, v in enumerate(rng.uniform(low, high, 11))]
    loudness = {"loudness": [{"time": 0, "value": -20}]}
    cases = {
        "centroid": ({"centroid": curves["centroid"]} | loudness, None),
        "centroid, motion 0": ({"centroid": curves["centroid"]} | loudness, 0.0),
        "centroid beside flatness": (curves | loudness, None),
    }
    for what, (drawn, motion) in cases.items():
        asked = {"curves": drawn, "options": {"motion": motion}}
        (folder / "drag").write_text(json.dumps(asked, default=float), encoding="utf-8")
        found = run_node(folder, DRAG)
        spent = found["spent"]
        show(f"{book.name}, {what}: drag to codes, median", float(np.median(spent)), DRAG_BARS_MS[0], unit="ms")
        show(f"{book.name}, {what}: drag to codes, worst", max(spent), DRAG_BARS_MS[1], unit="ms")
        show(f"{book.name}, {what}: codes other than from scratch", found["differ"], 0)


def time_playing(book: Codebook, folder: Path) -> None:
    """Let the audio thread's module play a controlled path as fast as it can."""
    path = book.follow(centroid="random(p5,p95,4,1)", loudness="-20", seconds=PLAYED_S)
    send_path(replace(path, controls=random_controls(len(path))), folder)
    show(f"{book.name}: plays, times real time", run_node(folder, AUDIO_THREAD + PLAY), PLAY_BAR, better="higher")


def weigh_front() -> None:
    """Weigh all that the page is made of."""
    files = [file.read_bytes() for file in STATIC.rglob("*") if file.suffix in {".js", ".css", ".html", ".json"}]
    show("front: source", sum(map(len, files)) / 1e3, SIZE_BARS[0], unit="kB")
    show("front: gzipped", sum(len(gzip.compress(data)) for data in files) / 1e3, SIZE_BARS[1], unit="kB")


def main(names: list[str]) -> None:
    """Measure everything; the first books are those of the codes, of drags and of playing too."""
    if NODE is None:
        print("could not run: missing: node; apt install nodejs", file=sys.stderr)
        sys.exit(WANTING)
    weigh_front()
    for name in names or [book.name for book in vqsynth.list_codebooks()]:
        book = vqsynth.load(name)
        with tempfile.TemporaryDirectory() as made:
            folder = send_book(book, Path(made))
            compare_sounds(book, folder)
            if book.name in BOOKS:
                compare_codes(book, folder)
                time_drag(book, folder)
                time_playing(book, folder)
    finish()


if __name__ == "__main__":
    main(sys.argv[1:])
