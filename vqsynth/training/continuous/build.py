"""From sounds to a finished continuous model: corpus, stages, components, held-out figures, card."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.vae import VAE
from vqsynth.errors import ModelError
from vqsynth.running.observing import SILENT, Observer, check_observer
from vqsynth.sound.folders import split_sounds
from vqsynth.training.continuous.assembly import State, TrainedStages, assemble_model, measure_model
from vqsynth.training.continuous.corpus import MelCorpus, load_mels
from vqsynth.training.continuous.decoded import Decoded, decode_corpus
from vqsynth.training.continuous.job import VAE_STAGE, ModelJob
from vqsynth.training.continuous.training import Losses
from vqsynth.training.continuous.vae_trainer import VAETrainer, VAETraining
from vqsynth.training.continuous.vocoder_trainer import VocoderTrainer, VocoderTraining, make_trainer
from vqsynth.training.core.checkpoint import load_checkpoint
from vqsynth.training.core.job import announce_sounds, describe_sounds, finish_job, open_job
from vqsynth.training.core.stage import Stage, run_stage, torch_threads


def train_model(
    job: ModelJob,
    *,
    device: str = "cpu",
    threads: int = 1,
    resume: bool = False,
    stages: Collection[str] | None = None,
    observer: Observer = SILENT,
) -> ContinuousModel | None:
    """Train a continuous model and save it in the job's folder.

    The model is saved as soon as it is made, and again with the figures of held-out sounds.

    Parameters
    ----------
    job : ModelJob
        The sounds and options.
    device : str
        Device of torch in training; everything else is done on the CPU.
    threads : int
        Threads of torch.
    resume : bool
        Whether to keep finished stages and go on with the others where they stopped.
    stages : collection of str, optional
        Train only these and leave their checkpoints. A vocoder's stage needs a finished VAE.
    observer : Observer, optional
        Hears what is being done and how far it has come. By default nobody does.

    Returns
    -------
    ContinuousModel or None
        The model, as saved. None where `stages` are given.

    Raises
    ------
    AudioError
        Where no usable sound is found.
    ParameterError
        For options out of range, an unfinished training without `resume`, and a training that is running in the same
        folder.
    ModelError
        For a folder that holds something else, and a checkpoint that does not fit. All of these are raised before
        training begins.

    """
    with open_job(job, stages, resume=resume, device=device) as wanted:
        _check_vae(job, wanted)
        return _train_model(
            job, wanted, device=device, threads=threads, resume=resume, whole=stages is None, observer=observer
        )


def _train_model(
    job: ModelJob, wanted: Collection[str], *, device: str, threads: int, resume: bool, whole: bool, observer: Observer
) -> ContinuousModel | None:
    """Train a model, or some of its stages only, at whose checkpoints nobody else works."""
    split, say = split_sounds(job.sounds, job.validation), check_observer(observer).say
    with torch_threads(threads):
        corpus = load_mels(
            split.training,
            job.grid,
            transpose=job.transpose,
            transposed=job.transposed,
            skipped=split.skipped,
        )
        announce_sounds(corpus, split, say=say)
        trained = _train_stages(job, corpus, wanted, device=device, resume=resume, observer=observer)
        if not whole:
            return None
        say("measuring the model")
        model, latents = assemble_model(job, trained, corpus)
        model = replace(model, card={**model.card, **_describe(job, corpus, trained, threads)})
        model = finish_job(job, model, measure=lambda model: measure_model(model, latents, corpus, split, say=say))
    say(_summarize(model))
    return model


def _check_vae(job: ModelJob, wanted: Collection[str]) -> None:
    """Refuse to train vocoders alone where the VAE is not done. Raises ModelError."""
    if VAE_STAGE in job.stages and VAE_STAGE not in wanted:
        path = job.checkpoint(VAE_STAGE)
        saved = load_checkpoint(path, error=ModelError) if path.exists() else None
        if saved is None or not saved.is_finished:
            raise ModelError(
                "vocoders learn from spectra that the VAE decodes, and it is not trained yet; train its stage first"
            )


def _train_stages(
    job: ModelJob, corpus: MelCorpus, wanted: Collection[str], *, device: str, resume: bool, observer: Observer
) -> TrainedStages:
    """Train the VAE, or take it from its checkpoint or from the base, and then the vocoders wanted."""
    if job.base is None:
        flattening = Flattening.of_corpus(corpus.loudness_db[corpus.originals])
        stage = _vae_stage(job.vae, corpus, flattening, device)
        done = run_stage(stage, job.checkpoint(VAE_STAGE), resume=resume or VAE_STAGE not in wanted, observer=observer)
        trained = TrainedStages(_shipped_vae(done.training), flattening, done.training.step, done.seconds, {})
    else:
        known = job.base.card.get("training", {}).get(VAE_STAGE, {})
        trained = TrainedStages(job.base.vae, job.base.flattening, known.get("steps", 0), known.get("seconds", 0.0), {})
    names = [name for name in job.vocoders if name in wanted]
    if names:
        decoded, vae = decode_corpus(trained.vae, corpus, trained.flattening), _hash(trained.vae.to_tensors())
        for name in names:
            vocoder = _vocoder_stage(job.vocoders[name], corpus, decoded, vae, device)
            trained.vocoders[name] = run_stage(vocoder, job.checkpoint(name), resume=resume, observer=observer)
    return trained


def _vae_stage(config: VAETraining, corpus: MelCorpus, flattening: Flattening, device: str) -> Stage[VAETrainer]:
    return Stage(
        VAE_STAGE,
        config=config.to_dict(),
        corpus=corpus.fingerprint,
        begin=lambda total: VAETrainer(config, corpus, flattening, total=total, device=device),
        steps=config.steps,
        seconds=60 * config.minutes,
        tell=Losses(VAE_STAGE).tell,
        error=ModelError,
    )


def _vocoder_stage(
    config: VocoderTraining, corpus: MelCorpus, decoded: Decoded, vae: str, device: str
) -> Stage[VocoderTrainer]:
    return Stage(
        config.kind,
        config={**json.loads(json.dumps(config.to_dict())), "vae": vae},
        corpus=corpus.fingerprint,
        begin=lambda total: make_trainer(config, corpus, decoded, total=total, device=device),
        steps=config.steps,
        seconds=60 * config.minutes,
        tell=Losses(config.kind).tell,
        error=ModelError,
    )


def _shipped_vae(training: VAETrainer) -> VAE:
    """Take the VAE with the weights as they are stored. Raises ModelError where they are not finite."""
    tensors = training.vae.to_tensors()
    if not all(np.isfinite(v).all() for v in tensors.values()):
        raise ModelError("the trained VAE has weights that are not finite; the training ran away, start anew")
    return VAE.from_tensors(training.config.model, tensors)


def _describe(job: ModelJob, corpus: MelCorpus, trained: TrainedStages, threads: int) -> dict[str, Any]:
    """Gather what the card says about corpus and training; what a base said of its vocoders stays.

    Its seconds are those of all steps: neither those of reading nor of measuring.
    """
    said = job.base_card
    vocoders = {n: {"steps": t.training.step, "seconds": round(t.seconds, 1)} for n, t in trained.vocoders.items()}
    vae = {"steps": trained.steps, "seconds": round(trained.seconds, 1)}
    stages = {name: told for name, told in said.get("training", {}).items() if isinstance(told, dict)}
    stages |= {VAE_STAGE: vae, **vocoders}
    seconds = sum(told["seconds"] for told in stages.values())
    options = {VAE_STAGE: job.vae.to_dict(), **said.get("options", {})}
    return {
        **describe_sounds(job, corpus, transpose=job.transpose),
        "training": {"seconds": round(seconds, 1), "threads": threads, **stages},
        "options": {**options, **{n: asdict(v) for n, v in job.vocoders.items()}},
    }


def _summarize(model: ContinuousModel) -> str:
    means = {name: entry["mean"] for name, entry in model.card["held_out"].items()}
    held_out = [f"{n} " + ", ".join(f"{k} {v:g}" for k, v in mean.items()) for n, mean in means.items() if mean]
    left = model.card["loudness_r2"]
    return (
        f"held-out sound: {'; '.join(held_out) or 'not measured'}; default vocoder {model.card['vocoder']}; "
        f"loudness left in the latents: {'not measured' if left is None else f'R2 {left:g}'}; "
        f"{model.card['training']['seconds'] / 60:.1f} minutes"
    )


def _hash(state: State) -> str:
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode() + np.ascontiguousarray(state[name]).tobytes())
    return digest.hexdigest()
