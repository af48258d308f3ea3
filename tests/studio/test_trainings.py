"""A training over the protocol: listed, run, stopped, resumed; nothing that is there is replaced."""

import asyncio
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import vqsynth
from tests.studio.asking import Asker, said

ROUTE = "/api/training"


@pytest.fixture
def trainer(book_folder: Path, tmp_path: Path) -> Iterator[Asker]:
    made = Asker(book_folder, tmp_path / "trained")
    yield made
    made.studio.close()
    assert not list(Path(made.studio.trainings._sounds.name).parent.glob(Path(made.studio.trainings._sounds.name).name))


def send_sounds(asker: Asker, count: int = 2) -> None:
    rng = np.random.default_rng(3)
    for i in range(count):
        file, t = io.BytesIO(), np.arange(66150) / 44100
        y = 0.2 * np.sin(2 * np.pi * 220 * 2 ** (i + t) * t) + 0.02 * rng.standard_normal(len(t))
        soundfile.write(file, y, 44100, format="WAV")
        answer = asker.post(f"{ROUTE}/sounds?name=../deep/take%20{i}.wav", content=file.getvalue())
        assert answer.json()["sounds"] == i + 1


def wait_for(asker: Asker, state: str, seconds: float = 60) -> dict[str, Any]:
    began = time.monotonic()
    while (told := asker.get(ROUTE).json())["state"] != state:
        assert told["state"] in ("running", state) and time.monotonic() - began < seconds, told
        time.sleep(0.05)
    return dict(told)


def test_plan_lists_what_is_used_and_skipped_by_the_names_of_the_user(trainer: Asker) -> None:
    assert "drop" in said(trainer.get(f"{ROUTE}/plan"))[1]
    send_sounds(trainer)
    trainer.post(f"{ROUTE}/sounds?name=notes.wav", content=b"no sound")
    lines = trainer.get(f"{ROUTE}/plan").json()["lines"]
    assert "1.50 s" in lines[0] and lines[0].endswith("take 0.wav") and any("notes.wav" in line for line in lines[2:])
    assert not any("/" in line for line in lines), lines
    assert asyncio_delete(trainer)["sounds"] == 0
    assert said(trainer.get(f"{ROUTE}/plan"))[0] == 400


def asyncio_delete(asker: Asker) -> dict[str, Any]:
    return dict(asyncio.run(asker.ask("DELETE", f"{ROUTE}/sounds")).json())


def test_quick_codebook_appears_in_the_list_and_is_never_replaced(trainer: Asker, tmp_path: Path) -> None:
    send_sounds(trainer)
    asked = {"name": "my own", "quick": True, "codes": 24}
    started = trainer.post(f"{ROUTE}/start", json=asked).json()
    assert started["state"] == "running" and started["folder"] == str(tmp_path / "trained" / "my own")
    assert "is running" in said(trainer.post(f"{ROUTE}/start", json=asked | {"name": "other"}))[1]
    assert "is running" in said(trainer.post(f"{ROUTE}/sounds", content=b"x"))[1]
    done = wait_for(trainer, "done")
    assert done["book"] == "my own" and any("codes used" in line for line in done["lines"])
    assert trainer.get("/api/books").json()[-1]["name"] == "my own"
    assert trainer.get("/api/books/my%20own/card").json()["codes"] <= 24
    assert len(vqsynth.load(started["folder"])) <= 24
    assert "not replaced" in said(trainer.post(f"{ROUTE}/start", json=asked))[1]


def test_training_stops_with_its_state_saved_and_goes_on(trainer: Asker, tmp_path: Path) -> None:
    send_sounds(trainer)
    asked = {"name": "net", "steps": 12, "codes": 16}
    trainer.post(f"{ROUTE}/start", json=asked)
    began = time.monotonic()
    while not (told := trainer.get(ROUTE).json()).get("step"):
        assert told["state"] == "running" and time.monotonic() - began < 60, told
        time.sleep(0.05)
    assert told["loss"] > 0 and 0 <= told["codes_used"] <= told["codes"] == 16 and told["total"] == 12
    trainer.post(f"{ROUTE}/stop")
    assert 0 < wait_for(trainer, "stopped")["step"] < 12
    assert trainer.get(ROUTE).json()["unfinished"] == ["net"] and not (tmp_path / "trained" / "net").exists()
    trainer.post(f"{ROUTE}/start", json=asked | {"resume": True})
    done = wait_for(trainer, "done", 120)
    assert done["book"] == "net" and done["unfinished"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../out"}, {"name": "/tmp/out"}, {"name": ""}, {"name": ".hidden"}, {"name": "a" * 61},
        {"name": "a\nb"},
        {"name": "a "}, {"name": None}, {"minutes": 0}, {"minutes": 1e9}, {"n_fft": 3}, {"n_fft": "x"}, {"quick": 1},
        {"folder": "/tmp"}, {"sounds": "/"}, {"resume": "yes"}, {"codes": "all"},
    ],
)  # fmt: skip
def test_training_that_cannot_be_is_told_in_a_sentence(asker: Asker, change: dict[str, Any]) -> None:
    assert said(asker.post(f"{ROUTE}/start", json={"name": "mine"} | change))[0] == 400
    assert asker.get(ROUTE).json()["state"] == "idle"


def test_training_process_stops_when_the_server_dies(tmp_path: Path) -> None:
    """Its input ends, as it does where the server was killed."""
    with subprocess.Popen(
        [sys.executable, "-m", "vqsynth.studio.trainee"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        job = {
            "name": "n", "folder": str(tmp_path / "n"), "sounds": str(tmp_path), "resume": False, "quick": True,
            "sr": 44100, "n_fft": 2048, "hop_length": 512, "options": {},
        }  # fmt: skip
        told, _ = process.communicate(json.dumps(job) + "\n", timeout=30)
    assert set(json.loads(told)) <= {"error", "stopped"} and process.returncode in (0, 1)
