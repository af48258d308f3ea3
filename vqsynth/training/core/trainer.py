"""The state of a training, modules and optimizers, and what all steps share: random draws, updates, saving.

All that is random in a step depends only on seed and step, and every schedule only on the progress. So a training of a
given number of steps ends with the same weights, bit for bit, whether it was stopped and resumed or not, on the same
machine and device with the same number of threads.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vqsynth.errors import ParameterError, VqsynthError

WARM_UP_STEPS = 50
Made = TypeVar("Made")
Report_co = TypeVar("Report_co", covariant=True)


@dataclass(frozen=True)
class Descent:
    """Hold the options of gradient descent: AdamW, with a learning rate that falls along half a cosine.

    Parameters
    ----------
    betas : (float, float)
        AdamW's betas.
    last_share : float
        The share of the learning rate that is left at the end.
    least : float
        Added to the learning rate throughout.
    largest_gradient : float
        Gradients with a larger norm are scaled down to it.

    """

    betas: tuple[float, float]
    last_share: float = 0.0
    least: float = 0.0
    largest_gradient: float = math.inf

    def rate(self, largest: float, *, step: int, progress: float) -> float:
        """Return the learning rate of a step, which warms up to `largest` and then falls."""
        fall = self.last_share + (1 - self.last_share) * 0.5 * (1 + math.cos(math.pi * progress))
        return largest * min(1.0, (step + 1) / WARM_UP_STEPS) * fall + self.least


class Trainer(ABC, Generic[Report_co]):
    """Hold modules by name, an AdamW optimizer for each, and the progress of their training.

    Parameters
    ----------
    modules : dict of name to Module
        The modules; they are moved to the device.
    rates : dict of name to float
        The largest learning rate of each.
    descent : Descent
        How they follow their gradients.
    seed : int
        Seed of everything random.
    total : int or None
        Number of steps. With None progress follows the clock, and its share is kept in `clocked`.
    device : str
        Device of torch.

    """

    error: ClassVar[type[VqsynthError]]

    def __init__(
        self,
        modules: Mapping[str, nn.Module],
        rates: Mapping[str, float],
        descent: Descent,
        *,
        seed: int,
        total: int | None,
        device: str = "cpu",
    ) -> None:
        self.step, self.total, self.clocked = 0, total, 0.0
        self.modules, self.rates, self.descent, self.seed = dict(modules), dict(rates), descent, seed
        self.device = torch.device(device)
        self.optimizers = {
            name: torch.optim.AdamW(module.to(self.device).parameters(), lr=rates[name], betas=descent.betas)
            for name, module in modules.items()
        }

    @property
    def progress(self) -> float:
        """Return the share of the training that is done, 0 to 1."""
        return self.step / self.total if self.total else self.clocked

    @abstractmethod
    def advance(self) -> Report_co:
        """Do one step and return its report."""

    def generator(self, use: int = 0) -> torch.Generator:
        """Return the random generator of this step; `use` distinguishes several."""
        entropy = np.random.SeedSequence([self.seed, self.step, use]).generate_state(1, np.uint64)[0]
        return torch.Generator().manual_seed(int(entropy >> np.uint64(1)))

    def update(self, loss: Tensor, *names: str) -> None:
        """Update the named modules by the gradient of a loss. Where the gradient is not finite nothing is changed."""
        for name in names:
            self.optimizers[name].zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for name in names:
            size = nn.utils.clip_grad_norm_(self.modules[name].parameters(), self.descent.largest_gradient)
            if bool(torch.isfinite(size)):
                for group in self.optimizers[name].param_groups:
                    group["lr"] = self.descent.rate(self.rates[name], step=self.step, progress=self.progress)
                self.optimizers[name].step()

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Return all that the next step depends on as NumPy arrays by name."""
        tensors = {}
        for name, module in self.modules.items():
            tensors.update({f"{name}.model.{k}": _copy(v) for k, v in module.state_dict().items()})
            for key, parameter in module.named_parameters():
                for kind, value in self.optimizers[name].state.get(parameter, {}).items():
                    tensors[f"{name}.optimizer.{kind}.{key}"] = _copy(value)
        return tensors

    def take_up(self, tensors: Mapping[str, NDArray[Any]], *, step: int) -> None:
        """Restore the state that `to_tensors` returned at `step`. Raises `error` for tensors of another model."""
        for name, module in self.modules.items():
            try:
                module.load_state_dict(_tensors_under(f"{name}.model.", tensors))
            except RuntimeError as e:
                raise self.error("the checkpoint does not fit the model; delete it and train anew") from e
            for key, parameter in module.named_parameters():
                kinds = {kind: f"{name}.optimizer.{kind}.{key}" for kind in ("step", "exp_avg", "exp_avg_sq")}
                found = {kind: torch.from_numpy(tensors[k].copy()) for kind, k in kinds.items() if k in tensors}
                if found:
                    moved = {kind: x if kind == "step" else x.to(self.device) for kind, x in found.items()}
                    self.optimizers[name].state[parameter] = moved
        self.step = step


class Draw:
    """Draw rows at random with probabilities proportional to weights (T,)."""

    def __init__(self, weights: NDArray[np.float64], *, batch: int) -> None:
        self.batch, self._cumulative = batch, np.cumsum(weights)

    def rows(self, generator: torch.Generator) -> NDArray[np.int64]:
        """Draw the rows of a batch, (N,)."""
        places = torch.rand(self.batch, generator=generator, dtype=torch.float64).numpy() * self._cumulative[-1]
        rows = np.searchsorted(self._cumulative, places, side="right")
        drawn: NDArray[np.int64] = np.minimum(rows, len(self._cumulative) - 1).astype(np.int64)
        return drawn


def make_seeded(make: Callable[[], Made], seed: int) -> Made:
    """Make a module whose initial weights depend only on the seed. Torch's global generator is not changed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def check_length(*, steps: int | None, minutes: float | None, seed: int) -> None:
    """Raise ParameterError for a length or seed out of range."""
    if steps is not None and not 10 <= steps <= 10_000_000:
        raise ParameterError(f"steps must lie between 10 and 10 million (got {steps})")
    if minutes is not None and not 0 < minutes <= 100_000:
        raise ParameterError(f"minutes must lie above 0 (got {minutes:g})")
    if seed < 0:
        raise ParameterError(f"seed must be 0 or more (got {seed})")


def check_device(device: str) -> None:
    """Raise ParameterError for a device that torch does not know or find."""
    try:
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as e:
        reason = str(e).splitlines()[0]
        raise ParameterError(f"device '{device}' cannot be used here ({reason}); use cpu") from e


def _copy(tensor: Tensor) -> NDArray[Any]:
    copied: NDArray[Any] = tensor.detach().cpu().numpy().copy()
    return copied


def _tensors_under(prefix: str, tensors: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    return {k[len(prefix) :]: torch.from_numpy(v.copy()) for k, v in tensors.items() if k.startswith(prefix)}
