"""The training of vocoders, which turn log mel bands into magnitudes or into sound.

Vocoders first learn from the mel bands of the corpus. From the share `fine_tuned_from` of the training on they learn
from bands that the VAE has decoded, because they get such bands later. Excerpts begin some frames early, so that the
frames that count have a past.

Towards the end a vocoder of magnitudes also learns from mixtures of two sounds. No recorded sound exists to compare a
mixture with, but its descriptors must lie between those of the two sounds. This lets a morph go straight, which the VAE
and the bands alone do not achieve.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vqsynth.continuous.vocoders import make_vocoder
from vqsynth.continuous.vocoders.envelope import to_unit_level
from vqsynth.continuous.vocoders.magnitude import FLOOR
from vqsynth.continuous.vocoders.networks import LOUDEST
from vqsynth.errors import ModelError, ParameterError
from vqsynth.sound.arrays import Ints
from vqsynth.training.continuous.colouring import Colouring, tint
from vqsynth.training.continuous.corpus import MelCorpus
from vqsynth.training.continuous.decoded import Decoded
from vqsynth.training.continuous.descriptors import SpectrumDescriptors
from vqsynth.training.continuous.discriminators import MultiScaleDiscriminator, feature_matching, hinge_losses
from vqsynth.training.continuous.spectral import magnitude_loss, multi_resolution_loss, target_magnitudes
from vqsynth.training.continuous.training import DESCENT, Mixture, check_excerpts, check_weights
from vqsynth.training.continuous.vae_trainer import choose_frames
from vqsynth.training.core.trainer import Draw, Trainer, check_length, make_seeded


@dataclass(frozen=True)
class VocoderTraining:
    """Hold the options that decide the weights of a vocoder, apart from the sounds.

    Parameters
    ----------
    kind : {"magnitude", "melgan"}
        The kind of vocoder.
    network : dict
        Sizes of the network. Sizes that are not given have their defaults.
    steps : int, optional
        Number of steps. By default training fills `minutes`.
    minutes : float
        Duration of the training.
    seed : int
        Seed of the weights and of all draws.
    batch : int
        Number of excerpts per step.
    frames, past : int
        Length of an excerpt in frames, and the number of frames before it that only give it a past.
    learning_rate : float
        Learning rate of the vocoder.
    fine_tuned_from : float
        The share of the training, 0 to 1, from which it learns from bands that the VAE has decoded.
    adversarial_from : float
        The share of the training, 0 to 1, from which discriminators take part, 1 for never. Only for "melgan".
    discriminator_rate : float
        Learning rate of the discriminators.
    adversarial, feature_matching : float
        Weights, beside the spectral losses, of the verdict of the discriminators and of the distance of their features.
    between, between_from : float
        Weight of the distance of the descriptors of a mixture of two sounds from the mixture of their descriptors. It
        counts from the share `between_from` of the training on, but not before `fine_tuned_from`. Only for "magnitude".
    colour : float
        Spread in nepers by which half of the excerpts are coloured, 0 for none. Only for "magnitude".
    cosines : int
        Number of cosines of which a colouring consists. More colour more finely.

    Raises
    ------
    ParameterError
        If a value is out of range.

    """

    kind: str
    network: Mapping[str, Any] = field(default_factory=dict)
    steps: int | None = None
    minutes: float = 12.0
    seed: int = 0
    batch: int = 12
    frames: int = 64
    past: int = 12
    learning_rate: float = 1e-3
    fine_tuned_from: float = 0.4
    adversarial_from: float = 1.0
    discriminator_rate: float = 2e-4
    adversarial: float = 0.1
    feature_matching: float = 1.0
    between: float = 0.0
    between_from: float = 0.5
    colour: float = 0.4
    cosines: int = 40

    def __post_init__(self) -> None:
        check_length(steps=self.steps, minutes=self.minutes, seed=self.seed)
        rates = {"learning_rate": self.learning_rate, "discriminator_rate": self.discriminator_rate}
        check_excerpts(batch=self.batch, frames=self.frames + self.past, rates=rates)
        for name in ("fine_tuned_from", "adversarial_from", "between_from"):
            if not 0 <= getattr(self, name) <= 1:
                raise ParameterError(f"{name} must lie between 0 and 1 (got {getattr(self, name)})")
        check_weights({"between": self.between, "colour": self.colour}, cosines=self.cosines)

    @classmethod
    def of_kind(cls, kind: str, **options: Any) -> "VocoderTraining":
        """Return the defaults of a kind of vocoder, with options changed. Raises ParameterError for an unknown kind."""
        if kind not in TRAININGS:
            raise ParameterError(f"the kind of vocoder must be one of {', '.join(TRAININGS)} (got {kind!r})")
        return replace(TRAININGS[kind], **options)

    def to_dict(self) -> dict[str, Any]:
        """Return the config as a dict that JSON can hold."""
        return asdict(self)


TRAININGS = {
    "magnitude": VocoderTraining("magnitude", batch=32, frames=20, past=8, fine_tuned_from=0.2, between=0.5),
    "melgan": VocoderTraining("melgan", minutes=60.0, batch=6, frames=32, learning_rate=5e-4, adversarial_from=0.5),
}
"""The default training of each kind."""


class VocoderTrainer(Trainer[dict[str, float]]):
    """Train a vocoder on a corpus, and on the bands that the VAE decodes from it."""

    error = ModelError

    def __init__(
        self,
        config: VocoderTraining,
        corpus: MelCorpus,
        decoded: Decoded,
        *,
        total: int | None,
        device: str = "cpu",
    ) -> None:
        self.config, self.corpus, self.decoded = config, corpus, decoded.to(torch.device(device))
        self.fine_tuning = replace(corpus, log_mel=decoded.log_mel)
        self.vocoder = make_seeded(lambda: make_vocoder(config.kind, corpus.grid, config.network), config.seed)
        self.network = self.vocoder.network
        self.network.standardise_by(choose_frames(corpus))
        self.network.train()
        modules, rates = {"vocoder": self.network, **self._opponents()}, {"vocoder": config.learning_rate}
        rates |= dict.fromkeys(modules.keys() - rates, config.discriminator_rate)
        super().__init__(modules, rates, DESCENT, seed=config.seed, total=total, device=device)
        self._n_frames = config.frames + config.past
        self._draw = Draw(corpus.sampling_weights(self._n_frames), batch=config.batch)
        self._prepare()

    def advance(self) -> dict[str, float]:
        """Do one step."""
        generator = self.generator()
        losses = self._step(self._draw.rows(generator), generator)
        self.step += 1
        return {name: float(loss.detach()) for name, loss in losses.items()}

    @property
    def fine_tunes(self) -> bool:
        """Whether this step learns from bands that the VAE has decoded."""
        return self.progress >= self.config.fine_tuned_from

    def _opponents(self) -> dict[str, nn.Module]:
        return {}

    def _prepare(self) -> None:
        """Prepare what else the steps of a kind of vocoder need."""

    @abstractmethod
    def _step(self, starts: Ints, generator: torch.Generator) -> dict[str, Tensor]: ...

    def _mels(self, starts: Ints) -> Tensor:
        """Cut the bands of excerpts, those of the corpus or those that the VAE has decoded."""
        source = self.fine_tuning if self.fine_tunes else self.corpus
        return torch.from_numpy(source.mels(starts, self._n_frames)).to(self.device)


class MagnitudeTrainer(VocoderTrainer):
    """Train a vocoder that makes magnitudes.

    Half of every batch is coloured, bands and magnitudes alike. Otherwise the network learns the strength of every
    partial of the training notes by heart, and draws the partials of other notes towards it.
    """

    def _prepare(self) -> None:
        config, corpus = self.config, self.corpus
        usual = self._magnitudes(self._draw.rows(torch.Generator().manual_seed(config.seed)))
        self._descriptors = SpectrumDescriptors.of_bins(corpus.grid, (usual + FLOOR).log().cpu()).to(self.device)
        self._colouring = Colouring(corpus.grid, spread=config.colour, cosines=config.cosines, device=self.device)

    def _step(self, starts: Ints, generator: torch.Generator) -> dict[str, Tensor]:
        mel, wanted = self._mels(starts), self._magnitudes(starts + self.config.past)
        coloured = len(starts) // 2 if self.config.colour else 0
        curves = self._colouring.draw(coloured, generator)
        mel[:coloured] = tint(mel[:coloured], curves)
        wanted[:coloured] *= (curves @ self.network.interpolation.T).exp()[..., None]
        made = self.network(mel)[..., self.config.past :]
        losses = {"loss": magnitude_loss(made, wanted)}
        if self.config.between and self.fine_tunes and self.progress >= self.config.between_from:
            losses["between"] = self._between_loss(starts[coloured:], made[coloured:].detach(), generator)
        self.update(losses["loss"] + self.config.between * losses.get("between", torch.zeros(())), "vocoder")
        return losses

    def _between_loss(self, starts: Ints, made: Tensor, generator: torch.Generator) -> Tensor:
        """Mix every excerpt with another, each pair by its own share, and compare descriptors."""
        mixture = Mixture.draw(len(starts), generator)
        mixed: Tensor = self.network(self.decoded.mix(starts, self._n_frames, mixture))[..., self.config.past :]
        got, ends = (self._descriptors.standard(x.clamp(max=LOUDEST)) for x in (mixed, made))
        return (got - mixture.mix(ends)).abs().mean()

    def _magnitudes(self, starts: Ints) -> Tensor:
        windows = self.corpus.windows((starts[:, None] + np.arange(self.config.frames)).ravel())
        loudness_db = torch.from_numpy(self.corpus.loudness(starts, self.config.frames)).to(self.device)
        frames = torch.from_numpy(windows).reshape(*loudness_db.shape, -1).to(self.device)
        return target_magnitudes(frames, loudness_db, self.corpus.grid)


class WaveformTrainer(VocoderTrainer):
    """Train a vocoder that makes samples: first by spectral losses alone, later against discriminators too.

    A step first trains the discriminators, by the hinge loss, and then the vocoder, as in MelGAN [1]_. The vocoder of
    that paper has no spectral losses.

    References
    ----------
    .. [1] Kumar et al., "MelGAN: Generative adversarial networks for conditional waveform synthesis", 2019.

    """

    def _opponents(self) -> dict[str, nn.Module]:
        self._discriminators = make_seeded(MultiScaleDiscriminator, self.config.seed + 1)
        return {"discriminators": self._discriminators}

    def _step(self, starts: Ints, generator: torch.Generator) -> dict[str, Tensor]:
        wanted, made = self._sounds(starts), self.network(self._mels(starts))[:, self._skipped :]
        losses = {"spectral": multi_resolution_loss(made, wanted)}
        if self.progress < self.config.adversarial_from:
            self.update(losses["spectral"], "vocoder")
            return losses
        judged = hinge_losses(self._discriminators(wanted), self._discriminators(made.detach()))
        losses["discriminators"] = judged.discriminator
        self.update(judged.discriminator, "discriminators")
        with torch.no_grad():
            real = self._discriminators(wanted)
        fake = self._discriminators(made)
        losses["adversarial"] = hinge_losses(real, fake).generator
        losses["features"] = feature_matching(real, fake)
        weighed = self.config.adversarial * losses["adversarial"] + self.config.feature_matching * losses["features"]
        self.update(losses["spectral"] + weighed, "vocoder")
        return losses

    def _sounds(self, starts: Ints) -> Tensor:
        """Cut the sounds that the network should make, at unit loudness and without the frames before the excerpt."""
        grid = self.corpus.grid
        cut = self.corpus.sounds(starts, self._n_frames * grid.frames.hop_length, before=grid.frames.n_fft // 2)
        level = to_unit_level(cut, self.corpus.loudness(starts, self._n_frames), grid)
        return torch.from_numpy(level[:, self._skipped :]).to(self.device)

    @property
    def _skipped(self) -> int:
        return max(self.config.past, int(self.network.skipped_frames)) * self.corpus.grid.frames.hop_length


def make_trainer(
    config: VocoderTraining, corpus: MelCorpus, decoded: Decoded, *, total: int | None, device: str = "cpu"
) -> VocoderTrainer:
    """Return a new trainer for the kind of vocoder."""
    kind = MagnitudeTrainer if config.kind == "magnitude" else WaveformTrainer
    return kind(config, corpus, decoded, total=total, device=device)
