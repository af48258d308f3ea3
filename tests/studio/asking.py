"""Asking the real app without a socket."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from vqsynth.studio.app import Studio, make_app, make_studio
from vqsynth.studio.shelf import Shelf

TOKEN, PORT = "of-a-test", 8427
ADDRESS = f"http://127.0.0.1:{PORT}"


class Asker:
    """Ask an app, by default as its own page does."""

    def __init__(self, books: Path, folder: Path) -> None:
        self.studio: Studio = make_studio(Shelf(books), folder)
        self.app = make_app(self.studio, token=TOKEN, port=PORT)

    async def ask(self, method: str, path: str, *, headers: Any = None, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        said = {"X-Vqsynth-Token": TOKEN} if headers is None else headers
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, timeout=120) as client:
            return await client.request(method, path, headers=said, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self.ask("GET", path, **more))

    def post(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self.ask("POST", path, **more))


def said(answer: httpx.Response) -> tuple[int, str]:
    """Return the status of a refusal, and its one sentence."""
    found = answer.json()
    assert list(found) == ["error"] and found["error"].strip() and "\n" not in found["error"], found
    return answer.status_code, found["error"]
