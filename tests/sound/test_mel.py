"""Mel analysis: bands where librosa puts them, loudness as the standard says, and no level in the mel spectrum."""

import json
import math
from collections.abc import Callable
from typing import Any

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.sound_worlds import magnitude_spectra
from vqsynth.errors import AudioError, ModelError, ParameterError
from vqsynth.sound.descriptors import measure
from vqsynth.sound.distances import mel_filters
from vqsynth.sound.frames import FrameGrid, frame_signal
from vqsynth.sound.mel import (
    EPS,
    QUIET_DB,
    SILENT_LUFS,
    MelGrid,
    analyse_frames,
    analyse_sound,
    loudness_of,
)

Sound = NDArray[np.float32]

GRID = MelGrid()
SMALL = MelGrid(FrameGrid(sr=8000, n_fft=256, hop_length=64), n_mels=32, f_max_hz=4000)
INSIDE = slice(3, -3)  # frames that lie wholly within a sound


@pytest.fixture
def noise(rng: np.random.Generator) -> Sound:
    return 0.1 * rng.standard_normal(44100).astype(np.float32)


def test_filters_where_bands_are_wider_than_bins_are_those_of_librosa() -> None:
    theirs = librosa.filters.mel(sr=44100, n_fft=2048, n_mels=128, fmin=30, fmax=18000)
    np.testing.assert_allclose(MelGrid(n_mels=128).filters, theirs / theirs.sum(axis=1, keepdims=True), atol=1e-5)


def test_filters_over_the_whole_range_are_those_that_distances_are_measured_with() -> None:
    ours = MelGrid(FrameGrid(sr=22050), n_mels=80, f_min_hz=0, f_max_hz=11025).filters
    theirs = mel_filters(sr=22050, n_fft=2048, n_mels=80)
    np.testing.assert_allclose(ours, theirs / theirs.sum(axis=1, keepdims=True), atol=1e-5)


@given(n_mels=st.integers(4, 129), f_min_hz=st.floats(0, 3900))
def test_filters_however_narrow_are_averages_over_bins_near_their_centre(n_mels: int, f_min_hz: float) -> None:
    grid = MelGrid(SMALL.frames, n_mels=n_mels, f_min_hz=f_min_hz, f_max_hz=4000)
    np.testing.assert_allclose(grid.filters.sum(axis=1), 1, atol=1e-6)
    assert (grid.filters >= 0).all()
    loudest = grid.frames.frequencies_hz[grid.filters.argmax(axis=1)]
    assert np.abs(loudest - grid.centres_hz).max() <= grid.frames.sr / grid.frames.n_fft


@pytest.mark.parametrize("frequency_hz", [220.0, 1000.0, 6000.0])
def test_log_mel_of_a_sine_is_largest_in_the_band_nearest_to_it(
    frequency_hz: float, sine: Callable[..., Sound]
) -> None:
    log_mel = analyse_sound(sine(frequency_hz), GRID).log_mel[INSIDE]
    nearest = np.abs(GRID.centres_hz - frequency_hz).argmin()
    assert (np.abs(log_mel.argmax(axis=1) - nearest) <= 1).all()
    assert -2.5 < log_mel.max() < 0.5


def test_log_mel_of_white_noise_is_level_over_the_bands(noise: Sound) -> None:
    bands = np.exp(analyse_sound(noise, GRID).log_mel[INSIDE]).mean(axis=0)
    np.testing.assert_allclose(bands[4:], bands.mean(), rtol=0.25)


def test_log_mel_of_silence_is_its_floor() -> None:
    silence = analyse_sound(np.zeros(2000, np.float32), SMALL)
    assert (silence.loudness_db == SILENT_LUFS).all()
    np.testing.assert_allclose(silence.log_mel, math.log(EPS), atol=1e-6)


@given(gain_db=st.floats(-40, 30), seed=st.integers(0, 100))
def test_analysis_of_a_sound_turned_up_or_down_moves_its_loudness_alone(gain_db: float, seed: int) -> None:
    y = 0.1 * np.random.default_rng(seed).standard_normal(1000).astype(np.float32)
    before, after = analyse_sound(y, SMALL), analyse_sound(y * np.float32(10 ** (gain_db / 20)), SMALL)
    np.testing.assert_allclose(after.log_mel, before.log_mel, atol=1e-5)
    np.testing.assert_allclose(after.loudness_db - before.loudness_db, gain_db, atol=1e-4)


def test_analysis_below_the_quietest_level_lets_the_mel_spectrum_sink(rng: np.random.Generator) -> None:
    y = rng.standard_normal(2000).astype(np.float32)
    quiet = analyse_sound(y * np.float32(10 ** (QUIET_DB / 20)), SMALL)
    quieter = analyse_sound(y * np.float32(10 ** ((QUIET_DB - 15) / 20)), SMALL)
    assert (quieter.log_mel < quiet.log_mel - 1).all()


def test_loudness_of_a_full_scale_sine_is_that_of_the_standard(sine: Callable[..., Sound]) -> None:
    """BS.1770: a sine of 997 Hz at full scale in one channel reads -3.01 LKFS."""
    loudness_db = analyse_sound(sine(997.0, amplitude=1.0), GRID).loudness_db[INSIDE]
    np.testing.assert_allclose(loudness_db, -3.01, atol=0.01)


@pytest.mark.parametrize(("frequency_hz", "within_db"), [(60.0, 0.3), (300.0, 0.05), (2000.0, 0.05), (9000.0, 0.05)])
def test_loudness_of_a_sine_agrees_with_the_descriptor(
    frequency_hz: float, within_db: float, sine: Callable[..., Sound]
) -> None:
    """The weighting of a frame's spectrum is that of the sound but where it bends within a bin or two, in the bass."""
    y = sine(frequency_hz)
    ours = analyse_sound(y, GRID).loudness_db[INSIDE]
    np.testing.assert_allclose(ours, measure(y, GRID.frames, ["loudness"])["loudness"][INSIDE], atol=within_db)


def test_loudness_of_noise_agrees_with_the_descriptor_on_average(noise: Sound) -> None:
    ours, theirs = analyse_sound(noise, GRID).loudness_db, measure(noise, GRID.frames, ["loudness"])["loudness"]
    assert abs(float(np.mean(ours[INSIDE] - theirs[INSIDE]))) < 0.05


def test_loudness_of_magnitudes_is_the_one_that_analysis_finds(noise: Sound) -> None:
    loudness_db = loudness_of(magnitude_spectra(noise, GRID.frames), GRID)
    np.testing.assert_array_equal(loudness_db, analyse_sound(noise, GRID).loudness_db)


@given(cuts=st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_analyse_frames_in_any_blocks_gives_the_same_bits(cuts: list[int]) -> None:
    y = np.random.default_rng(5).standard_normal(max(1, sum(cuts)) * 64).astype(np.float32)
    frames = frame_signal(y, SMALL.frames)
    whole = analyse_sound(y, SMALL)
    parts = [analyse_frames(part, SMALL) for part in np.split(frames, np.cumsum(cuts))]
    np.testing.assert_array_equal(np.concatenate([p.log_mel for p in parts]), whole.log_mel)
    np.testing.assert_array_equal(np.concatenate([p.loudness_db for p in parts]), whole.loudness_db)


def test_analyse_frames_one_by_one_at_the_default_size_gives_the_same_bits(noise: Sound) -> None:
    frames = frame_signal(noise, GRID.frames)
    parts = [analyse_frames(frame[None], GRID) for frame in frames]
    np.testing.assert_array_equal(np.concatenate([p.log_mel for p in parts]), analyse_frames(frames, GRID).log_mel)


def test_analyse_sound_delayed_by_hops_gives_the_frames_later(noise: Sound) -> None:
    now, later = analyse_sound(noise, GRID), analyse_sound(np.pad(noise, (3 * 512, 0)), GRID)
    assert len(now.log_mel) == GRID.frames.count(len(noise))
    np.testing.assert_array_equal(later.log_mel[5:], now.log_mel[2:])


@pytest.mark.parametrize(
    ("y", "message"),
    [(np.zeros(0, np.float32), "at least one sample"), (np.zeros((9, 2), np.float32), "must be mono"),
     (np.array([0.0, np.nan], np.float32), "NaN"), (np.array([0.0, np.inf], np.float32), "infinite")],
)  # fmt: skip
def test_analyse_sound_of_what_is_no_mono_sound_is_refused(y: Sound, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        analyse_sound(y, SMALL)


def test_analyse_frames_of_another_length_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"shape \(T, 256\)"):
        analyse_frames(np.zeros((4, 255), np.float32), SMALL)


def test_grid_to_json_and_back_is_the_same() -> None:
    assert MelGrid.from_dict(json.loads(json.dumps(SMALL.to_dict()))) == SMALL


@pytest.mark.parametrize(
    ("change", "message"),
    [({"n_mels": None}, "must have exactly"), ({"colour": 1}, "must have exactly"), ({"n_mels": 2.5}, "impossible"),
     ({"f_max_hz": 5000}, "impossible"), ({"hop_length": 63}, "impossible"), ({"f_min_hz": "30"}, "impossible")],
)  # fmt: skip
def test_grid_from_a_damaged_card_is_refused(change: dict[str, Any], message: str) -> None:
    values = {k: v for k, v in (SMALL.to_dict() | change).items() if v is not None}
    with pytest.raises(ModelError, match=message):
        MelGrid.from_dict(values)


def test_grid_from_a_card_that_says_nothing_of_floors_has_those_of_the_first_models() -> None:
    said = {name: value for name, value in SMALL.to_dict().items() if name not in ("eps", "quiet_db")}
    assert MelGrid.from_dict(said) == SMALL
    assert MelGrid.from_dict(said | {"eps": 1e-4, "quiet_db": -80}) == SMALL


@pytest.mark.parametrize("change", [{"eps": 1e-5}, {"quiet_db": -60.0}, {"quiet_db": None}, {"eps": "1e-4"}])
def test_grid_from_a_card_of_another_analysis_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"the mel grid has (eps|quiet_db) .*, where this version of vqsynth has"):
        MelGrid.from_dict(SMALL.to_dict() | change)


@pytest.mark.parametrize("name", ["EPS", "QUIET_DB"])
def test_grid_from_an_old_card_is_refused_once_the_analysis_is_another(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    said = {key: value for key, value in SMALL.to_dict().items() if key not in ("eps", "quiet_db")}
    monkeypatch.setattr(f"vqsynth.sound.mel.{name}", -70.0)
    with pytest.raises(ModelError, match="use the version that the model was made with"):
        MelGrid.from_dict(said)


@pytest.mark.parametrize(
    ("values", "message"),
    [({"n_mels": 3}, "between 4 and 129"), ({"n_mels": 130}, "between 4 and 129"), ({"n_mels": True}, "whole number"),
     ({"f_max_hz": 18000}, "half of sr"), ({"f_min_hz": -1}, "half of sr"), ({"f_min_hz": 4000}, "must rise"),
     ({"f_max_hz": math.nan}, "number of Hz"), ({"frames": 2048}, "FrameGrid")],
)  # fmt: skip
def test_grid_of_impossible_bands_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        MelGrid(**{"frames": SMALL.frames, "n_mels": 32, "f_max_hz": 4000} | values)
