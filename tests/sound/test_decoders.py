"""Formats that ffmpeg reads where it is installed, and what is said where it is not."""

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vqsynth.errors import AudioError, VqsynthWarning
from vqsynth.sound import audio
from vqsynth.sound.decoders import THROUGH_FFMPEG, decoded

Writer = Callable[..., Path]
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
RATE = 22050
FAKE = """#!{python}
import struct, sys, time
out = sys.stdout.buffer
open({log!r}, "w").write(repr(sys.argv[1:]))
{body}
"""
HEAD = "out.write(b'.snd' + struct.pack('>5I', 32, 2**32 - 1, 6, 22050, 2) + bytes(8))"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """`fake(body)` puts a program named ffmpeg on the path, alone there, and returns where it logs its arguments."""
    folder, log = tmp_path / "bin", tmp_path / "log"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(body: str) -> Path:
        (folder / "ffmpeg").write_text(FAKE.format(python=sys.executable, log=str(log), body=body))
        (folder / "ffmpeg").chmod(0o755)
        return log

    return make


def convert(source: Path, target: Path, *options: str) -> bool:
    """Make a file with ffmpeg, false where this ffmpeg cannot."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source), *options, f"file:{target}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@needs_ffmpeg
@pytest.mark.parametrize("suffix", [".m4a", ".aac", ".mkv", ".webm", ".wma", ".wv"])
def test_load_through_ffmpeg_gives_the_sound(write_sound: Writer, tmp_path: Path, suffix: str) -> None:
    y = 0.4 * np.sin(2 * np.pi * 440 * np.arange(2 * 48000) / 48000)
    source = write_sound("source.wav", np.stack([y, y / 2], axis=1), rate=48000)
    target = tmp_path / f"a{suffix}"
    if not convert(source, target):
        pytest.skip("this ffmpeg does not write it")
    loaded, sr = audio.load(target)
    assert sr == 48000
    assert len(loaded) == pytest.approx(2 * sr, rel=0.06)
    spectrum = np.abs(np.fft.rfft(loaded[sr // 2 : sr // 2 + sr]))
    assert np.argmax(spectrum) == 440
    assert np.sqrt(np.mean(loaded[sr // 2 : sr] ** 2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)
    pieces = np.concatenate(list(audio.stream(target, sr=sr, piece_s=0.3)))
    np.testing.assert_array_equal(pieces, loaded)
    assert audio.load(target, sr=16000)[0].shape == (max(1, round(len(loaded) / 3)),)


@needs_ffmpeg
@pytest.mark.parametrize("name", ["-i.m4a", "a:b.m4a", "http:x.m4a", "with space 琴.m4a", "%d.m4a", "named.wav"])
def test_load_through_ffmpeg_takes_any_name(
    write_sound: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    source = write_sound("source.flac", 0.3 * np.ones(RATE), rate=RATE)
    assert convert(source, tmp_path / "a.m4a")
    (tmp_path / "a.m4a").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(audio.load(name)[0]) > 0.9 * RATE


@needs_ffmpeg
def test_load_a_video_without_sound_or_a_damaged_one_raises(tmp_path: Path, rng: np.random.Generator) -> None:
    silent = tmp_path / "silent.mp4"
    made = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=size=16x16:duration=1", str(silent)]
    if subprocess.run(made, capture_output=True, check=False).returncode == 0:
        with pytest.raises(AudioError, match=r"silent\.mp4' is damaged, or not a sound"):
            audio.load(silent)
    (tmp_path / "a.m4a").write_bytes(rng.bytes(9000))
    with pytest.raises(AudioError, match=r"a\.m4a' is damaged, or not a sound"):
        audio.load(tmp_path / "a.m4a")


@needs_ffmpeg
def test_load_a_cut_file_through_ffmpeg_reads_what_is_there_and_says_so(write_sound: Writer, tmp_path: Path) -> None:
    source = write_sound("source.wav", 0.3 * np.sin(np.arange(5 * RATE) / 9), rate=RATE)
    target = tmp_path / "a.mkv"
    assert convert(source, target, "-c:a", "aac")
    data = target.read_bytes()
    target.write_bytes(data[: len(data) // 2])
    with pytest.warns(VqsynthWarning, match=r"a\.mkv' is damaged \(.*\); the .* s that can be decoded are read"):
        assert RATE < len(audio.load(target)[0]) < 4 * RATE


def test_load_through_an_ffmpeg_reads_its_stream(tmp_path: Path, fake: Callable[[str], Path]) -> None:
    log = fake(f"{HEAD}\nout.write(struct.pack('>4f', 0.5, -0.25, 1, 0.5) * 3)")
    (tmp_path / "a.m4a").write_bytes(b"m4a" * 99)
    loaded, sr = audio.load(tmp_path / "a.m4a")
    assert sr == 22050
    np.testing.assert_array_equal(loaded, [0.125, 0.75] * 3)
    arguments = log.read_text()
    assert f"'file:{tmp_path}/a.m4a'" in arguments and "'-nostdin'" in arguments and "'file,pipe'" in arguments


def test_load_through_an_ffmpeg_that_fails_raises_or_warns(tmp_path: Path, fake: Callable[[str], Path]) -> None:
    (tmp_path / "a.m4a").write_bytes(b"m4a" * 99)
    fake("sys.stderr.write('moov atom\\x1b[31m not found\\n'); sys.exit(1)")
    with pytest.raises(AudioError, match=r"a\.m4a' is damaged, or not a sound .*; ffmpeg does not read it either"):
        audio.load(tmp_path / "a.m4a")
    fake(f"{HEAD}\nsys.stderr.write('no\\nsample \\x1b[31m here\\n')")
    with pytest.raises(AudioError, match=r"holds no sound that ffmpeg can decode \(sample \[31m here\)"):
        audio.load(tmp_path / "a.m4a")
    fake(f"{HEAD}\nout.write(bytes(8 * 22050))\nsys.stderr.write('partial file\\n')")
    with pytest.warns(VqsynthWarning, match=r"is damaged \(partial file\); the 1\.00 s that can be decoded are read"):
        assert len(audio.load(tmp_path / "a.m4a")[0]) == 22050


def test_stream_that_is_left_ends_ffmpeg(tmp_path: Path, fake: Callable[[str], Path]) -> None:
    log = fake(f"{HEAD}\nimport os\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\nout.flush()\n"
               "while True: out.write(bytes(1 << 16))")  # fmt: skip
    (tmp_path / "a.m4a").write_bytes(b"m4a" * 99)
    pieces = audio.stream(tmp_path / "a.m4a", sr=22050, piece_s=1)
    assert len(next(pieces)) >= 22050
    pieces.close()  # type: ignore[attr-defined]
    assert log.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_load_endless_output_of_ffmpeg_stops_after_an_hour(
    tmp_path: Path, fake: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio, "LONGEST_S", 5.0)
    fake(f"{HEAD}\nwhile True: out.write(bytes(1 << 16))")
    (tmp_path / "a.m4a").write_bytes(b"m4a" * 99)
    with pytest.raises(AudioError, match="lasts more than an hour; cut it in parts"):
        audio.load(tmp_path / "a.m4a")


@pytest.mark.parametrize("suffix", [".m4a", ".WMA", ".mp4", ".opus.webm"])
def test_load_without_ffmpeg_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(99))
    with pytest.raises(
        AudioError, match=rf"cannot be read without ffmpeg; install ffmpeg to read {path.suffix.lower()}$"
    ):
        audio.load(path)
    (tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(
        AudioError, match=r"is damaged, or not a sound that libsndfile reads \(Format not recognised\)$"
    ):
        audio.load(tmp_path / "a.wav")


def test_decoded_by_a_program_that_does_not_run_raises(tmp_path: Path) -> None:
    (tmp_path / "ffmpeg").write_bytes(struct.pack("<I", 7))
    (tmp_path / "ffmpeg").chmod(0o755)
    with (
        pytest.raises(AudioError, match="ffmpeg does not run"),
        decoded(tmp_path / "a.m4a", str(tmp_path / "ffmpeg")),
    ):
        pass


def test_suffixes_name_each_end_once_and_with_a_dot() -> None:
    assert set(THROUGH_FFMPEG) < set(audio.SUFFIXES)
    assert len(set(audio.SUFFIXES)) == len(audio.SUFFIXES)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in audio.SUFFIXES)
