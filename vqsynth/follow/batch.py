"""Many sounds at once: every request with every codebook, and one summary of all.

Each sound is written completely or not at all. Its report lies beside it and is written first. The report says what the
sound was made for and from which files. By it a resumed batch tells which sounds are finished, which are out of date,
and which belong to something else.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vqsynth.codes.record import CODEBOOK, GRAINS, TABLE, CodebookRecord
from vqsynth.curves.sources import source_file
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.errors.checks import check_flag, check_kind, check_mapping, check_path, show
from vqsynth.follow.synthesis import synthesize
from vqsynth.sound import audio
from vqsynth.storage.bundle import read_card
from vqsynth.storage.collection import find_bundle
from vqsynth.storage.files import StrPath, check_output, write_whole

SUMMARY = "summary.csv"


@dataclass(frozen=True)
class Request:
    """Say what one sound is to follow.

    Parameters
    ----------
    text : str
        The name of the request in the summary.
    curves : dict of name to str
        Curves by descriptor, as text.
    like : Path, optional
        A sound to follow.

    Raises
    ------
    ParameterError
        For values of other types.

    """

    text: str
    curves: Mapping[str, str] = field(default_factory=dict)
    like: Path | None = None

    def __post_init__(self) -> None:
        check_kind("text", self.text, str, "text")
        for name, text in check_mapping("curves", self.curves).items():
            check_kind(f"the curve of {name}", text, str, "text")
        if self.like is not None:
            object.__setattr__(self, "like", check_path("like", self.like))

    @property
    def inputs(self) -> list[Path]:
        """Return the files that are read for it."""
        return list(self.files.values())

    @property
    def files(self) -> dict[str, Path]:
        """Return the files by their use: the name of a descriptor, or "like"."""
        drawn = {name: file for name, text in self.curves.items() if (file := source_file(text))}
        return drawn | ({"like": self.like} if self.like else {})


@dataclass(frozen=True)
class Job:
    """Hold the folder of a codebook, a request, the sound file to make, and the options of `synthesize`."""

    book: Path
    request: Request
    file: Path
    options: Mapping[str, Any]

    @property
    def report_file(self) -> Path:
        """Return the file of the report."""
        return self.file.with_suffix(".json")

    @property
    def purpose(self) -> dict[str, str]:
        """Return what the sound is made for, as its report says it."""
        options = ", ".join(f"{name}={value}" for name, value in sorted(self.options.items()))
        return {"book": self.book.name, "target": self.request.text, "options": options}


@dataclass(frozen=True)
class Outcome:
    """Hold the result of a job: the report of its sound, or the reason why it failed.

    `resumed` is true where the sound was finished before. `outdated` is true where it was finished before and was made
    again, since files that it is made from had changed.
    """

    job: Job
    report: Mapping[str, Any] | None = None
    failure: str = ""
    resumed: bool = False
    outdated: bool = False


def plan_batch(
    books: Sequence[StrPath], requests: Sequence[Request], folder: StrPath, *, resume: bool = False, **options: Any
) -> list[Job]:
    """Plan a sound for each codebook and each request, and make the folder.

    The sound of the N-th request, counted from 1, is BOOK-N.wav.

    Parameters
    ----------
    books : sequence of str or Path
        Names of shipped codebooks, or folders.
    requests : sequence of Request
        What the sounds are to follow.
    folder : str or Path
        A new or empty folder; with `resume`, one that a batch has filled.
    resume : bool
        Whether to go on in a folder with sounds of this batch.
    **options
        Options of `synthesize`, for all sounds.

    Returns
    -------
    list of Job
        The jobs for `run_batch`, by codebook, then by request.

    Raises
    ------
    CodebookError
        For an unknown codebook.
    ParameterError
        Where there is nothing to do, where two codebooks have one name, and where the folder cannot be made, is not
        empty, or holds sounds that were made for something else.

    """
    for name, value in (("books", books), ("requests", requests)):
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise ParameterError(f"{name} must be a list (got {show(value)})")
    for request in requests:
        check_kind("each request", request, Request, "a batch.Request")
    check_flag("resume", resume)
    if not books or not requests:
        raise ParameterError("a batch needs at least one codebook, and at least one target or sound to follow")
    found, target = [find_bundle(book, CODEBOOK).resolve() for book in books], check_path("folder", folder)
    if len({book.name for book in found}) < len(found):
        raise ParameterError("two codebooks have the same name, and so would their sounds; give each its own folder")
    jobs = [
        Job(book, request, target / f"{book.name}-{number}.wav", options)
        for book in found
        for number, request in enumerate(requests, 1)
    ]
    _prepare_folder(target, resume=resume)
    for job in jobs:
        for file in (job.file, job.report_file, target / SUMMARY):
            check_output(file, inputs=[path for request in requests for path in request.inputs])
        _check_purpose(job)
    return jobs


def run_batch(jobs: Iterable[Job], load: Callable[[Path], CodebookRecord]) -> Iterator[Outcome]:
    """Make the sounds of jobs one after another.

    Finished sounds are skipped. A sound is made again where its codebook, a curve file or the sound that it follows has
    changed since. After a job that fails the next one goes on.

    Parameters
    ----------
    jobs : iterable of Job
        The jobs, as `plan_batch` gives them.
    load : function
        Loads the codebook of a folder, as `vqsynth.store.load` does. It is called only where a sound has to be made.

    Yields
    ------
    Outcome
        The result of each job, in order.

    """
    book: CodebookRecord | None = None
    folder: Path | None = None
    for job in jobs:
        finished = _read_report(job) if job.file.exists() else None
        try:
            sources = _hash_sources(job)
            if finished is not None and _is_made_from(finished, sources):
                yield Outcome(job, finished, resumed=True)
                continue
            if book is None or job.book != folder:
                book, folder = load(job.book), job.book
            yield Outcome(job, _make_sound(job, book, sources), outdated=finished is not None)
        except (VqsynthError, OSError, MemoryError) as e:
            yield Outcome(job, failure=" ".join(str(e).split()) or "not enough memory for this")


def summarize_batch(outcomes: Sequence[Outcome]) -> tuple[list[str], list[list[str]]]:
    """Return the results of jobs as a table: a header, and a row for each job.

    The columns are book, target, seconds, nrmse_D and error_D (in the unit) and out_of_reach_D of each descriptor D,
    codes_used, file and failure. A cell without a value is empty.
    """
    names = list(dict.fromkeys(name for o in outcomes if o.report for name in o.report["descriptors"]))
    keys = [(key, name) for name in names for key in ("nrmse", "error")]
    keys += [("out_of_reach", name) for name in names if name != "loudness"]
    header = ["book", "target", "seconds", *("_".join(key) for key in keys), "codes_used", "file", "failure"]
    return header, [_summarize(outcome, keys) for outcome in outcomes]


def write_summary(outcomes: Sequence[Outcome], folder: StrPath) -> Path:
    """Write the summary as summary.csv into a folder, completely or not at all, and return the file."""
    header, rows = summarize_batch(outcomes)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    file = Path(folder) / SUMMARY
    write_whole(file, text.getvalue().encode("utf-8", "surrogateescape"))
    return file


def _summarize(outcome: Outcome, keys: Sequence[tuple[str, str]]) -> list[str]:
    job, report = outcome.job, outcome.report
    if report is None:
        return [job.book.name, job.request.text, *[""] * (len(keys) + 2), "", outcome.failure]
    found = [report["descriptors"].get(name, {}).get(key) for key, name in keys]
    shares = ["" if value is None else f"{value:.4f}" for value in found]
    used = str(report["codes_used"])
    return [job.book.name, job.request.text, f"{report['seconds']:.2f}", *shares, used, job.file.name, ""]


def _make_sound(job: Job, book: CodebookRecord, sources: Mapping[str, str]) -> dict[str, Any]:
    """Make a sound, and write its report and then the sound. Where the sound fails the report is removed."""
    made = synthesize(book, targets=job.request.curves, like=job.request.like, **job.options)
    report = made.report.to_dict() | {"seconds": made.path.seconds, "made_for": job.purpose, "made_from": sources}
    job.file.unlink(missing_ok=True)  # an outdated one beside the new report would pass for finished
    try:
        write_whole(job.report_file, json.dumps(report) + "\n")
        audio.save(job.file, made.y, made.path.sr)
    except BaseException:
        job.report_file.unlink(missing_ok=True)
        raise
    return report


def _prepare_folder(folder: Path, *, resume: bool) -> None:
    try:
        if folder.exists() and not folder.is_dir():
            raise ParameterError(f"the output '{folder}' is a file; name a folder")
        if folder.is_dir() and any(folder.iterdir()) and not resume:
            raise ParameterError(f"the folder '{folder}' is not empty; name a new one, or go on in it with --resume")
        folder.mkdir(exist_ok=True)
    except OSError as e:
        raise ParameterError(f"cannot make the folder '{folder}': {e.strerror}; its parent must exist") from e


def _check_purpose(job: Job) -> None:
    """Raise ParameterError where a file of this name was made for something else."""
    stands = [file for file in (job.file, job.report_file) if file.exists()]
    if stands and _read_report(job) is None:
        raise ParameterError(f"'{stands[0]}' was not made for this target with these options; name a new folder")


def _read_report(job: Job) -> dict[str, Any] | None:
    """Return the report of a job, or None if there is no report of this job."""
    try:
        found = json.loads(job.report_file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("made_for") == job.purpose else None


def _hash_sources(job: Job) -> dict[str, str]:
    """Return the hashes of the files that a job reads, by their use. Files that cannot be read are left out."""
    hashes = read_card(job.book, CODEBOOK)["files"]
    found = {name: str(hashes.get(name)) for name in (GRAINS, TABLE)}
    for use, path in job.request.files.items():
        try:
            if path.exists() and not path.is_file():
                continue  # a pipe would never end; what reads it says so
            with path.open("rb") as file:
                found[use] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            continue
    return found


def _is_made_from(report: Mapping[str, Any], sources: Mapping[str, str]) -> bool:
    """Return whether a sound was made from the present files. Files that no longer exist do not count."""
    known = report.get("made_from")
    whole = isinstance(report.get("descriptors"), dict) and {"seconds", "codes_used"} <= report.keys()
    return whole and isinstance(known, dict) and sources.items() <= known.items()
