"""Sound files in and out: what is read is what was written, and what is damaged is refused."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from vqsynth.errors import AudioError, ParameterError
from vqsynth.sound.audio import FORMATS, limit_peak, load, resample, save, to_mono

Sound = NDArray[np.float32]
Sine = Callable[..., Sound]
Writer = Callable[..., Path]

LAST_BIT = 2.0**-23


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_load_any_rate_and_channels_gives_the_sound_that_was_written(
    write_sound: Writer, rng: np.random.Generator, rate: int, channels: int
) -> None:
    y = rng.uniform(-1, 1, 999).astype(np.float32)
    path = write_sound("a.wav", np.repeat(y[:, None], channels, axis=1), rate=rate, subtype="FLOAT")
    loaded, sr = load(path)
    assert sr == rate
    assert loaded.dtype == np.float32
    np.testing.assert_allclose(loaded, y, atol=1e-7)


@pytest.mark.parametrize(
    ("subtype", "step"),
    [("PCM_U8", 2**-7), ("PCM_16", 2**-15), ("PCM_24", LAST_BIT), ("PCM_32", LAST_BIT), ("FLOAT", 0), ("DOUBLE", 0)],
)
def test_load_any_sample_format_keeps_its_precision(write_sound: Writer, sine: Sine, subtype: str, step: float) -> None:
    y = sine(440.0, seconds=0.1)
    loaded, _ = load(write_sound("a.wav", y, subtype=subtype))
    np.testing.assert_allclose(loaded, y, atol=step)


@pytest.mark.parametrize("name", ["with space.wav", "épée 琴 🎻.wav", "deep er/ä.wav", "UPPER.WAV"])
def test_load_and_save_take_any_path(tmp_path: Path, sine: Sine, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    save(tmp_path / name, sine(440.0, seconds=0.1), 44100)
    np.testing.assert_allclose(load(str(tmp_path / name))[0], sine(440.0, seconds=0.1), atol=LAST_BIT)


def test_load_at_another_rate_agrees_with_load_then_resample(write_sound: Writer, sine: Sine) -> None:
    path = write_sound("a.wav", sine(440.0), subtype="FLOAT")
    loaded, sr = load(path, sr=22050)
    assert sr == 22050
    np.testing.assert_array_equal(loaded, resample(sine(440.0), orig_sr=44100, sr=22050))


def test_load_a_single_sample_gives_it_at_any_rate(write_sound: Writer) -> None:
    path = write_sound("a.wav", np.array([0.5]), rate=192000)
    assert load(path)[0].tolist() == [0.5]
    assert load(path, sr=8000)[0].shape == (1,)
    assert load(path, sr=384000)[0].shape == (2,)


def test_load_silence_gives_zeros(write_sound: Writer) -> None:
    assert not load(write_sound("a.wav", np.zeros(1000)), sr=48000)[0].any()


def test_load_floats_beyond_full_scale_keeps_them(write_sound: Writer) -> None:
    assert load(write_sound("a.wav", np.array([3.0, -2.5]), subtype="FLOAT"))[0].tolist() == [3.0, -2.5]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_load_samples_that_are_no_numbers_raises(write_sound: Writer, sine: Sine, bad: float) -> None:
    y = np.stack([sine(440.0), sine(440.0)], axis=1)
    y[777, 1] = bad
    with pytest.raises(AudioError, match=r"a\.wav' holds NaN or infinite samples"):
        load(write_sound("a.wav", y, subtype="FLOAT"))


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", r"is empty \(0 bytes\)"), (b"no sound " * 99, "not a sound that libsndfile reads"), (b"RIFF", "damaged")],
)
def test_load_what_is_no_sound_raises(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(AudioError, match=says):
        load(tmp_path / "a.wav")


def test_load_a_missing_file_or_a_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav' as a sound file: No such file"):
        load(tmp_path / "gone.wav")
    with pytest.raises(AudioError, match="cannot read"):
        load(tmp_path)


def test_load_headerless_sound_raises(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(1000))
    with pytest.raises(AudioError, match="no header"):
        load(tmp_path / "a.raw")


def test_load_a_file_without_samples_raises(write_sound: Writer) -> None:
    with pytest.raises(AudioError, match="holds no samples"):
        load(write_sound("a.wav", np.zeros(0)))


@pytest.mark.parametrize("promised", [0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF, 0x7FFFF000])
def test_load_a_streamed_wav_that_does_not_know_its_length_reads_it(
    write_sound: Writer, sine: Sine, promised: int
) -> None:
    path = write_sound("a.wav", sine(440.0), subtype="PCM_16")
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", promised)
    path.write_bytes(data)
    assert len(load(path)[0]) == 44100


@pytest.mark.parametrize("rate", [1, 999, 2_000_000_000])
def test_load_a_header_with_an_impossible_rate_raises(write_sound: Writer, rate: int) -> None:
    path = write_sound("a.wav", np.zeros(100), subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", rate)
    path.write_bytes(data)
    with pytest.raises(AudioError, match=f"{rate} Hz|damaged"):
        load(path)


def test_to_mono_takes_the_mean_of_the_channels(rng: np.random.Generator) -> None:
    y = rng.uniform(-1, 1, (100, 8)).astype(np.float32)
    np.testing.assert_allclose(to_mono(y), y.mean(axis=1), atol=1e-7)
    assert not to_mono(np.stack([y[:, 0], -y[:, 0]], axis=1)).any()
    np.testing.assert_array_equal(to_mono(y[:, 0]), y[:, 0])


def test_to_mono_other_shapes_raises() -> None:
    for shape in [(), (2, 3, 4), (5, 0)]:
        with pytest.raises(ParameterError, match="shape"):
            to_mono(np.zeros(shape))


@pytest.mark.parametrize(
    ("orig_sr", "sr"), [(8000, 192000), (192000, 8000), (44100, 48000), (48000, 44100), (44100, 44101)]
)
def test_resample_a_sine_gives_the_same_sine_at_the_other_rate(orig_sr: int, sr: int) -> None:
    def make(rate: int) -> NDArray[np.float64]:
        return 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)

    got = resample(make(orig_sr), orig_sr=orig_sr, sr=sr)
    assert got.shape == (sr,)
    inner = slice(sr // 20, -sr // 20)
    np.testing.assert_allclose(got[inner], make(sr)[inner], atol=1e-6)


def test_resample_removes_what_the_lower_rate_cannot_hold(sine: Sine) -> None:
    assert np.abs(resample(sine(15000.0), orig_sr=44100, sr=22050)[2000:-2000]).max() < 1e-5


@pytest.mark.parametrize("n", [1, 2, 3, 100])
@pytest.mark.parametrize(("orig_sr", "sr"), [(192000, 8000), (8000, 192000), (44100, 48000)])
def test_resample_a_few_samples_gives_at_least_one(n: int, orig_sr: int, sr: int) -> None:
    assert resample(np.ones(n), orig_sr=orig_sr, sr=sr).shape == (max(1, round(n * sr / orig_sr)),)


@pytest.mark.parametrize("sr", [0, -44100, 10**7, 44100.5])
def test_resample_to_an_impossible_rate_raises(sr: int) -> None:
    with pytest.raises(ParameterError, match="sr must be a whole number"):
        resample(np.zeros(100), orig_sr=44100, sr=sr)


def test_limit_peak_scales_only_what_is_beyond_full_scale(sine: Sine) -> None:
    quiet, gain_db = limit_peak(sine(440.0))
    assert gain_db == 0.0
    np.testing.assert_array_equal(quiet, sine(440.0))
    loud, gain_db = limit_peak(sine(440.0) * np.float32(4.0))
    assert np.abs(loud).max() == 1.0
    assert gain_db == pytest.approx(-20 * np.log10(np.abs(sine(440.0)).max() * 4))
    np.testing.assert_allclose(loud, sine(440.0) * 4 * 10 ** (gain_db / 20), atol=1e-6)


def test_limit_peak_of_no_numbers_raises() -> None:
    with pytest.raises(AudioError, match="NaN or infinite"):
        limit_peak(np.array([0.0, np.nan]))


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".aif"])
def test_save_then_load_is_exact_to_24_bits_and_repeatable(
    tmp_path: Path, rng: np.random.Generator, suffix: str
) -> None:
    y = np.append(rng.uniform(-1, 1, 10000), [1.0, -1.0, 0.0]).astype(np.float32)
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    save(first, y, 48000)
    save(second, y, 48000)
    loaded, sr = load(first)
    assert sr == 48000
    np.testing.assert_allclose(loaded, y, atol=LAST_BIT)
    assert soundfile.info(first).subtype == "PCM_24"
    assert first.read_bytes() == second.read_bytes()


def test_save_minutes_as_ogg_gives_the_sound_back(tmp_path: Path, sine: Sine) -> None:
    """libsndfile's own one-call writing of this crashes the process."""
    y = np.tile(sine(440.0), 60)
    save(tmp_path / "a.ogg", y, 44100)
    loaded, _ = load(tmp_path / "a.ogg")
    assert len(loaded) == len(y)
    assert np.sqrt(np.mean((loaded - y) ** 2)) < 0.01


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (np.array([0.0, 1.0001]), "peak of 1"),
        (np.array([np.nan]), "NaN"),
        (np.array([-np.inf]), "infinite"),
        (np.zeros(0), "at least one sample"),
        (np.zeros((10, 3)), "to_mono"),
    ],
)
def test_save_what_would_not_come_back_raises_and_keeps_the_former_file(
    tmp_path: Path, y: NDArray[np.float64], says: str
) -> None:
    (tmp_path / "a.wav").write_bytes(b"before")
    with pytest.raises(AudioError, match=says):
        save(tmp_path / "a.wav", y, 44100)
    assert (tmp_path / "a.wav").read_bytes() == b"before"


@pytest.mark.parametrize("name", ["a.mp5", "a", "a.txt", ".wav"])
def test_save_with_an_unknown_extension_lists_the_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match=", ".join(FORMATS)):
        save(tmp_path / name, np.zeros(10), 44100)


def test_save_into_a_missing_folder_or_at_an_impossible_rate_raises(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="does not exist"):
        save(tmp_path / "missing" / "a.wav", np.zeros(10), 44100)
    with pytest.raises(ParameterError, match="sr must be"):
        save(tmp_path / "a.wav", np.zeros(10), 0)
    assert not list(tmp_path.iterdir())


def test_save_at_a_rate_that_the_format_does_not_take_raises(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"try \.wav"):
        save(tmp_path / "a.flac", np.zeros(10), 768000)


def test_save_longer_than_a_wav_can_say_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit stands at 9 hours of 44.1 kHz; the test lowers it."""
    monkeypatch.setattr("vqsynth.sound.audio.MAX_32_BIT_BYTES", 3000)
    save(tmp_path / "fits.wav", np.zeros(1000), 44100)
    with pytest.raises(AudioError, match=r"write \.flac"):
        save(tmp_path / "a.wav", np.zeros(1001), 44100)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros((2, 44100)), r"not \(channels, n\) .* give y\.T"),
        (np.zeros(9, np.int16), "integer samples"),
        (np.zeros(9, complex), "floating-point"),
        (["a", "b"], "floating-point"),
        ([[1.0], [1.0, 2.0]], "different lengths"),
        (None, "must have shape|floating-point"),
    ],
)
def test_to_mono_of_what_would_be_misread_is_refused(y: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        to_mono(y)  # type: ignore[arg-type]


def test_to_mono_of_a_few_samples_of_many_channels_is_their_mean() -> None:
    np.testing.assert_array_equal(to_mono(np.ones((1, 8))), [1.0])


@pytest.mark.parametrize("sr", ["44100", None, 44100.5, 0, float("nan")])
def test_resample_from_a_rate_that_is_none_is_refused(sr: object) -> None:
    with pytest.raises(ParameterError, match="orig_sr must be a whole number"):
        resample(np.zeros(9), orig_sr=sr, sr=44100)  # type: ignore[arg-type]
