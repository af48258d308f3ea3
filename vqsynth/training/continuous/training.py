"""What all trainings of the room share: modules, their optimizers, a step, and the state that a checkpoint holds.

All that is random in a step comes from (seed, step) alone, and every schedule from the progress alone. A training of
so many steps that was stopped and taken up again therefore ends with the weights of one that was not, bit for bit, on
the same machine with one thread.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vqsynth.errors import ModelError, ParameterError
from vqsynth.running.progress import Smoothed
from vqsynth.training.continuous.corpus import SHORTEST, Ints, MelCorpus
from vqsynth.training.core.stage import Paced

WARM_UP_STEPS = 50
LAST_RATE = 0.02
"""The learning rate at the end, as a share of the largest."""
LARGEST_GRADIENT = 10.0
Made = TypeVar("Made")


class Training(Paced, ABC):
    """Hold modules by name, an AdamW optimizer for each, and how far they are trained."""

    def __init__(
        self, modules: Mapping[str, nn.Module], rates: Mapping[str, float], *, seed: int, total: int | None
    ) -> None:
        super().__init__(total)
        self.modules, self.rates, self.seed = dict(modules), dict(rates), seed
        self.optimizers = {
            name: torch.optim.AdamW(module.parameters(), lr=rates[name], betas=(0.8, 0.99))
            for name, module in modules.items()
        }

    @abstractmethod
    def advance(self) -> dict[str, float]:
        """Do one step and return its losses by name, for people to see."""

    def generator(self, use: int = 0) -> torch.Generator:
        """Make what all that is random in this step comes from; `use` tells several of them apart."""
        entropy = np.random.SeedSequence([self.seed, self.step, use]).generate_state(1, np.uint64)[0]
        return torch.Generator().manual_seed(int(entropy >> np.uint64(1)))

    def update(self, loss: Tensor, *names: str) -> None:
        """Move the modules named along the gradient of a loss. A step whose gradient is not finite moves nothing."""
        for name in names:
            self.optimizers[name].zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for name in names:
            size = nn.utils.clip_grad_norm_(self.modules[name].parameters(), LARGEST_GRADIENT)
            if bool(torch.isfinite(size)):
                self._set_learning_rate(name)
                self.optimizers[name].step()

    def _set_learning_rate(self, name: str) -> None:
        """Warm up, then fall along half a cosine."""
        fall = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * self.progress))
        for group in self.optimizers[name].param_groups:
            group["lr"] = self.rates[name] * min(1.0, (self.step + 1) / WARM_UP_STEPS) * fall

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Copy all that the next step depends on to NumPy, by name."""
        tensors = {}
        for name, module in self.modules.items():
            tensors.update({f"{name}.model.{k}": _copy(v) for k, v in module.state_dict().items()})
            for key, parameter in module.named_parameters():
                for kind, value in self.optimizers[name].state.get(parameter, {}).items():
                    tensors[f"{name}.optimizer.{kind}.{key}"] = _copy(value)
        return tensors

    def take_up(self, tensors: Mapping[str, NDArray[Any]], *, step: int) -> None:
        """Go back to the state that `to_tensors` copied at `step`. Raises ModelError for tensors of another model."""
        for name, module in self.modules.items():
            try:
                module.load_state_dict(_tensors_under(f"{name}.model.", tensors))
            except RuntimeError as e:
                raise ModelError("the checkpoint does not fit the model; delete it and train anew") from e
            for key, parameter in module.named_parameters():
                kinds = {kind: f"{name}.optimizer.{kind}.{key}" for kind in ("step", "exp_avg", "exp_avg_sq")}
                found = {kind: torch.from_numpy(tensors[k].copy()) for kind, k in kinds.items() if k in tensors}
                if found:
                    self.optimizers[name].state[parameter] = found
        self.step = step


class Draw:
    """Draw excerpts of a corpus at random."""

    def __init__(self, corpus: MelCorpus, *, batch: int, n_frames: int) -> None:
        self.batch, self.n_frames = batch, n_frames
        self._cumulative = np.cumsum(corpus.sampling_weights(n_frames))

    def starts(self, generator: torch.Generator) -> Ints:
        """Draw the first frames of a batch of excerpts, (N,)."""
        places = torch.rand(self.batch, generator=generator, dtype=torch.float64).numpy() * self._cumulative[-1]
        rows = np.searchsorted(self._cumulative, places, side="right")
        starts: Ints = np.minimum(rows, len(self._cumulative) - 1).astype(np.int64)
        return starts


@dataclass(frozen=True)
class Mixture:
    """Say with which other of a batch each excerpt is mixed, `others` (N,), and how much of it, `share` [N, 1, 1]."""

    others: Tensor
    share: Tensor

    @classmethod
    def draw(cls, n: int, generator: torch.Generator) -> "Mixture":
        """Draw a mixture of n excerpts, each of two or more with another one."""
        others = torch.roll(torch.arange(n), int(torch.randint(1, max(2, n), (1,), generator=generator)))
        return cls(others, torch.rand(n, 1, 1, generator=generator))

    def mix(self, x: Tensor) -> Tensor:
        """Mix what belongs to the excerpts, [N, channels, T]."""
        return torch.lerp(x, x[self.others], self.share)


class Losses:
    """Smooth the losses of the steps of a stage, and put them into a line."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._smoothed: dict[str, Smoothed] = {}

    def tell(self, losses: Mapping[str, float]) -> str:
        """Follow the losses of one more step, and say where they are."""
        pairs = ((name, self._smoothed.setdefault(name, Smoothed()).follow(loss)) for name, loss in losses.items())
        return f"{self._stage}: " + "  ".join(f"{name} {loss:.3f}" for name, loss in pairs)


def check_length(*, steps: int | None, minutes: float, seed: int) -> None:
    """Refuse a length or seed that makes no training. Raises ParameterError."""
    if steps is not None and not 10 <= steps <= 10_000_000:
        raise ParameterError(f"steps must lie between 10 and 10 million (got {steps})")
    if not 0 < minutes <= 100_000:
        raise ParameterError(f"minutes must lie above 0 (got {minutes:g})")
    if seed < 0:
        raise ParameterError(f"seed must be 0 or more (got {seed})")


def check_excerpts(*, batch: int, frames: int, rates: Mapping[str, float]) -> None:
    """Refuse batches that hold nothing, excerpts that a short sound has no room for, and rates that teach nothing.

    frames: all that is cut. rates: by name. Raises ParameterError.
    """
    if not 1 <= batch <= 100_000:
        raise ParameterError(f"batch must lie between 1 and 100000 excerpts (got {batch})")
    if not 1 <= frames <= SHORTEST:
        raise ParameterError(f"frames must lie between 1 and {SHORTEST}, those before them included (got {frames})")
    for name, rate in rates.items():
        if not 0 < rate < 1:
            raise ParameterError(f"{name} must lie between 0 and 1 (got {rate})")


def check_weights(weights: Mapping[str, float], *, cosines: int) -> None:
    """Refuse weights below 0, of losses or of colour, by name, and colours of no cosine. Raises ParameterError."""
    for name, weight in weights.items():
        if not 0 <= weight < 1e6:
            raise ParameterError(f"{name} must be 0 or more (got {weight})")
    if cosines < 1:
        raise ParameterError(f"cosines must be 1 or more (got {cosines})")


def make_seeded(make: Callable[[], Made], seed: int) -> Made:
    """Make something whose first weights come from the seed, leaving torch's own generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def _copy(tensor: Tensor) -> NDArray[Any]:
    copied: NDArray[Any] = tensor.detach().cpu().numpy().copy()
    return copied


def _tensors_under(prefix: str, tensors: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    return {k[len(prefix) :]: torch.from_numpy(v.copy()) for k, v in tensors.items() if k.startswith(prefix)}
