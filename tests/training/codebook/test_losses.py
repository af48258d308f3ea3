import math

import torch

from vqsynth.model.vqvae import TARGET_FLOOR
from vqsynth.training.codebook.losses import COMMITMENT, commitment_loss, log_error, relative_error, target_magnitudes


def draw() -> torch.Tensor:
    return torch.rand(16, 129, generator=torch.Generator().manual_seed(0)) + 0.01


def test_errors_of_the_target_itself_are_zero() -> None:
    target = draw()
    exact = (target + TARGET_FLOOR).log()
    assert log_error(exact, target) < 1e-6
    assert relative_error(exact, target) < 1e-6


def test_log_error_of_twice_the_magnitude_is_the_logarithm_of_two() -> None:
    target = draw()
    twice = (target + TARGET_FLOOR).log() + math.log(2)
    torch.testing.assert_close(log_error(twice, target), torch.tensor(math.log(2)))


def test_relative_error_of_silence_is_one_whatever_the_level() -> None:
    silence = torch.full((16, 129), math.log(TARGET_FLOOR))
    for gain in (0.5, 4.0):
        torch.testing.assert_close(relative_error(silence, gain * draw()), torch.tensor(1.0))


def test_target_magnitudes_of_a_windowed_sine_of_unit_rms_peak_near_one() -> None:
    x = torch.sin(2 * math.pi * 20 * torch.arange(1024) / 1024) * torch.hann_window(1024)
    x = x / x.square().mean().sqrt()
    peak = target_magnitudes(x[None])[0]
    assert peak.argmax() == 20
    assert 1.0 < peak.max() < 2.5


def test_commitment_loss_is_the_squared_distance_and_pulls_on_latents_alone() -> None:
    z, z_q = torch.zeros(4, 8, requires_grad=True), torch.full((4, 8), 0.5, requires_grad=True)
    loss = commitment_loss(z, z_q)
    torch.testing.assert_close(loss, torch.tensor(COMMITMENT * 8 * 0.25))
    loss.backward()
    assert z.grad is not None and z.grad.abs().sum() > 0
    assert z_q.grad is None
