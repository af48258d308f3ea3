"""`vqsynth studio`: a page to draw curves and hear them."""

from pathlib import Path

import click

from vqsynth.cli import options
from vqsynth.cli.streams import say
from vqsynth.errors import VqsynthError
from vqsynth.studio.bounds import PORT


@click.command("studio")
@click.option(
    "--book", "books", multiple=True, type=options.File, help="Folder that is or holds codebooks; repeatable."
)
@click.option(
    "--model", "models", multiple=True, type=options.File, help="Folder that is or holds continuous models; repeatable."
)
@click.option(
    "-o",
    "--output",
    type=options.File,
    default=Path("studio"),
    show_default=True,
    help="Folder for the codebooks that are trained in the page; made when the first one is.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port on this machine; 0 for any that is free.",
)
@click.option("--no-browser", is_flag=True, help="Do not open the browser; only print the address.")
def studio_command(
    books: tuple[Path, ...], models: tuple[Path, ...], output: Path, port: int, no_browser: bool
) -> None:
    """Draw curves in the browser and hear them while you draw.

    The page is served to this machine only, and needs no network. Whoever has the address that is printed can use it.
    Ctrl-C ends it.

    \b
    Examples:
      vqsynth studio
      vqsynth studio --book my-books --port 0 --no-browser
    """
    try:
        from vqsynth.studio.serving import serve
        from vqsynth.studio.shelf import Shelf
    except ModuleNotFoundError as e:
        if (e.name or "").partition(".")[0] not in ("starlette", "uvicorn"):
            raise
        raise VqsynthError(f"the studio needs {e.name}; install it with: pip install 'vqsynth[studio]'") from e

    serve(Shelf(books, models), output, port=port, open_browser=not no_browser, say=say)
