"""A codebook as one module that nn~ plays: encode, decode, follow, choose and forward."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from vqsynth.export.contract import Method, sign
from vqsynth.export.engine import ATTRIBUTES, CodebookEngine
from vqsynth.export.interfaces import BookInterface

if TYPE_CHECKING:
    from vqsynth.codes.record import CodebookRecord


class BookModule(nn.Module):
    """Offer a codebook to nn~ and nn.ar.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.
    methods : sequence of Method
        The methods and their labels.

    """

    engine: BookInterface
    methods: list[str]
    attributes: list[str]

    def __init__(self, book: "CodebookRecord", methods: list[Method]) -> None:
        super().__init__()
        self.engine = torch.jit.script(CodebookEngine(book).eval())  # type: ignore[assignment]
        sign(self, methods, ATTRIBUTES)
        self.methods = [method.name for method in methods]
        self.attributes = [attribute.name for attribute in ATTRIBUTES]
        self.sr: int = book.grid.sr
        self.hop: int = book.grid.hop_length
        self.warm: bool = False

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """List the methods, and let each run, so that what it needs is compiled before it is heard."""
        if not self.warm:
            self.warm = True
            sound, frame = torch.rand(1, 1, self.hop) * 1e-3, torch.full([1, 4, 1], 1e-3)
            for _ in range(4):
                self.engine.follow(frame)
                self.engine.choose(frame)
                self.engine.decode(frame[:, :2])
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
        """Turn sound into codes and gains."""
        return self.engine.encode(x)

    @torch.jit.export
    def decode(self, x: Tensor) -> Tensor:
        """Turn codes and gains into sound."""
        return self.engine.decode(x)

    @torch.jit.export
    def follow(self, x: Tensor) -> Tensor:
        """Turn targets into sound."""
        return self.engine.follow(x)

    @torch.jit.export
    def choose(self, x: Tensor) -> Tensor:
        """Turn targets into codes and gains."""
        return self.engine.choose(x)

    def forward(self, x: Tensor) -> Tensor:
        """Turn sound into sound of this codebook."""
        return self.engine.transfer(x)

    @torch.jit.export
    def get_smoothness(self) -> list[float]:  # noqa: D102
        return self.engine.get("smoothness")

    @torch.jit.export
    def set_smoothness(self, value: float) -> int:  # noqa: D102
        return self.engine.put("smoothness", [value])

    @torch.jit.export
    def get_motion(self) -> list[float]:  # noqa: D102
        return self.engine.get("motion")

    @torch.jit.export
    def set_motion(self, value: float) -> int:  # noqa: D102
        return self.engine.put("motion", [value])

    @torch.jit.export
    def get_max_transpose(self) -> list[float]:  # noqa: D102
        return self.engine.get("max_transpose")

    @torch.jit.export
    def set_max_transpose(self, value: float) -> int:  # noqa: D102
        return self.engine.put("max_transpose", [value])

    @torch.jit.export
    def get_max_tilt(self) -> list[float]:  # noqa: D102
        return self.engine.get("max_tilt")

    @torch.jit.export
    def set_max_tilt(self, value: float) -> int:  # noqa: D102
        return self.engine.put("max_tilt", [value])

    @torch.jit.export
    def get_correction(self) -> list[float]:  # noqa: D102
        return self.engine.get("correction")

    @torch.jit.export
    def set_correction(self, value: float) -> int:  # noqa: D102
        return self.engine.put("correction", [value])

    @torch.jit.export
    def get_transpose(self) -> list[float]:  # noqa: D102
        return self.engine.get("transpose")

    @torch.jit.export
    def set_transpose(self, value: float) -> int:  # noqa: D102
        return self.engine.put("transpose", [value])

    @torch.jit.export
    def get_tilt(self) -> list[float]:  # noqa: D102
        return self.engine.get("tilt")

    @torch.jit.export
    def set_tilt(self, value: float) -> int:  # noqa: D102
        return self.engine.put("tilt", [value])

    @torch.jit.export
    def get_weights(self) -> list[float]:  # noqa: D102
        return self.engine.get("weights")

    @torch.jit.export
    def set_weights(self, centroid: float, flatness: float, pitch: float) -> int:  # noqa: D102
        return self.engine.put("weights", [centroid, flatness, pitch])

    @torch.jit.export
    def get_envelope(self) -> list[float]:  # noqa: D102
        return self.engine.get("envelope")

    @torch.jit.export
    def set_envelope(self, band: float, by_db: float) -> int:  # noqa: D102
        return self.engine.put("envelope", [band, by_db])

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
