"""MP3 files as people have them: without an info frame, with pictures, cut, joined, with rubbish between frames."""

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from vqsynth.errors import VqsynthWarning
from vqsynth.sound import audio
from vqsynth.sound.reading.mpeg import parse_frame, read_mpeg

Sound = NDArray[np.float32]
TAG = b"TAG" + b"x" * 125


def encode(path: Path, *, vbr: bool = False, rate: int = 44100, channels: int = 1, seed: int = 0) -> bytes:
    """Make an MP3 of three seconds, the first of them silent, so that the first frames tell nothing of the others."""
    rng = np.random.default_rng(seed)
    y = 0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * rate) / rate) + 0.1 * rng.standard_normal(3 * rate)
    y[:rate] = 0
    mode = {"bitrate_mode": "VARIABLE" if vbr else "CONSTANT", "compression_level": 0.3}
    shaped = y if channels == 1 else np.stack([y, y / 2], axis=1)
    soundfile.write(path, shaped, rate, format="MP3", subtype="MPEG_LAYER_III", **mode)
    return path.read_bytes()


def without_info(data: bytes) -> bytes:
    """Take the info frame off."""
    frame = parse_frame(data[:4])
    assert (frame and b"Info" in data[: frame.length]) or b"Xing" in data[: frame.length]
    return data[frame.length :]


def cover(size: int) -> bytes:
    """Make an ID3 tag that holds a picture, in which frames seem to start."""
    picture = b"\0image/jpeg\0\3\0\xff\xd8" + b"\xff\xfb\x90\x64" * (size // 4)
    n = len(picture) + 10
    return (
        b"ID3\3\0\0" + bytes((n >> 21 & 127, n >> 14 & 127, n >> 7 & 127, n & 127))
        + b"APIC" + struct.pack(">I", len(picture)) + b"\0\0" + picture
    )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.mp3"


def read(path: Path, data: bytes) -> Sound:
    """Read an MP3 whole and in pieces, which must agree, without a warning."""
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error", VqsynthWarning)
        loaded, sr = audio.load(path)
        pieces = list(audio.stream(path, sr=sr, piece_s=0.2))
    np.testing.assert_array_equal(np.concatenate(pieces), loaded)
    return loaded


@pytest.mark.parametrize("vbr", [False, True])
@pytest.mark.parametrize(("rate", "channels"), [(44100, 1), (44100, 2), (22050, 1), (8000, 2), (48000, 2)])
def test_load_a_plain_mp3_gives_what_soundfile_gives(path: Path, vbr: bool, rate: int, channels: int) -> None:
    data = encode(path, vbr=vbr, rate=rate, channels=channels)
    theirs = soundfile.SoundFile(path).read(dtype="float32", always_2d=True).mean(axis=1, dtype=np.float64)
    np.testing.assert_array_equal(read(path, data), theirs.astype(np.float32))
    np.testing.assert_array_equal(read(path, cover(1000) + data + TAG), theirs.astype(np.float32))


@pytest.mark.parametrize("vbr", [False, True])
@pytest.mark.parametrize("before", [b"", cover(200000), bytes(3000), b"\xff\xfb" * 2000])
@pytest.mark.parametrize("behind", [b"", TAG, b"APETAGEX" + bytes(300000)])
def test_load_an_mp3_without_info_frame_reads_every_frame(
    path: Path, vbr: bool, before: bytes, behind: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    bare = without_info(encode(path, vbr=vbr))
    loaded = read(path, before + bare + behind)
    assert len(loaded) % 1152 == 0 and 3 * 44100 <= len(loaded) < 3 * 44100 + 3 * 1152
    assert np.sqrt(np.mean(loaded[50000:130000] ** 2)) == pytest.approx(np.sqrt(0.3**2 / 2 + 0.1**2), rel=0.05)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("between", [b"", TAG, TAG + cover(5000)])
@pytest.mark.parametrize("bare", [False, True])
def test_load_joined_mp3s_reads_them_all(path: Path, between: bytes, bare: bool) -> None:
    first, second = encode(path), encode(path, vbr=True, seed=1)
    if bare:
        first, second = without_info(first), without_info(second)
    alone = len(read(path, first)), len(read(path, second))
    loaded = read(path, first + between + second)
    assert 0 <= len(loaded) - sum(alone) < 3 * 1152
    np.testing.assert_array_equal(loaded[: alone[0] - 1152], read(path, first)[:-1152])


def test_load_joined_mp3s_of_other_rates_and_channels_gives_one_sound(path: Path) -> None:
    kinds = ({"rate": 44100}, {"rate": 32000, "channels": 2}, {"rate": 44100, "channels": 2})
    parts = [without_info(encode(path, **kind)) for kind in kinds]
    loaded = read(path, b"".join(parts))
    assert len(loaded) == pytest.approx(9 * 44100, abs=9 * 1152)


def test_load_an_mp3_with_rubbish_between_frames_goes_on_behind_it(
    path: Path, rng: np.random.Generator, capfd: pytest.CaptureFixture[str]
) -> None:
    bare = without_info(encode(path))
    whole = read(path, bare)
    loaded = read(path, bare[:30000] + rng.bytes(5000) + bare[30000:])
    assert len(whole) - 3 * 1152 <= len(loaded) < len(whole)
    np.testing.assert_allclose(loaded[-40000:], whole[-40000:], atol=1e-6)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_load_a_cut_mp3_reads_what_is_there(path: Path, share: float, capfd: pytest.CaptureFixture[str]) -> None:
    data = encode(path)
    whole, bare = read(path, data), without_info(data)
    path.write_bytes(data[: int(share * len(data))])
    with pytest.warns(VqsynthWarning, match=r"promises 3\.00 s and holds .* s; what is there is read"):
        part, _ = audio.load(path)
    assert len(part) == pytest.approx(share * len(whole), abs=3 * 1152)
    np.testing.assert_array_equal(part, whole[: len(part)])
    assert len(read(path, bare[: int(share * len(bare))])) == pytest.approx(share * len(whole), abs=3 * 1152)
    assert capfd.readouterr().err == ""


def test_read_mpeg_of_what_holds_no_frames_is_none(path: Path, rng: np.random.Generator) -> None:
    for data in (rng.bytes(200000), b"ID3\3\0\0\0\0\0\0", b"\xff\xfb\x90", b""):
        path.write_bytes(data)
        with path.open("rb") as raw:
            assert read_mpeg(raw, len(data)) is None
