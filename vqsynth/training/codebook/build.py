"""From sounds to a finished codebook: corpus, training, spectra, table, held-out figures, card."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from vqsynth.codebook import Codebook
from vqsynth.codes.nearest import is_nearest
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.follow.correction import ROUNDS
from vqsynth.running.forking import allow_threads
from vqsynth.running.observing import SILENT, Observer, check_observer
from vqsynth.sound.distances import Distances, mean_distances
from vqsynth.sound.folders import Split, split_sounds
from vqsynth.training.codebook.assembly import Usage, assemble_codebook
from vqsynth.training.codebook.clustering import cluster_codebook
from vqsynth.training.codebook.corpus import Corpus, load_corpus
from vqsynth.training.codebook.held_out import measure_reconstruction, pick_files, share_seconds
from vqsynth.training.codebook.job import CodebookJob, QuickConfig
from vqsynth.training.codebook.onsets import gather_onsets
from vqsynth.training.codebook.sample import CARD_ENTRY, SECONDS, known_sample, may_write_sample, write_sample
from vqsynth.training.codebook.verdict import judge_codebook
from vqsynth.training.core.job import Say, announce_sounds, describe_sounds, finish_job, open_job

if TYPE_CHECKING:
    from vqsynth.training.codebook.trainer import TrainConfig

VERSION = "1.0"
QUICK_SHARE, QUICK_LEAST_S = 0.05, 6.0
"""Held-out sound that a quick codebook is measured by: a share of the sound it is made of, but so many seconds."""
QUICK_SAMPLE_S, QUICK_ROUNDS = 5.0, 1
"""Seconds of the sound of a quick codebook, one sweep, and rounds of correction; more of these cannot be heard."""


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
    minutes, everything is finished after about that time. Where it is a `QuickConfig`, the codebook is clustered
    instead, on the CPU and without a network, and there is nothing to resume.

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
    if isinstance(job.config, QuickConfig):
        allow_threads(threads)
        if resume or device != "cpu":
            raise ParameterError("a quick codebook is made on the CPU at one go; leave device and resume away")
    with open_job(job, resume=resume, device=device):
        return _train_codebook(job, device=device, threads=threads, resume=resume, observer=observer)


def _train_codebook(job: CodebookJob, *, device: str, threads: int, resume: bool, observer: Observer) -> Codebook:
    """Train a codebook whose checkpoint is claimed."""
    begun, say = time.monotonic(), check_observer(observer).say
    known = known_sample(job.folder)  # read now: the codebook that is saved first has no sample in its card
    split = split_sounds(job.sounds, job.validation)
    corpus = load_corpus(
        split.training,
        job.grid,
        transpose=job.config.transpose,
        transposed=job.transposed,
        skipped=split.skipped,
    )
    announce_sounds(corpus, split, say=say)
    if isinstance(job.config, QuickConfig):
        book, usage = cluster_codebook(
            job.name, job.config, corpus, card={"version": VERSION}, threads=threads, say=say
        )
        facts, spent_s = {"seed": job.config.seed, "codes": len(usage.counts)}, time.monotonic() - begun
    else:
        book, usage, facts, spent_s = _learn(
            job,
            job.config,
            corpus,
            split,
            begun=begun,
            device=device,
            threads=threads,
            resume=resume,
            observer=observer,
        )
    book = book.with_onsets(gather_onsets(book, corpus, seed=job.config.seed))
    book = replace(book, card={**book.card, **_describe(job, corpus, usage, facts, spent_s)})
    book = finish_job(job, book, measure=lambda book: _hear(job, book, split, known=known, say=say))
    for line in _summarize(book, job):
        say(line)
    return book


def _learn(
    job: CodebookJob,
    config: "TrainConfig",
    corpus: Corpus,
    split: Split,
    *,
    begun: float,
    observer: Observer,
    **how: Any,
) -> tuple[Codebook, Usage, dict[str, Any], float]:
    """Train a network, and return its codebook, how the corpus uses it, facts for the card, and the seconds spent."""
    from vqsynth.training.codebook.loop import train_model

    base, say = job.base, observer.say
    if base is not None and is_nearest(base.card["model"]):
        say(
            f"'{base.name}' was made without a network, and the training begins anew; it takes over its frames, "
            "its number of codes unless --codes is given, and what it says of its sounds"
        )
        base = None
    trained = train_model(
        config,
        corpus,
        checkpoint=job.checkpoint(),
        seconds=_time_steps(job, config, corpus, split, begun),
        base=base.model_state if base else None,
        observer=observer,
        **how,
    )
    say("measuring the codebook")
    book, usage = assemble_codebook(job.name, trained.training.model, corpus, card={"version": VERSION})
    facts = {
        "seed": config.seed,
        "steps": trained.training.step + job.base_card.get("training", {}).get("steps", 0),
        "batch": config.batch,
        "codes": config.model.codes,
    }
    # A resumed training counts the minutes of all its sittings, and the rest once.
    return book, usage, facts, trained.seconds if how["resume"] else time.monotonic() - begun


def _hear(job: CodebookJob, book: Codebook, split: Split, *, known: str | None, say: Say) -> dict[str, Any]:
    """Measure a saved codebook, write its sample, and return entries for its card. Failures are only reported."""
    paths, seconds = _choose_heard(job, split, book.card["corpus"]["seconds"])
    sweep = (QUICK_SAMPLE_S, QUICK_ROUNDS) if isinstance(job.config, QuickConfig) else (SECONDS, ROUNDS)
    figures = measure_reconstruction(book, paths, seconds=seconds, say=say)
    heard = _describe_held_out(seconds, figures) if figures else {}
    if job.sample is not None and not may_write_sample(job.sample, known):
        say(f"'{job.sample}' is another file and is not replaced; hear the codebook with vqsynth traverse")
    elif job.sample is not None:
        try:
            heard |= {CARD_ENTRY: write_sample(book, job.sample, *sweep)}
            say(f"to hear it: {job.sample}")
        except VqsynthError as e:
            say(f"no sound of it could be made: {e}")
    return heard


def _time_steps(job: CodebookJob, config: "TrainConfig", corpus: Corpus, split: Split, begun: float) -> float | None:
    from vqsynth.training.codebook.closing import seconds_for_steps
    from vqsynth.training.codebook.loop import DEFAULT_MINUTES

    if config.steps is not None:
        return None
    return seconds_for_steps(
        config,
        corpus,
        minutes=config.minutes or DEFAULT_MINUTES,
        spent_s=time.monotonic() - begun,
        held_out_s=(_choose_heard(job, split, corpus.seconds)[1] or 0.0) * len(split.held_out),
    )


def _choose_heard(job: CodebookJob, split: Split, corpus_s: float) -> tuple[Sequence[Path], float | None]:
    """Choose the held-out files that are listened to, and how many seconds of each, None for all of it."""
    if job.held_out_s is None or not isinstance(job.config, QuickConfig):
        return split.held_out, share_seconds(split.held_out, job.held_out_s)
    all_s = min(job.held_out_s, max(QUICK_LEAST_S, QUICK_SHARE * corpus_s))
    paths = pick_files(split.held_out, max(1, int(all_s)))
    return paths, max(1.0, all_s / max(1, len(paths)))


def _describe(
    job: CodebookJob, corpus: Corpus, usage: Usage, facts: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """Return the entries of the card about corpus and training, the steps and seconds of the base included."""
    before = job.base_card.get("training", {})
    return {
        **describe_sounds(job, corpus, transpose=job.config.transpose),
        "training": {**facts, "seconds": round(seconds + before.get("seconds", 0.0), 1)},
        "codes_used": round(usage.used, 4),
        "perplexity": round(usage.perplexity, 1),
        "held_out": {},
        "held_out_mean": None,
    }


def _describe_held_out(seconds: float | None, figures: Mapping[str, Distances]) -> dict[str, Any]:
    """Return the entries of the card about quality: each file, and means; of several folders also that of each."""
    folders: dict[str, list[Distances]] = {}
    for name, distances in figures.items():
        folders.setdefault(str(PurePath(name).parent), []).append(distances)
    each = {folder: mean_distances(found).to_dict() for folder, found in folders.items()}
    return {
        **({"held_out_seconds": round(seconds, 1)} if seconds is not None else {}),
        "held_out": {name: d.to_dict() for name, d in figures.items()},
        "held_out_mean": mean_distances(list(figures.values())).to_dict(),
        **({"held_out_folders": each} if len(each) > 1 else {}),
    }


def _summarize(book: Codebook, job: CodebookJob) -> list[str]:
    card = book.card
    mean = card["held_out_mean"]
    quality = ", ".join(f"{name} {value:g}" for name, value in mean.items()) if mean else "not measured"
    verdict = judge_codebook(
        asked=card["training"]["codes"],
        used=card["codes_used"],
        frames=round(card["corpus"]["seconds"] * job.grid.sr / job.grid.hop_length),
        lsd_db=mean["lsd_db"] if mean else None,
        folder=str(job.folder),
        quick=isinstance(job.config, QuickConfig),
    )
    seconds = card["training"]["seconds"]
    taken = f"{seconds:.1f} seconds" if seconds < 60 else f"{seconds / 60:.1f} minutes"
    line = (
        f"{card['codes_used']:.1%} of {card['training']['codes']} codes used, perplexity {card['perplexity']:.0f}; "
        f"held-out sound: {quality}; {taken}"
    )
    return [line, *verdict]
