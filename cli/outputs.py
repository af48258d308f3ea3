"""What a render leaves beside its sound: the path, the report, a picture, a page."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from vqsynth.cli.options import File, OutputFile, check_outputs
from vqsynth.cli.streams import written
from vqsynth.codes.table import DescriptorTable
from vqsynth.follow.synthesis import Synthesis
from vqsynth.page import check_length, write_render_page
from vqsynth.path import save_layers
from vqsynth.plot import plot_report
from vqsynth.storage.files import write_whole

Command = Callable[..., Any]
dark = click.option("--dark", is_flag=True, help="Draw on dark paper.")

_OPTIONS = (
    click.option("--path", "path_file", type=OutputFile, help="Write the codes and gain, JSON, for `decode`."),
    click.option("--report", "report_file", type=OutputFile, help="Write what was asked and got, JSON."),
    click.option("--plot", "plot_file", type=File, help="Draw it, PNG or SVG."),
    click.option("--html", "html_file", type=File, help="Write a page to hear and see it, opened without a network."),
    dark,
)


def render_files(command: Command) -> Command:
    """Give a command the options --path, --report, --plot, --html and --dark."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class RenderFiles:
    """Hold what is to be written of a render; None where nothing is."""

    path_file: Path | None
    report_file: Path | None
    plot_file: Path | None
    html_file: Path | None
    dark: bool

    @classmethod
    def take(cls, choices: dict[str, Any]) -> "RenderFiles":
        """Take the options of `render_files` out of all that a command was given."""
        return cls(**{field.name: choices.pop(field.name) for field in fields(cls)})

    def check(self, output: Path, *, seconds: float, inputs: tuple[str | Path, ...] = ()) -> None:
        """Refuse, before any work, what cannot be written beside the sound `output` of some seconds."""
        others = (self.path_file, self.report_file)
        check_outputs(output, *others, picture=self.plot_file, page=self.html_file, inputs=inputs)
        if self.html_file is not None:
            check_length(seconds)

    def write(self, made: Synthesis, table: DescriptorTable, *, targets: Mapping[str, str]) -> None:
        """Write what was asked for. targets: the curves as they were typed."""
        if self.path_file:
            with written(self.path_file, ".json") as file:
                save_layers(made.paths, file)
        if self.report_file:
            with written(self.report_file, ".json") as file:
                write_whole(file, json.dumps(made.report.to_dict()) + "\n")
        if self.plot_file:
            plot_report(made.report, made.y, self.plot_file, dark=self.dark)
        if self.html_file:
            write_render_page(self.html_file, made.path, made.report, made.y, table, targets=targets)
