"""Sounds that many tests need, small enough to be made anew each time."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from tests.sound_worlds import make_codebook
from vqsynth.cli.main import main
from vqsynth.codebook import Codebook

# No test is timed: how long an example takes says more about the machine than about the code.
settings.register_profile("vqsynth", settings(), deadline=None)
settings.load_profile("vqsynth")

Sound = NDArray[np.float32]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sr() -> int:
    """The sample rate of the shipped codebooks, in Hz."""
    return 44100


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260)


@pytest.fixture
def sine(sr: int) -> Callable[..., Sound]:
    """`sine(440.0, seconds=1.0, amplitude=0.5)` is a mono sound (n,) at `sr`, starting at phase 0."""

    def make(frequency_hz: float, *, seconds: float = 1.0, amplitude: float = 0.5) -> Sound:
        t = np.arange(round(seconds * sr)) / sr
        return (amplitude * np.sin(2 * np.pi * frequency_hz * t)).astype(np.float32)

    return make


@pytest.fixture
def write_sound(tmp_path: Path, sr: int) -> Callable[..., Path]:
    """`write_sound("a.wav", y)` writes y, (n,) or (n, channels), with soundfile alone and returns where it is."""
    import soundfile

    def write(name: str, y: NDArray[np.floating], *, rate: int = sr, subtype: str | None = None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, y, rate, subtype=subtype)
        return path

    return write


@pytest.fixture
def sounds(write_sound: Callable[..., Path], sine: Callable[..., Sound], rng: np.random.Generator, sr: int) -> Path:
    """A folder of three short sounds, one of them in a subfolder: two sines and noise, half a second each."""
    write_sound("sounds/low.wav", sine(220.0, seconds=0.5))
    write_sound("sounds/high.wav", sine(1760.0, seconds=0.5))
    noise = rng.uniform(-0.3, 0.3, sr // 2).astype(np.float32)
    return write_sound("sounds/deeper/noise.wav", noise).parent.parent


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`run("synth", book, ...)` calls the command in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["vqsynth", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as e:
            code = int(e.code or 0)
        return code, *capsys.readouterr()

    return call


@pytest.fixture(scope="session")
def book() -> Codebook:
    """A small codebook of 64 codes at 16 kHz; see `sound_worlds`."""
    return make_codebook()


@pytest.fixture(scope="session")
def book_folder(book: Codebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, saved. Tests that damage it copy it first."""
    folder = tmp_path_factory.mktemp("books") / "thirds"
    book.save(folder)
    return folder
