"""The studio as it is started: its address, a port in use, its end."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import Run
from vqsynth.errors import ParameterError
from vqsynth.studio.serving import HOST, listen

PROGRAM = "from vqsynth.cli.entry import start; start()"


def test_port_in_use_is_told() -> None:
    with listen(0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ParameterError, match=f"port {port} is in use"):
            listen(port)


def test_only_the_loopback_address_is_listened_to() -> None:
    with listen(0) as listening:
        assert listening.getsockname()[0] == HOST == "127.0.0.1"


def test_missing_extra_is_told_in_a_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("vqsynth.studio.serving", "vqsynth.studio.app"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    code, out, err = run("studio", "--no-browser", "--port", "0")
    assert (code, out) == (1, "")
    assert err == "Error: the studio needs uvicorn; install it with: pip install 'vqsynth[studio]'\n"


def test_book_that_is_no_folder_is_told_before_anything_is_served(run: Run, tmp_path: Path) -> None:
    code, out, err = run("studio", "--no-browser", "--port", "0", "--book", tmp_path / "nothing")
    assert code == 1 and out == "" and "is not a folder" in err and len(err.splitlines()) == 1


def test_command_prints_an_address_that_answers_and_ends_by_ctrl_c(book_folder: Path, tmp_path: Path) -> None:
    words = ["studio", "--no-browser", "--port", "0", "--book", str(book_folder)]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as studio:
        assert studio.stdout is not None and studio.stderr is not None
        address, _, token = studio.stdout.readline().strip().partition("/#")
        port = int(address.rpartition(":")[2])
        asked = urllib.request.Request(f"{address}/api/books", headers={"X-Vqsynth-Token": token})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert json.load(answer)[-1]["name"] == "thirds"
            assert "server" not in answer.headers
        with socket.create_connection((HOST, port)) as chunked:
            head = f"POST /api/session HTTP/1.1\r\nHost: {HOST}:{port}\r\nX-Vqsynth-Token: {token}\r\n"
            chunked.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            for _ in range(20):
                chunked.sendall(b"100000\r\n" + bytes(2**20) + b"\r\n")
            assert chunked.recv(100).startswith(b"HTTP/1.1 413 ")
        with socket.create_connection((HOST, port)) as waiting:  # for an answer that does not come any more
            head = f"POST /api/session HTTP/1.1\r\nHost: {HOST}:{port}\r\nX-Vqsynth-Token: {token}\r\n"
            waiting.sendall(f"{head}Content-Length: 9\r\n\r\n".encode())
            studio.send_signal(signal.SIGINT)
            assert studio.wait(20) == 130
        assert studio.stderr.read().strip() == "Stopped." and studio.stdout.read() == ""
    assert not list(tmp_path.iterdir())


def test_studio_starts_without_torch() -> None:
    program = (
        "import sys, vqsynth.studio.serving\n"
        "print(sorted({'torch', 'sklearn', 'matplotlib', 'librosa', 'scipy.signal'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
