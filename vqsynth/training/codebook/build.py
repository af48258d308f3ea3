"""From sounds to a finished codebook: corpus, training, grains, table, held-out figures, card."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vqsynth.codebook import Codebook
from vqsynth.codes.record import CODEBOOK, MODEL
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.model.vqvae import ModelConfig
from vqsynth.sound.distances import Distances, mean_distances
from vqsynth.sound.folders import Split, split_sounds
from vqsynth.sound.frames import FrameGrid
from vqsynth.storage.bundle import check_target
from vqsynth.storage.files import StrPath
from vqsynth.training.codebook.assembly import Usage, assemble_codebook
from vqsynth.training.codebook.closing import seconds_for_steps
from vqsynth.training.codebook.corpus import Corpus, load_corpus
from vqsynth.training.codebook.held_out import measure_reconstruction, share_seconds
from vqsynth.training.codebook.loop import DEFAULT_MINUTES, check_device, train_model
from vqsynth.training.codebook.sample import CARD_ENTRY, may_write_sample, write_sample
from vqsynth.training.codebook.trainer import TrainConfig, Trainer
from vqsynth.training.codebook.verdict import judge_codebook
from vqsynth.training.core.checkpoint import check_no_checkpoint, checkpoint_path, claim_checkpoints, discard_checkpoint
from vqsynth.training.core.stage import Trained

VERSION = "1.0"
CODES = 1024
HELD_OUT_S = 120.0
"""Seconds of held-out sound that are listened to by default: more of it tells nothing new, and takes its time."""


@dataclass(frozen=True)
class TrainingJob:
    """Say what to train on and what to make of it.

    sounds, validation: files and folders. validation is held out, also where it lies inside `sounds`; with None,
    every tenth file is, of ten or more. about: what else the card is to say, such as licence and sources. held_out_s:
    how many seconds of held-out sound are listened to, shared by its files; None for all of it. base: a finished
    codebook to go on from; its frames and the sizes of its model must be those of the job. sample: where a sound of the
    codebook is written, None for nowhere.
    """

    sounds: Sequence[StrPath]
    name: str
    folder: Path
    grid: FrameGrid
    config: TrainConfig
    validation: Sequence[StrPath] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    held_out_s: float | None = HELD_OUT_S
    base: Codebook | None = None
    sample: Path | None = None


def make_config(
    grid: FrameGrid,
    *,
    codes: int | None = None,
    front: str = "fourier",
    steps: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    transpose: int = 0,
    base: Codebook | None = None,
) -> TrainConfig:
    """Gather the options of a training on frames of `grid`: 1024 codes, or those that `base` was to have.

    base: a codebook to go on from, whose model is kept. Raises ParameterError for values out of range.
    """
    if base is None:
        model = ModelConfig(n_fft=grid.n_fft, codes=CODES if codes is None else codes, front=front)
        return TrainConfig(model, steps=steps, minutes=minutes, seed=seed, transpose=transpose)
    known = ModelConfig.from_dict(base.card["model"])
    wanted = base.card.get("training", {}).get("codes", known.codes) if codes is None else codes
    if wanted < known.codes:
        raise ParameterError(f"codes must be {known.codes} or more, as many as the base has (got {wanted})")
    weights = base.card["files"][MODEL]
    return TrainConfig(replace(known, codes=wanted), steps, minutes, seed, transpose=transpose, base=weights)


def train_codebook(
    job: TrainingJob,
    *,
    device: str = "cpu",
    threads: int = 1,
    resume: bool = False,
    say: Callable[[str], object] = lambda line: None,
) -> Codebook:
    """Train a codebook and save it in the job's folder; `say` is told in lines what goes on.

    The codebook is saved as soon as it is made, and again with what held-out sounds say of it. Where the config says
    minutes, all is done after these, as nearly as can be told.
    Raises AudioError where no usable sound is found, ParameterError for options that make no training, for frames too
    few for the codes, for an unfinished training without `resume` and for one that is at work, CodebookError for a
    folder that holds something else: all before anything is trained.
    """
    checkpoint = checkpoint_path(job.folder)
    check_job(job)
    check_device(device)
    with claim_checkpoints([checkpoint]):
        return _train_codebook(job, checkpoint, device=device, threads=threads, resume=resume, say=say)


def _train_codebook(
    job: TrainingJob, checkpoint: Path, *, device: str, threads: int, resume: bool, say: Callable[[str], object]
) -> Codebook:
    """Train a codebook whose checkpoint nobody else works at."""
    begun = time.monotonic()
    may_write = job.sample is not None and may_write_sample(job.sample, job.folder)
    if not resume:
        check_no_checkpoint(checkpoint)
    split = split_sounds(job.sounds, job.validation)
    corpus = load_corpus(split.training, job.grid, transpose=job.config.transpose, skipped=split.skipped)
    say(corpus.summary())
    say(f"held out: {', '.join(path.name for path in split.held_out) or 'nothing'}")
    trained = train_model(
        job.config,
        corpus,
        checkpoint=checkpoint,
        resume=resume,
        device=device,
        threads=threads,
        seconds=_time_steps(job, corpus, split, begun),
        base=job.base.model_state if job.base else None,
    )
    say("measuring the codebook")
    book, usage = assemble_codebook(job.name, trained.training.model, corpus, card={"version": VERSION})
    # A resumed training counts the minutes of all its sittings, and the rest once.
    seconds = trained.seconds if resume else time.monotonic() - begun
    book = replace(book, card={**book.card, **_describe(job, corpus, usage, trained, seconds)})
    book.save(job.folder)
    book = _add_what_is_heard(job, book, split, may_write=may_write, say=say)
    discard_checkpoint(checkpoint)
    for line in _summarize(book, job):
        say(line)
    return book


def _add_what_is_heard(
    job: TrainingJob, book: Codebook, split: Split, *, may_write: bool, say: Callable[[str], object]
) -> Codebook:
    """Measure a saved codebook, sound it, and save it again with what came of it. What fails is said, no more."""
    figures = measure_reconstruction(book, split.held_out, seconds=_listened_s(job, split), say=say)
    heard = _describe_held_out(job, split, figures) if figures else {}
    if job.sample is not None and not may_write:
        say(f"'{job.sample}' is not of this codebook and stays as it is; hear it by vqsynth traverse")
    elif job.sample is not None:
        try:
            heard |= {CARD_ENTRY: write_sample(book, job.sample)}
            say(f"to hear it: {job.sample}")
        except VqsynthError as e:
            say(f"no sound of it could be made: {e}")
    if heard:
        book = replace(book, card={**book.card, **heard})
        book.save(job.folder)
    return book


def _time_steps(job: TrainingJob, corpus: Corpus, split: Split, begun: float) -> float | None:
    if job.config.steps is not None:
        return None
    return seconds_for_steps(
        job.config,
        corpus,
        minutes=job.config.minutes or DEFAULT_MINUTES,
        spent_s=time.monotonic() - begun,
        held_out_s=(_listened_s(job, split) or 0.0) * len(split.held_out),
    )


def _listened_s(job: TrainingJob, split: Split) -> float | None:
    return share_seconds(split.held_out, job.held_out_s)


def check_job(job: TrainingJob) -> None:
    """Refuse a job that makes no codebook, before anything is read. Raises ParameterError, CodebookError."""
    if not job.name.strip() or job.name != job.name.strip() or set(job.name) & set("/\\"):
        raise ParameterError(f"name must be a word that can name a folder (got {job.name!r})")
    if job.config.model.n_fft != job.grid.n_fft:
        raise ParameterError(f"the model's n_fft ({job.config.model.n_fft}) must be the grid's ({job.grid.n_fft})")
    if job.base is not None and job.base.grid != job.grid:
        raise ParameterError(f"the frames must be those of the base {job.base.name!r}, {job.base.grid}")
    check_target(job.folder, CODEBOOK)


def _describe(
    job: TrainingJob,
    corpus: Corpus,
    usage: Usage,
    trained: Trained[Trainer],
    seconds: float,
) -> dict[str, Any]:
    """Gather what the card says about corpus and training; what a base said of its sounds stays."""
    said = job.base.card if job.base else {}
    return {
        "licence": "that of the sounds it was trained on",
        **{key: said[key] for key in ("licence", "about", "sources", "note") if key in said},
        **job.about,
        "corpus": {
            "files": len(corpus.files),
            "seconds": round(corpus.seconds, 1),
            "skipped": len(corpus.skipped),
            "frames": len(corpus.starts),
            "transposed_semitones": job.config.transpose,
            "sha256": corpus.fingerprint,
        },
        "training": {
            "seed": job.config.seed,
            "steps": trained.training.step + said.get("training", {}).get("steps", 0),
            "batch": job.config.batch,
            "codes": job.config.model.codes,
            "seconds": round(seconds + said.get("training", {}).get("seconds", 0.0), 1),
        },
        "codes_used": round(usage.used, 4),
        "perplexity": round(usage.perplexity, 1),
        "held_out": {},
        "held_out_mean": None,
    }


def _describe_held_out(job: TrainingJob, split: Split, figures: Mapping[str, Distances]) -> dict[str, Any]:
    """Gather what the card says about quality."""
    listened_s = _listened_s(job, split)
    return {
        **({"held_out_seconds": round(listened_s, 1)} if listened_s is not None else {}),
        "held_out": {name: d.to_dict() for name, d in figures.items()},
        "held_out_mean": mean_distances(list(figures.values())).to_dict(),
    }


def _summarize(book: Codebook, job: TrainingJob) -> list[str]:
    card = book.card
    mean = card["held_out_mean"]
    quality = ", ".join(f"{name} {value:g}" for name, value in mean.items()) if mean else "not measured"
    verdict = judge_codebook(
        asked=job.config.model.codes,
        used=card["codes_used"],
        frames=card["corpus"]["frames"] // (1 + 2 * job.config.transpose),
        lsd_db=mean["lsd_db"] if mean else None,
        folder=str(job.folder),
    )
    line = (
        f"{card['codes_used']:.1%} of {job.config.model.codes} codes used, perplexity {card['perplexity']:.0f}; "
        f"held-out sound: {quality}; {card['training']['seconds'] / 60:.1f} minutes"
    )
    return [line, *verdict]
