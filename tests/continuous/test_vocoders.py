"""Vocoders: the sound they make is as loud and as long as asked, the same whole or streamed, and never clicks."""

import numpy as np
import pytest

from tests.continuous.vocoder_samples import GRID, HOP, LATENCY, chord, each_trained, each_vocoder, make_shaken
from tests.sound_worlds import magnitude_spectra
from vqsynth.continuous.vocoders import make_vocoder
from vqsynth.continuous.vocoders.interface import VocoderStream
from vqsynth.continuous.vocoders.magnitude import MagnitudeVocoder
from vqsynth.errors import ParameterError
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.mel import SILENT_LUFS, MelFrames, MelGrid, analyse_sound


def stream_in(stream: VocoderStream, frames: MelFrames, sizes: list[int], n_samples: int | None = None) -> Floats:
    parts, start = [], 0
    for size in sizes:
        block = slice(start, start + size)
        parts.append(stream.push(frames.log_mel[block], frames.loudness_db[block]))
        assert len(parts[-1]) == HOP * len(frames.log_mel[block])
        start += size
    return np.concatenate([*parts, stream.finish(n_samples)])


@each_vocoder
@pytest.mark.parametrize("n_samples", [0, 1, 63, 64, 500, 4000])
def test_render_of_any_length_gives_as_many_finite_samples(name: str, n_samples: int) -> None:
    frames = analyse_sound(chord(4000), GRID)
    n_frames = GRID.frames.count(n_samples)
    y = make_shaken(name).render(frames.log_mel[:n_frames], frames.loudness_db[:n_frames], n_samples=n_samples)
    assert y.shape == (n_samples,) and y.dtype == np.float32
    assert np.isfinite(y).all()


@each_vocoder
def test_render_twice_gives_the_same_samples(name: str) -> None:
    frames = analyse_sound(chord(2000), GRID)
    one, two = (make_shaken(name).render(frames.log_mel, frames.loudness_db, n_samples=2000, seed=5) for _ in "ab")
    np.testing.assert_array_equal(one, two)


@each_vocoder
def test_render_begins_and_ends_without_a_click(name: str) -> None:
    frames = analyse_sound(chord(3000), GRID)
    y = make_shaken(name).render(frames.log_mel, frames.loudness_db, n_samples=3000)
    assert y[0] == y[-1] == 0
    assert max(abs(y[1]), abs(y[-2])) < 0.02 * np.abs(y).max()


@each_vocoder
def test_render_of_silence_is_silent(name: str) -> None:
    frames = analyse_sound(np.zeros(1000, np.float32), GRID)
    assert not np.any(make_shaken(name).render(frames.log_mel, frames.loudness_db, n_samples=1000))


@each_vocoder
def test_render_ten_db_louder_is_the_same_sound_louder(name: str) -> None:
    frames = analyse_sound(chord(4000), GRID)
    vocoder = make_shaken(name)
    quiet, loud = (vocoder.render(frames.log_mel, frames.loudness_db + db, n_samples=4000) for db in (0, 10))
    np.testing.assert_allclose(loud, quiet * 10**0.5, rtol=0, atol=2e-3 * np.abs(loud).max())


@pytest.mark.parametrize("excitation", ["refined", "coherent", "noise"])
def test_render_of_magnitudes_is_as_loud_as_asked(excitation: str) -> None:
    """Whatever the network makes: loudness drawn by hand is met within 1 dB."""
    frames = analyse_sound(chord(16000), GRID)
    drawn_db = np.linspace(-40, -12, len(frames.loudness_db)).astype(np.float32)
    y = make_shaken("magnitude").render(frames.log_mel, drawn_db, n_samples=16000, excitation=excitation)
    error_db = np.abs(analyse_sound(y, GRID).loudness_db - drawn_db)[4:-4]
    assert error_db.mean() < (2.5 if excitation == "noise" else 1.0)


def test_render_refined_is_nearer_to_the_magnitudes_of_its_frames_than_coherent() -> None:
    frames = analyse_sound(chord(8000), GRID)
    vocoder = make_shaken("magnitude")
    assert isinstance(vocoder, MagnitudeVocoder)
    wanted = vocoder.frame_maker().push(frames.log_mel, frames.loudness_db)
    floor = 1e-3 * wanted.max()
    errors = {}
    for excitation in ("refined", "coherent"):
        y = vocoder.render(frames.log_mel, frames.loudness_db, n_samples=8000, excitation=excitation)
        got = magnitude_spectra(y, GRID.frames)
        errors[excitation] = np.abs(np.log((got + floor) / (wanted + floor)))[4:-4].mean()
    assert errors["refined"] < 0.9 * errors["coherent"]


def test_render_of_griffin_lim_brings_the_mel_bands_back() -> None:
    frames = analyse_sound(chord(8000), GRID)
    y = make_vocoder("griffin-lim", GRID, {}).render(frames.log_mel, frames.loudness_db, n_samples=8000)
    again = analyse_sound(y, GRID)
    audible = frames.log_mel > -4
    assert np.abs(again.log_mel - frames.log_mel)[audible].mean() < 0.25


@pytest.mark.parametrize("n_samples", [10, 64, 3000, 3200])
@pytest.mark.parametrize("block", [1, 3, 16, 17, 100])
@each_trained
def test_stream_in_any_blocks_gives_the_samples_of_the_whole(name: str, block: int, n_samples: int) -> None:
    frames = analyse_sound(chord(n_samples), GRID)
    vocoder = make_shaken(name)
    excitation = "coherent" if name == "magnitude" else None
    whole = vocoder.render(frames.log_mel, frames.loudness_db, n_samples=n_samples, excitation=excitation, seed=2)
    sizes = [block, 0] * -(-len(frames.log_mel) // block)
    y = stream_in(vocoder.stream(excitation=excitation, seed=2), frames, sizes, n_samples)
    assert np.abs(whole).max() > 0 or n_samples < 64
    np.testing.assert_array_equal(y[LATENCY:], whole)
    assert not np.any(y[:LATENCY])


@each_trained
def test_stream_depends_on_no_frame_to_come(name: str) -> None:
    frames = analyse_sound(chord(4000), GRID)
    other = MelFrames(frames.log_mel.copy(), frames.loudness_db)
    other.log_mel[30:] = -2
    one, two = (stream_in(make_shaken(name).stream(), f, [30, 33]) for f in (frames, other))
    np.testing.assert_array_equal(one[: 30 * HOP], two[: 30 * HOP])
    assert np.any(one != two)


@each_trained
def test_stream_is_behind_its_frames_by_the_delay_it_states(name: str) -> None:
    """A frame that alone is loud sounds around its centre, `delay_samples` later in the stream."""
    frames = analyse_sound(chord(6400), GRID)
    loudness_db = np.full(101, SILENT_LUFS, np.float32)
    loudness_db[50] = -10
    vocoder = make_shaken(name)
    y = stream_in(vocoder.stream(), MelFrames(frames.log_mel, loudness_db), [101])
    sounding = np.flatnonzero(y)
    assert (
        50 * HOP + vocoder.delay_samples - 128 <= sounding[0] and sounding[-1] < 50 * HOP + vocoder.delay_samples + 128
    )


def test_finish_without_any_frame_gives_nothing() -> None:
    assert len(make_shaken("magnitude").stream().finish()) == 0


def test_stream_of_what_needs_the_whole_is_refused() -> None:
    with pytest.raises(ParameterError, match="use coherent"):
        make_shaken("magnitude").stream(excitation="refined")
    with pytest.raises(ParameterError, match="needs the whole sound"):
        make_vocoder("griffin-lim", GRID, {}).stream()


@pytest.mark.parametrize(("hop_length", "n_fft"), [(63, 252), (64, 512), (25, 400), (61, 244)])
@each_trained
def test_render_at_odd_hops_gives_all_samples(name: str, hop_length: int, n_fft: int) -> None:
    grid = MelGrid(FrameGrid(sr=8000, n_fft=n_fft, hop_length=hop_length), n_mels=24, f_min_hz=40.0, f_max_hz=3800.0)
    frames = analyse_sound(chord(1000), grid)
    y = make_shaken(name, grid).render(frames.log_mel, frames.loudness_db, n_samples=1000)
    assert y.shape == (1000,) and np.isfinite(y).all() and np.any(y)
