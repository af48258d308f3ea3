"""What a continuous model's latents know of loudness, and what a loudness drawn by hand does.

    python tests/bench/glide_loudness.py [MODEL]

How much loudness is left in the latents is what gradient-boosted trees, fitted to the training sounds, read from those
of held-out sounds, whole files: R2 of the flattened loudness, and of its decibels. Beside it stands a VAE trained in
this run, as long as the shipped one and alike but for the adversary; that takes some ten minutes. Then loudness is
drawn on held-out sounds, latents unchanged, and measured on what comes out; centroids with librosa.
"""

import sys
from dataclasses import replace

import librosa
import numpy as np
from _bars import finish, note, show
from _models import held_out, model_job
from sklearn.ensemble import HistGradientBoostingRegressor

from vqsynth.continuous import ContinuousModel, load
from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.mel import analyse_sound
from vqsynth.continuous.train.corpus import MelCorpus, load_mels
from vqsynth.continuous.train.job import ModelJob
from vqsynth.continuous.train.vae_trainer import VAETrainer
from vqsynth.continuous.vae import VAE, encode_frames
from vqsynth.descriptors import measure
from vqsynth.progress import Progress
from vqsynth.soundfiles import split_sounds

WHOLE_S = 3600.0
AUDIBLE_DB = 70.0
MOST_FRAMES = 40_000
DRAWN = {"a line": "line(-40,-16)", "a sine": "sin(-36,-18,0.3)", "steps": "steps(-18,-34,-24,-30)"}
FLAT_DB = -26.0


def load_corpus(job: ModelJob) -> MelCorpus:
    """Read the training sounds, with the copies that are transposed."""
    training = split_sounds(job.sounds, job.validation).training
    return load_mels(training, job.grid, transpose=job.transpose, transposed=job.transposed)


def read_loudness(vae: VAE, corpus: MelCorpus, sounds: dict[str, np.ndarray], flattening: Flattening) -> list[float]:
    """Fit a regressor to the corpus, and give R2 on held-out sounds: of flattened loudness, and of decibels."""
    rows = corpus.originals[:: max(1, len(corpus.originals) // MOST_FRAMES)]
    latents = np.concatenate([encode_frames(vae, corpus.log_mel[a:b].astype(np.float32)) for a, b in corpus.pieces])
    frames = [analyse_sound(y, corpus.grid) for y in sounds.values()]
    heard = [f.loudness_db > f.loudness_db.max() - AUDIBLE_DB for f in frames]
    z = np.concatenate([encode_frames(vae, f.log_mel)[h] for f, h in zip(frames, heard, strict=True)])
    loudness_db = np.concatenate([f.loudness_db[h] for f, h in zip(frames, heard, strict=True)])
    scores = []
    for scale in (flattening.flatten, np.asarray):
        regressor = HistGradientBoostingRegressor(random_state=0, early_stopping=False)
        regressor.fit(latents[rows], scale(corpus.loudness_db[rows]))
        scores.append(float(regressor.score(z, scale(loudness_db))))
    return scores


def bench_latents(model: ContinuousModel) -> None:
    """Print how much loudness the latents hold, with the adversary and without."""
    job = model_job(model.name)
    corpus, sounds = load_corpus(job), held_out(model, seconds=WHOLE_S)
    flat, db = read_loudness(model.vae, corpus, sounds, model.flattening)
    show(f"{model.name}: loudness read back from the latents, R2 flattened", flat, 0.10)
    show("    R2 of decibels", db, 0.10)
    flat, db = read_loudness(train_without_adversary(job, corpus, model), corpus, sounds, model.flattening)
    note("    trained as long without the adversary: R2 flattened", flat)
    note("    trained as long without the adversary: R2 of decibels", db)


def train_without_adversary(job: ModelJob, corpus: MelCorpus, model: ContinuousModel) -> VAE:
    """Train the model's VAE again, alike but for the adversary."""
    steps = int(model.card["training"]["vae"]["steps"])
    trainer = VAETrainer(replace(job.vae, steps=steps, adversary=0.0), corpus, model.flattening, total=steps)
    with Progress(steps, doing="without the adversary") as progress:
        for _ in range(steps):
            trainer.advance()
            progress.show("without the adversary")
    return VAE.from_tensors(job.vae.model, trainer.vae.to_tensors())


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
