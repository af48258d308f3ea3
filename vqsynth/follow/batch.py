"""Many sounds in one go: every request with every codebook, each whole or not at all, and one summary of all.

A sound's report lies beside it, is written first, and says what the sound was made for and made from: by it a batch
that was stopped knows what is finished, what would come out otherwise by now, and what is not its own.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vqsynth.checks import check_flag, check_kind, check_mapping, check_path, show
from vqsynth.codes.record import CODEBOOK, GRAINS, TABLE, CodebookRecord
from vqsynth.curves.sources import source_file
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.follow.synthesis import synthesize
from vqsynth.sound import audio
from vqsynth.storage.bundle import read_card
from vqsynth.storage.collection import find_bundle
from vqsynth.storage.files import StrPath, check_output, write_whole

SUMMARY = "summary.csv"


@dataclass(frozen=True)
class Request:
    """Say what is asked for: curves by descriptor, as text, or a sound to be like; text is how a summary calls it.

    Raises ParameterError for what is none of these.
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
        """List the files that are read for it."""
        return list(self.files.values())

    @property
    def files(self) -> dict[str, Path]:
        """List the same by what they are read for: the name of a descriptor, or "like"."""
        drawn = {name: file for name, text in self.curves.items() if (file := source_file(text))}
        return drawn | ({"like": self.like} if self.like else {})


@dataclass(frozen=True)
class Job:
    """Hold a request for a codebook, a folder, and the sound file to be made; options are those of `synthesize`."""

    book: Path
    request: Request
    file: Path
    options: Mapping[str, Any]

    @property
    def report_file(self) -> Path:
        """Tell where the report goes."""
        return self.file.with_suffix(".json")

    @property
    def purpose(self) -> dict[str, str]:
        """Tell what the sound is made for, as its report says it."""
        options = ", ".join(f"{name}={value}" for name, value in sorted(self.options.items()))
        return {"book": self.book.name, "target": self.request.text, "options": options}


@dataclass(frozen=True)
class Outcome:
    """Hold what came of a job: the report of its sound, or why there is none.

    resumed: it had been made before. outdated: so it had, but from other files than there are now, and was made again.
    """

    job: Job
    report: Mapping[str, Any] | None = None
    failure: str = ""
    resumed: bool = False
    outdated: bool = False


def plan_batch(
    books: Sequence[StrPath], requests: Sequence[Request], folder: StrPath, *, resume: bool = False, **options: Any
) -> list[Job]:
    """Plan a sound BOOK-N.wav in a folder for each codebook and each request, number N from 1, and make the folder.

    books: names of shipped ones, or folders. options: those of `synthesize`. resume: go on in a folder of such sounds.
    Raises CodebookError for an unknown book. Raises ParameterError for nothing to do, two books of one name, and a
    folder that cannot be made or that holds something, or, to be resumed, sounds that were made for something else.
    """
    for name, value in (("books", books), ("requests", requests)):
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise ParameterError(f"{name} must be a list (got {show(value)})")
    for request in requests:
        check_kind("each request", request, Request, "a batch.Request")
    check_flag("resume", resume)
    if not books or not requests:
        raise ParameterError("a batch needs at least one codebook, and one target or sound to be like")
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
    """Do jobs one after another, leave out those that are finished, and go on after those that fail.

    load: turns a folder into its codebook, as `vqsynth.store.load` does; called where one is needed.
    A sound whose codebook was trained again since, or whose curves or sound to be like were changed, is made again.
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
    """Line up what came of jobs: a header and a row for each.

    Columns are book, target, seconds, of each descriptor the error over its range, in its unit, and the share out of
    reach, how many codes were used, the file, and the failure. What has no value is empty.
    """
    names = list(dict.fromkeys(name for o in outcomes if o.report for name in o.report["descriptors"]))
    keys = [(key, name) for name in names for key in ("nrmse", "error")]
    keys += [("out_of_reach", name) for name in names if name != "loudness"]
    header = ["book", "target", "seconds", *("_".join(key) for key in keys), "codes_used", "file", "failure"]
    return header, [_summarize(outcome, keys) for outcome in outcomes]


def write_summary(outcomes: Sequence[Outcome], folder: StrPath) -> Path:
    """Write the summary as a folder's summary.csv, whole or not at all, and tell where it is."""
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
    """Make a sound, write its report and then itself; without the sound there is no report either."""
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
            raise ParameterError(
                f"the folder '{folder}' is not empty; name a new one, or go on with what is there by --resume"
            )
        folder.mkdir(exist_ok=True)
    except OSError as e:
        raise ParameterError(f"cannot make the folder '{folder}': {e.strerror}; its parent must exist") from e


def _check_purpose(job: Job) -> None:
    """Refuse to take for finished, or to replace, what was made for something else."""
    stands = [file for file in (job.file, job.report_file) if file.exists()]
    if stands and _read_report(job) is None:
        raise ParameterError(f"'{stands[0]}' was not made for this target with these options; name a new folder")


def _read_report(job: Job) -> dict[str, Any] | None:
    """Read the report of a job, or nothing where there is none, or another's."""
    try:
        found = json.loads(job.report_file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("made_for") == job.purpose else None


def _hash_sources(job: Job) -> dict[str, str]:
    """Hash what a job reads, by what it is read for. What cannot be read is left out. Raises CodebookError."""
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
    """Tell whether a sound was made from what lies there now; what is gone since says nothing."""
    known = report.get("made_from")
    whole = isinstance(report.get("descriptors"), dict) and {"seconds", "codes_used"} <= report.keys()
    return whole and isinstance(known, dict) and sources.items() <= known.items()
