"""Causal layers that run over whole excerpts for training and over frames as they come, with the same result.

Tensors are [N, channels, T]. An output depends on no later frame, and the frames before the first are zero. In training
a layer is called with x alone. In playing a `Stream` also gives it a `Past`, in which it keeps its last inputs. The
stream runs frames in chunks of one fixed size and pads the last one, since matrix products of other sizes round
differently. So any split into pushes gives the same bits.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from vqsynth.errors import ModelError
from vqsynth.running.forking import mind_forks

mind_forks()

Tensors = Mapping[str, NDArray[Any]]

CHUNK = 16
"""Frames that a stream runs at once; a push of a single frame costs a whole chunk. Time of VAE and magnitude network
at the usual sizes, per frame of many and for a frame pushed alone: with 32, 0.22 and 6.3 ms; with 16, 0.22 and 3.5 ms;
with 8, 0.31 and 2.6 ms."""
LEAST_STD = 0.05
"""The smallest spread by which a band is divided, so that a band that never sounds is not amplified."""


class Past:
    """Keep for each layer of a stream the last inputs, which its next outputs depend on."""

    def __init__(self) -> None:
        self._kept: dict[nn.Module, Tensor] = {}
        self._valid = CHUNK

    def copy(self) -> "Past":
        """Return a copy, to go back to."""
        copied = Past()
        copied._kept = dict(self._kept)
        return copied

    def expect(self, valid: int) -> None:
        """Announce a chunk of which the first `valid` frames count; the rest is padding."""
        self._valid = valid

    def extend(self, layer: nn.Module, x: Tensor, reach: int) -> Tensor:
        """Put the last `reach` inputs of a layer before the next ones.

        Parameters
        ----------
        layer : Module
            The layer.
        x : [1, channels, T]
            Its next inputs, T being CHUNK times the number of steps per frame at which the layer runs.
        reach : int
            Number of earlier inputs that an output depends on.

        Returns
        -------
        [1, channels, reach + T]

        """
        kept = self._kept.get(layer)
        joined = torch.cat([x.new_zeros(*x.shape[:-1], reach) if kept is None else kept, x], dim=-1)
        valid = self._valid * (x.shape[-1] // CHUNK)
        self._kept[layer] = joined[..., valid : valid + reach].clone()
        return joined


class Stream:
    """Run a causal network over frames as they come.

    Parameters
    ----------
    run : function
        Called with a chunk [1, channels, CHUNK] and the past, it returns [1, channels', CHUNK * m] for some whole m.

    Attributes
    ----------
    past : Past
        What the next frames depend on. Setting it to an earlier copy undoes the pushes since.

    """

    def __init__(self, run: Callable[[Tensor, Past], Tensor]) -> None:
        self._run, self.past = run, Past()

    @torch.inference_mode()
    def push(self, x: Tensor) -> Tensor:
        """Run the next frames [1, channels, t], t of 0 or more, and return [1, channels', t * m]."""
        if not x.shape[-1]:
            return self._run(x.new_zeros(*x.shape[:-1], CHUNK), Past())[..., :0]
        starts = range(0, x.shape[-1], CHUNK)
        return torch.cat([self._push_chunk(x[..., start : start + CHUNK]) for start in starts], dim=-1)

    def _push_chunk(self, x: Tensor) -> Tensor:
        valid = x.shape[-1]
        self.past.expect(valid)
        y = self._run(F.pad(x, (0, CHUNK - valid)), self.past)
        return y[..., : valid * (y.shape[-1] // CHUNK)]


class CausalConv(nn.Module):
    """Convolve over time, looking `reach` = (kernel - 1) * dilation steps back."""

    def __init__(self, n_in: int, n_out: int, *, kernel: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.kernel, self.dilation = kernel, dilation
        bound = (n_in * kernel) ** -0.5
        # Taps before channels: all weights are then one matrix, and the product needs no copy.
        self.weight = nn.Parameter(torch.empty(n_out, kernel, n_in).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(n_out))

    @property
    def reach(self) -> int:
        """Return the number of earlier steps that an output depends on."""
        return (self.kernel - 1) * self.dilation

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:
        """Filter [N, n_in, T] to [N, n_out, T]; with a past, N = 1 and T is a chunk."""
        if past is None:
            return F.conv1d(F.pad(x, (self.reach, 0)), self.weight.transpose(1, 2), self.bias, dilation=self.dilation)
        steps = x.shape[-1]
        joined = past.extend(self, x, self.reach) if self.reach else x
        taps = torch.cat([joined[0, :, i * self.dilation :][:, :steps] for i in range(self.kernel)])
        return self._multiply(taps)[None]

    def _multiply(self, taps: Tensor) -> Tensor:
        """Multiply taps [kernel * n_in, T] by the weights: over few frames, in a third of a convolution's time."""
        weight = self.weight.flatten(1)
        if taps.shape[1] > CHUNK:
            return torch.addmm(self.bias[:, None], weight, taps)
        # A product with few columns takes three times as long as one with few rows.
        return torch.addmm(self.bias, taps.T, weight.T).T


class FrameNorm(nn.Module):
    """Bring the channels of every frame to mean 0 and variance 1, then scale and shift each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise [N, channels, T]."""
        rows = F.layer_norm(x.transpose(1, 2), (len(self.weight),), self.weight, self.bias)
        return rows.transpose(1, 2)


class ResidualBlock(nn.Module):
    """Add to the input a dilated convolution followed by a plain one, whose weights start at 0."""

    def __init__(self, width: int, *, kernel: int = 3, dilation: int = 1) -> None:
        super().__init__()
        self.norm = FrameNorm(width)
        self.gather = CausalConv(width, width, kernel=kernel, dilation=dilation)
        self.mix = CausalConv(width, width)
        nn.init.zeros_(self.mix.weight)

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:
        """Transform [N, width, T]."""
        hidden = F.silu(self.gather(self.norm(x), past))
        y: Tensor = x + self.mix(hidden, past)
        return y


class Tower(nn.Module):
    """Turn frames of n_in channels into frames of n_out: a convolution, then residual blocks of dilation 1, 2, 4...

    Parameters
    ----------
    n_in, n_out : int
        Channels of input and output.
    width : int
        Channels inside.
    blocks : int
        Number of residual blocks.
    kernel : int
        Taps of each convolution.

    """

    def __init__(self, n_in: int, n_out: int, *, width: int, blocks: int, kernel: int = 3) -> None:
        super().__init__()
        self.entry = CausalConv(n_in, width, kernel=kernel)
        self.blocks = nn.ModuleList(ResidualBlock(width, kernel=kernel, dilation=2**i) for i in range(blocks))
        self.norm = FrameNorm(width)
        self.exit = CausalConv(width, n_out)

    @property
    def reach(self) -> int:
        """Return the number of earlier frames that an output depends on."""
        return sum(layer.reach for layer in self.modules() if isinstance(layer, CausalConv))

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:
        """Transform [N, n_in, T] to [N, n_out, T]."""
        x = self.entry(x, past)
        for block in self.blocks:
            x = block(x, past)
        y: Tensor = self.exit(self.norm(x), past)
        return y


def band_statistics(log_mel: ArrayLike) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation, at least LEAST_STD, of each band of frames (T, B): (B,) each, float64."""
    frames = np.asarray(log_mel, np.float64)
    return torch.from_numpy(frames.mean(axis=0)), torch.from_numpy(np.maximum(frames.std(axis=0), LEAST_STD))


def copy_weights(module: nn.Module) -> dict[str, NDArray[Any]]:
    """Copy a module's weights to NumPy, as float16 to halve the size on disk, and its buffers as float32."""
    exact = {name for name, _ in module.named_buffers()}
    return {
        name: values.detach().cpu().numpy().astype(np.float32 if name in exact else np.float16)
        for name, values in module.state_dict().items()
    }


Made = TypeVar("Made", bound=nn.Module)


def make_of_weights(make: Callable[[], Made], weights: Tensors, *, what: str) -> Made:
    """Make a module, ready to play, with weights that `copy_weights` returned.

    Parameters
    ----------
    make : function
        Makes the module. Its shapes are compared with the weights before memory is allocated.
    weights : dict of name to array
        The weights.
    what : str
        Name of the module in messages.

    Returns
    -------
    Module
        In evaluation mode.

    Raises
    ------
    ModelError
        For missing, unknown or misshapen arrays, and for NaN.

    """
    with torch.device("meta"):
        _check_weights(make(), weights, what)
    module = make()
    module.load_state_dict({name: torch.from_numpy(np.array(v, dtype=np.float32)) for name, v in weights.items()})
    return module.eval()


def _check_weights(module: nn.Module, weights: Tensors, what: str) -> None:
    expected = {name: tuple(values.shape) for name, values in module.state_dict().items()}
    got = {name: tuple(values.shape) for name, values in weights.items()}
    if got != expected:
        names = sorted(name for name in expected.keys() | got.keys() if expected.get(name) != got.get(name))
        raise ModelError(
            f"the weights of {what} do not fit its config (see {', '.join(names[:3])}); "
            "get a complete copy of the model"
        )
    for name, values in weights.items():
        if not np.isfinite(values).all():
            raise ModelError(
                f"the weights of {what} hold NaN or infinite values in {name!r}; "
                "get a good copy of the model or train it again"
            )
