"""An exported continuous model does what the library does."""

from pathlib import Path

import numpy as np
import pytest

from tests.continuous.small import GRID, LATENTS, make_small_model, make_sound
from tests.export.exported import level_db, load_file, run_method
from vqsynth.continuous.streaming import ModelStream

HOP, DELAY = GRID.frames.hop_length, GRID.frames.n_fft - GRID.frames.hop_length


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    y = make_sound(3.0)
    return y[: len(y) // 8192 * 8192]


def test_components_and_loudness_are_those_of_the_library(model_file: Path, sound: np.ndarray) -> None:
    path = make_small_model().encode(sound, 8000)
    got = run_method(load_file(model_file), "encode", sound[None])[:, 1:]  # complete half a window after the centre
    n = got.shape[1]
    assert np.abs(got[:-1] - path.components[:, :n]).max() < 1e-4
    assert np.abs(20 * np.log10(got[-1]) - path.loudness_db[:n]).max() < 1e-3


def test_forward_gives_the_samples_of_a_stream(model_file: Path, sound: np.ndarray) -> None:
    stream = ModelStream(make_small_model(), vocoder="magnitude", excitation="coherent", seed=4)
    wanted = stream.push(sound)
    got = run_method(load_file(model_file, seed=4), "forward", sound[None])[0]
    assert level_db(got - wanted, wanted) < -60


def test_blocks_and_voices_give_the_same_bits(model_file: Path, sound: np.ndarray) -> None:
    for method in ("encode", "forward"):
        whole = run_method(load_file(model_file), method, sound[None], block=len(sound))
        for block in (HOP, 512, 2048):
            assert np.array_equal(run_method(load_file(model_file), method, sound[None], block=block), whole)
        beside = np.stack([sound[None], 0 * sound[None], -sound[None], sound[None]])
        assert np.array_equal(run_method(load_file(model_file), method, beside)[0], whole)


def test_encode_then_decode_is_forward_to_the_bit(model_file: Path, sound: np.ndarray) -> None:
    between = run_method(load_file(model_file), "encode", sound[None], block=512)
    decoded = run_method(load_file(model_file), "decode", between, block=4096)
    assert decoded.any() and np.array_equal(decoded, run_method(load_file(model_file), "forward", sound[None]))


def test_scale_and_shift_bend_components(model_file: Path, sound: np.ndarray) -> None:
    latents = run_method(load_file(model_file), "encode", sound[None])
    bent = latents.copy()
    bent[:LATENTS] *= 0.5
    bent[1] += 1.5
    module = load_file(model_file, scale=(0.0, 0.5), shift=(2.0, 1.5))
    assert module.set_shift(float(LATENTS + 1), 1.0) == -1
    got = run_method(module, "decode", latents)
    assert np.allclose(got, run_method(load_file(model_file), "decode", bent), atol=1e-5)


def test_nothing_is_silence_and_what_is_no_number_is_finite(model_file: Path) -> None:
    for method, inlets, frames in (("encode", 1, 40 * HOP), ("decode", LATENTS + 1, 40), ("forward", 1, 40 * HOP)):
        module = load_file(model_file)
        assert not run_method(module, method, np.zeros((inlets, frames))).any()
        for wrong in (np.nan, np.inf, 1e30):
            x = np.full((inlets, frames), 0.1)
            x[:, ::3] = wrong
            assert np.isfinite(run_method(module, method, x)).all()


def test_labels_say_what_components_follow(model_file: Path) -> None:
    labels = load_file(model_file).decode_input_labels
    assert labels[1] == "(signal) component 2, follows centroid (+0.60) in deviations, -3 to 3"
    assert "0 is silence" in labels[-1]
