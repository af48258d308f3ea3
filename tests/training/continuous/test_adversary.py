"""The adversary: it finds loudness where there is some, and its gradient, reversed, drives it out."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqsynth.training.continuous.adversary import CLASSES, Adversary, loudness_classes, reverse_gradient


def test_reverse_gradient_leaves_values_and_turns_the_gradient_round() -> None:
    x = torch.arange(4.0, requires_grad=True)
    y = reverse_gradient(x, 0.25)
    assert torch.equal(y, x)
    (y * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert x.grad.tolist() == [-0.25, -0.5, -0.75, -1.0]


def test_reverse_gradient_of_no_strength_passes_none() -> None:
    x = torch.ones(3, requires_grad=True)
    reverse_gradient(x, 0.0).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None and not x.grad.any()


def test_loudness_classes_of_uniform_loudness_are_equally_frequent() -> None:
    classes = loudness_classes(torch.linspace(0, 1, 16_000))
    counts = torch.bincount(classes)
    assert len(counts) == CLASSES
    assert int(counts.max() - counts.min()) <= 2
    assert loudness_classes(torch.tensor([0.0, 0.5, 1.0]), classes=4).tolist() == [0, 2, 3]


def hear_loudness(mix: nn.Conv1d | None, *, strength: float, steps: int = 250) -> tuple[float, Tensor]:
    """Train an adversary on sources of which the first is the loudness, through an encoder if there is one.

    Returns the adversary's accuracy within a class to either side, and what the encoder makes of the sources.
    """
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    adversary = Adversary(2, width=32)
    parameters = [*adversary.parameters(), *(mix.parameters() if mix else ())]
    optimiser = torch.optim.Adam(parameters, 1e-2)
    for _ in range(steps):
        u = torch.rand(8, 1, 32, generator=generator)
        sources = torch.cat([2 * u - 1, torch.randn(8, 1, 32, generator=generator)], dim=1)
        z = mix(sources) if mix else sources
        logits = adversary(reverse_gradient(z, strength))
        optimiser.zero_grad()
        F.cross_entropy(logits, loudness_classes(u[:, 0])).backward()
        optimiser.step()
    near = (logits.argmax(dim=1) - loudness_classes(u[:, 0])).abs() <= 1
    return float(near.float().mean()), z.detach()


def test_adversary_given_latents_that_hold_loudness_finds_it() -> None:
    accuracy, _ = hear_loudness(None, strength=1.0)
    assert accuracy > 0.9


def test_adversary_behind_the_reversal_makes_an_encoder_hide_loudness() -> None:
    shares = {}
    for strength in (-1.0, 1.0):  # helped, and fought
        torch.manual_seed(5)
        mix = nn.Conv1d(2, 2, 1, bias=False)
        hear_loudness(mix, strength=strength)
        weights = mix.weight.detach()[:, :, 0]
        shares[strength] = float(weights[:, 0].norm() / weights.norm())
    assert shares[1.0] < 0.5 * shares[-1.0]


@pytest.mark.parametrize("frames", [1, 3, 40])
def test_adversary_predicts_a_class_for_every_frame(frames: int) -> None:
    assert Adversary(6, classes=5)(torch.zeros(2, 6, frames)).shape == (2, 5, frames)
