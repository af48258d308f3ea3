"""The desk: what is said is checked, sent to the player, and refused in one line where it cannot be used."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sound_worlds import make_codebook
from vqsynth.codebook import Codebook
from vqsynth.errors import CodebookError, VqsynthError
from vqsynth.live.addresses import ADDRESSES
from vqsynth.live.desk import Desk
from vqsynth.live.listening import LikeSource, TransferSource
from vqsynth.live.player import LivePlayer

NAN = math.nan


def load_or_fail(name: str) -> Codebook:
    if name != "other":
        raise CodebookError(f"there is no codebook {name!r}")
    return make_codebook("other")


@pytest.fixture
def desk(book: Codebook) -> Iterator[Desk]:
    made = Desk(LivePlayer(book), load=load_or_fail)
    yield made
    made.close()


def take(desk: Desk, address: str, *values: Any) -> LivePlayer:
    """Say something, let it come to the player, and return the player."""
    desk.take(address, values)
    desk._worker.submit(lambda: None).result()
    desk._player.read(300)
    return desk._player


@pytest.mark.parametrize(
    ("address", "values", "entry", "expected"),
    [
        ("/target/centroid", (1200,), "targets", {"centroid": 1200.0}),
        ("/target/brightness", ("1.2k",), "targets", {"centroid": 1200.0}),
        ("/target/pitch", ("A4",), "targets", {"pitch": 440.0}),
        ("/weight/pitch", (2.5,), "weights", {"pitch": 2.5}),
        ("/hold", (7.0,), "hold", 7),
        ("/hold", (), "hold", None),
        ("/gain", (-6,), "gain_db", -6.0),
        ("/transpose", (150.0,), "transpose_cents", 150.0),
        ("/max_transpose", (0,), "max_transpose", 0.0),
        ("/max_tilt", (1,), "max_tilt", 1.0),
        ("/smoothness", (2,), "smoothness", 2.0),
        ("/motion", (0.5,), "motion", 0.5),
        ("/stop", (), "stopped", True),
    ],
)
def test_message_changes_what_is_asked(
    desk: Desk, address: str, values: tuple[Any, ...], entry: str, expected: Any
) -> None:
    assert getattr(take(desk, address, *values).asked, entry) == expected


def test_target_without_a_value_is_asked_no_longer(desk: Desk) -> None:
    take(desk, "/target/centroid", 900)
    assert take(desk, "/target/centroid").asked.targets == {}


def test_stop_is_silent_until_something_is_asked_again(desk: Desk) -> None:
    player = take(desk, "/target/centroid", 900)
    assert player.read(8000)[4000:].any()
    take(desk, "/stop")
    player.read(2000)
    assert not player.read(2000).any()
    take(desk, "/hold", 3)
    assert player.read(8000)[4000:].any()


def test_envelope_is_taken_and_forgotten(desk: Desk) -> None:
    assert list(take(desk, "/envelope", *range(24)).asked.envelope_db) == list(range(24))
    assert take(desk, "/envelope").asked.envelope_db is None


def test_book_and_seed_begin_the_sound_of_another(desk: Desk) -> None:
    player = take(desk, "/book", "other")
    assert player.sounding.instrument.book.name == "other"
    assert take(desk, "/seed", 4).sounding.seed == 4
    before = player.sounding
    assert take(desk, "/restart").sounding is not before and player.sounding.seed == 4


def test_unknown_book_is_told_later_in_a_line(desk: Desk) -> None:
    told: list[str] = []
    desk.take("/book", ["nowhere"], tell=told.append)
    desk._worker.submit(lambda: None).result()
    assert told == ["there is no codebook 'nowhere'"]


@pytest.mark.parametrize(
    ("address", "values", "says"),
    [
        ("/targte/centroid", (1,), "unknown address"),
        ("/target", (1,), "unknown address"),
        ("/stopp", (), "did you mean '/stop'"),
        ("stop", (), "did you mean '/stop'"),
        ("/stop/now", (), "unknown address"),
        ("", (), "unknown address"),
        ("/target/centrod", (1,), "did you mean 'centroid'"),
        ("/target/centroid", (0,), "must lie above 0"),
        ("/target/centroid", (NAN,), "numbers must be finite"),
        ("/target/centroid", ("loud",), "expected a number"),
        ("/target/centroid", (1, 2), "takes one value"),
        ("/target/centroid", (b"\x00",), "expected a number"),
        ("/weight/pitch", (-1,), "weight of pitch"),
        ("/hold", (64,), "/hold"),
        ("/hold", (1.5,), "/hold"),
        ("/hold", ("a",), "/hold"),
        ("/gain", (500,), "/gain"),
        ("/gain", (NAN,), "/gain"),
        ("/gain", (), "takes one value"),
        ("/envelope", (1, 2), "24 numbers"),
        ("/envelope", ("a",) * 24, "/envelope"),
        ("/envelope", (99,) * 24, "/envelope"),
        ("/motion", (2,), "/motion"),
        ("/book", (3,), "the name of a codebook"),
        ("/seed", (-1,), "/seed"),
        ("/like", (1,), "start vqsynth live with --input"),
        ("/transfer", (2,), "takes 1 or 0"),
        ("/learn", ("/gain", 0, 1), "start vqsynth live with --midi"),
    ],
)
def test_wrong_message_is_refused_in_one_line(desk: Desk, address: str, values: tuple[Any, ...], says: str) -> None:
    with pytest.raises(VqsynthError) as caught:
        desk.take(address, values)
    assert says in str(caught.value) and "\n" not in str(caught.value)
    assert desk._player.asked.is_silent


def test_sound_that_comes_in_is_followed_and_no_longer(book: Codebook) -> None:
    desk = Desk(LivePlayer(book), load=load_or_fail, has_input=True)
    assert isinstance(take(desk, "/like", 1).source, LikeSource)
    assert isinstance(take(desk, "/transfer", 1.0).source, TransferSource)
    first = desk._player.source
    assert take(desk, "/book", "other").source is not first
    assert take(desk, "/like", 0).source is not None
    assert take(desk, "/transfer", 0).source is None
    desk.close()


def test_every_address_is_taken(book: Codebook) -> None:
    desk = Desk(LivePlayer(book), load=load_or_fail, has_input=True)
    values = {"/hold": [3], "/book": ["other"], "/envelope": [0.0] * 24, "/stop": [], "/restart": []}
    values["/learn"], learned = ["/gain", 0, 1], list[object]()
    desk.learn = lambda *said: learned.append(said)
    for address in ADDRESSES:
        desk.take(address.replace("NAME", "pitch"), values.get(address, [1]))
    assert learned == [("/gain", 0, 1)]
    desk.close()
