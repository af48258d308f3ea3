"""Discriminators: shapes, what their losses ask for, and that they can learn to tell sounds apart."""

import pytest
import torch

from vqsynth.training.continuous.discriminators import MultiScaleDiscriminator, feature_matching, hinge_losses


def judge(real: float, made: float) -> tuple[list[list[torch.Tensor]], list[list[torch.Tensor]]]:
    """Make judgements of two scales, with one inner layer each."""
    inner = torch.ones(1, 2, 3)
    return [[inner, torch.full((1, 1, 3), float(real))]] * 2, [[2 * inner, torch.full((1, 1, 3), float(made))]] * 2


@pytest.mark.parametrize(
    ("real", "made", "discriminator", "generator"), [(1, -1, 0, 1), (3, -2, 0, 2), (0, 0, 2, 0), (-1, 1, 4, -1)]
)
def test_hinge_losses_are_nothing_beyond_a_margin(
    real: float, made: float, discriminator: float, generator: float
) -> None:
    losses = hinge_losses(*judge(real, made))
    assert float(losses.discriminator) == discriminator
    assert float(losses.generator) == generator


def test_feature_matching_is_relative_and_leaves_the_verdict_out() -> None:
    assert float(feature_matching(*judge(5, -5))) == pytest.approx(1)
    same = judge(1, 1)[0]
    assert float(feature_matching(same, same)) == 0


def test_multi_scale_discriminator_judges_every_scale_at_half_the_steps() -> None:
    judgements = MultiScaleDiscriminator()(torch.zeros(2, 4096))
    verdicts = [judgement[-1].shape for judgement in judgements]
    assert verdicts == [(2, 1, 64), (2, 1, 32), (2, 1, 16)]


def test_multi_scale_discriminator_gives_the_generator_a_gradient() -> None:
    discriminator, made = MultiScaleDiscriminator(), torch.randn(1, 2048, requires_grad=True)
    real = discriminator(torch.randn(1, 2048))
    judged = discriminator(made)
    (hinge_losses(real, judged).generator + feature_matching(real, judged)).backward()
    assert made.grad is not None and (made.grad != 0).float().mean() > 0.9


def test_multi_scale_discriminator_learns_to_tell_a_tone_from_noise() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        discriminator = MultiScaleDiscriminator(scales=2)
        noise = 0.7 * torch.randn(4, 2048)
    real = torch.sin(0.2 * torch.arange(2048.0) + torch.arange(4.0)[:, None])
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-3)
    for _ in range(25):
        loss = hinge_losses(discriminator(real), discriminator(noise)).discriminator
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.5
