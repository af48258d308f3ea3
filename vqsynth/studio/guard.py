"""Who may ask: the page that this server sent, and nobody else.

Any page in any browser on this machine can send requests to a port of it, so it is not enough to listen on the
loopback address. A request passes if its Host is ours, which no page reaches by a name of its own; if it comes from no
other site; and, where it asks for more than the page's own files, if it has the token. The browser knows the token from
the fragment of the address, which it sends to no server.
"""

import json
import secrets
from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vqsynth.studio.bounds import most_bytes, say_too_large

TOKEN_HEADER = b"x-vqsynth-token"
API = "/api/"
OWN_SITES = frozenset({b"same-origin", b"none"})
HEADERS: dict[bytes, bytes] = {
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        b"media-src 'self' blob:; worker-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-embedder-policy": b"require-corp",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
"""What every answer says: only files of this server are loaded, nothing inline is run, and nothing is kept."""
Why = tuple[int, str]


class Guard:
    """An application around another one, to which only what may pass is handed on.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    token : str
        The token.
    port : int
        The port that the server listens on.

    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token = app, token.encode()
        self._hosts = {f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost")}
        self._origins = {b"http://" + host for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or refuse it with a status and one sentence."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif why := self._refuse(scope["path"], scope["headers"]):
            await _answer(_with_headers(send), *why)
        else:
            await self._app(scope, _bounded(receive, most_bytes(scope["path"])), _with_headers(send))

    def _refuse(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> Why | None:
        """Return the status and the reason to refuse a request, None where it may pass."""
        said: dict[bytes, set[bytes]] = {}
        for name, value in headers:
            said.setdefault(name.lower(), set()).add(value)
        if not said.get(b"host") or said[b"host"] - self._hosts:
            return 421, "this server answers to its own address only"
        if said.get(b"origin", set()) - self._origins:
            return 403, "another origin may not ask here"
        if said.get(b"sec-fetch-site", set()) - OWN_SITES:
            return 403, "another site may not ask here; paste the address into the browser"
        if path.startswith(API) and not self._has_token(said.get(TOKEN_HEADER, set())):
            return 401, "the token is missing or of another session; open the address that vqsynth studio prints"
        if any(not length.isdigit() for length in said.get(b"content-length", ())):
            return 400, "the length of the request is no number"
        most = most_bytes(path)
        if any(len(length) > 15 or int(length) > most for length in said.get(b"content-length", ())):
            return 413, say_too_large(most)
        return None

    def _has_token(self, given: set[bytes]) -> bool:
        return len(given) == 1 and secrets.compare_digest(next(iter(given)), self._token)


def _bounded(receive: Receive, most: int) -> Receive:
    """Count what comes in, since a chunked body does not say how long it is."""
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise HTTPException(413, say_too_large(most))
        return message

    return receive_some


def _with_headers(send: Send) -> Send:
    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *HEADERS.items()]
        await send(message)

    return send_more


async def _answer(send: Send, status: int, why: str) -> None:
    body = json.dumps({"error": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
