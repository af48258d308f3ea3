"""A continuous model as one module that nn~ plays: encode, decode and forward."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from vqsynth.export.contract import Method, sign
from vqsynth.export.gliding import MODEL_ATTRIBUTES, GlideEngine
from vqsynth.export.interfaces import GlideInterface

if TYPE_CHECKING:
    from vqsynth.continuous.model import ContinuousModel


class GlideModule(nn.Module):
    """Offer a continuous model to nn~ and nn.ar.

    Parameters
    ----------
    model : ContinuousModel
        The model.
    methods : sequence of Method
        The methods and their labels.

    """

    engine: GlideInterface
    methods: list[str]
    attributes: list[str]

    def __init__(self, model: "ContinuousModel", methods: list[Method]) -> None:
        super().__init__()
        self.engine = torch.jit.script(GlideEngine(model).eval())  # type: ignore[assignment]
        sign(self, methods, MODEL_ATTRIBUTES)
        self.methods = [method.name for method in methods]
        self.attributes = [attribute.name for attribute in MODEL_ATTRIBUTES]
        self.sr: int = model.sr
        self.hop: int = model.grid.frames.hop_length
        self.sizes: int = len(model.components)
        self.warm: bool = False

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """List the methods, and let each run, so that what it needs is compiled before it is heard."""
        if not self.warm:
            self.warm = True
            sound = torch.rand(1, 1, self.hop) * 1e-3
            for _ in range(4):
                self.engine.decode(torch.full([1, self.sizes + 1, 1], 1e-3))
                self.engine.encode(sound)
                self.engine.transfer(sound)
            self.engine.restart()
        return self.methods

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """List the attributes."""
        return self.attributes

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        """Turn sound into components and loudness."""
        return self.engine.encode(x)

    @torch.jit.export
    def decode(self, x: Tensor) -> Tensor:
        """Turn components and loudness into sound."""
        return self.engine.decode(x)

    def forward(self, x: Tensor) -> Tensor:
        """Turn sound into sound of this model."""
        return self.engine.transfer(x)

    @torch.jit.export
    def get_scale(self) -> list[float]:  # noqa: D102
        return self.engine.get("scale")

    @torch.jit.export
    def set_scale(self, component: float, factor: float) -> int:  # noqa: D102
        return self.engine.put("scale", [component, factor])

    @torch.jit.export
    def get_shift(self) -> list[float]:  # noqa: D102
        return self.engine.get("shift")

    @torch.jit.export
    def set_shift(self, component: float, amount: float) -> int:  # noqa: D102
        return self.engine.put("shift", [component, amount])

    @torch.jit.export
    def get_seed(self) -> list[int]:  # noqa: D102
        return [int(self.engine.get("seed")[0])]

    @torch.jit.export
    def set_seed(self, value: int) -> int:  # noqa: D102
        return self.engine.put("seed", [float(value)])

    @torch.jit.export
    def get_restart(self) -> list[int]:  # noqa: D102
        return [int(self.engine.get("restart")[0])]

    @torch.jit.export
    def set_restart(self, value: int) -> int:  # noqa: D102
        return self.engine.put("restart", [float(value)])

    @torch.jit.export
    def get_sr(self) -> list[int]:  # noqa: D102
        return [self.sr]

    @torch.jit.export
    def set_sr(self, value: int) -> int:  # noqa: D102
        if self.engine.put("sr", [float(value)]) != 0:
            return -1
        self.sr = value
        return 0
