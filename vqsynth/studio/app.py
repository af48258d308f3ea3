"""The routes: what the page asks for, under /api, and the page's own files.

    GET   /api/books                    the codebooks at hand
    GET   /api/books/NAME/PART          card, table, places, grains, distances, transitions, partials: see `sending`
    POST  /api/books/NAME/hear          a sound file to curves; ?name= its name, ?mapping= as `--map`
    POST  /api/polish                   targets per frame to a corrected path: see `correcting`
    POST  /api/render                   paths to a WAV, path file, report or page: see `exporting`
    GET   /api/models                   the continuous models at hand
    POST  /api/models/NAME/warm         load a model, so that it answers quickly
    POST  /api/models/NAME/encode       a sound file to a latent path; ?name=
    POST  /api/models/NAME/plane|bend|morph|decode    see `gliding`
    GET   /api/progress                 how far the work of the server has come
    POST  /api/cancel/KIND              drop the work of a kind: polish, render, hear, encode, glide, list
    POST  /api/session                  check a session file, and return it: see `sessions`
    POST  /api/training/sounds          a sound to train on; ?name=. DELETE forgets all
    GET   /api/training/plan            what would be used, held out and skipped
    POST  /api/training/start|stop      and GET /api/training: how it stands: see `trainings`

An error is a JSON object with one sentence, `error`: 400 for what cannot be done, 404 for an unknown name, 409 where a
newer request took the place of this one, 413 for too much, 503 where too many wait.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from vqsynth.continuous.model import ContinuousModel
from vqsynth.errors.checks import check_choice
from vqsynth.running.observing import Observer
from vqsynth.storage.records import check_field
from vqsynth.studio import gliding
from vqsynth.studio.answering import HANDLERS, Parts, wait_for
from vqsynth.studio.bodies import Fields, read_bytes, read_fields
from vqsynth.studio.bounds import MOST_SESSION_BYTES, MOST_SOUND_BYTES, UPLOAD
from vqsynth.studio.correcting import correct
from vqsynth.studio.exporting import export
from vqsynth.studio.guard import Guard
from vqsynth.studio.hearing import hear
from vqsynth.studio.jobs import Worker
from vqsynth.studio.sending import PARTS
from vqsynth.studio.sessions import check_session
from vqsynth.studio.shelf import Missing, Shelf
from vqsynth.studio.trainings import Trainings

STATIC = Path(__file__).parent / "static"
KINDS = ("polish", "render", "hear", "encode", "glide", "list")
JSON = "application/json"
Made = TypeVar("Made")
NO_PAGE = "The page of the studio is not installed: its folder vqsynth/studio/static is empty. Install vqsynth again."
Glide = Callable[[ContinuousModel, Fields, Observer], bytes]
GLIDES: Mapping[str, Glide] = {"plane": gliding.walk, "bend": gliding.bend_parts, "morph": gliding.morph_two}


@dataclass(frozen=True, eq=False)
class Studio:
    """What the routes work with: codebooks and models, the worker, and the training."""

    shelf: Shelf
    worker: Worker
    trainings: Trainings

    def close(self) -> None:
        """Drop all work, and stop a training, whose state is saved."""
        self.worker.close()
        self.trainings.close()


def make_studio(shelf: Shelf, folder: Path) -> Studio:
    """Make the studio. folder: where new codebooks are written, made when the first one is trained."""
    return Studio(shelf, Worker(), Trainings(folder, shelf.books.add))


def make_app(studio: Studio, *, token: str, port: int) -> ASGIApp:
    """Make the application.

    Parameters
    ----------
    studio : Studio
        What it works with. It is closed with the application.
    token : str
        What requests to /api must have as `X-Vqsynth-Token`.
    port : int
        The port that Host and Origin must name.

    """

    @asynccontextmanager
    async def last(_: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(studio.close)

    routes = Routes(studio).list_routes()
    app = Starlette(routes=[*routes, _serve_page()], lifespan=last, exception_handlers=HANDLERS)
    return Guard(app, token, port)


class Routes:
    """The routes under /api."""

    def __init__(self, studio: Studio) -> None:
        self._books, self._models = studio.shelf.books, studio.shelf.models
        self._shelf, self._worker, self._trainings = studio.shelf, studio.worker, studio.trainings
        self._places: dict[str, bytes] = {}

    def list_routes(self) -> list[Route]:
        """List the routes."""
        gets = {
            "/api/books": self.books,
            "/api/books/{name}/{part}": self.part,
            "/api/models": self.models,
            "/api/progress": self.progress,
            "/api/training": self.training,
            "/api/training/plan": self.plan,
        }
        posts = {
            "/api/books/{name}/hear": self.hear,
            "/api/polish": self.polish,
            "/api/render": self.render,
            "/api/models/{name}/warm": self.warm,
            "/api/models/{name}/encode": self.encode,
            "/api/models/{name}/decode": self.decode,
            "/api/models/{name}/{way}": self.glide,
            "/api/cancel/{kind}": self.cancel,
            "/api/session": self.session,
            UPLOAD: self.add_sound,
            "/api/training/start": self.start,
            "/api/training/stop": self.stop,
        }
        return [
            *(Route(path, answer, methods=["GET"]) for path, answer in gets.items()),
            *(Route(path, answer, methods=["POST"]) for path, answer in posts.items()),
            Route(UPLOAD, self.clear_sounds, methods=["DELETE"]),
        ]

    async def books(self, _: Request) -> Response:
        """List the codebooks."""
        return JSONResponse(self._shelf.list_books())

    async def part(self, request: Request) -> Response:
        """Send a part of a codebook."""
        name, part = (request.path_params[key] for key in ("name", "part"))
        if part not in PARTS:
            raise Missing(f"a codebook has no {part[:60]!r}; it has {', '.join(PARTS)}")
        return Response(await run_in_threadpool(self._pack, name, part), media_type=PARTS[part][1])

    async def hear(self, request: Request) -> Response:
        """Turn a sound into curves."""
        data, query = await read_bytes(request, MOST_SOUND_BYTES), request.query_params
        name = request.path_params["name"]
        given = query.get("name", ""), query.get("mapping") or None
        made = await self._do(request, "hear", lambda observer: hear(self._books.get(name), data, *given, observer))
        return JSONResponse(made)

    async def polish(self, request: Request) -> Response:
        """Turn targets into a corrected path."""
        asked = await read_fields(request)
        name = check_field(asked, "book", str)
        return JSONResponse(await self._do(request, "polish", lambda o: correct(self._books.get(name), asked, o)))

    async def render(self, request: Request) -> Response:
        """Turn paths into a file. No export takes the place of another."""
        asked = await read_fields(request)
        name = check_field(asked, "book", str)
        made = self._do(request, "render", lambda o: export(self._books.get(name), asked, o), replaces=False)
        data, kind = await made
        return Response(data, media_type=kind)

    async def models(self, _: Request) -> Response:
        """List the models."""
        return JSONResponse(self._shelf.list_models())

    async def warm(self, request: Request) -> Response:
        """Load a model."""
        name = request.path_params["name"]
        await self._do(request, "warm", lambda _: gliding.warm(self._models.get(name)))
        return JSONResponse({"model": name})

    async def encode(self, request: Request) -> Response:
        """Turn a sound into a latent path. None takes the place of another: a plane has four corners."""
        data, sound = await read_bytes(request, MOST_SOUND_BYTES), request.query_params.get("name", "")
        name = request.path_params["name"]
        made = self._do(
            request, "encode", lambda o: gliding.encode(self._models.get(name), data, sound, o), replaces=False
        )  # fmt: skip
        return Response(await made, media_type=JSON)

    async def glide(self, request: Request) -> Response:
        """Mix, bend or morph latent paths."""
        name, way = (request.path_params[key] for key in ("name", "way"))
        if way not in GLIDES:
            raise Missing(f"a model cannot {way[:60]!r}; it can {', '.join([*GLIDES, 'encode', 'decode'])}")
        asked = await read_fields(request)
        made = await self._do(request, "glide", lambda o: GLIDES[way](self._models.get(name), asked, o))
        return Response(made, media_type=JSON)

    async def decode(self, request: Request) -> Response:
        """Turn a latent path into sound, which is sent while it is made."""
        asked, name, parts = await read_fields(request), request.path_params["name"], Parts()
        job = self._worker.submit("glide", lambda o: parts.fill(gliding.decode(self._models.get(name), asked, o)))
        job.done.add_done_callback(parts.end)
        first = await parts.take()
        if first is None:
            await asyncio.wrap_future(job.done)  # which raises why there is nothing
        kind = {"wav": "audio/wav", "path": JSON}.get(str(asked.get("as")), "application/octet-stream")
        return StreamingResponse(parts.send(first or b"", job), media_type=kind)

    async def cancel(self, request: Request) -> Response:
        """Drop work."""
        self._worker.cancel(check_choice("the kind", request.path_params["kind"], KINDS))
        return JSONResponse(self._worker.tell())

    async def progress(self, _: Request) -> Response:
        """Tell how far the work has come."""
        return JSONResponse(self._worker.tell())

    async def session(self, request: Request) -> Response:
        """Check a session file."""
        data = await read_bytes(request, MOST_SESSION_BYTES)
        return Response(await run_in_threadpool(check_session, data), media_type=JSON)

    async def training(self, _: Request) -> Response:
        """Tell how the training stands."""
        return JSONResponse(self._trainings.tell())

    async def add_sound(self, request: Request) -> Response:
        """Take a sound to train on."""
        with self._trainings.receive_sound(request.query_params.get("name", "")) as file, file.open("wb") as sound:
            async for part in request.stream():
                await run_in_threadpool(sound.write, part)
        return JSONResponse(self._trainings.tell())

    async def clear_sounds(self, _: Request) -> Response:
        """Forget the sounds to train on."""
        return JSONResponse(await run_in_threadpool(self._trainings.clear_sounds))

    async def plan(self, request: Request) -> Response:
        """List what a training would use."""
        return JSONResponse(await self._do(request, "list", self._trainings.plan))

    async def start(self, request: Request) -> Response:
        """Start a training."""
        asked = await read_fields(request)
        return JSONResponse(await run_in_threadpool(self._trainings.start, asked))

    async def stop(self, _: Request) -> Response:
        """Stop a training."""
        return JSONResponse(await run_in_threadpool(self._trainings.stop))

    def _pack(self, name: str, part: str) -> bytes:
        """Pack a part of a codebook. Its places take half a second, and are kept."""
        if part == "places" and name in self._places:
            return self._places[name]
        packed = PARTS[part][0](self._books.get(name))
        if part == "places":
            self._places[name] = packed
        return packed

    async def _do(
        self, request: Request, kind: str, work: Callable[[Observer], Made], *, replaces: bool = True
    ) -> Made:
        made: Made = await wait_for(self._worker.submit(kind, work, replaces=replaces), request)
        return made


def _serve_page() -> BaseRoute:
    """Serve the page's own files, or say that there are none."""
    if (STATIC / "index.html").is_file():
        return Mount("/", StaticFiles(directory=STATIC, html=True))

    async def tell(_: Request) -> Response:
        return PlainTextResponse(NO_PAGE, status_code=503)

    return Route("/", tell)
