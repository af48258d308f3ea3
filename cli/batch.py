"""`vqsynth batch`: many targets with many codebooks."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import following, options
from vqsynth.cli.printing import print_table, show_progress
from vqsynth.curves.ranges import MAPPINGS
from vqsynth.errors import ParameterError
from vqsynth.follow.batch import Outcome, Request, plan_batch, run_batch, summarize_batch, write_summary
from vqsynth.store import load


@click.command("batch")
@click.option("-b", "--book", "books", multiple=True, type=options.Book, required=True, help="A codebook; repeatable.")
@click.option("--target", "targets", multiple=True, metavar='"D=CURVE; ..."', help="The curves of a sound; repeatable.")
@click.option(
    "--like", "likes", multiple=True, type=options.Sound, metavar="SOUND", help="A sound to follow; repeatable."
)
@click.option("--seconds", type=float, help="Length of each; with --like by default that of the sound.")
@click.option("--map", "mapping", type=click.Choice(MAPPINGS), help="Bring targets into the codebook's range.")
@click.option("-o", "--output", type=options.File, required=True, help="The folder to fill; its parent exists.")
@click.option("--resume", is_flag=True, help="Go on in a folder, but for what is finished and still up to date.")
@following.choices
def batch_command(
    books: tuple[str, ...], targets: tuple[str, ...], likes: tuple[Path, ...], output: Path, resume: bool, **values: Any
) -> None:
    """Make a sound of every --target and every --like with every codebook.

    BOOK-N.wav is the N-th target, or after those the N-th sound to be like, with its report beside it as BOOK-N.json.
    The table that is shown at the end is written as summary.csv too.

    \b
    Example:
      vqsynth batch -b violin -b cello --target "centroid=sin(p5,p95,0.2); pitch=440" --like a.wav --seconds 8 -o out
    """
    if targets and values["seconds"] is None:
        raise ParameterError("--target needs --seconds")
    drawn = [tuple(part for part in text.split(";") if part.strip()) for text in targets]
    requests = [
        Request(text, options.split_pairs(parts, "--target")) for text, parts in zip(targets, drawn, strict=True)
    ]
    requests += [Request(f"like {sound}", like=sound) for sound in likes]
    jobs = plan_batch(books, requests, output, resume=resume, **following.gather_choices(values))
    outcomes = list(show_progress(run_batch(jobs, load), len(jobs), _tell))
    write_summary(outcomes, output)
    header, rows = summarize_batch(outcomes)
    print_table(header[:-1], [row[:-1] for row in rows])
    failed = sum(bool(outcome.failure) for outcome in outcomes)
    if failed:
        raise click.ClickException(f"{failed} of {len(jobs)} sounds failed; {output / 'summary.csv'} says why")


def _tell(outcome: Outcome) -> str:
    done = "done again, its codebook or a file it follows has changed" if outcome.outdated else "done"
    said = f"failed: {outcome.failure}" if outcome.failure else "finished before" if outcome.resumed else done
    return f"{outcome.job.file.name}: {said}"
