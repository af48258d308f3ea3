"""The training of the VAE, with an adversary that takes the loudness out of the latents.

A step minimises the sum of seven losses. The config weighs the last six:

    likelihood   mean absolute error of the log mel bands: -log of a Laplace distribution, apart from its scale
    relative     error of the linear mel bands, relative to the whole frame; the loudest partials decide it
    kl           divergence of the latents' distribution from a standard Gaussian, summed over latents, times beta,
                 which is warmed up [1]_
    adversary    cross-entropy of the loudness class that the adversary reads from the latents, through gradient
                 reversal [2]_, whose strength grows from 0 to 1
    centroid     distance in octaves that the centroid moves if another loudness is drawn for the same latents
    reading      distance of the descriptors from those that a linear map reads from the latents
    between      distance of the descriptors of a mixture of two sounds from the mixture of their descriptors

The last two let a morph go straight from one timbre to the other. If descriptors are linear in the latents, the target
of a mixture does not depend on which two sounds are mixed, and the decoder can learn it. A part of every batch is
coloured.

References
----------
.. [1] Bowman et al., "Generating sentences from a continuous space", 2016.
.. [2] Ganin, Lempitsky, "Unsupervised domain adaptation by backpropagation", 2015.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.vae import VAE, VAEConfig, gaussian_divergence, reparametrise
from vqsynth.errors import ModelError, ParameterError
from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import EPS, QUIET_DB
from vqsynth.training.continuous.adversary import Adversary, loudness_classes, reverse_gradient
from vqsynth.training.continuous.colouring import Colouring
from vqsynth.training.continuous.corpus import MelCorpus
from vqsynth.training.continuous.descriptors import SpectrumDescriptors
from vqsynth.training.continuous.spectral import relative_error
from vqsynth.training.continuous.training import DESCENT, Mixture, check_excerpts, check_weights
from vqsynth.training.core.trainer import Draw, Trainer, check_length, make_seeded

STATISTICS_FRAMES = 20_000


@dataclass(frozen=True)
class VAETraining:
    """Hold the options that decide the weights of a VAE, apart from the sounds.

    Parameters
    ----------
    model : VAEConfig
        Sizes of the VAE.
    steps : int, optional
        Number of steps. By default training fills `minutes`.
    minutes : float
        Duration of the training.
    seed : int
        Seed of the weights and of all draws.
    batch, frames : int
        Number of excerpts per step, and their length in frames. From many short excerpts a step learns more timbres
        than from a few long ones.
    learning_rate : float
        Learning rate of the VAE.
    relative : float
        Weight of the relative error.
    beta, warm_up : float
        Weight of the KL divergence. It grows from 0 to `beta` over the first `warm_up` of the training, 0 to 1.
    adversary : float
        Weight of the adversary, 0 for none.
    adversary_rate : float
        Learning rate of the adversary.
    growth : float
        The share of the training, 0 to 1, over which the adversary grows to its full strength.
    pursuits : int
        How many more times per step the adversary learns than the encoder.
    centroid, reading : float
        Weights of these losses.
    between, between_from : float
        Weight of this loss. It grows from 0 to `between`, from the share `between_from` of the training on, at least 0
        and under 1.
    colour : float
        Spread in nepers by which excerpts are coloured, 0 for none.
    coloured : float
        The share of excerpts that are coloured, at least 0 and under 1.
    cosines : int
        Number of cosines of which a colouring consists. More colour more finely.

    Raises
    ------
    ParameterError
        If a value is out of range.

    """

    model: VAEConfig = field(default_factory=VAEConfig)
    steps: int | None = None
    minutes: float = 15.0
    seed: int = 0
    batch: int = 48
    frames: int = 16
    learning_rate: float = 2e-3
    relative: float = 0.0
    beta: float = 5e-4
    warm_up: float = 0.3
    adversary: float = 0.1
    adversary_rate: float = 2e-3
    growth: float = 0.5
    pursuits: int = 1
    centroid: float = 0.1
    reading: float = 0.3
    between: float = 0.2
    between_from: float = 0.5
    colour: float = 0.35
    coloured: float = 0.5
    cosines: int = 40

    def __post_init__(self) -> None:
        check_length(steps=self.steps, minutes=self.minutes, seed=self.seed)
        rates = {"learning_rate": self.learning_rate, "adversary_rate": self.adversary_rate}
        check_excerpts(batch=self.batch, frames=self.frames, rates=rates)
        if self.pursuits < 0:
            raise ParameterError(f"pursuits must be 0 or more (got {self.pursuits})")
        weights = ("relative", "beta", "adversary", "centroid", "reading", "between", "colour")
        check_weights({name: getattr(self, name) for name in weights}, cosines=self.cosines)
        for name in ("warm_up", "growth"):
            if not 0 <= getattr(self, name) <= 1:
                raise ParameterError(f"{name} must lie between 0 and 1 (got {getattr(self, name)})")
        for name in ("between_from", "coloured"):
            if not 0 <= getattr(self, name) < 1:
                raise ParameterError(f"{name} must lie between 0 and 1, and under 1 (got {getattr(self, name)})")

    def to_dict(self) -> dict[str, Any]:
        """Return the config as a dict that JSON can hold."""
        return asdict(self)


class VAETrainer(Trainer[dict[str, float]]):
    """Train a VAE and its adversary on a corpus. `flattening` makes the loudness of the corpus uniform."""

    error = ModelError

    def __init__(
        self,
        config: VAETraining,
        corpus: MelCorpus,
        flattening: Flattening,
        *,
        total: int | None,
        device: str = "cpu",
    ) -> None:
        self.config, self.corpus, self.flattening = config, corpus, flattening
        usual, latents = choose_frames(corpus), config.model.latents
        self.vae = make_seeded(lambda: VAE(config.model), config.seed)
        self.adversary = make_seeded(lambda: Adversary(latents), config.seed + 1)
        self.reader = make_seeded(lambda: nn.Conv1d(latents, SpectrumDescriptors.count, 1), config.seed + 2)
        self.vae.standardise_by(usual)
        modules = {"vae": self.vae, "adversary": self.adversary, "reader": self.reader}
        rates = dict.fromkeys(modules, config.learning_rate) | {"adversary": config.adversary_rate}
        super().__init__(modules, rates, DESCENT, seed=config.seed, total=total, device=device)
        self._draw = Draw(corpus.sampling_weights(config.frames), batch=config.batch)
        self._descriptors = SpectrumDescriptors.of_bands(corpus.grid, usual).to(self.device)
        self._colouring = Colouring(corpus.grid, spread=config.colour, cosines=config.cosines, device=self.device)
        self._n_coloured = int(config.coloured * config.batch) if config.colour else 0

    def advance(self) -> dict[str, float]:
        """Do one step: first the adversary learns alone, then the VAE and the adversary against each other."""
        generator = self.generator()
        batch = self._cut(generator)
        mu, log_variance = self.vae.encode_stats(batch.x)
        for _ in range(self.config.pursuits):
            self.update(self._adversary_loss(mu.detach(), batch.u), "adversary")
        losses = self._losses(batch, mu, log_variance, generator)
        self.update(torch.stack(list(self._weigh(losses).values())).sum(), *self.modules)
        self.step += 1
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _cut(self, generator: torch.Generator) -> "_Batch":
        """Cut excerpts. The first of them are coloured."""
        starts = self._draw.rows(generator)
        x = torch.from_numpy(self.corpus.mels(starts, self.config.frames)).to(self.device)
        x[: self._n_coloured] = self._colouring.colour(x[: self._n_coloured], generator)
        loudness_db = self.corpus.loudness(starts, self.config.frames)
        u = torch.from_numpy(self.flattening.flatten(loudness_db))[:, None]
        audible = torch.from_numpy(loudness_db > QUIET_DB)[:, None].float()
        return _Batch(x, u.to(self.device), audible.to(self.device))

    def _losses(
        self, batch: "_Batch", mu: Tensor, log_variance: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        z, u = reparametrise(mu, log_variance, generator=generator), batch.u
        decoded = self.vae.decode(z, u)
        strength = self.config.adversary * min(1.0, self.progress / max(self.config.growth, 1e-9))
        losses = {
            "likelihood": (decoded - batch.x).abs().mean(),
            "kl": gaussian_divergence(mu, log_variance).sum(dim=1).mean(),
            "adversary": self._adversary_loss(reverse_gradient(mu, strength), u),
        }
        if self.config.relative:
            losses["relative"] = relative_error(decoded, batch.x.exp() - EPS)
        if self.config.centroid:
            # Half of the batch: this costs as much as all other decoding.
            drawn = self.vae.decode(z[::2], _draw_loudness(u[::2].shape, generator).to(self.device))
            losses["centroid"] = self._descriptors.centroid_distance(drawn, decoded[::2].detach())
        if self.config.reading:
            read = self.reader(mu) - self._descriptors.standard(batch.x)
            losses["reading"] = (read.abs() * batch.audible).mean()
        if self.config.between and self.progress >= self.config.between_from:
            losses["between"] = self._between_loss(mu.detach(), u, decoded.detach(), generator)
        return losses

    def _between_loss(self, mu: Tensor, u: Tensor, decoded: Tensor, generator: torch.Generator) -> Tensor:
        """Mix every excerpt with another, each pair by its own share, and compare descriptors.

        Only the decoder learns from this. The encoder would learn to make sounds alike.
        """
        mixture = Mixture.draw(len(mu), generator)
        z, loudness, wanted = (mixture.mix(x) for x in (mu, u, self._descriptors.standard(decoded)))
        return (self._descriptors.standard(self.vae.decode(z, loudness)) - wanted).abs().mean()

    def _weigh(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        config = self.config
        since = max(0.0, self.progress - config.between_from) / (1 - config.between_from)
        weights = {
            "relative": config.relative,
            "kl": config.beta * min(1.0, self.progress / max(config.warm_up, 1e-9)),
            "centroid": config.centroid,
            "reading": config.reading,
            "between": config.between * since,
        }
        return {name: weights.get(name, 1.0) * loss for name, loss in losses.items()}

    def _adversary_loss(self, z: Tensor, u: Tensor) -> Tensor:
        """Judge the excerpts that are not coloured. The loudness of a coloured sound says nothing about its timbre."""
        rest = slice(self._n_coloured, None)
        return F.cross_entropy(self.adversary(z[rest]), loudness_classes(u[rest, 0]))


@dataclass(frozen=True)
class _Batch:
    """Hold excerpts: log mel bands x [N, B, T], flattened loudness u [N, 1, T], and 1 or 0 for audible [N, 1, T]."""

    x: Tensor
    u: Tensor
    audible: Tensor


def _draw_loudness(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Draw a straight line from one flattened loudness to another for each excerpt, [N, 1, T]."""
    ends = torch.rand(shape[0], 2, 1, generator=generator)
    across = torch.linspace(0, 1, shape[2])
    lines: Tensor = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * across
    return lines


def choose_frames(corpus: MelCorpus) -> Floats:
    """Return frames (T, B) spread over the corpus, for the mean and the spread of every band."""
    frames = corpus.originals if len(corpus.originals) else np.arange(len(corpus.log_mel))
    return corpus.log_mel[frames[:: max(1, len(frames) // STATISTICS_FRAMES)]].astype(np.float32)
