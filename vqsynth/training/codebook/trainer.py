"""The training of the VQ-VAE: its config, and one step.

It has two phases. First a plain autoencoder is trained. Then k-means finds the codes, and training goes on with the
quantizer. A training that goes on from a finished codebook has only the second phase.
"""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from vqsynth.errors import CodebookError, ParameterError
from vqsynth.model.quantizer import find_centres
from vqsynth.model.vqvae import VQVAE, ModelConfig, Tensors, take_level_out
from vqsynth.training.codebook.augment import augment_windows
from vqsynth.training.codebook.corpus import Corpus
from vqsynth.training.codebook.losses import commitment_loss, reconstruction_loss, target_magnitudes
from vqsynth.training.core.sounds import check_transpose
from vqsynth.training.core.trainer import Descent, Draw, Trainer, check_length, make_seeded

QUANTIZE_FROM, REVIVE_UNTIL = 0.2, 0.9
"""Shares of the training. A code that is revived in the last tenth has too little time to settle."""
DESCENT = Descent(betas=(0.9, 0.95), least=1e-5)
POOL_PER_CODE = 16
"""Latents per code that k-means sees."""


@dataclass(frozen=True)
class TrainConfig:
    """Hold all options that decide the weights, apart from the sounds.

    Parameters
    ----------
    model : ModelConfig
        Sizes of the model.
    steps : int, optional
        Number of steps. Give steps or minutes, not both.
    minutes : float, optional
        Time of the training, 12 minutes where neither is given.
    seed : int
        Seed of everything random.
    batch : int
        Frames per step.
    learning_rate : float
        The largest learning rate.
    transpose : int
        Transposed copies, in semitones up and down.
    base : str
        Hash of the weights of the codebook that the training goes on from, "" for none.

    Raises
    ------
    ParameterError
        For values out of range.

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
        check_length(steps=self.steps, minutes=self.minutes, seed=self.seed)
        check_transpose(self.transpose)

    def to_dict(self) -> dict[str, Any]:
        """Return the config as JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True)
class StepReport:
    """Tell how a step went: its loss, and how many codes are alive (none before k-means)."""

    loss: float
    codes_used: int


class CodebookTrainer(Trainer[StepReport]):
    """Train a VQ-VAE on a corpus.

    Parameters
    ----------
    config : TrainConfig
        How to train.
    corpus : Corpus
        The frames.
    total : int or None
        Number of steps; None where progress follows the clock.
    device : str
        Device of torch.
    base : dict of name to array, optional
        Weights of a finished codebook of the same sizes, from `VQVAE.to_tensors`. Missing codes are added.

    Raises
    ------
    ParameterError
        Where the corpus has fewer frames than there are codes.
    CodebookError
        For weights of other sizes.

    """

    error = CodebookError

    def __init__(
        self,
        config: TrainConfig,
        corpus: Corpus,
        *,
        total: int | None,
        device: str = "cpu",
        base: Tensors | None = None,
    ) -> None:
        n_frames = len(corpus.starts)
        if n_frames < config.model.codes:
            raise ParameterError(
                f"{config.model.codes} codes need as many frames of sound, and there are {n_frames}; "
                f"add sounds, or train with --codes {max(2, n_frames // 8)}"
            )
        self.config, self.corpus = config, corpus
        self.model = make_seeded(lambda: VQVAE(config.model), config.seed)
        modules, rates = {"vqvae": self.model}, {"vqvae": config.learning_rate}
        super().__init__(modules, rates, DESCENT, seed=config.seed, total=total, device=device)
        self._known = self._take_over(base) if base else None
        self._draw = Draw(corpus.sampling_weights(), batch=config.batch)

    def advance(self) -> StepReport:
        """Do one step of the training."""
        progress = self.progress
        generator = self.generator()
        x = self._cut(generator)
        quantizing = progress >= self.quantized_from
        if quantizing and not bool(self.model.quantizer.code_vectors.any()):
            self._start_codes()
        loss = self._measure_loss(x, generator, progress)
        self.update(loss, "vqvae")
        self.step += 1
        return StepReport(float(loss.detach()), self._count_alive() if quantizing else 0)

    @property
    def quantized_from(self) -> float:
        """The share of the training at which the phase with the quantizer begins."""
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
                generator = self.generator(1 + i)
                x = self._cut(generator)
                pool.append(self.model.latents(augment_windows(x, sr=self.corpus.grid.sr, generator=generator)))
        missing = codes - (0 if self._known is None else len(self._known))
        centres = find_centres(torch.cat(pool), missing, seed=self.config.seed) if missing else torch.cat(pool)[:0]
        vectors = centres if self._known is None else torch.cat([self._known, centres])
        self.model.quantizer.start(vectors, batch=self.config.batch)

    def _cut(self, generator: torch.Generator) -> Tensor:
        """Draw a batch of windows at random: Hann-windowed, of RMS 1."""
        frames = torch.from_numpy(self.corpus.windows(self._draw.rows(generator))).to(self.device)
        return take_level_out(frames * self.model.window.to(frames.dtype))

    def _count_alive(self) -> int:
        quantizer = self.model.quantizer
        return int((quantizer.counts > quantizer.dead_share * self.config.batch / len(quantizer.counts)).sum())
