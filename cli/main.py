"""The `vqsynth` command: its verbs, loaded when they are called, and how errors and warnings look."""

import io
import os
import signal
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, TextIO

import click

from vqsynth import __version__
from vqsynth.cli.ending import heed_signals, status_of, stop
from vqsynth.cli.names import VERBS
from vqsynth.cli.verbs import Verbs
from vqsynth.errors import VqsynthError, VqsynthWarning
from vqsynth.running.interrupts import Stopped
from vqsynth.storage.files import show_text


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
    """Run the command line, and exit unless it went well.

    The status is 1 for an error, 2 for wrong usage, 130 after Ctrl-C, 143 after SIGTERM and 129 after SIGHUP.
    """
    # A second thread does not help playing, and on busy cores makes it ten times slower; trainings set their own.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    warnings.simplefilter("always", VqsynthWarning)
    warnings.showwarning = _show_warning
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file name need not be text that a terminal can show
    with heed_signals() as ending, ending.told():
        _run()


def _run() -> None:
    """Run a verb; report an error in one line."""
    try:
        verbs.main(prog_name="vqsynth", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except Stopped as e:
        stop(str(e)[:1].upper() + str(e)[1:], status_of(e.number))
    except VqsynthError as e:
        stop(f"Error: {e}", 1)
    except click.UsageError as e:
        e.show()
        sys.exit(e.exit_code)
    except click.ClickException as e:
        stop(f"Error: {e.format_message()}", e.exit_code)
    except (click.Abort, KeyboardInterrupt):
        stop("Stopped.", status_of(signal.SIGINT))
    except BrokenPipeError:
        _leave_quietly()
    except OSError as e:
        stop(f"Error: {e.strerror or e}: {e.filename or 'the output could not be written'}", 1)
    except MemoryError:
        stop("Error: not enough memory for this; make the sound shorter or work on it in parts", 1)


def _leave_quietly() -> NoReturn:
    """Exit without an error where the reader of a pipe has gone, as `head` does: the rest of the output is dropped."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
    sys.exit(1)


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int,
    file: TextIO | None = None, line: str | None = None,
) -> None:  # fmt: skip
    click.echo(show_text(f"Warning: {message}"), err=True)
