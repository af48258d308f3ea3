"""The `vqsynth` command: its verbs, loaded when they are called, and how errors and warnings look."""

import io
import os
import sys
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any, TextIO

import click

from vqsynth import __version__
from vqsynth.errors import VqsynthError, VqsynthWarning
from vqsynth.files import show_text

VERBS = {
    "list": "Show the codebooks at hand.",
    "info": "Show what a codebook is made of.",
    "table": "Show, sort and filter the descriptors of a codebook's codes.",
    "map": "See a codebook's codes, the near ones alike.",
    "traverse": "Hear a codebook in the order of a descriptor.",
    "reach": "Show what of a demand a codebook can meet.",
    "synth": "Make a sound that follows descriptor curves.",
    "batch": "Make many sounds: every target with every codebook.",
    "encode": "Turn a sound into a path of codes and gain.",
    "decode": "Turn a path into sound.",
    "transfer": "Play a sound in a codebook's timbre.",
    "train": "Learn a codebook from a folder of sounds.",
    "continuous": "Glide between sounds: the continuous model, and verbs of its own.",
}


class Verbs(click.Group):
    """A group whose commands live in modules of their own, imported when one is called."""

    def __init__(self, *, verbs: Mapping[str, str], package: str, **about: Any) -> None:
        """Take the verbs, each with a line for the help, in the order in which one meets them, and their package."""
        super().__init__(**about)
        self._verbs, self._package = verbs, package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the verbs in the order in which one meets them."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb and take its command."""
        if cmd_name not in self._verbs:
            return None
        module = import_module(f"{self._package}.{cmd_name}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs in the help without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(self._verbs.items()))


@click.group(
    cls=Verbs,
    verbs=VERBS,
    package="vqsynth.cli",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, package_name="vqsynth", message="%(version)s")
def verbs() -> None:
    """Draw a curve of brightness, noisiness, loudness or pitch, and a learned codebook of timbres plays it.

    \b
    Example:
      vqsynth synth violin --target "centroid=sin(p5,p95,0.2)" --seconds 10 -o wave.wav --plot wave.png
    """


def main() -> None:
    """Run the command line; exit 0 when the work is done, 1 for an error, 2 for wrong usage, 130 for Ctrl-C."""
    # Playing gains nothing by a second thread, and loses tenfold where others wait for a core; trainings set their own.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    warnings.simplefilter("always", VqsynthWarning)
    warnings.showwarning = _show_warning
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file name need not be text that a terminal can show
    try:
        verbs.main(prog_name="vqsynth", standalone_mode=False)
    except VqsynthError as e:
        _stop(f"Error: {e}", 1)
    except click.UsageError as e:
        e.show()
        sys.exit(e.exit_code)
    except click.ClickException as e:
        _stop(f"Error: {e.format_message()}", e.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _stop("Stopped.", 130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as e:
        _stop(f"Error: {e.strerror or e}: {e.filename or 'the output could not be written'}", 1)
    except MemoryError:
        _stop("Error: not enough memory for this; make the sound shorter or work on it in parts", 1)


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int,
    file: TextIO | None = None, line: str | None = None,
) -> None:  # fmt: skip
    click.echo(show_text(f"Warning: {message}"), err=True)


def _stop(message: str, code: int) -> None:
    click.echo(show_text(message), err=True)
    sys.exit(code)
