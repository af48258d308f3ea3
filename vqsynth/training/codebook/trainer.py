"""The state of a training, and one step of it.

All that is random in a step comes from (seed, step) alone, and the schedule from the progress alone. A training of so
many steps that was stopped and taken up again therefore ends with the weights of one that was not, bit for bit, on the
same machine with the same number of threads.

Two phases: a plain autoencoder; then, from k-means on, with the quantizer. A training that goes on from a finished
codebook has the second only.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vqsynth.errors import CodebookError, ParameterError
from vqsynth.model.quantizer import find_centres
from vqsynth.model.vqvae import VQVAE, ModelConfig, Tensors, take_level_out
from vqsynth.training.codebook.augment import augment_windows
from vqsynth.training.codebook.corpus import Corpus
from vqsynth.training.codebook.losses import commitment_loss, reconstruction_loss, target_magnitudes
from vqsynth.training.codebook.sampling import sampling_weights
from vqsynth.training.core.stage import Paced

QUANTIZE_FROM, REVIVE_UNTIL = 0.2, 0.9
"""Shares of the training. A code that is revived in the last tenth would not find its place any more."""
WARM_UP_STEPS = 50
POOL_PER_CODE = 16
"""Latents per code that k-means sees."""


@dataclass(frozen=True)
class TrainConfig:
    """Say how to train: what decides the weights, apart from the sounds.

    Give `steps` or `minutes`, not both; with neither it is 12 minutes. transpose in semitones. base: the hash of the
    weights of the codebook that the training goes on from, "" for none.
    Raises ParameterError for values out of range.
    """

    model: ModelConfig
    steps: int | None = None
    minutes: float | None = None
    seed: int = 0
    batch: int = 512
    learning_rate: float = 1.5e-3
    transpose: int = 0
    base: str = ""

    def __post_init__(self) -> None:
        if self.steps is not None and self.minutes is not None:
            raise ParameterError("give steps or minutes, not both")
        if self.steps is not None and not 10 <= self.steps <= 10_000_000:
            raise ParameterError(f"steps must lie between 10 and 10 million (got {self.steps})")
        if self.minutes is not None and not 0 < self.minutes <= 100_000:
            raise ParameterError(f"minutes must lie above 0 (got {self.minutes:g})")
        if self.seed < 0:
            raise ParameterError(f"seed must be 0 or more (got {self.seed})")
        if not 0 <= self.transpose <= 12:
            raise ParameterError(f"transpose must lie between 0 and 12 semitones (got {self.transpose})")

    def to_dict(self) -> dict[str, Any]:
        """Return the config as JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True)
class StepReport:
    """Tell how a step went: its loss, and how many codes are alive (none before k-means)."""

    loss: float
    codes_used: int


class Trainer(Paced):
    """Hold model, optimizer and step, and advance them.

    total: how many steps, or None where the clock says how far it is. base: the weights of a finished codebook of the
    same sizes, as `VQVAE.to_tensors` gives them, to go on from; codes that it lacks are added.
    Raises ParameterError where the corpus has fewer frames than the codebook has codes, CodebookError for weights of
    other sizes.
    """

    def __init__(
        self,
        config: TrainConfig,
        corpus: Corpus,
        *,
        total: int | None,
        device: str = "cpu",
        base: Tensors | None = None,
    ) -> None:
        super().__init__(total)
        n_frames = len(corpus.starts)
        if n_frames < config.model.codes:
            raise ParameterError(
                f"{config.model.codes} codes need as many frames of sound, and there are {n_frames}; "
                f"add sounds, or train with --codes {max(2, n_frames // 8)}"
            )
        self.config, self.corpus = config, corpus
        self.device = torch.device(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.model = VQVAE(config.model).to(self.device)
        self._known = self._take_over(base) if base else None
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=config.learning_rate, betas=(0.9, 0.95))
        self._cumulative = np.cumsum(sampling_weights(corpus))

    def advance(self) -> StepReport:
        """Do one step of the training."""
        progress = self.progress
        generator = self._generator(0)
        x = self._draw(generator)
        quantizing = progress >= self.quantized_from
        if quantizing and not bool(self.model.quantizer.code_vectors.any()):
            self._start_codes()
        self._set_learning_rate(progress)
        loss = self._measure_loss(x, generator, progress)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.step += 1
        return StepReport(float(loss.detach()), self._count_alive() if quantizing else 0)

    @property
    def quantized_from(self) -> float:
        """The share of the training from which on codes follow the latents; k-means starts them."""
        return QUANTIZE_FROM if self._known is None else 0.0

    def _take_over(self, base: Tensors) -> Tensor:
        """Copy a codebook's encoder and decoder, and return its code vectors [K, D]. Raises CodebookError."""
        sizes = replace(self.config.model, codes=len(base["quantizer.code_vectors"]))
        known = VQVAE.from_tensors(sizes, base)
        self.model.encoder.load_state_dict(known.encoder.state_dict())
        self.model.decoder.load_state_dict(known.decoder.state_dict())
        return known.quantizer.code_vectors[: self.config.model.codes].to(self.device)

    def _measure_loss(self, x: Tensor, generator: torch.Generator, progress: float) -> Tensor:
        """Send a batch of windows through the model; after the first phase, let the codes follow the latents."""
        z = self.model.latents(augment_windows(x, sr=self.corpus.grid.sr, generator=generator))
        if progress < self.quantized_from:
            return reconstruction_loss(self.model.decoder(z), target_magnitudes(x))
        quantizer = self.model.quantizer
        codes = quantizer.nearest(z.detach())
        z_q = quantizer.code_vectors[codes]
        quantizer.update(z.detach(), codes, generator=generator, revive=progress < REVIVE_UNTIL)
        passed_on = z + (z_q - z).detach()  # straight-through: the encoder gets the decoder's gradient
        return reconstruction_loss(self.model.decoder(passed_on), target_magnitudes(x)) + commitment_loss(z, z_q)

    def _start_codes(self) -> None:
        """Cluster the encoder's outputs, of augmented windows, and start codes that no base knows from the centres."""
        codes, pool = self.config.model.codes, []
        with torch.no_grad():
            for i in range(math.ceil(POOL_PER_CODE * codes / self.config.batch)):
                generator = self._generator(1 + i)
                x = self._draw(generator)
                pool.append(self.model.latents(augment_windows(x, sr=self.corpus.grid.sr, generator=generator)))
        missing = codes - (0 if self._known is None else len(self._known))
        centres = find_centres(torch.cat(pool), missing, seed=self.config.seed) if missing else torch.cat(pool)[:0]
        vectors = centres if self._known is None else torch.cat([self._known, centres])
        self.model.quantizer.start(vectors, batch=self.config.batch)

    def _draw(self, generator: torch.Generator) -> Tensor:
        """Draw a batch of windows at random: Hann-windowed, of RMS 1."""
        places = torch.rand(self.config.batch, generator=generator, dtype=torch.float64).numpy()
        rows = np.searchsorted(self._cumulative, places * self._cumulative[-1], side="right")
        frames = torch.from_numpy(self.corpus.windows(np.minimum(rows, len(self._cumulative) - 1))).to(self.device)
        return take_level_out(frames * self.model.window.to(frames.dtype))

    def _generator(self, use: int) -> torch.Generator:
        entropy = np.random.SeedSequence([self.config.seed, self.step, use]).generate_state(1, np.uint64)[0]
        return torch.Generator().manual_seed(int(entropy >> np.uint64(1)))

    def _set_learning_rate(self, progress: float) -> None:
        """Warm up, then fall along half a cosine."""
        rate = self.config.learning_rate * min(1.0, (self.step + 1) / WARM_UP_STEPS)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * progress)) + 1e-5

    def _count_alive(self) -> int:
        quantizer = self.model.quantizer
        return int((quantizer.counts > quantizer.dead_share * self.config.batch / len(quantizer.counts)).sum())

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Copy all that the next step depends on to NumPy, by name."""
        tensors = {f"model.{k}": v.detach().cpu().numpy().copy() for k, v in self.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for key, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{name}.{key}"] = value.detach().cpu().numpy().copy()
        return tensors

    def take_up(self, tensors: Mapping[str, NDArray[Any]], *, step: int) -> None:
        """Go back to the state that `to_tensors` copied at `step`.

        Raises CodebookError for tensors of another model.
        """
        state = {k[len("model.") :]: torch.from_numpy(v.copy()) for k, v in tensors.items() if k.startswith("model.")}
        try:
            self.model.load_state_dict(state)
        except RuntimeError as e:
            raise CodebookError("the checkpoint does not fit the model; delete it and train anew") from e
        for name, parameter in self.model.named_parameters():
            prefix = f"optimizer.{name}."
            found = {k[len(prefix) :]: torch.from_numpy(v.copy()) for k, v in tensors.items() if k.startswith(prefix)}
            if found:
                moved = {k: v if k == "step" else v.to(self.device) for k, v in found.items()}
                self.optimizer.state[parameter] = moved
        self.step = step
