"""What drawing does to points and to the document, outside a browser."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.studio.node import needs_node, run_node, send_book
from vqsynth.codebook import Codebook

pytestmark = needs_node


def run_page(folder: Path, name: str, program: str) -> Any:
    return run_node(folder, f"const page = await import(`${{engine}}/../ui/{name}.js`); {program}")


def test_stroke_to_and_fro_goes_on_in_time_and_what_was_drawn_last_counts(tmp_path: Path) -> None:
    times = [1.0, 1.5, 2.0, 1.7, 1.2, 0.5, 0.8, 3.0]
    stroke = [[time, float(i)] for i, time in enumerate(times)]
    found = run_page(tmp_path, "points", f"say({stroke}.reduce(page.extend, []));")
    assert [time for time, _ in found] == sorted({time for time, _ in found})
    assert found[-1] == [3.0, 7.0] and [0.5, 5.0] in found


def test_splice_leaves_what_lies_outside_a_stroke(tmp_path: Path) -> None:
    points = [[t, 0] for t in range(6)]
    found = run_page(tmp_path, "points", f"say(page.splice({points}, [[1.5, 9], [3, 8], [3.4, 9]]));")
    assert found == [[0, 0], [1, 0], [1.5, 9], [3, 8], [3.4, 9], [4, 0], [5, 0]]


def test_point_is_moved_between_its_neighbours_only(tmp_path: Path) -> None:
    program = "say([[9, 3], [-9, 3], [1.2, 3]].map((to) => page.move([[0, 1], [1, 1], [2, 1]], 1, to, 2)[1]));"
    assert run_page(tmp_path, "points", program) == [[1.999, 3], [0.001, 3], [1.2, 3]]


def test_freehand_becomes_few_points_that_are_near_all_that_was_drawn(tmp_path: Path) -> None:
    times = np.linspace(0, 10, 400)
    drawn = [[t, v] for t, v in zip(times.tolist(), (100 * np.sin(times)).tolist(), strict=True)]
    found = run_page(tmp_path, "points", f"say(page.simplify({drawn}, ([t, v]) => [80 * t, v], 1.5));")
    thin = np.array(found)
    assert len(thin) < 40
    assert np.abs(np.interp(times, thin[:, 0], thin[:, 1]) - 100 * np.sin(times)).max() < 3


def test_drag_is_undone_as_one_and_done_again(tmp_path: Path) -> None:
    found = run_page(
        tmp_path,
        "history",
        "const h = new page.History({ seconds: 1 }); const set = (s, key) => h.change((d) => (d.seconds = s), key);"
        "set(2, 'drag'); set(3, 'drag'); h.close(); set(4, 'drag'); set(5); const seen = [h.session.seconds];"
        "h.undo(); seen.push(h.session.seconds); h.undo(); seen.push(h.session.seconds);"
        "h.undo(); seen.push(h.session.seconds, h.canUndo); h.undo(); h.redo(); seen.push(h.session.seconds);"
        "set(9); seen.push(h.canRedo); say(seen);",
    )
    assert found == [5, 4, 3, 1, False, 3, False]


@pytest.mark.parametrize("name", ["centroid", "flatness", "loudness"])
def test_scale_goes_there_and_back_and_its_ticks_are_round(book: Codebook, tmp_path: Path, name: str) -> None:
    send_book(book, tmp_path)
    found = run_page(
        tmp_path,
        "scale",
        'const { Table } = await load("table");'
        f'const scale = new page.Scale(new Table(json("table")), "{name}");'
        "say({ shares: [0, 0.3, 1].map((share) => scale.share(scale.value(share))), ticks: scale.ticks(5),"
        " low: scale.low, high: scale.high });",
    )
    assert found["shares"] == pytest.approx([0, 0.3, 1])
    assert len(found["ticks"]) >= 2 and found["low"] <= min(found["ticks"]) <= max(found["ticks"]) <= found["high"]
    assert all(float(f"{tick:.2g}") == pytest.approx(tick) for tick in found["ticks"])


@pytest.mark.parametrize(
    ("kept", "used"),
    [
        ('{"kind":"vqsynth session","format":1,"book":"a","seconds":2,"seed":0,"lanes":[]}', True),
        ('{"kind":"vqsynth session","format":1,"book":"gone","seconds":2,"seed":0,"lanes":[]}', False),
        ('{"kind":"vqsynth session","format":1,"book":"a","seconds":2,"seed":0,"lanes":[{"name":3}]}', False),
        ('{"kind":"vqsynth session","format":1,"book":"a","seconds":"x","seed":0,"lanes":[]}', False),
        ("{", False),
    ],
)
def test_session_is_recalled_where_it_can_be_used(tmp_path: Path, kept: str, used: bool) -> None:
    found = run_page(
        tmp_path,
        "keeping",
        f"globalThis.localStorage = {{ getItem: () => '{kept}' }}; say(page.recallSession(['a']));",
    )
    assert (found is not None) == used


def test_session_is_kept_and_recalled_the_same(tmp_path: Path) -> None:
    session = {
        "kind": "vqsynth session", "format": 1, "book": "a", "seconds": 2, "seed": 0,
        "lanes": [{"name": "pitch", "points": [[0, 440], [1.5, 220]], "weight": 2}],
    }  # fmt: skip
    (tmp_path / "session").write_text(str(session).replace("'", '"'), encoding="utf-8")
    found = run_page(
        tmp_path,
        "keeping",
        "const held = {}; globalThis.localStorage = { setItem: (k, v) => (held[k] = v), getItem: (k) => held[k] };"
        'page.keepSession(json("session")); say(page.recallSession(["a"]));',
    )
    assert found == session


def test_weights_and_errors_are_per_frame_and_leave_gaps_out(tmp_path: Path) -> None:
    found = run_page(
        tmp_path,
        "targets",
        "say([page.measureError([1, NaN, 4], [1, 5, 1]), page.spreadWeights({ a: 2 }, 3)]);",
    )
    assert found == [pytest.approx((9 / 2) ** 0.5), {"a": [2, 2, 2]}]
