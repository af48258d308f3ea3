"""Codes by their nearest centres: whatever the level, however many frames at once, and what is no such model."""

import numpy as np
import pytest

from vqsynth.codes.nearest import (
    CENTRES,
    KIND,
    NEAREST,
    NearestConfig,
    NearestModel,
    is_nearest,
    mel_features,
)
from vqsynth.errors import CodebookError
from vqsynth.sound.frames import Floats, FrameGrid

GRID = FrameGrid(sr=8000, n_fft=256, hop_length=64)
CONFIG = NearestConfig.for_grid(GRID, 20)


@pytest.fixture(scope="module")
def frames() -> Floats:
    """200 frames: noise of many colours, and tones."""
    rng = np.random.default_rng(1)
    noise = np.cumsum(rng.normal(size=(100, 256)), axis=1) * rng.uniform(0, 0.2, (100, 1)) + rng.normal(size=(100, 256))
    turns = rng.uniform(0.01, 0.4, (100, 1)) * np.arange(256) + rng.uniform(0, 1, (100, 1))
    return np.concatenate([noise, np.sin(2 * np.pi * turns)]).astype(np.float32)


@pytest.fixture(scope="module")
def model(frames: Floats) -> NearestModel:
    return NearestModel(CONFIG, {CENTRES: mel_features(frames[::10], GRID, CONFIG)}, GRID)


def test_mel_features_of_white_noise_are_about_zero_and_of_silence_at_the_floor() -> None:
    noise = np.random.default_rng(0).normal(size=(400, 256)).astype(np.float32)
    features = mel_features(noise, GRID, CONFIG)[:, 2:-2]
    assert 10 * np.log10(np.mean(np.exp(features) ** 2)) == pytest.approx(0, abs=1), "in dB"
    np.testing.assert_allclose(mel_features(np.zeros((2, 256), np.float32), GRID, CONFIG), np.log(CONFIG.floor))


def test_encode_of_a_frame_that_is_a_centre_gives_its_code(model: NearestModel, frames: Floats) -> None:
    np.testing.assert_array_equal(model.encode(frames[::10]), np.arange(20))


@pytest.mark.parametrize("gain_db", [-60, -20, 12])
def test_encode_turned_up_or_down_gives_the_same_codes(model: NearestModel, frames: Floats, gain_db: float) -> None:
    turned = (frames * 10 ** (gain_db / 20)).astype(np.float32)
    np.testing.assert_array_equal(model.encode(turned), model.encode(frames))


def test_encode_one_by_one_gives_the_codes_of_all_at_once(model: NearestModel, frames: Floats) -> None:
    alone = [int(model.encode(frame[None])[0]) for frame in frames[:50]]
    np.testing.assert_array_equal(model.encode(frames)[:50], alone)
    assert model.encode(frames[:0]).shape == (0,)
    assert len(set(model.encode(np.zeros((3, 256), np.float32)))) == 1


def test_encode_finds_none_but_codes_in_use(frames: Floats) -> None:
    centres = mel_features(frames[::10], GRID, CONFIG)
    used = np.arange(20) % 2 == 0
    assert not (NearestModel(CONFIG, {CENTRES: centres}, GRID, used=used).encode(frames) % 2).any()


def test_nearest_config_goes_to_a_card_and_back() -> None:
    assert NearestConfig.from_dict(CONFIG.to_dict()) == CONFIG
    assert is_nearest(CONFIG.to_dict()) and not is_nearest({"n_fft": 256})


@pytest.mark.parametrize("entry", [{"codes": 1}, {"bands": 3}, {"bands": 130}, {"floor": 0.0}, {"floor": float("nan")}])
def test_nearest_config_of_impossible_sizes_is_refused(entry: dict[str, float]) -> None:
    with pytest.raises(CodebookError, match=rf"{next(iter(entry))} must.*the card is damaged"):
        NearestConfig.from_dict({**CONFIG.to_dict(), **entry})


@pytest.mark.parametrize("entry", [{"more": 1}, {"codes": "20"}, {"floor": 1}], ids=str)
def test_nearest_config_of_another_version_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(CodebookError, match=f"of the kind '{NEAREST}' must have exactly"):
        NearestConfig.from_dict({**CONFIG.to_dict(), **entry})


def test_model_of_an_unknown_kind_is_refused_by_its_name() -> None:
    with pytest.raises(CodebookError, match=r"kind 'tomorrow', which this version .* not know; update vqsynth"):
        is_nearest({KIND: "tomorrow", "n_fft": 256})


def test_centres_that_do_not_fit_are_refused() -> None:
    good = np.zeros((20, CONFIG.bands))
    with pytest.raises(CodebookError, match=r"must hold centres \(20, 129\) alone"):
        NearestModel(CONFIG, {CENTRES: good[1:]}, GRID)
    with pytest.raises(CodebookError, match="alone"):
        NearestModel(CONFIG, {CENTRES: good, "more": good}, GRID)
    with pytest.raises(CodebookError, match="NaN or infinite"):
        NearestModel(CONFIG, {CENTRES: np.full_like(good, np.inf)}, GRID)
