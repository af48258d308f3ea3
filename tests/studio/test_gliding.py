"""Latent paths over the protocol: the same paths and samples as the library and the command line give."""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.conftest import Run
from tests.studio.asking import Asker, said
from vqsynth import continuous
from vqsynth.continuous.model import ContinuousModel
from vqsynth.sound import audio


@pytest.fixture(scope="module")
def model() -> ContinuousModel:
    return continuous.load("strings")


def tone(frequency_hz: float, seconds: float = 0.5) -> bytes:
    file, t = io.BytesIO(), np.arange(round(44100 * seconds)) / 44100
    soundfile.write(file, 0.1 * np.sin(2 * np.pi * frequency_hz * t), 44100, format="WAV", subtype="FLOAT")
    return file.getvalue()


@pytest.fixture(scope="module")
def corners(asker: Asker) -> list[dict[str, Any]]:
    names = [f"/api/models/strings/encode?name={hz}.wav" for hz in (220, 330, 440, 660)]

    async def encode() -> list[Any]:
        tones = [tone(hz) for hz in (220, 330, 440, 660)]
        asked = (asker.ask("POST", name, content=data) for name, data in zip(names, tones, strict=True))
        return list(await asyncio.gather(*asked))

    return [answer.json() for answer in asyncio.run(encode())]


def as_path(fields: dict[str, Any], folder: Path) -> continuous.LatentPath:
    (folder / "path.json").write_text(json.dumps(fields))
    return continuous.LatentPath.load(folder / "path.json")


def same(a: continuous.LatentPath, b: continuous.LatentPath) -> bool:
    return bool((a.components == b.components).all() and (a.loudness_db == b.loudness_db).all())


def test_models_tell_what_components_follow(asker: Asker) -> None:
    found = {each["name"]: each for each in asker.get("/api/models").json()}
    assert {"strings", "choir"} <= set(found)
    assert found["strings"]["components"][0]["descriptor"] == "flatness"
    assert asker.post("/api/models/strings/warm").json() == {"model": "strings"}


def test_paths_are_those_of_the_library(
    asker: Asker, model: ContinuousModel, corners: list[dict[str, Any]], tmp_path: Path
) -> None:
    paths = [as_path(fields, tmp_path) for fields in corners]
    (tmp_path / "tone.wav").write_bytes(tone(220))
    assert same(paths[0], model.encode(*audio.load(tmp_path / "tone.wav")))

    walk = [[0, 0.1, 0.2], [0.4, 0.9, 0.8]]
    walked = asker.post("/api/models/strings/plane", json={"corners": corners, "at": walk, "seconds": 0.7}).json()
    assert same(as_path(walked, tmp_path), continuous.walk_plane(paths, np.array(walk), seconds=0.7))

    drawn = [0.0, 2.0, -1.0]
    bends = [{"component": 1, "bias": 2, "scale": 0.5}, {"component": "loudness", "reverse": True}, {"draw": drawn}]
    bends[2]["component"] = 3
    bent = asker.post("/api/models/strings/bend", json={"path": corners[0], "bends": bends}).json()
    known = continuous.bend(paths[0], component=1, bias=2, scale=0.5)
    known = continuous.bend(continuous.bend(known, component="loudness", reverse=True), component=3, draw=drawn)
    assert same(as_path(bent, tmp_path), known)

    asked = {"a": corners[0], "b": corners[3], "weight": [0, 1, 0.5], "align": "dtw", "of": "latents"}
    morphed = asker.post("/api/models/strings/morph", json=asked).json()
    known = continuous.morph(paths[0], paths[3], weight=[0, 1, 0.5], align="dtw", of="latents")
    assert same(as_path(morphed, tmp_path), known)


def test_stream_is_the_sound_of_the_model(
    asker: Asker, model: ContinuousModel, corners: list[dict[str, Any]], tmp_path: Path
) -> None:
    for how in ({"vocoder": "magnitude", "excitation": "coherent", "seed": 5}, {"vocoder": "melgan"}):
        answer = asker.post("/api/models/strings/decode", json={"path": corners[0], **how})
        y = np.frombuffer(answer.content, "<f4")
        assert (y == model.render(as_path(corners[0], tmp_path), **how)).all()


def test_exported_latents_play_by_decode_to_the_sample(
    asker: Asker, corners: list[dict[str, Any]], run: Run, tmp_path: Path
) -> None:
    asked = {"path": corners[1], "vocoder": "magnitude", "excitation": "noise", "seed": 7}
    sound, path = (
        asker.post("/api/models/strings/decode", json=asked | {"as": form}).content for form in ("wav", "path")
    )
    (tmp_path / "glide.json").write_bytes(path)
    assert run("continuous", "decode", "glide.json", "-o", "glide.wav")[0] == 0
    assert (tmp_path / "glide.wav").read_bytes() == sound


def test_what_cannot_be_glided_is_told_in_a_sentence(asker: Asker, corners: list[dict[str, Any]]) -> None:
    path = corners[0]
    hostile: list[tuple[str, Any]] = [
        ("plane", {"corners": corners[:3], "at": [[0, 0, 0]]}), ("plane", {"corners": corners, "at": "@/etc/passwd"}),
        ("plane", {"corners": corners, "at": [[0, 2, 0]]}), ("plane", {"corners": corners, "at": [[0, 0]]}),
        ("plane", {"corners": corners, "at": [[0, 0, 0]], "seconds": 3600}), ("plane", {"corners": 4, "at": []}),
        ("bend", {"path": path, "bends": [{"component": 1, "draw": "@/etc/passwd"}]}),
        ("bend", {"path": path, "bends": [{"component": 99, "bias": 1}]}), ("bend", {"path": path, "bends": []}),
        ("bend", {"path": path, "bends": [{"component": 1, "bias": 1e8}]}),
        ("bend", {"path": path, "bends": [{"x": 1}]}),
        ("bend", {"path": path, "bends": [{"component": 1, "bias": True}]}), ("bend", {"path": 3, "bends": []}),
        ("morph", {"a": path, "b": path, "weight": "line(0,1)"}), ("morph", {"a": path, "b": path, "weight": 2}),
        ("morph", {"a": path, "b": path, "align": "no"}), ("decode", {"path": path, "vocoder": "loud"}),
        ("decode", {"path": path, "as": "../wav"}), ("decode", {"path": path, "excitation": "loud"}), ("decode", {}),
        ("decode", {"path": path | {"sha256": "0"}}), ("decode", {"path": path | {"n_samples": 10**9}}),
        ("decode", {"path": path | {"sr": 0}}), ("decode", {"path": path | {"components": [[1], [2, 3]]}}),
        ("decode", {"path": path | {"components": [[None] * 44] * 16}}), ("decode", {"path": path | {"seed": -1}}),
        ("decode", {"path": path | {"loudness_db": [1e9] * 44}}), ("decode", {"path": path | {"hop_length": 0}}),
    ]  # fmt: skip
    for way, asked in hostile:
        status, words = said(asker.post(f"/api/models/strings/{way}", json=asked))
        assert status == 400 and "passwd" not in words.replace("'@/etc/passwd'", ""), (way, words)


def test_newest_glide_takes_the_place_of_the_older_one(asker: Asker, corners: list[dict[str, Any]]) -> None:
    asked = {"path": corners[0], "excitation": "coherent"}
    whole = len(asker.post("/api/models/strings/decode", json=asked).content)

    async def ask_many() -> list[Any]:
        way = "/api/models/strings/decode"
        tasks = [asyncio.create_task(asker.ask("POST", way, json=asked)) for _ in range(6)]
        return list(await asyncio.gather(*tasks))

    answers = asyncio.run(ask_many())
    assert len(answers[-1].content) == whole
    for answer in answers[:-1]:
        assert len(answer.content) < whole or said(answer)[0] == 409
    assert any(answer.status_code == 409 for answer in answers)
