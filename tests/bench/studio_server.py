"""How long the studio's page waits for its server, and whether the server refuses all but its page.

    python tests/bench/studio_server.py

The server runs as a process of its own and is asked over the loopback address. Times are of the clock, medians of five,
on a machine that should be quiet.
"""

import http.client
import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
from _bars import finish, note, show

import vqsynth
from vqsynth.running.observing import SILENT
from vqsynth.studio.bounds import MOST_BODY_BYTES
from vqsynth.studio.correcting import correct
from vqsynth.studio.sending import PARTS

BOOKS = ("violin", "choir", "percussion")
DRAWN_S, GLIDE_S, STROKES, STROKE_S = 10.0, 6.0, 8, 0.05
PROGRAM = "from vqsynth.cli.entry import start; start()"
Answer = tuple[int, bytes]


@dataclass(frozen=True)
class Client:
    """Ask a server as its page does."""

    port: int
    token: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Ask once, and return status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            chunked = isinstance(body, Iterator)
            said = {"X-Vqsynth-Token": self.token} | {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=said, encode_chunked=chunked)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def post(self, path: str, asked: Any) -> Answer:
        """Send JSON."""
        return self.ask("POST", path, json.dumps(asked).encode())

    def time_to_first(self, path: str, asked: Any) -> float:
        """Return the seconds until the first samples have come."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        start = time.perf_counter()
        connection.request("POST", path, body=json.dumps(asked), headers={"X-Vqsynth-Token": self.token})
        answer = connection.getresponse()
        while not answer.read1(4):
            pass
        taken = time.perf_counter() - start
        answer.read()
        connection.close()
        return taken


@contextmanager
def serve() -> Iterator[Client]:
    """Run the studio on a free port."""
    command = [sys.executable, "-c", PROGRAM, "studio", "--no-browser", "--port", "0"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address, _, token = process.stdout.readline().strip().partition("/#")
        note("start to the address, once a session", time.perf_counter() - start, "s")
        try:
            yield Client(int(address.rpartition(":")[2]), token)
        finally:
            process.terminate()


def median_of(work: Callable[[], float], times: int = 5) -> float:
    """Return the median of what some runs return."""
    return statistics.median(work() for _ in range(times))


def time_opening(client: Client, name: str) -> None:
    """Print how long it takes to send all that the page needs of a codebook, asked for at once."""
    start, size = time.perf_counter(), 0
    with ThreadPoolExecutor(len(PARTS)) as pool:
        for status, data in pool.map(lambda part: client.ask("GET", f"/api/books/{name}/{part}"), PARTS):
            assert status == 200, data
            size += len(data)
    show(f"{name}: open to all data sent, the first time", time.perf_counter() - start, 2.0, unit="s")
    note("    sent", size / 1e6, "MB")
    start = time.thread_time()
    book = vqsynth.load(name)
    for pack, _ in PARTS.values():
        pack(book)
    note("    loading and packing, of the processor", time.thread_time() - start, "s")


def time_drawing(client: Client, name: str) -> None:
    """Print how long after the last of some strokes, each of which asks for a correction, the last answer comes."""
    book = vqsynth.load(name)
    second = "pitch" if "pitch" in book.table.names and name != "percussion" else "flatness"
    drawn = book.sample_curves(
        targets={"centroid": "sin(p20,p80,0.3)", second: "line(p30,p70)"}, seconds=DRAWN_S
    )  # fmt: skip
    asked = {"book": name, "seconds": DRAWN_S, "targets": {n: np.round(v, 3).tolist() for n, v in drawn.items()}}

    def draw() -> float:
        with ThreadPoolExecutor(STROKES) as pool:
            waiting = []
            for stroke in range(STROKES):
                asked["targets"]["centroid"][100:200] = [900.0 + 20 * stroke] * 100
                waiting.append(pool.submit(client.ask, "POST", "/api/polish", json.dumps(asked).encode()))
                last = time.perf_counter()
                time.sleep(STROKE_S)
            statuses = [each.result()[0] for each in waiting[:-1]]
            assert waiting[-1].result()[0] == 200 and set(statuses) <= {200, 409}, statuses
            return time.perf_counter() - last

    draw()
    start = time.thread_time()
    correct(book, asked, SILENT)
    note(f"{name}: a correction, of the processor", time.thread_time() - start, "s")
    show(f"{name}: corrected, {DRAWN_S:g} s of two curves, after the last movement", median_of(draw), 2.0, unit="s")


def time_gliding(client: Client, name: str) -> None:
    """Print how long it takes from a plane or a bend that is asked for to the first samples."""
    start = time.perf_counter()
    client.ask("POST", f"/api/models/{name}/warm")
    note(f"{name}: model loaded, once a session", time.perf_counter() - start, "s")
    corners = [json.loads(client.ask("POST", f"/api/models/{name}/encode", tone(hz))[1]) for hz in (220, 294, 440, 660)]
    asked: dict[str, Any] = {
        "plane": {"corners": corners, "at": [[0, 0, 0], [GLIDE_S, 1, 1]], "seconds": GLIDE_S},
        "bend": {"path": corners[0], "bends": [{"component": 1, "bias": 1.5}]},
    }
    for way, what in asked.items():

        def hear(way: str = way, what: Any = what) -> float:
            start = time.perf_counter()
            path = json.loads(client.post(f"/api/models/{name}/{way}", what)[1])
            made = time.perf_counter() - start
            return made + client.time_to_first(
                f"/api/models/{name}/decode", {"path": path, "vocoder": "magnitude", "excitation": "coherent"}
            )  # fmt: skip

        hear()
        show(f"{name}: {way} to the first sound of {GLIDE_S:g} s", median_of(hear), 1.0, unit="s")


def tone(frequency_hz: float) -> bytes:
    """Return six seconds of a rough tone as a WAV."""
    file, t = io.BytesIO(), np.arange(round(44100 * GLIDE_S)) / 44100
    y = sum(0.1 / k * np.sin(2 * np.pi * k * frequency_hz * t) for k in range(1, 9))
    soundfile.write(file, y, 44100, format="WAV")
    return file.getvalue()


def chunks() -> Iterator[bytes]:
    """Yield more than the server takes."""
    for _ in range(MOST_BODY_BYTES // 2**20 + 2):
        yield bytes(2**20)


def try_guard(client: Client) -> None:
    """Print how many of those who may not ask are let in, or get no clear answer."""
    books, polish = ("GET", "/api/books"), ("POST", "/api/polish")
    hostile = json.dumps({"kind": "vqsynth session", "format": 1, "book": "x", "seconds": 1, "__proto__": {}}).encode()
    tried: dict[str, tuple[Callable[[], Answer], int]] = {
        "no token": (lambda: Client(client.port, "").ask(*books), 401),
        "another token": (lambda: Client(client.port, client.token[:-1] + "x").ask(*books), 401),
        "foreign Host": (lambda: client.ask(*books, Host="evil.example"), 421),
        "foreign Origin": (lambda: client.ask(*books, Origin="http://evil.example"), 403),
        "foreign site": (lambda: client.ask(*books, Sec_Fetch_Site="cross-site"), 403),
        "too large": (lambda: client.ask(*polish, Content_Length=str(2**40)), 413),
        "too large, chunked": (lambda: send_chunked(client), 413),
        "traversal": (lambda: client.ask("GET", "/api/books/..%2f..%2fetc/card"), 404),
        "traversal of the page": (lambda: client.ask("GET", "/..%2f..%2fapp.py"), 404),
        "unknown book": (lambda: client.ask("GET", "/api/books/nobody/card"), 404),
        "no sound": (lambda: client.ask("POST", "/api/books/violin/hear", b"no sound"), 400),
        "hostile session": (lambda: client.ask("POST", "/api/session", hostile), 400),
    }
    failed = []
    for what, (ask, status) in tried.items():
        found, body = ask()
        clear = found == status and list(json.loads(body)) == ["error"]
        failed += [] if clear else [f"{what} ({found})"]
    show(f"guard: let in or not told clearly, of {len(tried)}", len(failed), 0)
    print("".join(f"    {what}\n" for what in failed), end="")


def send_chunked(client: Client) -> Answer:
    """Send a body that does not say how long it is. The answer may come before all of it is sent."""
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60)
    try:
        connection.putrequest("POST", "/api/session")
        connection.putheader("X-Vqsynth-Token", client.token)
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        for chunk in list(chunks())[:20]:
            connection.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def main() -> None:
    """Measure all."""
    with serve() as client:
        for name in BOOKS:
            time_opening(client, name)
        for name in BOOKS:
            time_drawing(client, name)
        time_gliding(client, "strings")
        try_guard(client)


if __name__ == "__main__":
    main()
    finish()
