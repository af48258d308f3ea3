"""What cannot be heard is no sound: offsets count neither as level nor as spectrum, and silence asks for nothing."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.voice import SILENT_DB
from vqsynth.curves.listening import hear_sound, measure_pieces
from vqsynth.errors import AudioError
from vqsynth.follow.synthesis import synthesize
from vqsynth.sound import audio
from vqsynth.sound.descriptors import measure
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.mel import SILENT_LUFS, MelGrid, analyse_sound
from vqsynth.sound.offset import audible_blocks, is_silent, offset_free_pieces, remove_offset
from vqsynth.training.codebook.corpus import load_corpus

Sound = NDArray[np.float32]
Writer = Callable[..., Path]
SR = 16000
GRID = FrameGrid(SR, 1024, 256)
DESCRIPTORS = ("centroid", "bandwidth", "rolloff", "flatness", "crest", "loudness", "pitch", "pitch_confidence")


def tone(level: float = 0.01, seconds: float = 2.0) -> Sound:
    """A harmonic tone in a little noise."""
    rng = np.random.default_rng(3)
    t = np.arange(round(seconds * SR)) / SR
    y = sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 9)) + 0.01 * rng.standard_normal(len(t))
    return np.asarray(level * y, np.float32)


def kick() -> Sound:
    t = np.arange(SR) / SR
    return (0.8 * np.sin(2 * np.pi * 45 * t + 1) * np.exp(-t / 0.15)).astype(np.float32)


@pytest.mark.parametrize("make", [tone, kick, lambda: np.random.default_rng(1).normal(0, 0.1, 3 * SR).astype("f4")])
def test_remove_offset_of_a_sound_without_one_changes_no_bit(make: Callable[[], Sound]) -> None:
    y = make()
    assert remove_offset(y, SR) is y


@pytest.mark.parametrize("n", [1200, 5000, 44100, 700_000])
@pytest.mark.parametrize("offset", [0.1, -1.0, 3e-5])
def test_remove_offset_of_an_offset_alone_gives_zeros(n: int, offset: float) -> None:
    y = np.full(n, offset, np.float32)
    assert not remove_offset(y, 44100).any()
    assert is_silent([y], 44100)


@pytest.mark.parametrize("n", [1, 2, 100])
def test_remove_offset_of_a_click_leaves_it(n: int) -> None:
    y = np.full(n, 0.5, np.float32)
    assert remove_offset(y, 44100) is y


@pytest.mark.parametrize("offset", [0.5, 0.1, -0.01, 0.001])
def test_remove_offset_gives_the_sound_without_it(offset: float) -> None:
    y = tone()
    np.testing.assert_allclose(remove_offset(y + np.float32(offset), SR), y, atol=max(3e-5, 1e-3 * abs(offset)))


def test_remove_offset_that_begins_later_or_drifts_leaves_neither() -> None:
    step = np.concatenate([np.zeros(2 * SR), np.full(2 * SR, 0.1)]).astype(np.float32)
    rest = remove_offset(step, SR)
    away = np.abs(np.arange(len(step)) - 2 * SR) > 0.06 * SR
    assert np.abs(rest[away]).max() < 1e-6
    drift = np.linspace(0.05, 0.15, 4 * SR, dtype=np.float32)
    assert np.abs(remove_offset(drift, SR)).max() < 5e-3  # at the ends, where the median is of one side
    assert np.abs(remove_offset(drift, SR)[SR:-SR]).max() < 1e-5


@given(st.lists(st.integers(1, 30000), min_size=1, max_size=8), st.integers(0, 3))
def test_offset_free_pieces_are_the_same_however_the_sound_is_cut(cuts: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.standard_normal(50000)) / 500
    y = (walk + np.repeat([0, 0.3, 0, -0.2, 0], 10000)).astype(np.float32)
    places = np.cumsum(cuts)
    pieces = list(offset_free_pieces(np.split(y, places[places < len(y)]), SR))
    np.testing.assert_array_equal(np.concatenate(pieces), remove_offset(y, SR))


@pytest.mark.parametrize("offset", [0.01, 0.1, -0.3])
def test_measure_of_a_sound_with_an_offset_is_that_without(offset: float) -> None:
    y = tone()
    plain, shifted = measure(y, GRID, DESCRIPTORS), measure(y + np.float32(offset), GRID, DESCRIPTORS)
    for name, tolerance in (("centroid", 2), ("bandwidth", 20), ("loudness", 0.05), ("pitch", 0.05)):
        np.testing.assert_allclose(shifted[name], plain[name], atol=tolerance, err_msg=name)
    pieces = measure_pieces(np.split(y + np.float32(offset), [5000, 9000, 20000]), GRID, ("centroid", "loudness"))[0]
    for name, values in pieces.items():
        np.testing.assert_allclose(values, shifted[name], rtol=1e-3, atol=1e-3, err_msg=name)


def test_measure_of_an_offset_alone_is_that_of_silence() -> None:
    y = np.concatenate([np.zeros(SR), np.full(2 * SR, 0.2)]).astype(np.float32)
    measured = measure(np.full((2, SR), [[0.1], [-0.5]], np.float32), GRID)
    for name, values in measure(np.zeros((2, SR), np.float32), GRID).items():
        np.testing.assert_array_equal(measured[name], values, err_msg=name)
    loudness = measure(y, GRID, ["loudness"])["loudness"]
    step = SR // GRID.hop_length
    assert (loudness[: step - 12] < -119).all() and (loudness[step + 12 :] < -119).all()


def test_encode_of_a_sound_with_an_offset_is_that_without(book: Codebook) -> None:
    y = tone()
    plain, shifted = (book.encode(z, SR) for z in (y, y + np.float32(0.1)))
    np.testing.assert_allclose(shifted.gain_db, plain.gain_db, atol=0.1)
    assert np.mean(shifted.codes == plain.codes) > 0.9


@pytest.mark.parametrize("rate", [SR, 44100, 8000])
@pytest.mark.parametrize("y", [0.0, 0.1, -1.0, 1e-40, 9e-7])
def test_encode_of_what_cannot_be_heard_is_silence(book: Codebook, rate: int, y: float) -> None:
    path = book.encode(np.full(rate, y, np.float32), rate)
    assert (path.gain_db == SILENT_DB).all()
    assert len(set(path.codes)) == 1
    assert not book.render(path).any()


def test_encode_block_by_block_equals_encode_of_frames_at_once(book: Codebook, rng: np.random.Generator) -> None:
    """Longer than the blocks that it is worked through in, with silence inside."""
    from vqsynth.model.vqvae import encode_windows
    from vqsynth.sound.frames import frame_signal

    y = rng.normal(0, 0.1, 400_000).astype(np.float32)
    y[100_000:200_000] = 0
    path = book.encode(y, SR, codes_by="encoder")
    frames = frame_signal(y, book.grid)
    np.testing.assert_array_equal(path.codes, encode_windows(book.card["model"], book.model_state, frames))
    assert path.n_samples == len(y) and len(path) == book.grid.count(len(y))


def test_audible_blocks_at_another_rate_do_not_ring_at_the_ends() -> None:
    blocks = audible_blocks(np.full(44100, 0.5, np.float32), orig_sr=44100, sr=SR)
    assert not np.concatenate(list(blocks)).any()
    y = tone()
    np.testing.assert_array_equal(
        np.concatenate(list(audible_blocks(y, orig_sr=SR, sr=22050))), audio.resample(y, orig_sr=SR, sr=22050)
    )


def test_analyse_sound_hears_no_offset() -> None:
    grid = MelGrid(GRID, n_mels=40, f_max_hz=7000.0)
    y = tone()
    plain, shifted = analyse_sound(y, grid), analyse_sound(y + np.float32(0.1), grid)
    np.testing.assert_allclose(shifted.loudness_db, plain.loudness_db, atol=0.05)
    np.testing.assert_allclose(shifted.log_mel, plain.log_mel, atol=0.1)
    assert (analyse_sound(np.full(SR, 0.1, np.float32), grid).loudness_db == SILENT_LUFS).all()


@pytest.mark.parametrize(("level", "says"), [(0.0, "only silence"), (0.3, "only silence"), (1e-7, "only silence")])
def test_load_corpus_leaves_out_what_cannot_be_heard(write_sound: Writer, level: float, says: str) -> None:
    heard = write_sound("tone.wav", tone(), rate=SR)
    unheard = write_sound("unheard.wav", np.full(SR, level), rate=SR, subtype="FLOAT")
    corpus = load_corpus([heard, unheard], GRID)
    assert corpus.files == (heard,)
    assert says in corpus.skipped[0].reason


@pytest.mark.parametrize("subtype", ["FLOAT", "PCM_24"])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e-40])
def test_hear_sound_of_what_cannot_be_heard_is_refused(
    book: Codebook, write_sound: Writer, subtype: str, value: float, recwarn: pytest.WarningsRecorder
) -> None:
    path = write_sound("s.wav", np.full(SR, value), rate=44100, subtype=subtype)
    with pytest.raises(AudioError, match=r"s\.wav' holds only silence"):
        hear_sound(path, book.grid)
    with pytest.raises(AudioError, match=r"s\.wav' holds only silence"):
        synthesize(book, like=path)
    with pytest.raises(AudioError, match=r"s\.wav' holds only silence"):
        synthesize(book, seconds=1.0, centroid=f"@{path}")
    assert not len(recwarn)


def test_hear_sound_of_what_is_far_too_quiet_is_refused(book: Codebook, write_sound: Writer) -> None:
    path = write_sound("s.wav", tone(3e-6), rate=SR, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"is too quiet to be a target \(never louder than -1\d\d LUFS\); turn it up"):
        hear_sound(path, book.grid)


MEMORY = """
import resource, sys
import numpy as np
import soundfile
from vqsynth.sound import audio
path = sys.argv[1]
with soundfile.SoundFile(path, "w", 44100, 8) as file:
    for _ in range(600):
        file.write(np.zeros((44100, 8), np.int16))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
n = sum(map(len, audio.stream(path, sr=16000)))
streamed = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
y, _ = audio.load(path)
loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert n == 600 * 16000 and len(y) == 600 * 44100
print((streamed - before) // 1024, (loaded - before) // 1024)
"""


def test_load_takes_little_more_memory_than_its_result(tmp_path: Path) -> None:
    """Ten minutes of 8 channels of silence unfold from 200 kB to 850 MB; as mono they are 106 MB."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path / "a.flac")], capture_output=True, text=True, check=True
    )
    streamed_mb, loaded_mb = map(int, done.stdout.split())
    assert streamed_mb < 60
    assert loaded_mb < 106 + 80


def test_remove_offset_of_a_single_sample_leaves_the_click() -> None:
    click = np.array([0.5], np.float32)
    assert remove_offset(click, 44100) is click


def test_remove_offset_of_a_short_decaying_tone_leaves_every_bit() -> None:
    t = np.arange(4000) / 8000
    tone = (0.3 * np.exp(-2 * t) * np.sin(2 * np.pi * 200 * t)).astype(np.float32)
    assert remove_offset(tone, 8000) is tone


@pytest.mark.parametrize("seconds", [0.01, 0.3, 2.0, 7.0])
def test_remove_offset_of_many_sounds_equals_one_by_one(seconds: float, rng: np.random.Generator) -> None:
    """Of sounds shorter than a mean, than what a median takes, and than a block, and of a longer one."""
    y = 0.1 * rng.standard_normal((2, 3, round(seconds * 44100))).astype(np.float32)
    y[0, 1] += 0.2
    y[1, 2] = 0.5
    y[1, 0, len(y[1, 0]) // 2 :] -= 0.3
    together = remove_offset(y, 44100)
    for place in np.ndindex(2, 3):
        np.testing.assert_array_equal(together[place], remove_offset(y[place], 44100))
