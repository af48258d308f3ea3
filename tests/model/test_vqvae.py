from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from vqsynth.errors import CodebookError, ParameterError
from vqsynth.model.vqvae import VQVAE, ModelConfig, encode_windows, take_level_out

CONFIG = ModelConfig(n_fft=256, codes=64, latent=8, encoder_width=32, decoder_width=32)
State = dict[str, NDArray[np.float16]]


@pytest.fixture(scope="module")
def state() -> State:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = VQVAE(CONFIG)
        model.quantizer.start(torch.randn(64, 8), batch=64)
    return dict(model.to_tensors())


@pytest.fixture
def frames(rng: np.random.Generator) -> NDArray[np.float32]:
    hum = np.sin(np.arange(256) * rng.uniform(0.02, 1.5, (300, 1)))
    return (0.2 * hum + 0.05 * rng.standard_normal((300, 256))).astype(np.float32)


def test_encode_windows_turned_up_or_down_gives_the_same_codes(state: State, frames: NDArray[np.float32]) -> None:
    codes = encode_windows(CONFIG.to_dict(), state, frames)
    assert len(set(codes.tolist())) > 5, "the test says nothing where all frames have one code"
    for gain_db in (-66, -40, -20, 12):
        turned = frames * np.float32(10 ** (gain_db / 20))
        np.testing.assert_array_equal(encode_windows(CONFIG.to_dict(), state, turned), codes)


def test_encode_windows_one_by_one_gives_the_codes_of_all_at_once(state: State, frames: NDArray[np.float32]) -> None:
    together = encode_windows(CONFIG.to_dict(), state, frames)
    alone = [int(encode_windows(CONFIG.to_dict(), state, frame[None])[0]) for frame in frames[:20]]
    assert alone == together[:20].tolist()


def test_encode_windows_of_silence_gives_one_code(state: State) -> None:
    codes = encode_windows(CONFIG.to_dict(), state, np.zeros((3, 256), np.float32))
    assert len(set(codes.tolist())) == 1


def test_encode_windows_of_no_frames_gives_no_codes(state: State) -> None:
    codes = encode_windows(CONFIG.to_dict(), state, np.zeros((0, 256), np.float32))
    assert codes.shape == (0,)
    assert codes.dtype == np.int64


def test_encode_windows_agrees_with_encoding_in_float32(state: State, frames: NDArray[np.float32]) -> None:
    in_float32 = VQVAE.from_tensors(CONFIG, state).encode(torch.from_numpy(frames)).numpy()
    agree = in_float32 == encode_windows(CONFIG.to_dict(), state, frames)
    assert agree.mean() > 0.99


def test_take_level_out_gives_an_rms_of_one_and_leaves_silence() -> None:
    x = torch.tensor([[3e-9, -3e-9], [2.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    rms = take_level_out(x).square().mean(dim=1).sqrt()
    torch.testing.assert_close(rms, torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64))


def test_decode_codes_gives_each_code_one_spectrum_without_negative_values(state: State) -> None:
    spectra = VQVAE.from_tensors(CONFIG, state).decode_codes()
    assert spectra.shape == (64, 129)
    assert spectra.min() >= 0


def test_from_tensors_of_to_tensors_gives_the_same_tensors(state: State) -> None:
    again = VQVAE.from_tensors(CONFIG, state).to_tensors()
    assert again.keys() == state.keys()
    for name, values in state.items():
        np.testing.assert_array_equal(again[name], values)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_from_tensors_given_weights_that_are_not_finite_refuses(state: State, bad: float) -> None:
    damaged = {name: values.copy() for name, values in state.items()}
    damaged["decoder.output.weight"][0, 0] = bad
    with pytest.raises(CodebookError, match=r"decoder\.output\.weight.*NaN or infinite"):
        VQVAE.from_tensors(CONFIG, damaged)


def test_from_tensors_given_other_arrays_refuses(state: State) -> None:
    without = {name: values for name, values in state.items() if name != "quantizer.code_vectors"}
    with pytest.raises(CodebookError, match="code_vectors"):
        VQVAE.from_tensors(CONFIG, without)
    with pytest.raises(CodebookError, match="do not fit"):
        VQVAE.from_tensors(CONFIG, {**state, "quantizer.code_vectors": np.zeros((63, 8), np.float16)})


@pytest.mark.parametrize("entry", [{"codes": 1}, {"n_fft": 30}, {"n_fft": 2046}, {"latent": 0}], ids=str)
def test_model_config_given_impossible_sizes_refuses(entry: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=next(iter(entry))):
        ModelConfig(**entry)  # type: ignore[arg-type]


def test_model_config_from_dict_of_to_dict_is_the_same() -> None:
    assert ModelConfig.from_dict(CONFIG.to_dict()) == CONFIG


@pytest.mark.parametrize("entry", [{"codes": "64"}, {"sizes": 3}, {"codes": 64.0}], ids=str)
def test_model_config_from_dict_given_a_damaged_card_refuses(entry: dict[str, object]) -> None:
    with pytest.raises(CodebookError, match="config"):
        ModelConfig.from_dict({**CONFIG.to_dict(), **entry})


@pytest.mark.parametrize("entry", [{"codes": 2**40}, {"latent": 10**400}, {"n_fft": 2**30}, {"latent": 1}])
def test_model_config_from_dict_of_absurd_sizes_is_damaged(entry: dict[str, object]) -> None:
    with pytest.raises(CodebookError, match=rf"config cannot be used: {next(iter(entry))}"):
        ModelConfig.from_dict({**CONFIG.to_dict(), **entry})


def test_model_config_from_dict_of_an_encoder_that_is_gone_says_so() -> None:
    with pytest.raises(CodebookError, match=r"front must be 'fourier' in this version .got 'learned'.; train"):
        ModelConfig.from_dict({**CONFIG.to_dict(), "front": "learned"})


def test_vqvae_from_tensors_of_absurd_sizes_is_refused_before_memory_is_taken() -> None:
    """These would take 30 GB."""
    large = replace(CONFIG, encoder_width=2**16, decoder_width=2**16, latent=2**16)
    with pytest.raises(CodebookError, match="weights do not fit its config"):
        VQVAE.from_tensors(large, VQVAE(CONFIG).to_tensors())
