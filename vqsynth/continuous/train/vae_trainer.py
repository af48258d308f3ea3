"""The VAE's training: what a step minimises, and the adversary that takes the loudness out of the latents.

What a step minimises is the sum of five losses, of which the config weighs the last four:

    likelihood   mean absolute error of the log mel bands: -log of a Laplace distribution, but for its scale
    kl           divergence of the latents' distribution from a standard Gaussian, summed over latents, times beta,
                 which is warmed up (Bowman et al., "Generating sentences from a continuous space", 2016)
    adversary    cross-entropy of the loudness class that it reads from the latents, through gradient reversal (Ganin,
                 Lempitsky, "Unsupervised domain adaptation by backpropagation", 2015), its strength growing from 0 to 1
    centroid     how far, in octaves, the centroid moves when another loudness is drawn and the latents stay
    between      how far the envelope of what lies between two sounds is from what lies between their envelopes,
                 from `between_from` of the steps on, so that a morph goes straight from one timbre to the other
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vqsynth.continuous.adversary import Adversary, loudness_classes, reverse_gradient
from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.mel import EPS, MelGrid
from vqsynth.continuous.train.corpus import MelCorpus
from vqsynth.continuous.train.loop import check_length
from vqsynth.continuous.train.training import Draw, Training, make_seeded
from vqsynth.continuous.vae import VAE, VAEConfig, gaussian_divergence, reparametrise
from vqsynth.errors import ParameterError
from vqsynth.frames import Floats

STATISTICS_FRAMES = 20_000
ENVELOPE = 16
"""Cepstral coefficients of a spectral envelope: what is left shows no partials."""
QUIET_SHARE = 1e-3
"""Frames whose bands sum to less have no centroid worth keeping."""


@dataclass(frozen=True)
class VAETraining:
    """Say how to train a VAE: what decides its weights, apart from the sounds.

    steps, or minutes to be filled. beta weighs the KL divergence, from nothing to all of it over the first `warm_up`
    of the steps. adversary: its weight, 0 for none; its strength grows over the first `growth` of the steps; it learns
    `pursuits` times more often than the encoder. centroid, between: their weights. Excerpts are `frames` long.
    Raises ParameterError for values out of range.
    """

    model: VAEConfig = field(default_factory=VAEConfig)
    steps: int | None = None
    minutes: float = 15.0
    seed: int = 0
    batch: int = 12
    frames: int = 64
    learning_rate: float = 2e-3
    beta: float = 5e-4
    warm_up: float = 0.3
    adversary: float = 0.1
    adversary_rate: float = 2e-3
    growth: float = 0.5
    pursuits: int = 1
    centroid: float = 0.1
    between: float = 0.5
    between_from: float = 0.6

    def __post_init__(self) -> None:
        check_length(steps=self.steps, minutes=self.minutes, seed=self.seed)
        for name in ("beta", "adversary", "centroid", "between"):
            if not 0 <= getattr(self, name) < 1e6:
                raise ParameterError(f"{name} must be 0 or more (got {getattr(self, name)})")

    def to_dict(self) -> dict[str, Any]:
        """Return the config as JSON can hold it."""
        return asdict(self)


class VAETrainer(Training):
    """Train a VAE and its adversary on a corpus whose loudness `flattening` makes uniform."""

    def __init__(self, config: VAETraining, corpus: MelCorpus, flattening: Flattening, *, total: int) -> None:
        self.config, self.corpus, self.flattening = config, corpus, flattening
        self.vae = make_seeded(lambda: VAE(config.model), config.seed)
        self.adversary = make_seeded(lambda: Adversary(config.model.latents), config.seed + 1)
        self.vae.standardise_by(choose_frames(corpus))
        modules = {"vae": self.vae, "adversary": self.adversary}
        rates = {"vae": config.learning_rate, "adversary": config.adversary_rate}
        super().__init__(modules, rates, seed=config.seed, total=total)
        self._draw = Draw(corpus, batch=config.batch, n_frames=config.frames)
        self._centroid = Centroid(corpus.grid)
        self._envelope = envelope_projection(corpus.grid.n_mels)

    def advance(self) -> dict[str, float]:
        """Do one step: first the adversary alone, then both against each other."""
        generator = self.generator()
        starts = self._draw.starts(generator)
        x = torch.from_numpy(self.corpus.mels(starts, self.config.frames))
        u = self._flatten(self.corpus.loudness(starts, self.config.frames))
        mu, log_variance = self.vae.encode_stats(x)
        for _ in range(self.config.pursuits):
            self.update(self._adversary_loss(mu.detach(), u), "adversary")
        losses = self._losses(x, u, mu, log_variance, generator)
        self.update(torch.stack(list(self._weigh(losses).values())).sum(), "vae", "adversary")
        self.step += 1
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _losses(
        self, x: Tensor, u: Tensor, mu: Tensor, log_variance: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        z = reparametrise(mu, log_variance, generator=generator)
        decoded = self.vae.decode(z, u)
        strength = self.config.adversary * min(1.0, self.progress / max(self.config.growth, 1e-9))
        losses = {
            "likelihood": (decoded - x).abs().mean(),
            "kl": gaussian_divergence(mu, log_variance).sum(dim=1).mean(),
            "adversary": self._adversary_loss(reverse_gradient(mu, strength), u),
        }
        if self.config.centroid:
            # Half of the batch: this costs as much as all other decoding.
            drawn = self.vae.decode(z[::2], _draw_loudness(u[::2].shape, generator))
            losses["centroid"] = self._centroid.distance(drawn, decoded[::2].detach())
        if self.config.between and self.progress >= self.config.between_from:
            losses["between"] = self._between_loss(mu, u, decoded.detach(), generator)
        return losses

    def _between_loss(self, mu: Tensor, u: Tensor, decoded: Tensor, generator: torch.Generator) -> Tensor:
        """Mix one half of the batch with the other, each pair by a share of its own, and compare envelopes."""
        n = len(mu) // 2
        share = torch.rand(n, 1, 1, generator=generator)
        z, loudness, wanted = (torch.lerp(x[:n], x[n : 2 * n], share) for x in (mu, u, decoded))
        distance: Tensor = (self._envelope @ (self.vae.decode(z, loudness) - wanted)).abs().mean()
        return distance

    def _weigh(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        beta = self.config.beta * min(1.0, self.progress / max(self.config.warm_up, 1e-9))
        weights = {"kl": beta, "centroid": self.config.centroid, "between": self.config.between}
        return {name: weights.get(name, 1.0) * loss for name, loss in losses.items()}

    def _adversary_loss(self, z: Tensor, u: Tensor) -> Tensor:
        return F.cross_entropy(self.adversary(z), loudness_classes(u[:, 0]))

    def _flatten(self, loudness_db: Floats) -> Tensor:
        return torch.from_numpy(self.flattening.flatten(loudness_db))[:, None]


class Centroid:
    """Measure centroids of log mel bands in octaves, as those of the magnitudes that the bands gather."""

    def __init__(self, grid: MelGrid) -> None:
        filters = grid.filters.astype(np.float64)
        octaves = np.log2(np.maximum(grid.frames.frequencies_hz.astype(np.float64), 1.0))
        # Weights with which the bands add up to the sum over the bins, nearly.
        spread = np.maximum(np.linalg.lstsq(filters.T, np.ones(filters.shape[1]), rcond=1e-3)[0], 0)
        hz = 2 ** (filters @ octaves / filters.sum(axis=1))
        self._spread = torch.from_numpy(spread.astype(np.float32))[:, None]
        self._hz = torch.from_numpy(hz.astype(np.float32))[:, None]

    def distance(self, log_mel: Tensor, reference: Tensor) -> Tensor:
        """Average over frames how many octaves the centroids of two [N, B, T] are apart; silence does not count."""
        a, b = (self._spread * (x.exp() - EPS).clamp(min=0) for x in (log_mel, reference))
        heard = (b.sum(1) > QUIET_SHARE * b.sum(1).amax()).float()
        centroids = [torch.log2((self._hz * m).sum(1).clamp(min=1e-6) / m.sum(1).clamp(min=1e-9)) for m in (a, b)]
        moved = (centroids[0] - centroids[1]).abs().clamp(max=4.0) * heard
        return moved.sum() / heard.sum().clamp(min=1.0)


def _draw_loudness(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Draw a straight line from one flattened loudness to another for each excerpt, [N, 1, T]."""
    ends = torch.rand(shape[0], 2, 1, generator=generator)
    across = torch.linspace(0, 1, shape[2])
    lines: Tensor = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * across
    return lines


def envelope_projection(n_mels: int) -> Tensor:
    """Make the matrix (B, B) that smooths log mel bands to their first ENVELOPE cepstral coefficients."""
    bands = np.pi * (np.arange(n_mels) + 0.5) / n_mels
    cosines = np.cos(np.outer(np.arange(min(ENVELOPE, n_mels)), bands))
    basis = cosines / np.linalg.norm(cosines, axis=1, keepdims=True)
    return torch.from_numpy((basis.T @ basis).astype(np.float32))


def choose_frames(corpus: MelCorpus) -> Floats:
    """Choose frames (T, B) spread over the corpus, to tell the mean and spread of every band."""
    frames = corpus.originals if len(corpus.originals) else np.arange(len(corpus.log_mel))
    return corpus.log_mel[frames[:: max(1, len(frames) // STATISTICS_FRAMES)]].astype(np.float32)
