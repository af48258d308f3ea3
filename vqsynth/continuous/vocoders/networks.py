"""Code shared by the networks of the vocoders: standardised mel bands, sizes from a card, weights to and from NumPy.

All networks take log mel bands [N, B, T], are built of the layers of `continuous.blocks`, and are causal: the output of
frame t depends on no later frame.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from vqsynth.continuous.blocks import Past, Stream, band_statistics, copy_weights, make_of_weights
from vqsynth.continuous.vocoders.interface import Vocoder
from vqsynth.errors import ModelError
from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import MelGrid
from vqsynth.storage.tensors import Arrays

MOST = 4096
TYPICAL_MEAN, TYPICAL_STD = -6.0, 2.5
"""Mean and deviation of log mel bands before those of a corpus are set."""
LOUDEST = 3.0
"""The largest log magnitude: no bin is more than e^3 times as high as a sinusoid that is all of a frame."""
Config = TypeVar("Config")


class MelNetwork(nn.Module):
    """A causal network over log mel bands, which it first brings to mean 0 and deviation 1.

    Called with mel [N, B, T] alone it is trained; what it returns is for the class to say. A `Stream` also gives it
    the past.
    """

    band_mean: Tensor
    band_std: Tensor

    def __init__(self, grid: MelGrid) -> None:
        super().__init__()
        self.register_buffer("band_mean", torch.full((grid.n_mels,), TYPICAL_MEAN))
        self.register_buffer("band_std", torch.full((grid.n_mels,), TYPICAL_STD))

    def standardise_by(self, log_mel: ArrayLike) -> None:
        """Take the mean and spread of every band from the frames (T, n_mels) of a corpus."""
        for buffer, values in zip((self.band_mean, self.band_std), band_statistics(log_mel), strict=True):
            buffer.copy_(values)

    def standard(self, mel: Tensor) -> Tensor:
        """Standardise [N, B, T]."""
        return (mel - self.band_mean[:, None]) / self.band_std[:, None]

    def play(self, mel: Tensor, past: Past) -> Tensor:
        """Make of a chunk [1, B, T] what is played, [1, channels, T * m]."""
        played: Tensor = self(mel, past)
        return played


class NetworkStream:
    """Run a network over frames as they come; any split into pushes gives the same bits."""

    def __init__(self, network: MelNetwork) -> None:
        self._stream = Stream(network.play)

    def push(self, log_mel: Floats) -> Floats:
        """Run the next frames (t, B): what is played of them, a row per frame or sample."""
        played = self._stream.push(torch.tensor(log_mel.T, dtype=torch.float32)[None])
        return np.ascontiguousarray(played[0].numpy().T)


class NetworkVocoder(Vocoder, Generic[Config]):
    """A vocoder with a network that is trained.

    `network` is the torch module: `standardise_by` it to a corpus, train it through `forward`, and play on.
    """

    config_type: ClassVar[type[Any]]
    network_type: ClassVar[type[Any]]

    def __init__(self, grid: MelGrid, config: Mapping[str, Any], state: Arrays | None = None) -> None:
        super().__init__(grid)
        self._config: Config = read_config(self.config_type, config)
        if state is None:
            self.network = self.network_type(grid, self._config).eval()
        else:
            self.network = make_of_weights(
                lambda: self.network_type(grid, self._config), state, what=f"the vocoder '{self.name}'"
            )

    @property
    def config(self) -> dict[str, Any]:
        """Describe the network by its sizes, as JSON can hold it."""
        return asdict(self._config)  # type: ignore[call-overload,no-any-return]

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """Copy the weights, float16 as a bundle holds them, and the bands' statistics."""
        return copy_weights(self.network)


def read_config(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """Read the sizes of a network from a card, those that are missing as by default.

    Raises ModelError for an unknown or mistyped size, or one that makes no network.
    """
    types = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]
    good = isinstance(values, Mapping) and set(values) <= set(types)
    if not good or not all(type(v) is int and 1 <= v <= _most(name) for name, v in values.items()):
        most = ", ".join(f"{name} to {_most(name)}" for name in types)
        raise ModelError(f"a vocoder's config may hold whole numbers from 1, {most} (got {str(values)[:200]})")
    return kind(**values)


def _most(name: str) -> int:
    """Bound a size: blocks look back twice as far each, and a kernel is a few frames."""
    return 16 if name.endswith(("blocks", "kernel")) else MOST


def band_interpolation(grid: MelGrid) -> Tensor:
    """Weigh bands so that they give a value per bin, linear between the bands' centres: (n_bins, B)."""
    bins_hz = grid.frames.frequencies_hz.astype(np.float64)
    columns = [np.interp(bins_hz, grid.centres_hz, band) for band in np.eye(grid.n_mels)]
    return torch.from_numpy(np.stack(columns, axis=1).astype(np.float32))
