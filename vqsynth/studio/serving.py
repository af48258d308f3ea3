"""The port, the address, and the browser: the studio from its start to Ctrl-C."""

import errno
import logging
import mimetypes
import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.studio.app import make_app, make_studio
from vqsynth.studio.bounds import PORT
from vqsynth.studio.sending import pack_distances, pack_partials
from vqsynth.studio.shelf import Shelf

HOST = "127.0.0.1"
FIRST_BOOK = "violin"
"""What the page opens where nothing else was open."""
WAITING = 128
GRACE_S = 1


def serve(
    shelf: Shelf, folder: Path, *, port: int = PORT, open_browser: bool = True, say: Callable[[str], object]
) -> None:
    """Serve the studio until a signal ends it.

    Parameters
    ----------
    shelf : Shelf
        The codebooks and models.
    folder : Path
        Where new codebooks are written.
    port : int
        The port, 0 for any that is free.
    open_browser : bool
        Whether the browser is opened.
    say : callable
        Takes the address, once somebody answers there.

    Raises
    ------
    ParameterError
        For a port that is in use.

    """
    listening = listen(port)
    port, token = listening.getsockname()[1], secrets.token_urlsafe(24)
    address = f"http://{HOST}:{port}/#{token}"
    for suffix, kind in ((".js", "text/javascript"), (".mjs", "text/javascript"), (".css", "text/css")):
        mimetypes.add_type(kind, suffix)  # what the system says may be wrong, and browsers then refuse the file
    studio = make_studio(shelf, folder)
    app = make_app(studio, token=token, port=port)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, proxy_headers=False, lifespan="on", server_header=False,
        ws="none", http="h11", timeout_graceful_shutdown=GRACE_S,
    )  # fmt: skip
    say(address)
    threading.Thread(target=load_ahead, args=(shelf,), daemon=True).start()
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    with listening:
        Server(config, close=studio.worker.close).run(sockets=[listening])


class Server(uvicorn.Server):
    """A server that ends without a word: requests that are not answered yet are no fault that a user must read of."""

    def __init__(self, config: uvicorn.Config, *, close: Callable[[], object]) -> None:
        super().__init__(config)
        self._close = close

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drop all work, and end."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._close()
        await super().shutdown(sockets)


def load_ahead(shelf: Shelf) -> None:
    """Load the codebook that the page opens first, while the browser starts."""
    with suppress(VqsynthError):
        book = shelf.books.get(FIRST_BOOK)
        for pack in (pack_partials, pack_distances):  # both are kept by the codebook
            pack(book)


def listen(port: int) -> socket.socket:
    """Return a socket that listens on the loopback address. Raises ParameterError for a port that is in use."""
    listening = socket.socket()
    try:
        if os.name == "posix":  # elsewhere this would let two programs have one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(WAITING)
    except OSError as e:
        listening.close()
        if e.errno == errno.EADDRINUSE:
            raise ParameterError(
                f"port {port} is in use, perhaps by another studio; give --port 0 for a free one"
            ) from e
        raise VqsynthError(f"cannot listen on port {port}: {e.strerror}; give another --port") from e
    return listening
