"""The auto-encoder: Gaussians as the books say, streams to the bit, and halves that train."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vqsynth.continuous.blocks import ResidualBlock
from vqsynth.continuous.vae import (
    VAE,
    DecoderStream,
    EncoderStream,
    VAEConfig,
    decode_frames,
    encode_frames,
    gaussian_divergence,
    reparametrise,
)
from vqsynth.errors import ModelError, ParameterError

Rows = NDArray[np.float32]

CONFIG = VAEConfig(n_mels=20, latents=4, width=24, blocks=2)
cuts_of_90 = st.lists(st.integers(0, 90), max_size=8).map(sorted)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def make_vae(config: VAEConfig = CONFIG) -> VAE:
    """Make an auto-encoder whose blocks do something, as after training."""
    torch.manual_seed(1)
    vae = VAE(config)
    for module in vae.modules():
        if isinstance(module, ResidualBlock):
            torch.nn.init.normal_(module.mix.weight, std=0.2)
    return vae.eval()


def draw_rows(*shape: int, seed: int = 0) -> Rows:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def draw_loudness(frames: int) -> Rows:
    return np.random.default_rng(8).random(frames).astype(np.float32)


def test_reparametrise_draws_with_the_standard_deviation_and_not_the_variance() -> None:
    mu, log_variance = torch.full((1, 1, 200_000), 3.0), torch.full((1, 1, 200_000), -2.0)
    z = reparametrise(mu, log_variance, generator=torch.Generator().manual_seed(0))
    assert float(z.mean()) == pytest.approx(3, abs=0.01)
    assert float(z.std()) == pytest.approx(np.exp(-1), rel=0.01)


def test_reparametrise_passes_the_gradient_on_to_mean_and_log_variance() -> None:
    mu, log_variance = torch.zeros(5, requires_grad=True), torch.zeros(5, requires_grad=True)
    z = reparametrise(mu, log_variance, generator=torch.Generator().manual_seed(0))
    z.sum().backward()  # type: ignore[no-untyped-call]
    assert mu.grad is not None and log_variance.grad is not None
    torch.testing.assert_close(mu.grad, torch.ones(5))
    torch.testing.assert_close(log_variance.grad, z.detach() / 2)


def test_gaussian_divergence_agrees_with_torch_and_is_0_for_the_standard_one() -> None:
    generator = torch.Generator().manual_seed(2)
    mu, log_variance = torch.randn(2, 4, 6, generator=generator), torch.randn(2, 4, 6, generator=generator)
    ours = gaussian_divergence(mu, log_variance)
    normal = torch.distributions.Normal(mu, (log_variance / 2).exp())
    theirs = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(ours, theirs)
    assert gaussian_divergence(torch.zeros(3), torch.zeros(3)).tolist() == [0, 0, 0]


def test_default_sizes_make_less_than_four_million_parameters() -> None:
    assert sum(p.numel() for p in VAE(VAEConfig()).parameters()) < 4e6


def test_standardise_by_a_corpus_brings_every_band_to_mean_0_and_variance_1() -> None:
    vae, corpus = make_vae(), draw_rows(500, 20) * np.linspace(0.5, 3, 20, dtype=np.float32) - 7
    vae.standardise_by(corpus)
    seen: list[torch.Tensor] = []
    vae.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    vae.encode_stats(torch.from_numpy(corpus.T.copy())[None])
    torch.testing.assert_close(seen[0].mean(dim=2), torch.zeros(1, 20), atol=1e-4, rtol=0)
    torch.testing.assert_close(seen[0].std(dim=2, correction=0), torch.ones(1, 20), atol=1e-3, rtol=0)


def test_standardise_by_a_band_that_never_sounds_blows_nothing_up() -> None:
    vae, corpus = make_vae(), np.full((50, 20), -9.2, np.float32)
    vae.standardise_by(corpus)
    z = encode_frames(vae, corpus)
    assert np.isfinite(decode_frames(vae, z, draw_loudness(50))).all()


def test_log_variance_of_any_input_stays_within_its_range() -> None:
    _, log_variance = make_vae().encode_stats(torch.full((1, 20, 10), 1e6))
    assert log_variance.min() >= -10 and log_variance.max() <= 4


@given(cuts=cuts_of_90)
def test_streams_in_any_split_give_the_bits_of_the_whole(cuts: list[int]) -> None:
    vae, log_mel, u = make_vae(), draw_rows(90, 20), draw_loudness(90)
    encoder, decoder = EncoderStream(vae), DecoderStream(vae)
    z_parts = [encoder.push(part) for part in np.split(log_mel, cuts)]
    parts = [decoder.push(z, part) for z, part in zip(z_parts, np.split(u, cuts), strict=True)]
    z = encode_frames(vae, log_mel)
    np.testing.assert_array_equal(np.concatenate(z_parts), z)
    np.testing.assert_array_equal(np.concatenate(parts), decode_frames(vae, z, u))


def test_streams_at_the_default_size_frame_by_frame_give_the_whole() -> None:
    vae, log_mel, u = make_vae(VAEConfig()), draw_rows(40, 192), draw_loudness(40)
    encoder, decoder = EncoderStream(vae), DecoderStream(vae)
    one_by_one = [decoder.push(encoder.push(log_mel[t : t + 1]), u[t : t + 1]) for t in range(40)]
    whole = decode_frames(vae, encode_frames(vae, log_mel), u)
    np.testing.assert_allclose(np.concatenate(one_by_one), whole, atol=1e-5)


def test_frames_played_agree_with_the_excerpt_that_training_sees() -> None:
    vae, log_mel, u = make_vae(), draw_rows(90, 20), draw_loudness(90)
    x, loudness = torch.from_numpy(log_mel.T.copy())[None], torch.from_numpy(u)[None, None]
    with torch.no_grad():
        mu, _ = vae.encode_stats(x)
        decoded = vae.decode(mu, loudness)
    np.testing.assert_allclose(encode_frames(vae, log_mel), mu[0].numpy().T, atol=1e-5)
    np.testing.assert_allclose(decode_frames(vae, mu[0].numpy().T, u), decoded[0].numpy().T, atol=1e-4)


def test_decode_with_another_loudness_gives_other_frames_from_there_on() -> None:
    vae, z, u = make_vae(), draw_rows(30, 4), draw_loudness(30)
    louder = u.copy()
    louder[12:] = 1
    changed = np.abs(decode_frames(vae, z, u) - decode_frames(vae, z, louder)).max(axis=1) > 1e-6
    assert not changed[:12].any() and changed[12]


def test_training_on_a_few_frames_learns_them() -> None:
    torch.manual_seed(0)
    vae, x = VAE(CONFIG), torch.cumsum(torch.randn(2, 20, 32), dim=1)
    u = torch.rand(2, 1, 32)
    optimiser = torch.optim.Adam(vae.parameters(), 3e-3)
    errors = []
    for _ in range(150):
        mu, log_variance = vae.encode_stats(x)
        error = (vae.decode(reparametrise(mu, log_variance), u) - x).square().mean()
        optimiser.zero_grad()
        (error + 1e-3 * gaussian_divergence(mu, log_variance).mean()).backward()
        optimiser.step()
        errors.append(float(error.detach()))
    assert errors[-1] < 0.15 * errors[0]


def test_tensors_and_back_give_the_same_frames_and_half_the_bytes() -> None:
    vae, log_mel = make_vae(), draw_rows(20, 20)
    vae.standardise_by(draw_rows(100, 20, seed=5) - 3)
    tensors = vae.to_tensors()
    assert {v.dtype for k, v in tensors.items() if not k.startswith("band_")} == {np.dtype(np.float16)}
    again = VAE.from_tensors(CONFIG, tensors)
    np.testing.assert_array_equal(again.band_mean.numpy(), vae.band_mean.numpy())
    np.testing.assert_allclose(encode_frames(again, log_mel), encode_frames(vae, log_mel), atol=0.02)
    twice = VAE.from_tensors(CONFIG, again.to_tensors())
    np.testing.assert_array_equal(encode_frames(twice, log_mel), encode_frames(again, log_mel))


def test_from_tensors_of_another_size_is_refused() -> None:
    with pytest.raises(ModelError, match="the weights of the VAE do not fit"):
        VAE.from_tensors(VAEConfig(n_mels=20, latents=5, width=24, blocks=2), make_vae().to_tensors())


def test_config_to_json_and_back_is_the_same() -> None:
    assert VAEConfig.from_dict(json.loads(json.dumps(CONFIG.to_dict()))) == CONFIG


@pytest.mark.parametrize(
    ("change", "message"),
    [({"width": None}, "must have exactly"), ({"colour": 1}, "must have exactly"), ({"width": 24.0}, "impossible"),
     ({"latents": 0}, "impossible"), ({"blocks": 11}, "impossible"), ({"kernel": True}, "impossible")],
)  # fmt: skip
def test_config_from_a_damaged_card_is_refused(change: dict[str, Any], message: str) -> None:
    values = {k: v for k, v in (CONFIG.to_dict() | change).items() if v is not None}
    with pytest.raises(ModelError, match=message):
        VAEConfig.from_dict(values)


def test_frames_of_other_sizes_are_refused() -> None:
    vae = make_vae()
    with pytest.raises(ParameterError, match=r"log_mel must have shape \(T, 20\)"):
        encode_frames(vae, draw_rows(5, 21))
    with pytest.raises(ParameterError, match=r"z must have shape \(T, 4\)"):
        decode_frames(vae, draw_rows(5, 3), draw_loudness(5))
    with pytest.raises(ParameterError, match="each of the 5 frames"):
        decode_frames(vae, draw_rows(5, 4), draw_loudness(6))
