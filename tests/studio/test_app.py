"""The server asked as its page asks it: what it makes is what the command line makes, and bad input gets a sentence."""

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import vqsynth
from tests.conftest import Run
from tests.studio.asking import Asker, said
from vqsynth.codebook import Codebook
from vqsynth.path import load_layers, read_paths
from vqsynth.studio.sending import PARTS


def wav(y: np.ndarray, sr: int = 44100, kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, y, sr, format=kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def tone() -> bytes:
    t = np.arange(22050) / 44100
    return wav(0.1 * np.sin(2 * np.pi * 440 * t * (1 + 0.1 * t)))


def frames_of(book: Codebook, seconds: float) -> int:
    return book.grid.count(book.grid.samples(seconds))


@pytest.fixture(scope="module")
def asked(book: Codebook) -> dict[str, Any]:
    """A centroid that rises, and is not asked for at the end."""
    n = frames_of(book, 0.5)
    low, high = (book.table.percentile("centroid", p) for p in (20, 80))
    row: list[float | None] = [*np.linspace(low, high, n).tolist()]
    row[-3:] = [None] * 3
    return {"book": "thirds", "seconds": 0.5, "targets": {"centroid": row}, "seed": 3, "rounds": 2}


def test_books_are_listed_by_name_and_every_part_is_sent(asker: Asker, book: Codebook) -> None:
    names = [each["name"] for each in asker.get("/api/books").json()]
    assert names[-1] == "thirds" and {"violin", "cello"} < set(names)
    for part, (pack, kind) in PARTS.items():
        answer = asker.get(f"/api/books/thirds/{part}")
        assert answer.status_code == 200 and answer.headers["content-type"] == kind
        assert answer.content == pack(book)


def test_polish_gives_the_path_of_synthesize(asker: Asker, book: Codebook, asked: dict[str, Any]) -> None:
    made = asker.post("/api/polish", json=asked).json()
    row = asked["targets"]["centroid"]
    (path,) = read_paths(made["paths"][0])
    whole = {"book": "thirds", "seconds": 0.5, "seed": 3, "rounds": 2}
    without_gaps = asker.post("/api/polish", json=whole | {"targets": {"centroid": [v or row[-4] for v in row]}}).json()
    known = book.synthesize(targets={"centroid": [v or row[-4] for v in row]}, seconds=0.5, seed=3, rounds=2)
    assert read_paths(without_gaps["paths"][0])[0] == known.path
    assert without_gaps["got"]["centroid"] == known.report["descriptors"]["centroid"]["got"]
    assert len(path) == len(row) == len(made["got"]["centroid"]) and path.seed == 3
    assert made["errors"]["centroid"]["nrmse"] < 0.1 and "asked" not in made["errors"]["centroid"]


@pytest.mark.parametrize("excitation", [None, "noise", "refined"])
def test_exported_path_plays_by_decode_to_the_sample(
    asker: Asker, asked: dict[str, Any], book_folder: Path, run: Run, tmp_path: Path, excitation: str | None
) -> None:
    made = asker.post("/api/polish", json=asked | {"layers": 2}).json()
    export = {"book": "thirds", "paths": made["paths"]} | ({"excitation": excitation} if excitation else {})
    sound, path = (asker.post("/api/render", json=export | {"as": form}).content for form in ("wav", "path"))
    (tmp_path / "take.json").write_bytes(path)
    code, _, err = run("decode", "take.json", "--book", book_folder, "-o", "take.wav")
    assert code == 0, err
    assert (tmp_path / "take.wav").read_bytes() == sound
    assert {layer.excitation for layer in load_layers(tmp_path / "take.json")} == {excitation or "coherent"}


def test_report_and_page_tell_of_the_same_sound(asker: Asker, book: Codebook, asked: dict[str, Any]) -> None:
    made = asker.post("/api/polish", json=asked).json()
    export = {"book": "thirds", "paths": made["paths"], "targets": asked["targets"]}
    report = asker.post("/api/render", json=export | {"as": "report"}).json()
    assert report["descriptors"]["centroid"]["got"] == pytest.approx(made["got"]["centroid"], nan_ok=True)
    assert report["codes"] == made["paths"][0]["codes"]
    page = asker.post("/api/render", json=export | {"as": "page"})
    assert page.headers["content-type"].startswith("text/html") and "<audio" in page.text


def test_sound_that_is_heard_gives_its_pitch_and_the_targets_of_like(
    asker: Asker, tone: bytes, write_sound: Any, tmp_path: Path
) -> None:
    heard = asker.post("/api/books/violin/hear?name=tone.wav", content=tone).json()
    assert heard["seconds"] == pytest.approx(0.5)
    pitch = np.array([np.nan if v is None else v for v in heard["curves"]["pitch"]])
    assert np.nanmedian(pitch) == pytest.approx(440 * 1.05, rel=0.02)
    assert {"centroid", "loudness", "bandwidth"} < heard["curves"].keys()
    (tmp_path / "tone.wav").write_bytes(tone)
    known = vqsynth.load("violin").synthesize(like=tmp_path / "tone.wav", rounds=0).report["descriptors"]
    assert heard["targets"]["loudness"] == pytest.approx(known["loudness"]["asked"])
    assert heard["weights"]["flatness"] == pytest.approx(0.3)
    mapped = asker.post("/api/books/violin/hear?mapping=minmax", content=tone).json()["targets"]["centroid"]
    column = vqsynth.load("violin").table.column("centroid")
    assert np.nanmin(column) - 1 <= min(v for v in mapped if v) and max(v for v in mapped if v) > np.nanmax(column) - 1


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "no sound came"), (b"no sound at all" * 100, ""), (wav(np.zeros(22050)), "silen"), (b"RIFF\0\0", "")],
)
def test_what_is_no_sound_is_refused(asker: Asker, data: bytes, why: str) -> None:
    for route in ("/api/books/thirds/hear?name=../../etc/passwd", "/api/models/strings/encode?name=a.mp4"):
        if why != "silen" or "books" in route:
            status, words = said(asker.post(route, content=data))
            assert status == 400 and why in words and "/tmp" not in words and "vqsynth-studio" not in words


def test_sound_that_decodes_to_hours_is_refused_early(asker: Asker) -> None:
    """Twenty minutes of silence are a few kilobytes of FLAC."""
    bomb = wav(np.zeros(20 * 60 * 8000), 8000, "FLAC")
    assert len(bomb) < 100_000
    status, words = said(asker.post("/api/books/thirds/hear?name=long.flac", content=bomb))
    assert status == 400 and "more than 600 s" in words and "long.flac" in words


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seconds": 601}, "up to 600"), ({"seconds": 0}, "above 0"), ({"seconds": 1e308}, "1e+09"),
        ({"seconds": "1"}, "seconds"), ({"targets": {"centroid": [1.0]}}, "one per frame"),
        ({"targets": {"centroid": "@/etc/passwd"}}, "list of numbers"), ({"targets": {"nothing": None}}, "list"),
        ({"targets": []}, "dict"), ({"layers": 9}, "at most 8"), ({"rounds": 51}, "at most 50"),
        ({"layers": True}, "int"), ({"weights": {"centroid": [1e300]}}, "per frame"), ({"smoothness": -1}, ""),
        ({"like": "/etc/passwd"}, "unknown field 'like'"), ({"mapping": "no"}, "mapping"), ({"seed": -1}, "seed"),
        ({"limits": {"gain": 1}}, "bool"),
        ({"method": "best"}, "method"), ({"excitation": "loud"}, "excitation"), ({"book": 3}, "book"),
    ],
)  # fmt: skip
def test_what_cannot_be_polished_is_told_in_a_sentence(
    asker: Asker, asked: dict[str, Any], change: dict[str, Any], why: str
) -> None:
    status, words = said(asker.post("/api/polish", json=asked | change))
    assert status == 400 and why in words, words


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"a":NaN}', b"\xff", b'{"book":"thirds","book":"x"}', b"[" * 10000, b'"\\ud800"']
)
def test_body_that_is_no_json_object_is_refused(asker: Asker, body: bytes) -> None:
    for route in ("/api/polish", "/api/render", "/api/models/strings/plane", "/api/training/start", "/api/session"):
        assert said(asker.post(route, content=body))[0] == 400


def test_paths_that_are_none_are_refused(asker: Asker, asked: dict[str, Any], rng: np.random.Generator) -> None:
    (path,) = asker.post("/api/polish", json=asked).json()["paths"]
    changes: list[dict[str, Any]] = [
        {"codes": path["codes"][1:]}, {"codes": [10**6] * len(path["codes"])}, {"sha256": "0" * 64}, {"sr": 1},
        {"gain_db": ["loud"] * len(path["codes"])}, {"format": 99}, {"kind": "latent path"},
        {"excitation": "loud"}, {"seed": -1}, {"controls": 3, "envelope_db": [[1]]}, {"codes": None},
    ]  # fmt: skip
    for change in changes:
        answer = asker.post("/api/render", json={"book": "thirds", "paths": [path | change]})
        assert said(answer)[0] == 400, change
    for paths in ([], [path] * 9, [3], {}, [path, path | {"codes": [0], "gain_db": [0.0]}], None):
        assert said(asker.post("/api/render", json={"book": "thirds", "paths": paths}))[0] == 400
    assert said(asker.post("/api/render", json={"book": "thirds", "paths": [path], "as": "../wav"}))[0] == 400
    for _ in range(30):  # whatever is swapped in, the answer is a sound or one sentence
        name = rng.choice(list(path))
        value = rng.choice(np.array([None, -1, 1e99, "x", [], {}, [None], True, 2**63], object))
        answer = asker.post("/api/render", json={"book": "thirds", "paths": [path | {str(name): value}]})
        assert answer.status_code == 200 or said(answer)[0] == 400, (name, value)


@pytest.fixture(scope="module")
def long_one(book: Codebook) -> dict[str, Any]:
    """What takes seconds to correct."""
    row = [book.table.percentile("centroid", 50)] * frames_of(book, 20)
    return {"book": "thirds", "seconds": 20, "targets": {"centroid": row}, "rounds": 50}


def test_newest_request_takes_the_place_of_the_older_one(
    asker: Asker, asked: dict[str, Any], long_one: dict[str, Any]
) -> None:
    async def ask_both() -> list[Any]:
        older = asyncio.create_task(asker.ask("POST", "/api/polish", json=long_one))
        while asker.studio.worker.tell()["doing"] != "correcting":
            await asyncio.sleep(0.005)
        share = (await asker.ask("GET", "/api/progress")).json()
        newer = await asker.ask("POST", "/api/polish", json=asked)
        return [await older, newer, share]

    older, newer, progress = asyncio.run(ask_both())
    assert said(older) == (409, "a newer request took its place") and newer.status_code == 200
    assert progress["kind"] == "polish" and 0 <= progress["share"] < 1


def test_work_is_dropped_when_it_is_cancelled_or_nobody_waits(asker: Asker, long_one: dict[str, Any]) -> None:
    async def ask(ending: str) -> Any:
        task = asyncio.create_task(asker.ask("POST", "/api/polish", json=long_one))
        while asker.studio.worker.tell()["doing"] != "correcting":
            await asyncio.sleep(0.005)
        if ending == "cancel":
            await asker.ask("POST", "/api/cancel/polish")
            return await task
        task.cancel()
        began = time.monotonic()
        while asker.studio.worker.tell()["kind"]:
            await asyncio.sleep(0.005)
            assert time.monotonic() - began < 5
        return None

    assert said(asyncio.run(ask("cancel"))) == (409, "it was cancelled")
    asyncio.run(ask("abort"))
    assert said(asker.post("/api/cancel/everything"))[0] == 400


def test_exports_wait_for_each_other(asker: Asker, asked: dict[str, Any]) -> None:
    (path,) = asker.post("/api/polish", json=asked).json()["paths"]

    async def ask_all() -> list[Any]:
        one = {"book": "thirds", "paths": [path]}
        return list(await asyncio.gather(*(asker.ask("POST", "/api/render", json=one) for _ in range(5))))

    answers = asyncio.run(ask_all())
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


def test_path_that_the_page_chose_is_corrected_and_its_codes_stay(
    asker: Asker, book: Codebook, asked: dict[str, Any]
) -> None:
    path = asker.post("/api/polish", json=asked | {"rounds": 0}).json()["paths"][0]
    codes = [code if i < 20 else 7 for i, code in enumerate(path["codes"])]
    mine = {"codes": codes} | {name: path[name] for name in ("gain_db", "n_samples", "seed")}
    asked = asked | {"weights": {"centroid": 2, "loudness": [1.0] * len(codes)}}
    made = asker.post("/api/polish", json=asked | {"paths": [mine], "rounds": 4}).json()
    assert made["paths"][0]["codes"] == mine["codes"]
    errors = [each["centroid"] for each in made["rounds"]]
    assert errors[made["kept"]] == min(errors) < errors[0]
    assert said(asker.post("/api/polish", json=asked | {"paths": [mine | {"sha256": "0"}]}))[0] == 400
