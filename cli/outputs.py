"""The files that can be written beside a sound: path, report, picture, page."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import click

from vqsynth.cli.options import File, OutputFile, check_outputs
from vqsynth.cli.streams import written
from vqsynth.codebook import Codebook
from vqsynth.codes.table import DescriptorTable
from vqsynth.follow.synthesis import Synthesis
from vqsynth.page import check_length, write_render_page
from vqsynth.path import CodePath, save_layers
from vqsynth.sound import audio
from vqsynth.sound.frames import Floats
from vqsynth.storage.files import show_text, write_whole

Command = Callable[..., Any]
dark = click.option("--dark", is_flag=True, help="Draw on dark paper.")

_OPTIONS = (
    click.option(
        "--path", "path_file", type=OutputFile, help="Path file to write, JSON: the codes and gains, for `decode`."
    ),
    click.option(
        "--report", "report_file", type=OutputFile, help="Report to write, JSON: what was asked and what was got."
    ),
    click.option("--plot", "plot_file", type=File, help="Picture of asked and got to write, PNG or SVG."),
    click.option(
        "--html", "html_file", type=File, help="Page to write, to hear and see the sound; it opens without a network."
    ),
    dark,
)


def render_files(command: Command) -> Command:
    """Give a command the options --path, --report, --plot, --html and --dark."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class RenderFiles:
    """Hold the files to write beside a sound; None for none."""

    path_file: Path | None
    report_file: Path | None
    plot_file: Path | None
    html_file: Path | None
    dark: bool

    @classmethod
    def take(cls, choices: dict[str, Any]) -> "RenderFiles":
        """Remove the options of `render_files` from a command's values and return them."""
        return cls(**{field.name: choices.pop(field.name) for field in fields(cls)})

    def check(self, output: Path, *, seconds: float, channels: int = 1, inputs: tuple[str | Path, ...] = ()) -> None:
        """Raise an error, before any work, for files that cannot be written beside the sound `output`."""
        others = (self.path_file, self.report_file)
        check_outputs(output, *others, picture=self.plot_file, page=self.html_file, inputs=inputs)
        if self.html_file is not None:
            check_length(seconds, channels=channels)

    def write(
        self, made: Synthesis, table: DescriptorTable, *, targets: Mapping[str, str], like: Path | None = None
    ) -> None:
        """Write what was asked for. targets: the curves as they were typed. like: the sound that was followed."""
        if self.path_file:
            with written(self.path_file, ".json") as file:
                save_layers(made.paths, file)
        if self.report_file:
            with written(self.report_file, ".json") as file:
                write_whole(file, json.dumps(made.report.to_dict()) + "\n")
        if self.plot_file:
            title = None if like is None else f"{made.path.codebook} like {show_text(like.name)}"
            made.plot(self.plot_file, title=title, dark=self.dark)
        if self.html_file:
            write_render_page(self.html_file, made.path, made.report, made.y, table, targets=targets, like=like)


def write_rendered(
    book: Codebook, paths: Sequence[CodePath], output: Path, path_file: Path | None, *, excitation: str | None,
    seed: int | None, spread: float | None = None,
) -> Floats:  # fmt: skip
    """Render paths, write the sound and, if asked for, the path file, and return the sound."""
    if excitation is not None:
        paths = [replace(path, excitation=excitation) for path in paths]
    if seed is not None:
        paths = [replace(path, seed=seed + layer) for layer, path in enumerate(paths)]
    if spread is not None:
        paths = [replace(path, spread=spread) for path in paths]
    y = book.render(*paths)
    with written(output, ".wav") as file:
        audio.save(file, y, paths[0].sr)
    if path_file:
        with written(path_file, ".json") as file:
            save_layers(paths, file)
    return y
