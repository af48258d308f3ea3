"""Paths to what is kept of them: a sound, a path file, a report, a page.

What is written here is what the command line writes of the same path, to the byte: `vqsynth decode` of the path file
gives the samples of the WAV.
"""

import json
from collections.abc import Callable, Mapping, Sequence

from vqsynth.codebook import Codebook
from vqsynth.curves.targets import sample_targets
from vqsynth.errors.checks import check_choice
from vqsynth.follow.synthesis import Synthesis, correct_and_report
from vqsynth.page import write_render_page
from vqsynth.path import CodePath, save_layers
from vqsynth.running.observing import Advance, Observer
from vqsynth.sound import audio
from vqsynth.studio.bodies import Fields, check_known
from vqsynth.studio.correcting import read_curves, read_drawn
from vqsynth.studio.scratch import written_bytes

KNOWN = ("book", "paths", "targets", "as", "excitation")
RENDERING = "rendering"


def export(book: Codebook, asked: Fields, observer: Observer) -> tuple[bytes, str]:
    """Write what is asked for, and return it with its media type.

    Parameters
    ----------
    book : Codebook
        The codebook.
    asked : dict
        `paths`, the fields of a path file for each layer; `as`, one of "wav", "path", "report", "page"; `excitation`,
        by default that of the paths; for a report or a page `targets`, by descriptor a list of T numbers.
    observer : Observer
        Hears between the steps.

    Raises
    ------
    ParameterError, CodebookError
        For paths that are none, too long, or of another codebook.

    """
    paths = read_drawn(book, check_known(asked, KNOWN))
    write, kind = FORMS[check_choice("as", asked.get("as", "wav"), tuple(FORMS))]
    observer.advance(Advance(RENDERING, 0.1))
    return write(book, paths, asked), kind


def write_wav(book: Codebook, paths: Sequence[CodePath], _: Fields) -> bytes:
    """Write the sound as `vqsynth decode -o F.wav` does."""
    y = book.render(*paths)
    return written_bytes(lambda file: audio.save(file, y, book.grid.sr), "sound.wav")


def write_path(book: Codebook, paths: Sequence[CodePath], _: Fields) -> bytes:
    """Write the path file."""
    return written_bytes(lambda file: save_layers(paths, file), "path.json")


def write_report(book: Codebook, paths: Sequence[CodePath], asked: Fields) -> bytes:
    """Write the report of the sound against the targets, as `vqsynth synth --report` does."""
    return f"{json.dumps(report_on(book, paths, asked).report.to_dict())}\n".encode()


def write_page(book: Codebook, paths: Sequence[CodePath], asked: Fields) -> bytes:
    """Write the page of the render, as `vqsynth synth --html` does."""
    made = report_on(book, paths, asked)
    return written_bytes(
        lambda file: write_render_page(file, made.path, made.report, made.y, book.table), "page.html"
    )  # fmt: skip


def report_on(book: Codebook, paths: Sequence[CodePath], asked: Fields) -> Synthesis:
    """Render paths and measure them against the targets of a request. Raises ParameterError."""
    curves = read_curves(asked, len(paths[0]))["targets"]
    targets = sample_targets(curves, book.table, book.grid, seconds=paths[0].seconds)
    return correct_and_report(book, paths, targets, rounds=0)


Write = Callable[[Codebook, Sequence[CodePath], Fields], bytes]
FORMS: Mapping[str, tuple[Write, str]] = {
    "wav": (write_wav, "audio/wav"),
    "path": (write_path, "application/json"),
    "report": (write_report, "application/json"),
    "page": (write_page, "text/html; charset=utf-8"),
}
"""What paths are exported as: what writes it, and its media type."""
