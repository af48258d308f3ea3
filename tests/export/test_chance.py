"""Random numbers in tensors are NumPy's, number for number."""

import numpy as np
import pytest
import torch

from vqsynth.export.chance import AT_ONCE, NoiseSource


@pytest.fixture(scope="module")
def source() -> NoiseSource:
    return torch.jit.script(NoiseSource(2))  # type: ignore[no-any-return]


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_numbers_of_a_seed_are_those_of_numpy(source: NoiseSource, seed: int) -> None:
    rng = np.random.default_rng(seed)
    source.seed(1, seed)
    assert np.array_equal(source.draw_uniform(1, 1025).numpy(), rng.uniform(0, 1, 1025))
    for count in (1, 512, AT_ONCE, 3 * AT_ONCE + 7, 100_000):  # one of 4000 is of the tail
        drawn, wanted = source.draw_normal(1, count).numpy(), rng.standard_normal(count, np.float32)
        assert drawn.dtype == wanted.dtype and np.abs(drawn - wanted).max() < 2e-6


def test_voices_draw_apart(source: NoiseSource) -> None:
    for voice, seed in ((0, 5), (1, 6)):
        source.seed(voice, seed)
    first = source.draw_normal(0, 300)
    source.draw_normal(1, 100)
    source.seed(0, 5)
    assert torch.equal(torch.cat([source.draw_normal(0, 200), source.draw_normal(0, 100)]), first)
