"""From sounds to a finished codebook: corpus, training, grains, table, held-out figures, card."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth import audio
from vqsynth.bundle import check_target
from vqsynth.checkpoint import check_no_checkpoint, checkpoint_path
from vqsynth.codebook import CODEBOOK, Codebook
from vqsynth.distances import Distances, compare_sounds, mean_distances
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.files import StrPath
from vqsynth.frames import FrameGrid
from vqsynth.model.vqvae import VQVAE, ModelConfig, encode_windows
from vqsynth.render import render_path
from vqsynth.soundfiles import name_apart, split_sounds
from vqsynth.stage import Trained
from vqsynth.train.corpus import Corpus, load_corpus
from vqsynth.train.loop import check_device, train_model
from vqsynth.train.trainer import TrainConfig, Trainer

VERSION = "1.0"
_FRAMES_AT_ONCE = 4096


@dataclass(frozen=True)
class Usage:
    """Tell how a corpus uses the codes: counts (K,), the share of codes used, and the perplexity, 1 to K."""

    counts: NDArray[np.int64]
    used: float
    perplexity: float


@dataclass(frozen=True)
class TrainingJob:
    """Say what to train on and what to make of it.

    sounds, validation: files and folders. validation is held out, also where it lies inside `sounds`; with None,
    every tenth file is, of ten or more. about: what else the card is to say, such as licence and sources.
    """

    sounds: Sequence[StrPath]
    name: str
    folder: Path
    grid: FrameGrid
    config: TrainConfig
    validation: Sequence[StrPath] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


def make_config(
    grid: FrameGrid,
    *,
    codes: int = 1024,
    front: str = "fourier",
    steps: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    transpose: int = 0,
) -> TrainConfig:
    """Gather the options of a training on frames of `grid`. Raises ParameterError for values out of range."""
    model = ModelConfig(n_fft=grid.n_fft, codes=codes, front=front)
    return TrainConfig(model, steps=steps, minutes=minutes, seed=seed, transpose=transpose)


def train_codebook(
    job: TrainingJob,
    *,
    device: str = "cpu",
    threads: int = 1,
    resume: bool = False,
    say: Callable[[str], object] = lambda line: None,
) -> Codebook:
    """Train a codebook and save it in the job's folder; `say` is told in lines what goes on.

    Raises AudioError where no usable sound is found, ParameterError for options that make no training, for frames too
    few for the codes and for an unfinished training without `resume`, CodebookError for a folder that holds something
    else: all before anything is trained.
    """
    begun = time.monotonic()
    checkpoint = checkpoint_path(job.folder)
    _check_job(job)
    check_device(device)
    if not resume:
        check_no_checkpoint(checkpoint)
    split = split_sounds(job.sounds, job.validation)
    corpus = load_corpus(split.training, job.grid, transpose=job.config.transpose)
    say(corpus.summary())
    say(f"held out: {', '.join(path.name for path in split.held_out) or 'nothing'}")
    trained = train_model(job.config, corpus, checkpoint=checkpoint, resume=resume, device=device, threads=threads)
    say("measuring the codebook")
    book, usage = _assemble(job, trained, corpus)
    figures = measure_reconstruction(book, split.held_out)
    # A resumed training counts the minutes of all its sittings, and the rest once.
    seconds = trained.seconds if resume else time.monotonic() - begun
    book = replace(book, card={**book.card, **_describe(job, corpus, usage, figures, trained, seconds)})
    book.save(job.folder)
    shutil.rmtree(checkpoint.parent, ignore_errors=True)
    say(_summarize(book))
    return book


def measure_usage(codes: NDArray[np.int64], n_codes: int) -> Usage:
    """Count codes (T,), and take the exponential of the entropy of their shares as perplexity."""
    counts = np.bincount(codes, minlength=n_codes)
    share = counts[counts > 0] / len(codes)
    return Usage(counts, float((counts > 0).mean()), float(np.exp(-(share * np.log(share)).sum())))


def count_transitions(codes: NDArray[np.int64], joined: NDArray[np.bool_], n_codes: int) -> NDArray[np.int64]:
    """Count how often code j follows code i, (N, 3): i, j and the count, of codes (T,) joined to the next (T - 1,)."""
    pairs = (codes[:-1] * n_codes + codes[1:])[joined]
    found, counts = np.unique(pairs, return_counts=True)
    return np.stack([found // n_codes, found % n_codes, counts], axis=1)


def measure_reconstruction(book: Codebook, paths: Sequence[Path]) -> dict[str, Distances]:
    """Encode and decode sound files with `refined`, and compare: file name to distances."""
    figures = {}
    for path, file in zip(paths, name_apart(paths), strict=True):
        y, sr = audio.load(path, sr=book.grid.sr)
        # Not `book.render`, which would turn a sound down whose peaks lie over full scale.
        decoded = render_path(book.encode(y, sr), book.grains, excitation="refined")
        figures[file] = compare_sounds(y, decoded, sr=sr)
    return figures


def _check_job(job: TrainingJob) -> None:
    if not job.name.strip() or job.name != job.name.strip() or set(job.name) & set("/\\"):
        raise ParameterError(f"name must be a word that can name a folder (got {job.name!r})")
    if job.config.model.n_fft != job.grid.n_fft:
        raise ParameterError(f"the model's n_fft ({job.config.model.n_fft}) must be the grid's ({job.grid.n_fft})")
    check_target(job.folder, CODEBOOK)


def _assemble(job: TrainingJob, trained: Trained[Trainer], corpus: Corpus) -> tuple[Codebook, Usage]:
    """Make a codebook of a trained model, with how often the corpus uses each code."""
    state, config = trained.training.model.to_tensors(), job.config.model.to_dict()
    magnitudes = VQVAE.from_tensors(job.config.model, state).decode_codes().numpy()
    if not np.isfinite(magnitudes).all():
        raise CodebookError("the trained decoder gives spectra that are not finite; the training ran away, start anew")
    blocks = (slice(start, start + _FRAMES_AT_ONCE) for start in range(0, len(corpus.starts), _FRAMES_AT_ONCE))
    codes = np.concatenate([encode_windows(config, state, corpus.windows(block)) for block in blocks])
    usage = measure_usage(codes, job.config.model.codes)
    book = Codebook.build(
        name=job.name,
        grid=job.grid,
        magnitudes=magnitudes,
        counts=usage.counts,
        model_config=config,
        model_state=state,
        card={"version": VERSION},
        transitions=count_transitions(codes, np.diff(corpus.starts) == job.grid.hop_length, job.config.model.codes),
    )
    return book, usage


def _describe(
    job: TrainingJob,
    corpus: Corpus,
    usage: Usage,
    figures: Mapping[str, Distances],
    trained: Trained[Trainer],
    seconds: float,
) -> dict[str, Any]:
    """Gather what the card says about corpus, training and quality."""
    return {
        "licence": "that of the sounds it was trained on",
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
            "steps": trained.training.total,
            "batch": job.config.batch,
            "seconds": round(seconds, 1),
        },
        "codes_used": round(usage.used, 4),
        "perplexity": round(usage.perplexity, 1),
        "held_out": {name: d.to_dict() for name, d in figures.items()},
        "held_out_mean": mean_distances(list(figures.values())).to_dict() if figures else None,
    }


def _summarize(book: Codebook) -> str:
    mean = book.card["held_out_mean"]
    quality = ", ".join(f"{name} {value:g}" for name, value in mean.items()) if mean else "not measured"
    return (
        f"{book.card['codes_used']:.1%} of {len(book)} codes used, perplexity {book.card['perplexity']:.0f}; "
        f"held-out sound: {quality}; {book.card['training']['seconds'] / 60:.1f} minutes"
    )
