"""OSC: messages over UDP to the desk, and back what is played and what was wrong.

A wrong message is answered with /wrong and a line. On the terminal, an address that nothing has is told once.
"""

import logging
import math
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.live.addresses import Values
from vqsynth.live.session import Session

PORT = 9000
EVERY_S = 0.05
"""How often it is told what is played."""
MOST_TOLD = 200
"""So many wrong addresses are told, each once; of others it is only counted how many."""
_BUFFER = 1 << 22
_LARGEST = 65535
Address = tuple[str, int]
Tell = Callable[[str], object]


class Takes(Protocol):
    """The interface of desks: take what is said, or raise an error that says what is wrong."""

    def take(self, address: str, values: Values, *, at_s: float, tell: Tell) -> None:
        """Take a message that counts at a time of the sound."""
        ...

    def close(self) -> None:
        """Take no more."""
        ...


class OscPort:
    """Take OSC messages, from when it is made until it is closed.

    Parameters
    ----------
    desk : Takes
        Where messages go.
    session : Session
        What is told, and the clock of bundles with a time.
    host, port : str, int
        Where to listen. Port 0 takes one that is free.
    send_to : (host, port), optional
        Who is told what is played. By default whoever spoke last.
    tell : function
        Is told a line for what is wrong.

    Raises
    ------
    ParameterError
        Where the port is in use, or the host is none.
    VqsynthError
        Where python-osc is missing.

    """

    def __init__(
        self, desk: Takes, session: Session, *, host: str = "127.0.0.1", port: int = PORT,
        send_to: Address | None = None, tell: Tell,
    ) -> None:  # fmt: skip
        self._read = _import_packets()
        self._desk, self._session, self._tell = desk, session, tell
        self._listener, self._told, self.n_taken, self.n_wrong = send_to, set[str](), 0, 0
        self._fixed = send_to is not None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        try:
            self._socket.bind((host, port))
        except OSError as e:
            self._socket.close()
            raise ParameterError(
                f"cannot listen at port {port} of {host}: {e.strerror or e}; choose another with --port or --host"
            ) from e
        self.port = int(self._socket.getsockname()[1])
        self._socket.settimeout(EVERY_S)
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._report)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                data, sender = self._socket.recvfrom(_LARGEST)
            except OSError:  # nothing came, or nobody hears what was told
                continue
            if not self._fixed:
                self._listener = sender
            self.take(data, sender)

    def take(self, data: bytes, sender: Address) -> None:
        """Take a packet: each message of it goes to the desk, and a line goes back for each that is wrong."""
        try:
            messages = [(message.time, message.message) for message in self._read(data).messages]
        except Exception as e:  # noqa: BLE001 whatever the bytes are, they are answered
            self._answer(sender, "?", f"this is no OSC packet: {e}")
            return
        now = time.time()
        for when, message in messages:
            at_s = -math.inf if when <= now else self._session.time_of(when)
            address = str(message.address)[:200]

            def answer(line: str, address: str = address) -> None:
                self._answer(sender, address, line)

            try:
                self._desk.take(address, list(message.params), at_s=at_s, tell=answer)
                self.n_taken += 1
            except VqsynthError as e:
                answer(str(e))

    def _answer(self, sender: Address, address: str, line: str) -> None:
        self.n_wrong += 1
        line, address = (" ".join(text.split()) for text in (line, address))  # one line, whatever they hold
        if address not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(address)
            more = "" if len(self._told) < MOST_TOLD else "; further wrong addresses are not told here"
            self._tell(f"{address}: {line}{more}")
        self._send(sender, [("/wrong", [f"{address}: {line}"])])

    def _report(self) -> None:
        while not self._ended.wait(EVERY_S):
            if self._listener is not None:
                self._send(self._listener, self._list_status())

    def _list_status(self) -> list[tuple[str, list[Any]]]:
        status = self._session.status()
        said: list[tuple[str, list[Any]]] = [("/code", [-1 if status.code is None else status.code])]
        said += [(f"/got/{name}", [value]) for name, value in status.got.items() if math.isfinite(value)]
        said += [(f"/error/{name}", [value]) for name, value in status.errors().items() if math.isfinite(value)]
        return [*said, ("/level", [status.level_db]), ("/load", [status.load]), ("/late", [status.late])]

    def _send(self, target: Address, messages: list[tuple[str, list[Any]]]) -> None:
        from pythonosc.osc_message_builder import build_msg

        for address, values in messages:
            try:
                self._socket.sendto(build_msg(address, values).dgram, target)
            except OSError:  # nobody is there
                return


def read_address(text: str) -> Address:
    """Read HOST:PORT. Raises ParameterError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ParameterError(f"expected HOST:PORT, as 127.0.0.1:9001 (got {text[:60]!r})")
    return host, int(port)


def _import_packets() -> Callable[[bytes], Any]:
    try:
        from pythonosc.osc_packet import OscPacket
    except ImportError as e:
        raise VqsynthError("OSC needs python-osc; pip install 'vqsynth[live]', or leave OSC out with --no-osc") from e
    logging.getLogger().addFilter(_is_not_of_osc)
    return OscPacket


def _is_not_of_osc(record: logging.LogRecord) -> bool:
    """Leave out what python-osc logs of strange messages: they are answered."""
    return "pythonosc" not in record.pathname
