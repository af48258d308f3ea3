"""From sounds to a finished codebook: corpus, training, spectra, table, held-out figures, card."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vqsynth.codebook import Codebook
from vqsynth.errors import VqsynthError
from vqsynth.running.observing import SILENT, Observer, check_observer
from vqsynth.sound.distances import Distances, mean_distances
from vqsynth.sound.folders import Split, split_sounds
from vqsynth.training.codebook.assembly import Usage, assemble_codebook
from vqsynth.training.codebook.closing import seconds_for_steps
from vqsynth.training.codebook.corpus import Corpus, load_corpus
from vqsynth.training.codebook.held_out import measure_reconstruction, share_seconds
from vqsynth.training.codebook.job import CodebookJob
from vqsynth.training.codebook.loop import DEFAULT_MINUTES, train_model
from vqsynth.training.codebook.sample import CARD_ENTRY, known_sample, may_write_sample, write_sample
from vqsynth.training.codebook.trainer import CodebookTrainer
from vqsynth.training.codebook.verdict import judge_codebook
from vqsynth.training.core.job import Say, announce_sounds, describe_sounds, finish_job, open_job
from vqsynth.training.core.stage import Trained

VERSION = "1.0"


def train_codebook(
    job: CodebookJob,
    *,
    device: str = "cpu",
    threads: int = 1,
    resume: bool = False,
    observer: Observer = SILENT,
) -> Codebook:
    """Train a codebook and save it in the job's folder.

    The codebook is saved as soon as it is made, and again with the figures of held-out sounds. Where the config gives
    minutes, everything is finished after about that time.

    Parameters
    ----------
    job : CodebookJob
        The sounds and options.
    device : str
        Device of torch.
    threads : int
        Threads of torch.
    resume : bool
        Whether to go on from the job's checkpoint.
    observer : Observer, optional
        Hears what is being done and how far it has come. By default nobody does.

    Returns
    -------
    Codebook
        The codebook, as saved.

    Raises
    ------
    AudioError
        Where no usable sound is found.
    ParameterError
        For options out of range, fewer frames than codes, an unfinished training without `resume`, and a training that
        is running in the same folder.
    CodebookError
        For a folder that holds something else. All of these are raised before training begins.

    """
    with open_job(job, resume=resume, device=device):
        return _train_codebook(job, device=device, threads=threads, resume=resume, observer=observer)


def _train_codebook(job: CodebookJob, *, device: str, threads: int, resume: bool, observer: Observer) -> Codebook:
    """Train a codebook whose checkpoint is claimed."""
    begun, say = time.monotonic(), check_observer(observer).say
    known = known_sample(job.folder)  # read now: the codebook that is saved first has no sample in its card
    split = split_sounds(job.sounds, job.validation)
    corpus = load_corpus(split.training, job.grid, transpose=job.config.transpose, skipped=split.skipped)
    announce_sounds(corpus, split, say=say)
    trained = train_model(
        job.config,
        corpus,
        checkpoint=job.checkpoint(),
        resume=resume,
        device=device,
        threads=threads,
        seconds=_time_steps(job, corpus, split, begun),
        base=job.base.model_state if job.base else None,
        observer=observer,
    )
    say("measuring the codebook")
    book, usage = assemble_codebook(job.name, trained.training.model, corpus, card={"version": VERSION})
    # A resumed training counts the minutes of all its sittings, and the rest once.
    seconds = trained.seconds if resume else time.monotonic() - begun
    book = replace(book, card={**book.card, **_describe(job, corpus, usage, trained, seconds)})
    book = finish_job(job, book, measure=lambda book: _hear(job, book, split, known=known, say=say))
    for line in _summarize(book, job):
        say(line)
    return book


def _hear(job: CodebookJob, book: Codebook, split: Split, *, known: str | None, say: Say) -> dict[str, Any]:
    """Measure a saved codebook, write its sample, and return entries for its card. Failures are only reported."""
    figures = measure_reconstruction(book, split.held_out, seconds=_listened_s(job, split), say=say)
    heard = _describe_held_out(job, split, figures) if figures else {}
    if job.sample is not None and not may_write_sample(job.sample, known):
        say(f"'{job.sample}' is another file and is not replaced; hear the codebook with vqsynth traverse")
    elif job.sample is not None:
        try:
            heard |= {CARD_ENTRY: write_sample(book, job.sample)}
            say(f"to hear it: {job.sample}")
        except VqsynthError as e:
            say(f"no sound of it could be made: {e}")
    return heard


def _time_steps(job: CodebookJob, corpus: Corpus, split: Split, begun: float) -> float | None:
    if job.config.steps is not None:
        return None
    return seconds_for_steps(
        job.config,
        corpus,
        minutes=job.config.minutes or DEFAULT_MINUTES,
        spent_s=time.monotonic() - begun,
        held_out_s=(_listened_s(job, split) or 0.0) * len(split.held_out),
    )


def _listened_s(job: CodebookJob, split: Split) -> float | None:
    return share_seconds(split.held_out, job.held_out_s)


def _describe(
    job: CodebookJob,
    corpus: Corpus,
    usage: Usage,
    trained: Trained[CodebookTrainer],
    seconds: float,
) -> dict[str, Any]:
    """Return the entries of the card about corpus and training, the steps and seconds of the base included."""
    before = job.base_card.get("training", {})
    return {
        **describe_sounds(job, corpus, transpose=job.config.transpose),
        "training": {
            "seed": job.config.seed,
            "steps": trained.training.step + before.get("steps", 0),
            "batch": job.config.batch,
            "codes": job.config.model.codes,
            "seconds": round(seconds + before.get("seconds", 0.0), 1),
        },
        "codes_used": round(usage.used, 4),
        "perplexity": round(usage.perplexity, 1),
        "held_out": {},
        "held_out_mean": None,
    }


def _describe_held_out(job: CodebookJob, split: Split, figures: Mapping[str, Distances]) -> dict[str, Any]:
    """Return the entries of the card about quality."""
    listened_s = _listened_s(job, split)
    return {
        **({"held_out_seconds": round(listened_s, 1)} if listened_s is not None else {}),
        "held_out": {name: d.to_dict() for name, d in figures.items()},
        "held_out_mean": mean_distances(list(figures.values())).to_dict(),
    }


def _summarize(book: Codebook, job: CodebookJob) -> list[str]:
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
