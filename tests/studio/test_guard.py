"""Who is refused, each in one clear answer, and what every answer says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.studio.asking import PORT, TOKEN, Asker, said
from vqsynth.studio import app as studio_app
from vqsynth.studio.bounds import MOST_BODY_BYTES
from vqsynth.studio.guard import HEADERS

OURS = {"X-Vqsynth-Token": TOKEN}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-Vqsynth-Token": ""}, 401),
        ({"X-Vqsynth-Token": TOKEN[:-1]}, 401),
        ({"X-Vqsynth-Token": TOKEN + "x"}, 401),
        ({"X-Vqsynth-Token": "\u00e9"}, 401),
        (OURS | {"Host": "evil.example"}, 421),
        (OURS | {"Host": f"evil.example:{PORT}"}, 421),
        (OURS | {"Host": f"127.0.0.1:{PORT + 1}"}, 421),
        (OURS | {"Host": "127.0.0.1"}, 421),
        (OURS | {"Origin": "http://evil.example"}, 403),
        (OURS | {"Origin": "null"}, 403),
        (OURS | {"Origin": f"https://127.0.0.1:{PORT}"}, 403),
        (OURS | {"Sec-Fetch-Site": "cross-site"}, 403),
        (OURS | {"Sec-Fetch-Site": "same-site"}, 403),
        (OURS | {"Content-Length": "many"}, 400),
        (OURS | {"Content-Length": "-1"}, 400),
        (OURS | {"Content-Length": str(MOST_BODY_BYTES + 1)}, 413),
        (OURS | {"Content-Length": "9" * 5000}, 413),
        (OURS, 200),
        (OURS | {"Host": f"localhost:{PORT}", "Origin": f"http://localhost:{PORT}"}, 200),
        (OURS | {"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_only_the_page_itself_may_ask(asker: Asker, headers: dict[str, str], status: int) -> None:
    answer = asker.get("/api/books", headers={k: v.encode("latin-1") for k, v in headers.items()})  # type: ignore[misc]
    assert answer.status_code == status
    assert status == 200 or said(answer)
    for name, value in HEADERS.items():
        assert answer.headers[name.decode()] == value.decode()
    assert "inline" not in answer.headers["content-security-policy"]


def test_sounds_may_be_larger_than_other_requests(asker: Asker) -> None:
    for route, most in (("/api/polish", 2**26), ("/api/books/x/hear", 2**28), ("/api/training/sounds", 2**31)):
        assert said(asker.post(route, headers=OURS | {"Content-Length": str(most + 1)}))[0] == 413
        assert asker.post(route, headers=OURS | {"Content-Length": str(most)}).status_code in (200, 400, 404)


def test_foreign_page_may_not_even_load_the_page(asker: Asker) -> None:
    assert asker.get("/", headers={"Host": "evil.example"}).status_code == 421
    assert asker.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("route", ["/api/polish", "/api/session", "/api/models/strings/bend"])
def test_chunked_body_that_is_too_large_is_refused(asker: Asker, route: str) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 2**20
            yield bytes(2**20)

    assert said(asker.post(route, content=chunks()))[0] == 413
    assert sent <= MOST_BODY_BYTES + 2**20


@pytest.mark.parametrize(
    "path",
    [
        "/api/books/../../../etc/passwd", "/api/books/..%2f..%2fetc/card", "/api/books/%2e%2e/card",
        "/..%2f..%2fapp.py",
        "/%2e%2e/app.py", "/../app.py", "/....//app.py", "/api/books/nobody/card", "/api/books//card", "/api/nothing",
        "/api/books/thirds/model", "/api/books/thirds/card.json", "/api/books/%00/card", "/%00", "/static/../app.py",
        "/api/books/" + "a" * 5000 + "/card", "/nothing.js", "//etc/passwd", "/%ff%fe",
    ],
)  # fmt: skip
def test_no_name_leads_out_of_the_list(asker: Asker, path: str) -> None:
    answer = asker.get(path)
    assert answer.status_code == 404, answer.text
    assert "passwd" not in answer.text and len(said(answer)[1]) < 200


def test_unknown_names_are_not_found_whatever_is_asked(asker: Asker) -> None:
    assert said(asker.post("/api/polish", json={"book": "nobody", "seconds": 1, "targets": {}}))[0] == 404
    assert said(asker.post("/api/render", json={"book": "../thirds", "paths": [1]}))[0] == 404
    assert said(asker.post("/api/models/nobody/warm"))[0] == 404
    assert said(asker.post("/api/models/strings/sing", json={}))[0] == 404
    assert said(asker.post("/api/books"))[0] == 405


def test_websocket_is_refused(asker: Asker) -> None:
    told: list[Any] = []

    async def connect() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            told.append(message)

        await asker.app({"type": "websocket", "path": "/api/books", "headers": []}, receive, send)

    asyncio.run(connect())
    assert told == [{"type": "websocket.close", "code": 1008}]


def test_empty_folder_of_the_page_is_told(book_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio_app, "STATIC", tmp_path)
    made = Asker(book_folder, tmp_path / "trained")
    answer = made.get("/", headers={})
    made.studio.close()
    assert answer.status_code == 503 and "static" in answer.text
