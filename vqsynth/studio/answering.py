"""Answers: errors as one sentence, results once they are there, sound while it is made."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from vqsynth.errors import VqsynthError
from vqsynth.storage.files import show_text
from vqsynth.studio.jobs import Busy, Dropped, Job
from vqsynth.studio.shelf import Missing

STATUS: Mapping[type[Exception], int] = {Missing: 404, Dropped: 409, Busy: 503, MemoryError: 413}
WATCH_S = 0.1
"""Seconds between two looks at whether the browser still waits for an answer."""


async def wait_for(job: Job, request: Request) -> Any:
    """Wait for a job and return its result, or raise its error. Drop it where the browser waits no more."""
    watching = asyncio.ensure_future(_watch(request, job))
    try:
        return await asyncio.wrap_future(job.done)
    finally:
        job.drop("nobody waits for it")
        watching.cancel()


async def _watch(request: Request, job: Job) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(WATCH_S)
    job.drop("nobody waits for it")


class Parts:
    """The parts of an answer, which come from the worker's thread while they are sent."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parts: asyncio.Queue[bytes | None] = asyncio.Queue()

    def fill(self, parts: Iterable[bytes]) -> None:
        """Put parts in; the worker calls this."""
        for part in parts:
            self._put(part)

    def end(self, _: "Future[Any]") -> None:
        """Say that no more parts come."""
        self._put(None)

    async def take(self) -> bytes | None:
        """Wait for the next part. Return None where there are no more."""
        return await self._parts.get()

    async def send(self, first: bytes, job: Job) -> AsyncIterator[bytes]:
        """Yield all parts, and drop the job where nobody takes them. Where it failed half way, the rest is missing."""
        try:
            yield first
            while (part := await self.take()) is not None:
                yield part
        finally:
            job.drop("nobody waits for it")

    def _put(self, part: bytes | None) -> None:
        with suppress(RuntimeError):  # the loop is closed where the server has ended
            self._loop.call_soon_threadsafe(self._parts.put_nowait, part)


def tell_error(_: Request, error: Exception) -> Response:
    """Answer with the one sentence of an error of vqsynth."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    words = "not enough memory for this; make the sound shorter" if isinstance(error, MemoryError) else str(error)
    return JSONResponse({"error": show_text(words)}, status)


def tell_refused(_: Request, error: Exception) -> Response:
    """Answer that there is no such route, or that the request is too large."""
    status = getattr(error, "status_code", 400)
    words = {404: "there is nothing of this name here", 405: "this cannot be asked for in this way"}
    return JSONResponse({"error": words.get(status, getattr(error, "detail", ""))}, status)


def tell_system(_: Request, error: Exception) -> Response:
    """Answer that the system refused something, such as a folder that cannot be written to."""
    return JSONResponse({"error": f"{getattr(error, 'strerror', None) or error}"}, 400)


def tell_defect(_: Request, error: Exception) -> Response:
    """Answer to a defect of the server, whose details stand in the terminal."""
    return JSONResponse({"error": f"the server failed ({type(error).__name__}); its terminal says where"}, 500)


HANDLERS: Mapping[Any, Any] = {
    VqsynthError: tell_error,
    MemoryError: tell_error,
    HTTPException: tell_refused,
    ClientDisconnect: tell_refused,
    OSError: tell_system,
    Exception: tell_defect,
}
"""How an answer is made of each error."""
