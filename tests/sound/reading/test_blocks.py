"""Sound files that say another length than they have: what is there is read, and what is missing is said."""

import os
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from vqsynth.errors import AudioError, VqsynthWarning
from vqsynth.sound import audio

Sound = NDArray[np.float32]
Writer = Callable[..., Path]

MISSING = r"promises .* holds .*; what is there is read|promises \d+ samples? more than it holds"
RATE = 44100


@pytest.fixture
def y(rng: np.random.Generator) -> Sound:
    """Half a second of a sine in noise, which looks like no other half second."""
    t = np.arange(RATE // 2) / RATE
    return (0.3 * np.sin(2 * np.pi * 440 * t) + 0.02 * rng.standard_normal(len(t))).astype(np.float32)


def read(path: Path) -> Sound:
    """Read a file whole and in pieces, which must agree, and with every warning an error."""
    loaded, sr = audio.load(path)
    np.testing.assert_array_equal(np.concatenate(list(audio.stream(path, sr=sr, piece_s=0.1))), loaded)
    return loaded


def read_lacking(path: Path) -> Sound:
    """Read a file as `read` does, which must warn that sound is missing."""
    with pytest.warns(VqsynthWarning, match=MISSING):
        return read(path)


@pytest.fixture(autouse=True)
def strict_warnings() -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("error", VqsynthWarning)
        yield


def replace(path: Path, name: bytes, skip: int, value: bytes) -> None:
    """Write bytes `skip` after a name into a file."""
    data = bytearray(path.read_bytes())
    at = data.index(name) + skip
    data[at : at + len(value)] = value
    path.write_bytes(data)


FORMATS = [
    (kind, subtype)
    for kind in soundfile.available_formats()
    for subtype in soundfile.available_subtypes(kind)
    if kind not in ("RAW", "SD2", "MP3", "OGG") and (kind, subtype) != ("AIFF", "DWVW_12")
]


@pytest.mark.parametrize(("kind", "subtype"), FORMATS)
def test_load_of_every_format_whole_and_cut_reads_what_is_there(
    tmp_path: Path, y: Sound, kind: str, subtype: str
) -> None:
    path = tmp_path / "a"
    try:
        soundfile.write(path, y, RATE, format=kind, subtype=subtype)
    except soundfile.LibsndfileError:
        pytest.skip("libsndfile does not write it")
    whole = read(path)
    with soundfile.SoundFile(path) as file:
        assert len(whole) == file.frames
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", VqsynthWarning)
        part = read(path)
    assert 0.2 * len(whole) < len(part) < 0.7 * len(whole)
    block = 4096 if "ADPCM" in subtype or subtype.startswith(("GSM", "G72")) else 32  # the last may be noise
    np.testing.assert_array_equal(part[:-block], whole[: len(part) - block])
    if kind in ("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "SVX", "VOC", "NIST", "HTK", "SDS", "AVR"):
        assert said and all(str(w.message).endswith("what is there is read") for w in said)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT", "PCM_24"])
@pytest.mark.parametrize("length", [0, 1, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFF1000, 0x7FFFFFFF, 0x80000000, 0x7FFF0000])
@pytest.mark.parametrize("tail", [b"", b"LIST\x1a\0\0\0INFOISFT\x0e\0\0\0Lavf59.27.100\0"])
def test_load_a_wav_of_unknown_length_reads_it_whole_and_no_more(
    write_sound: Writer, y: Sound, subtype: str, length: int, tail: bytes
) -> None:
    path = write_sound("a.wav", y, subtype=subtype)
    whole = read(path)
    replace(path, b"data", 4, struct.pack("<I", length))
    path.write_bytes(path.read_bytes() + tail)
    np.testing.assert_array_equal(read(path), whole)


@pytest.mark.parametrize("more", [1, 16, 17, 1000, 10**6])
def test_load_a_wav_that_promises_too_much_reads_it_and_says_so(write_sound: Writer, y: Sound, more: int) -> None:
    path = write_sound("a.wav", y, subtype="PCM_16")
    whole = read(path)
    replace(path, b"data", 4, struct.pack("<I", 2 * len(y) + more + more % 2))
    np.testing.assert_array_equal(read_lacking(path), whole)
    path.write_bytes(path.read_bytes() + b"LIST\x04\0\0\0INFO")  # which is no sound, but may lie in what is promised
    np.testing.assert_array_equal(read_lacking(path), whole)


def test_load_a_wav_whose_length_was_written_too_early_reads_it_whole(write_sound: Writer, y: Sound) -> None:
    path = write_sound("a.wav", np.concatenate([np.zeros(RATE), y]), subtype="PCM_16")
    whole = read(path)
    for early in (0, 2 * RATE + 20000):
        replace(path, b"data", 4, struct.pack("<I", early))
        np.testing.assert_array_equal(read(path), whole)


@pytest.mark.parametrize(
    "tail", [b"id3 \x04\0\0\0abcd", b"TAG" + bytes(5000), b"ID3" + bytes(5000), bytes(9000), b"?" * 99]
)
def test_load_a_wav_with_something_behind_its_sound_reads_the_sound(write_sound: Writer, y: Sound, tail: bytes) -> None:
    path = write_sound("a.wav", y, subtype="PCM_16")
    whole = read(path)
    path.write_bytes(path.read_bytes() + tail)
    np.testing.assert_array_equal(read(path), whole)


@pytest.mark.parametrize(
    ("kind", "name", "skip", "form", "unknown", "before"),
    [
        ("RF64", b"ds64", 16, "<Q", [0, 2**64 - 1, 2**63 - 1, 2**32 - 1], 0),
        ("W64", b"data", 16, "<Q", [0, 24, 2**64 - 1, 2**63 - 1], 24),
        ("AIFF", b"SSND", 4, ">I", [0, 8, 2**32 - 1, 2**31 - 1], 8),
        ("AU", b".snd", 8, ">I", [0, 2**32 - 1, 2**32 - 2, 2**31 - 1], 0),
        ("CAF", b"data", 4, ">Q", [0, 4, 2**64 - 1, 2**63 - 1], 4),
    ],
)
def test_load_other_headers_of_unknown_or_wrong_length_reads_what_is_there(
    tmp_path: Path, y: Sound, kind: str, name: bytes, skip: int, form: str, unknown: list[int], before: int
) -> None:
    path = tmp_path / "a.snd"
    soundfile.write(path, y, RATE, format=kind, subtype="PCM_16")
    whole = read(path)
    for length in unknown:
        replace(path, name, skip, struct.pack(form, length))
        np.testing.assert_array_equal(read(path), whole)
    for more in (16, 10**6):
        replace(path, name, skip, struct.pack(form, 2 * len(y) + before + more))
        np.testing.assert_array_equal(read_lacking(path), whole)


def write_flac(path: Path, y: Sound, total: int) -> bytes:
    soundfile.write(path, y, RATE)
    data = bytearray(path.read_bytes())
    data[21] = data[21] & 0xF0 | total >> 32
    data[22:26] = struct.pack(">I", total & 0xFFFFFFFF)
    path.write_bytes(data)
    return bytes(data)


@pytest.mark.parametrize("tail", [b"", bytes(5000), b"TAG" + bytes(125)])
@pytest.mark.parametrize("total", [0, 100])
def test_load_a_flac_of_unknown_length_reads_it_whole(tmp_path: Path, y: Sound, total: int, tail: bytes) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, y, RATE)
    whole = read(path)
    path.write_bytes(write_flac(path, y, total) + tail)
    np.testing.assert_array_equal(read(path), whole)


def test_load_a_flac_of_wrong_length_or_cut_reads_what_is_there(tmp_path: Path, y: Sound) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, y, RATE)
    whole = read(path)
    for total in (len(y) + 8, 2**36 - 1):
        write_flac(path, y, total)
        np.testing.assert_array_equal(read_lacking(path), whole)
    data = write_flac(path, y, 0)
    path.write_bytes(data[: len(data) // 2])
    part = read(path)
    assert len(part) > 0.3 * len(y)
    np.testing.assert_array_equal(part, whole[: len(part)])


def test_load_a_flac_with_damage_inside_goes_on_behind_it(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "a.flac"
    y = rng.uniform(-0.5, 0.5, 20 * 4096)
    soundfile.write(path, y, RATE)
    whole = read(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)
    got = read_lacking(path)
    assert len(got) == 19 * 4096
    np.testing.assert_array_equal(got[: 9 * 4096], whole[: 9 * 4096])
    np.testing.assert_array_equal(got[-9 * 4096 :], whole[-9 * 4096 :])


@pytest.mark.parametrize(("subtype", "rate"), [("VORBIS", 44100), ("OPUS", 48000)])
def test_load_ogg_cut_or_chained_reads_what_is_there(
    tmp_path: Path, rng: np.random.Generator, subtype: str, rate: int
) -> None:
    path = tmp_path / "a.ogg"
    with soundfile.SoundFile(path, "w", rate, 1, format="OGG", subtype=subtype) as file:
        for _ in range(5):
            file.write(rng.uniform(-0.5, 0.5, rate))
    whole, data = read(path), path.read_bytes()
    assert len(whole) == 5 * rate
    path.write_bytes(data + data)
    np.testing.assert_array_equal(read(path), np.tile(whole, 2))
    path.write_bytes(data[: len(data) // 2])
    with pytest.warns(VqsynthWarning, match=r"breaks off after .* s; what is there is read"):
        part = read(path)
    assert 0.2 * len(whole) < len(part) < 0.6 * len(whole)
    np.testing.assert_array_equal(part[:-2000], whole[: len(part) - 2000])


def test_load_a_pipe_a_folder_or_a_device_raises_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    for path, what in ((tmp_path / "a.wav", "pipe"), (tmp_path, "folder"), (Path("/dev/zero"), "device")):
        with pytest.raises(AudioError, match=f"it is a .*{what}.*; name a regular file"):
            audio.load(path)
        with pytest.raises(AudioError, match=what):
            list(audio.stream(path, sr=8000))


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg", "a.aiff", "a.caf", "a.xyz"])
def test_load_garbage_raises_one_true_line(
    tmp_path: Path, rng: np.random.Generator, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(rng.bytes(5000))
    with pytest.raises(AudioError, match=f"'.*{name}' is damaged, or not a sound") as error:
        audio.load(tmp_path / name)
    assert "\n" not in str(error.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["a.au", "a.snd", "a.raw", "a.vox"])
def test_load_what_has_no_header_raises(tmp_path: Path, rng: np.random.Generator, name: str) -> None:
    (tmp_path / name).write_bytes(rng.bytes(5000))
    with pytest.raises(AudioError, match="has no header to tell its rate"):
        audio.load(tmp_path / name)


def test_load_a_header_before_garbage_says_that_nothing_can_be_decoded(tmp_path: Path, y: Sound) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, y, RATE)
    path.write_bytes(path.read_bytes()[:86] + bytes(range(128)) * 99)
    with pytest.raises(AudioError, match="it promises sound, but none can be decoded"):
        audio.load(path)


@pytest.mark.parametrize("peak", [1e30, 1e6, -3e38])
def test_load_samples_far_over_full_scale_raises(write_sound: Writer, y: Sound, peak: float) -> None:
    both = np.stack([peak * y, -peak * y], axis=1)  # which would cancel
    path = write_sound("a.wav", both, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"a\.wav' holds samples of .*, where full scale is 1"):
        audio.load(path)
    with pytest.raises(AudioError, match="full scale"):
        list(audio.stream(path, sr=8000))


def test_load_more_than_an_hour_raises_and_stream_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    with soundfile.SoundFile(path, "w", 8000, 1) as file:
        for _ in range(61):
            file.write(np.zeros(60 * 8000, np.int16))
    with pytest.raises(AudioError, match=r"lasts 1\.02 hours; cut it in parts of an hour or less"):
        audio.load(path)
    assert sum(map(len, audio.stream(path, sr=4000))) == 61 * 60 * 4000


def test_load_more_samples_than_the_memory_should_hold_raises(
    write_sound: Writer, y: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit stands at 170 million; the test lowers it."""
    monkeypatch.setattr(audio, "MOST_SAMPLES", 10000)
    path = write_sound("a.wav", y)
    with pytest.raises(AudioError, match="holds more than 10000 samples at 44100 Hz; cut it in parts, or read it at a"):
        audio.load(path)
    assert len(audio.load(path, sr=8000)[0]) == 4000


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 192000])
def test_load_at_another_rate_gives_what_resample_gives(write_sound: Writer, y: Sound, rate: int) -> None:
    path = write_sound("a.wav", y, rate=rate, subtype="FLOAT")
    wanted = audio.resample(y, orig_sr=rate, sr=44100)
    np.testing.assert_array_equal(audio.load(path, sr=44100)[0], wanted)
    np.testing.assert_array_equal(np.concatenate(list(audio.stream(path, sr=44100, piece_s=0.05))), wanted)
