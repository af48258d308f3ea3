"""`vqsynth batch`: many targets with many codebooks."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import following, options
from vqsynth.cli.descriptors import load_book, own_descriptors
from vqsynth.cli.printing import print_table, tell_each
from vqsynth.curves.language import has_length
from vqsynth.errors import ParameterError
from vqsynth.follow.batch import Outcome, Request, plan_batch, run_batch, summarize_batch, write_summary


@click.command("batch")
@click.option(
    "-b", "--book", "books", multiple=True, type=options.Book, required=True, help="Codebook to play; repeatable."
)
@click.option("--target", "targets", multiple=True, metavar='"D=CURVE; ..."', help="Curves of one sound; repeatable.")
@click.option(
    "--like", "likes", multiple=True, type=options.Sound, metavar="SOUND", help="Sound to follow; repeatable."
)
@following.seconds
@following.mapping
@click.option("-o", "--output", type=options.File, required=True, help="Folder to fill; its parent must exist.")
@click.option("--resume", is_flag=True, help="Go on in a folder: make only what is missing or out of date.")
@following.choices
@own_descriptors
def batch_command(
    books: tuple[str, ...], targets: tuple[str, ...], likes: tuple[Path, ...], output: Path, resume: bool, **values: Any
) -> None:
    """Make a sound of every --target and every --like with every codebook.

    Targets are numbered first, then the sounds of --like: BOOK-N.wav is number N, and BOOK-N.json its report. The table
    that is shown at the end is also written as summary.csv.

    \b
    Example:
      vqsynth batch -b violin -b cello --target "centroid=sin(p5,p95,0.2); pitch=440" --like a.wav --seconds 8 -o out
    """
    if values["seconds"] is None and not all(map(_lasts, targets)):
        raise ParameterError("--target needs --seconds, or a curve that says how long it lasts")
    drawn = [tuple(part for part in text.split(";") if part.strip()) for text in targets]
    pairs = zip(targets, drawn, strict=True)
    requests = [Request(text, options.split_pairs(parts, "--target")) for text, parts in pairs]
    requests += [Request(f"like {sound}", like=sound) for sound in likes]
    jobs = plan_batch(books, requests, output, resume=resume, **following.gather_choices(values))
    outcomes = list(tell_each(run_batch(jobs, load_book), len(jobs), _tell))
    write_summary(outcomes, output)
    header, rows = summarize_batch(outcomes)
    print_table(header[:-1], [row[:-1] for row in rows])
    failed = sum(bool(outcome.failure) for outcome in outcomes)
    if failed:
        raise click.ClickException(f"{failed} of {len(jobs)} sounds failed; {output / 'summary.csv'} says why")


def _lasts(target: str) -> bool:
    return any(has_length(part.partition("=")[2]) for part in target.split(";"))


def _tell(outcome: Outcome) -> str:
    done = "done again, its codebook or a file it follows has changed" if outcome.outdated else "done"
    said = f"failed: {outcome.failure}" if outcome.failure else "finished before" if outcome.resumed else done
    return f"{outcome.job.file.name}: {said}"
