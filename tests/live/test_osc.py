"""OSC: messages and bundles come in, what is played and what was wrong goes back, and nothing is lost."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg

from vqsynth.codebook import Codebook
from vqsynth.errors import ParameterError
from vqsynth.live.desk import Desk
from vqsynth.live.osc import OscPort, read_address
from vqsynth.live.player import LivePlayer
from vqsynth.live.session import Session

WAIT_S = 5.0
HEADS = [b"", b"/", b"#bundle\x00", b"/target/pitch\x00\x00\x00,f\x00\x00"]


class Plugged:
    """A player with an OSC port, and a socket that speaks to it."""

    def __init__(self, book: Codebook) -> None:
        self.player = LivePlayer(book)
        self.session = Session(self.player)
        self.desk, self.told = Desk(self.player, load=lambda name: book), list[str]()
        self.port = OscPort(self.desk, self.session, port=0, tell=self.told.append)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(WAIT_S)

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, ("127.0.0.1", self.port.port))

    def say(self, address: str, *values: object) -> None:
        self.send(build_msg(address, list(values)).dgram)

    def wait_for(self, is_there: Callable[[], object]) -> None:
        end = time.monotonic() + WAIT_S
        while not is_there():
            assert time.monotonic() < end, "it did not come"
            time.sleep(0.002)

    def hear(self, address: str) -> OscMessage:
        """Wait for a message of this address."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            message = OscMessage(self.socket.recv(65536))
            if message.address == address:
                return message
        raise AssertionError(f"no {address} came")

    def forget(self) -> None:
        """Leave out what was told so far."""
        self.socket.setblocking(False)
        with suppress(BlockingIOError):
            while self.socket.recv(65536):
                pass
        self.socket.settimeout(WAIT_S)

    def close(self) -> None:
        self.port.close()
        self.desk.close()
        self.socket.close()


@pytest.fixture
def plugged(book: Codebook) -> Iterator[Plugged]:
    made = Plugged(book)
    yield made
    made.close()


@pytest.fixture(scope="module")
def plugged_once(book: Codebook) -> Iterator[Plugged]:
    made = Plugged(book)
    yield made
    made.close()


def test_message_is_heard_at_the_next_frame_and_what_is_got_comes_back(plugged: Plugged) -> None:
    plugged.say("/target/pitch", 300.0)
    plugged.say("/target/loudness", -25.0)
    plugged.wait_for(lambda: plugged.port.n_taken == 2)
    for _ in range(20):
        plugged.session.block(512)
    plugged.forget()
    plugged.hear("/late")  # the last of what was told when some of it was forgotten
    assert plugged.hear("/got/pitch").params[0] == pytest.approx(300, rel=0.01)
    assert abs(plugged.hear("/error/loudness").params[0]) < 2
    assert plugged.hear("/code").params[0] == plugged.player.sounding.code
    assert -40 < plugged.hear("/level").params[0] < 0


def test_wrong_message_is_answered_in_a_line_and_told_once(plugged: Plugged) -> None:
    for _ in range(3):
        plugged.say("/targets/pitch", 1.0)
        assert "did you mean '/target/NAME'" in plugged.hear("/wrong").params[0]
    plugged.say("/book", 3)
    assert "/book" in plugged.hear("/wrong").params[0]
    assert len(plugged.told) == 2 and all("\n" not in line for line in plugged.told)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"hello", b"/a", b"/a\x00\x00,i\x00\x00", b"#bundle\x00", b"#bundle\x00" + b"\xff" * 9, b"/\xff\xfe",
     b"/target/pitch\x00\x00\x00,s\x00\x00" + b"\xff" * 8, b"/t\x00\x00,[[[\x00\x00\x00\x00"],
)  # fmt: skip
def test_bytes_that_are_no_message_are_answered(plugged: Plugged, data: bytes) -> None:
    plugged.port.take(data, plugged.socket.getsockname())
    assert plugged.port.n_wrong + plugged.port.n_taken == 1
    assert plugged.port.n_wrong == 1


@settings(max_examples=60)
@given(
    data=st.binary(max_size=80),
    head=st.sampled_from([b"", b"/", b"#bundle\x00", b"/target/pitch\x00\x00\x00,f\x00\x00"]),
)
def test_any_bytes_are_taken_or_answered_in_a_line(plugged_once: Plugged, data: bytes, head: bytes) -> None:
    port, before = plugged_once.port, len(plugged_once.told)
    port.take(head + data, plugged_once.socket.getsockname())
    plugged_once.session.block(100)
    assert all("\n" not in line for line in plugged_once.told[before:])


def test_bundle_with_a_time_counts_then(plugged: Plugged) -> None:
    plugged.session.block(256)
    for wait_s, pitch in ((0.0, 200.0), (0.5, 400.0)):
        bundle = OscBundleBuilder(time.time() + wait_s if wait_s else IMMEDIATELY)
        bundle.add_content(build_msg("/target/pitch", [pitch]))  # type: ignore[arg-type]
        plugged.send(bundle.build().dgram)
    plugged.wait_for(lambda: plugged.port.n_taken == 2)
    asked = []
    for _ in range(60):  # a second of sound, made at once
        plugged.session.block(256)
        asked.append(plugged.player.asked.targets["pitch"])
    changed = asked.index(400.0) * 256 / 16000
    assert asked[0] == 200.0 and 0.3 < changed < 0.9


def test_many_messages_a_second_of_which_every_fifth_is_nonsense_are_all_taken(plugged: Plugged) -> None:
    start = time.monotonic()
    for i in range(1000):
        address = f"/nonsense/{i % 10}" if i % 5 == 0 else "/target/centroid"
        plugged.say(address, 1000.0 + i)
        if i % 10 == 9:
            plugged.session.block(160)
            time.sleep(max(0.0, start + i / 1000 - time.monotonic()))
    plugged.wait_for(lambda: plugged.port.n_taken + plugged.port.n_wrong == 1000)
    plugged.session.block(512)
    assert (plugged.port.n_taken, plugged.port.n_wrong) == (800, 200)
    assert plugged.player.asked.targets["centroid"] == 1999.0
    assert len(plugged.told) == 2  # /nonsense/0 and /nonsense/5


def test_port_in_use_is_told_in_a_line(plugged: Plugged) -> None:
    with pytest.raises(ParameterError, match=f"cannot listen at port {plugged.port.port}.*--port"):
        OscPort(plugged.desk, plugged.session, port=plugged.port.port, tell=print)


def test_host_that_is_none_is_told_in_a_line(plugged: Plugged) -> None:
    with pytest.raises(ParameterError, match="cannot listen"):
        OscPort(plugged.desk, plugged.session, host="no.such.host.invalid", port=0, tell=print)


@pytest.mark.parametrize("text", ["", "9001", ":9001", "a:b", "a:0", "a:70000"])
def test_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="HOST:PORT"):
        read_address(text)


def test_address_is_read() -> None:
    assert read_address("127.0.0.1:9001") == ("127.0.0.1", 9001)
