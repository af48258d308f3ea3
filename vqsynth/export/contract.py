"""What nn~ and nn.ar look for in a file: methods with their ratios and labels, and attributes with their types.

Of a method M they read `M_params`, inlets, samples per inlet frame, outlets, samples per outlet frame, then
`M_input_labels` and `M_output_labels`; of an attribute A `A_params`, the types of its values, `get_A` and `set_A`,
which returns 0, or -1 for a value that cannot be. They give (batch, channels, frames) of float32. An inlet frame is the
last sample of its ratio, so ratios are powers of two.

The work is done by an engine behind an interface. Methods that are called through one keep what was compiled for them.
So the calls that `get_methods` makes, which is asked for when a file is loaded, make the first blocks as quick as later
ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

INTEGER, NUMBER = 1, 2
"""The types of an attribute's values in the contract."""
HIGHEST_SEED = 2**31 - 1
Limits = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Method:
    """Describe a method: its inlets and outlets, a label each, and the samples per frame of either.

    Raises nothing; ratios that are no power of two are refused by `check_hop`.
    """

    name: str
    inlets: tuple[str, ...]
    in_ratio: int
    outlets: tuple[str, ...]
    out_ratio: int


@dataclass(frozen=True)
class Attribute:
    """Describe an attribute: the types of its values, what may be set, what it is at first, and a line about it."""

    name: str
    about: str
    low: float
    high: float
    values: tuple[float, ...]
    kind: int = NUMBER

    @property
    def types(self) -> list[int]:
        """Return the types of the values, as the contract numbers them."""
        return [self.kind] * len(self.values)


def sign(module: nn.Module, methods: Sequence[Method], attributes: Sequence[Attribute]) -> None:
    """Give a module the buffers and the labels of its methods and attributes."""
    for method in methods:
        sizes = [len(method.inlets), method.in_ratio, len(method.outlets), method.out_ratio]
        module.register_buffer(f"{method.name}_params", torch.tensor(sizes))
        setattr(module, f"{method.name}_input_labels", [f"(signal) {label}" for label in method.inlets])
        setattr(module, f"{method.name}_output_labels", [f"(signal) {label}" for label in method.outlets])
    for attribute in attributes:
        module.register_buffer(f"{attribute.name}_params", torch.tensor(attribute.types))


class Settings(nn.Module):
    """Hold the values of attributes, and refuse others than those that may be.

    Parameters
    ----------
    attributes : sequence of Attribute
        The attributes.

    """

    values: dict[str, list[float]]
    lows: dict[str, float]
    highs: dict[str, float]

    def __init__(self, attributes: Sequence[Attribute]) -> None:
        super().__init__()
        self.values = {a.name: [float(value) for value in a.values] for a in attributes}
        self.lows = {a.name: float(a.low) for a in attributes}
        self.highs = {a.name: float(a.high) for a in attributes}

    @torch.jit.export
    def put(self, name: str, values: list[float]) -> bool:
        """Set an attribute. Return whether that was possible; NaN is not."""
        for value in values:
            if not (value >= self.lows[name] and value <= self.highs[name]):
                return False
        self.values[name] = values
        return True


def clean(x: Tensor) -> Tensor:
    """Take what is no number for 0."""
    return torch.nan_to_num(x, 0.0, 0.0, 0.0)


def check_voices(x: Tensor, most: int) -> int:
    """Return the number of voices of (batch, channels, frames). Raises RuntimeError for more than there are."""
    if x.size(0) > most:
        raise RuntimeError(f"this file plays at most {most} voices at once")
    return x.size(0)
