"""Causal layers: nothing of the future, one reach into the past, and the same bits in any split."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from vqsynth.continuous.blocks import (
    CHUNK,
    CausalConv,
    FrameNorm,
    Past,
    ResidualBlock,
    Stream,
    Tower,
    copy_weights,
    make_of_weights,
)
from vqsynth.errors import ModelError

cuts_of_100 = st.lists(st.integers(0, 99), max_size=8).map(sorted)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def make_tower(n_in: int = 5, n_out: int = 7, *, width: int = 24, blocks: int = 2) -> Tower:
    """Make a tower whose blocks do something, as after training."""
    torch.manual_seed(3)
    tower = Tower(n_in, n_out, width=width, blocks=blocks)
    for block in tower.blocks:
        assert isinstance(block, ResidualBlock)
        nn.init.normal_(block.mix.weight, std=0.2)
    return tower.eval()


class Tripler(nn.Module):
    """A layer that runs at three samples a frame, between two that run at one."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.first, self.fine = CausalConv(5, 8, kernel=2), CausalConv(8, 3, kernel=4, dilation=2)

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:
        y: Tensor = self.fine(self.first(x, past).repeat_interleave(3, dim=-1), past)
        return y


def test_causal_conv_agrees_with_torch_on_a_padded_input() -> None:
    ours, theirs = CausalConv(5, 7, kernel=3, dilation=2), nn.Conv1d(5, 7, 3, dilation=2)
    theirs.load_state_dict({"weight": ours.weight.detach().transpose(1, 2), "bias": ours.bias.detach()})
    x = draw(2, 5, 40)
    torch.testing.assert_close(ours(x), theirs(nn.functional.pad(x, (4, 0))))


def test_causal_conv_of_a_pulse_is_its_own_taps() -> None:
    layer = CausalConv(1, 1, kernel=3, dilation=2)
    x = torch.zeros(1, 1, 12)
    x[0, 0, 4] = 1
    expected = torch.zeros(12)
    expected[[4, 6, 8]] = layer.weight[0, [2, 1, 0], 0].detach()
    torch.testing.assert_close(layer(x)[0, 0], expected + layer.bias)


def test_tower_given_another_future_gives_the_same_past() -> None:
    tower, x = make_tower(), draw(1, 5, 60)
    other = x.clone()
    other[..., 30:] += 1
    changed = (tower(x) - tower(other)).abs().amax(dim=(0, 1)) > 1e-6
    assert not changed[:30].any() and changed[30]


def test_tower_remembers_as_many_frames_as_it_says() -> None:
    tower = make_tower().double()
    x = draw(1, 5, 60).double().requires_grad_()
    tower(x)[0, :, 50].sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    seen = x.grad.abs().sum(dim=(0, 1)).nonzero().flatten()
    assert (int(seen.min()), int(seen.max())) == (50 - tower.reach, 50)


@given(cuts=cuts_of_100)
def test_stream_in_any_split_gives_the_same_bits(cuts: list[int]) -> None:
    tower, x = make_tower(), draw(1, 5, 100)
    whole = Stream(tower).push(x)
    stream = Stream(tower)
    parts = [stream.push(x[..., a:b]) for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    assert torch.equal(torch.cat(parts, dim=-1), whole)


def test_stream_agrees_with_the_excerpt_that_training_sees() -> None:
    tower, x = make_tower(), draw(1, 5, 3 * CHUNK + 5)
    torch.testing.assert_close(Stream(tower).push(x), tower(x), atol=1e-5, rtol=1e-5)


@given(cuts=cuts_of_100)
def test_stream_of_a_layer_at_three_samples_a_frame_agrees_with_the_whole(cuts: list[int]) -> None:
    network, x = Tripler(), draw(1, 5, 100)
    stream = Stream(network)
    parts = [stream.push(x[..., a:b]) for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    y = torch.cat(parts, dim=-1)
    assert torch.equal(y, Stream(network).push(x))
    torch.testing.assert_close(y, network(x), atol=1e-5, rtol=1e-5)


def test_push_of_no_frames_gives_none_and_forgets_nothing() -> None:
    tower, x = make_tower(), draw(1, 5, 10)
    stream = Stream(tower)
    first = stream.push(x[..., :6])
    assert stream.push(x[..., :0]).shape == (1, 7, 0)
    assert torch.equal(torch.cat([first, stream.push(x[..., 6:])], dim=-1), Stream(tower).push(x))


def test_streams_of_one_network_do_not_hear_each_other() -> None:
    tower, x = make_tower(), draw(1, 5, 20)
    one, other = Stream(tower), Stream(tower)
    first = one.push(x[..., :10])
    other.push(draw(1, 5, 10, seed=9))
    assert torch.equal(torch.cat([first, one.push(x[..., 10:])], dim=-1), Stream(tower).push(x))


def test_frame_norm_brings_every_frame_to_mean_0_and_variance_1() -> None:
    y = FrameNorm(32)(5 + 3 * draw(2, 32, 10))
    torch.testing.assert_close(y.mean(dim=1), torch.zeros(2, 10), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.var(dim=1, correction=0), torch.ones(2, 10), atol=1e-3, rtol=0)


def test_residual_block_before_training_changes_nothing() -> None:
    x = draw(1, 24, 10)
    assert torch.equal(ResidualBlock(24)(x), x)


def test_make_of_weights_of_copied_ones_gives_the_same_to_float16() -> None:
    one = make_tower()
    other = make_of_weights(lambda: Tower(5, 7, width=24, blocks=2), copy_weights(one), what="the tower")
    x = draw(1, 5, 20)
    torch.testing.assert_close(other(x), one(x), atol=1e-2, rtol=1e-2)
    assert not other.training


@pytest.mark.parametrize("damage", ["missing", "unknown", "misshapen", "nan"])
def test_make_of_weights_that_do_not_fit_is_refused(damage: str) -> None:
    tower = make_tower()
    weights = dict(copy_weights(tower))
    if damage == "missing":
        del weights["exit.bias"]
    elif damage == "unknown":
        weights["exit.colour"] = np.zeros(3)
    elif damage == "misshapen":
        weights["exit.bias"] = np.zeros(3)
    else:
        weights["exit.bias"] = np.full(7, np.nan)
    with pytest.raises(ModelError, match=r"the weights of the tower .*exit\.(bias|colour)"):
        make_of_weights(make_tower, weights, what="the tower")


def test_make_of_weights_of_absurd_sizes_is_refused_before_memory_is_taken() -> None:
    """These would take 4 TB."""
    with pytest.raises(ModelError, match="the weights of the tower do not fit its config"):
        make_of_weights(lambda: Tower(5, 7, width=10**6, blocks=2), copy_weights(make_tower()), what="the tower")
