"""The interfaces behind which engines do the work of methods. TorchScript wants them spelled out, without a body."""

# mypy: disable-error-code="empty-body"

import torch
from torch import Tensor, nn


@torch.jit.interface
class BookInterface(nn.Module):
    """The work of the methods."""

    def encode(self, x: Tensor) -> Tensor:  # noqa: D102
        pass

    def decode(self, x: Tensor) -> Tensor:  # noqa: D102
        pass

    def follow(self, x: Tensor) -> Tensor:  # noqa: D102
        pass

    def choose(self, x: Tensor) -> Tensor:  # noqa: D102
        pass

    def transfer(self, x: Tensor) -> Tensor:  # noqa: D102
        pass

    def restart(self) -> None:  # noqa: D102
        pass

    def get(self, name: str) -> list[float]:  # noqa: D102
        pass

    def put(self, name: str, values: list[float]) -> int:  # noqa: D102
        pass


@torch.jit.interface
class GlideInterface(nn.Module):
    """The work of the methods."""

    def encode(self, x: Tensor) -> Tensor:  # noqa: D102
        pass

    def decode(self, x: Tensor) -> Tensor:  # noqa: D102
        pass

    def transfer(self, x: Tensor) -> Tensor:  # noqa: D102
        pass

    def restart(self) -> None:  # noqa: D102
        pass

    def get(self, name: str) -> list[float]:  # noqa: D102
        pass

    def put(self, name: str, values: list[float]) -> int:  # noqa: D102
        pass
