"""What a continuous model's latents know of loudness, and what a loudness drawn by hand does.

    python tests/bench/glide_loudness.py [MODEL]

How much loudness is left in the latents is what gradient-boosted trees, fitted to the training sounds, read from those
of held-out sounds, whole files: R2 of the flattened loudness, and of its decibels. Beside it stand what they read from
the level-free descriptors of the sounds themselves, which latents can hide only as far as they give up the timbre, and
what they read from a VAE trained in this run, as long as the shipped one and alike but for the adversary; that takes
some ten to forty minutes. Then loudness is drawn on held-out sounds, latents unchanged, and measured on what comes out;
centroids with librosa.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace

import librosa
import numpy as np
from _bars import finish, note, show
from _models import held_out, model_job
from sklearn.ensemble import HistGradientBoostingRegressor

from vqsynth.continuous import ContinuousModel, load
from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.vae import VAE, VAEConfig, encode_frames
from vqsynth.running.progress import Progress
from vqsynth.sound import audio
from vqsynth.sound.descriptors import measure
from vqsynth.sound.folders import split_sounds
from vqsynth.sound.mel import MelGrid, analyse_sound
from vqsynth.training.continuous.corpus import MelCorpus, load_mels
from vqsynth.training.continuous.job import ModelJob
from vqsynth.training.continuous.vae_trainer import VAETrainer, VAETraining

WHOLE_S = 3600.0
AUDIBLE_DB = 70.0
LEVEL_FREE = ("centroid", "bandwidth", "rolloff", "flatness", "crest", "pitch", "pitch_confidence")
MOST_FRAMES = 40_000
DRAWN = {"a line": "line(-40,-16)", "a sine": "sin(-36,-18,0.3)", "steps": "steps(-18,-34,-24,-30)"}
FLAT_DB = -26.0


def load_corpus(job: ModelJob) -> MelCorpus:
    """Read the training sounds, with the copies that are transposed."""
    training = split_sounds(job.sounds, job.validation).training
    return load_mels(training, job.grid, transpose=job.transpose, transposed=job.transposed)


@dataclass(frozen=True)
class Frames:
    """Hold the mel bands of sounds, which of their frames are audible, and the loudness and descriptors of those."""

    log_mel: list[np.ndarray]
    audible: list[np.ndarray]
    loudness_db: np.ndarray
    described: np.ndarray

    @classmethod
    def of_sounds(cls, sounds: Iterable[np.ndarray], grid: MelGrid) -> "Frames":
        """Analyse sounds."""
        log_mel, audible, loudness_db, described = [], [], [], []
        for y in sounds:
            frames = analyse_sound(y, grid)
            heard = frames.loudness_db > frames.loudness_db.max() - AUDIBLE_DB
            log_mel.append(frames.log_mel)
            audible.append(heard)
            loudness_db.append(frames.loudness_db[heard])
            measured = measure(y, grid.frames, LEVEL_FREE)
            described.append(np.stack([measured[name] for name in LEVEL_FREE], axis=1)[heard])
        return cls(log_mel, audible, np.concatenate(loudness_db), np.concatenate(described))

    def latents(self, vae: VAE) -> np.ndarray:
        """Encode the sounds, and keep what is audible."""
        return np.concatenate([encode_frames(vae, x)[h] for x, h in zip(self.log_mel, self.audible, strict=True)])


@dataclass(frozen=True)
class Reading:
    """Read loudness from features, learnt on some sounds and judged on others."""

    training: Frames
    held_out: Frames
    flattening: Flattening

    def read(self, learnt: np.ndarray, judged: np.ndarray) -> tuple[float, float]:
        """Give R2 on held-out sounds: of flattened loudness, and of decibels."""
        every = slice(None, None, max(1, len(learnt) // MOST_FRAMES))
        scores = []
        for scale in (self.flattening.flatten, np.asarray):
            regressor = HistGradientBoostingRegressor(random_state=0, early_stopping=False)
            regressor.fit(learnt[every], scale(self.training.loudness_db[every]))
            scores.append(float(regressor.score(judged, scale(self.held_out.loudness_db))))
        return scores[0], scores[1]

    def read_latents(self, vae: VAE) -> tuple[float, float]:
        """Read it from latents."""
        return self.read(self.training.latents(vae), self.held_out.latents(vae))

    def read_descriptors(self) -> tuple[float, float]:
        """Read it from what the sounds themselves are like."""
        return self.read(self.training.described, self.held_out.described)


def bench_latents(model: ContinuousModel) -> None:
    """Print how much loudness the latents hold, with the adversary and without."""
    job = model_job(model.name)
    paths = split_sounds(job.sounds, job.validation).training
    training = Frames.of_sounds((audio.load(path, sr=model.sr)[0] for path in paths), model.grid)
    held = Frames.of_sounds(held_out(model, seconds=WHOLE_S).values(), model.grid)
    reading = Reading(training, held, model.flattening)
    flat, db = reading.read_latents(model.vae)
    show(f"{model.name}: loudness read back from the latents, R2 flattened", flat, 0.10)
    show("    R2 of decibels", db, 0.10)
    flat, db = reading.read_descriptors()
    note(f"    from {', '.join(LEVEL_FREE)} of the sounds: R2 flattened", flat)
    note("    R2 of decibels", db)
    flat, db = reading.read_latents(train_without_adversary(job, model))
    note("    from the latents of a VAE trained as long without the adversary: R2 flattened", flat)
    note("    R2 of decibels", db)


def train_without_adversary(job: ModelJob, model: ContinuousModel) -> VAE:
    """Train the model's VAE again, alike but for the adversary."""
    corpus, told = load_corpus(job), model.card["options"]["vae"]
    config = VAETraining(**{**told, "model": VAEConfig.from_dict(told["model"]), "adversary": 0.0})
    steps = int(model.card["training"]["vae"]["steps"])
    trainer = VAETrainer(config, corpus, model.flattening, total=steps)
    with Progress(steps, doing="without the adversary") as progress:
        for _ in range(steps):
            trainer.advance()
            progress.show("without the adversary")
    return VAE.from_tensors(config.model, trainer.vae.to_tensors())


def bench_drawing(model: ContinuousModel) -> None:
    """Print how exactly a drawn loudness is obtained, and how far the centroid moves from that at a level loudness."""
    errors, moved = [], []
    for y in held_out(model).values():
        path = model.encode(y, model.sr)
        heard = path.loudness_db > path.loudness_db.max() - 40
        heard[:4] = heard[-4:] = False
        if heard.sum() < 20:
            continue
        level = _centroid(model.render(replace(path, loudness_db=np.full(len(path), FLAT_DB))), model)
        for curve in DRAWN.values():
            drawn = path.sample(curve)
            made = model.render(replace(path, loudness_db=drawn))
            got = measure(made, model.grid.frames, ["loudness"])["loudness"]
            errors.append(float(np.abs(got - drawn)[heard].mean()))
            moved.append(float(12 * np.abs(np.log2(_centroid(made, model) / level))[heard].mean()))
    show("loudness drawn by hand: mean error", float(np.mean(errors)), 1.0, unit="dB")
    note("    of the worst sound and curve", max(errors), "dB")
    show("    the centroid moves, mean", float(np.mean(moved)), 1.0, unit="semitones")
    note("    of the worst sound and curve", max(moved), "semitones")


def _centroid(y: np.ndarray, model: ContinuousModel) -> np.ndarray:
    frames = {"n_fft": model.grid.frames.n_fft, "hop_length": model.grid.frames.hop_length}
    return librosa.feature.spectral_centroid(y=y, sr=model.sr, **frames)[0]


def main(name: str = "strings") -> None:
    """Print both beside their bars."""
    model = load(name)
    bench_drawing(model)
    bench_latents(model)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
