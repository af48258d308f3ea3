"""The training of vocoders: from log mel bands to magnitudes, or to sound.

First they learn from the mel bands of the corpus, then, from `fine_tuned_from` of the steps on, from what the VAE makes
of them, since that is what they will be given. Excerpts begin some frames early, so that what counts has its past.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vqsynth.continuous.bounds import bound_mel
from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.train.corpus import Ints, MelCorpus
from vqsynth.continuous.train.discriminators import MultiScaleDiscriminator, feature_matching, hinge_losses
from vqsynth.continuous.train.loop import check_length
from vqsynth.continuous.train.spectral import magnitude_loss, multi_resolution_loss, target_magnitudes
from vqsynth.continuous.train.training import Draw, Training, make_seeded
from vqsynth.continuous.train.vae_trainer import choose_frames
from vqsynth.continuous.vae import VAE, decode_frames, encode_frames
from vqsynth.continuous.vocoders import make_vocoder
from vqsynth.continuous.vocoders.envelope import to_unit_level
from vqsynth.errors import ParameterError


@dataclass(frozen=True)
class VocoderTraining:
    """Say how to train a vocoder of a `kind`: what decides its weights, apart from the sounds.

    network: sizes, those not given as by default. steps, or minutes to be filled. Excerpts are `frames` long, and
    `past` more that only lead up to them. Discriminators join from `adversarial_from` of the steps on, 1 for never;
    what they say, and how far their features are apart, is weighed beside the spectral losses.
    Raises ParameterError for values out of range.
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

    def __post_init__(self) -> None:
        check_length(steps=self.steps, minutes=self.minutes, seed=self.seed)
        for name in ("fine_tuned_from", "adversarial_from"):
            if not 0 <= getattr(self, name) <= 1:
                raise ParameterError(f"{name} must lie between 0 and 1 (got {getattr(self, name)})")

    @classmethod
    def of_kind(cls, kind: str, **options: Any) -> "VocoderTraining":
        """Take what suits a kind of vocoder, but for the options given. Raises ParameterError for an unknown kind."""
        if kind not in TRAININGS:
            raise ParameterError(f"the vocoders that can be trained are {', '.join(TRAININGS)} (got {kind!r})")
        return replace(TRAININGS[kind], **options)

    @property
    def slowest_at(self) -> float:
        """The share of the steps from which on a step takes longest."""
        return self.adversarial_from if self.adversarial_from < 1 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the config as JSON can hold it."""
        return asdict(self)


_AGAINST: dict[str, Any] = {"minutes": 60.0, "batch": 6, "frames": 32, "learning_rate": 5e-4, "adversarial_from": 0.5}
TRAININGS = {
    "magnitude": VocoderTraining("magnitude", fine_tuned_from=0.2),
    "istft": VocoderTraining("istft", **_AGAINST),
    "melgan": VocoderTraining("melgan", **_AGAINST),
}
"""How each kind is trained by default."""


class VocoderTrainer(Training):
    """Train a vocoder on a corpus and on what the VAE makes of its bands, `decoded` (T, B)."""

    def __init__(self, config: VocoderTraining, corpus: MelCorpus, decoded: NDArray[np.float16], *, total: int) -> None:
        self.config, self.corpus = config, corpus
        self.fine_tuning = replace(corpus, log_mel=decoded)
        self.vocoder = make_seeded(lambda: make_vocoder(config.kind, corpus.grid, config.network), config.seed)
        self.network = self.vocoder.network
        self.network.standardise_by(choose_frames(corpus))
        self.network.train()
        modules, rates = {"vocoder": self.network, **self._opponents()}, {"vocoder": config.learning_rate}
        rates |= dict.fromkeys(modules.keys() - rates, config.discriminator_rate)
        super().__init__(modules, rates, seed=config.seed, total=total)
        self._n_frames = config.frames + config.past
        self._draw = Draw(corpus, batch=config.batch, n_frames=self._n_frames)

    def advance(self) -> dict[str, float]:
        """Do one step."""
        losses = self._step(self._draw.starts(self.generator()))
        self.step += 1
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _opponents(self) -> dict[str, nn.Module]:
        return {}

    def _step(self, starts: Ints) -> dict[str, Tensor]:
        loss = magnitude_loss(self._run(starts)[..., self.config.past :], self._magnitudes(starts + self.config.past))
        self.update(loss, "vocoder")
        return {"loss": loss}

    def _run(self, starts: Ints) -> Tensor:
        """Run the network on excerpts, from what the corpus holds or from what the VAE makes of it."""
        source = self.corpus if self.progress < self.config.fine_tuned_from else self.fine_tuning
        made: Tensor = self.network(torch.from_numpy(source.mels(starts, self._n_frames)))
        return made

    def _magnitudes(self, starts: Ints) -> Tensor:
        windows = self.corpus.windows((starts[:, None] + np.arange(self.config.frames)).ravel())
        loudness_db = torch.from_numpy(self.corpus.loudness(starts, self.config.frames))
        frames = torch.from_numpy(windows).reshape(*loudness_db.shape, -1)
        return target_magnitudes(frames, loudness_db, self.corpus.grid)


class WaveformTrainer(VocoderTrainer):
    """Train a vocoder that makes samples: by spectra alone, and then against discriminators too.

    A step first teaches the discriminators, by the hinge loss, and then the vocoder. Kumar et al., "MelGAN: Generative
    adversarial networks for conditional waveform synthesis", 2019, whose vocoder has no spectral losses.
    """

    def _opponents(self) -> dict[str, nn.Module]:
        self._discriminators = make_seeded(MultiScaleDiscriminator, self.config.seed + 1)
        return {"discriminators": self._discriminators}

    def _step(self, starts: Ints) -> dict[str, Tensor]:
        wanted, made = self._sounds(starts), self._run(starts)[:, self._skipped :]
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
        """Cut the sounds that the network is to make, at unit loudness, but for the frames that lead up to them."""
        grid = self.corpus.grid
        cut = self.corpus.sounds(starts, self._n_frames * grid.frames.hop_length, before=grid.frames.n_fft // 2)
        level = to_unit_level(cut, self.corpus.loudness(starts, self._n_frames), grid)
        return torch.from_numpy(level[:, self._skipped :])

    @property
    def _skipped(self) -> int:
        return max(self.config.past, int(self.network.skipped_frames)) * self.corpus.grid.frames.hop_length


def make_trainer(
    config: VocoderTraining, corpus: MelCorpus, decoded: NDArray[np.float16], *, total: int
) -> VocoderTrainer:
    """Begin the training that suits a vocoder's kind."""
    kind = VocoderTrainer if config.kind == "magnitude" else WaveformTrainer
    return kind(config, corpus, decoded, total=total)


def decode_corpus(vae: VAE, corpus: MelCorpus, flattening: Flattening) -> NDArray[np.float16]:
    """Encode and decode the frames of all pieces, each on its own: log mel bands (T, B)."""
    decoded = np.empty_like(corpus.log_mel)
    for first, end in corpus.pieces:
        z = encode_frames(vae, corpus.log_mel[first:end].astype(np.float32))
        decoded[first:end] = bound_mel(decode_frames(vae, z, flattening.flatten(corpus.loudness_db[first:end])))
    return decoded
