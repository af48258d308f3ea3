"""MIDI and MPE: notes and controllers move what is asked of voices, and a mapping file says how."""

from collections.abc import Iterator
from pathlib import Path

import mido
import numpy as np
import pytest

from vqsynth.codebook import Codebook
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.live.desk import Desk
from vqsynth.live.keyboard import Keyboard
from vqsynth.live.mapping import USUAL, Mapping, Route, load_mapping, read_mapping
from vqsynth.live.midi import midi_port, play_file
from vqsynth.live.player import LivePlayer
from vqsynth.sound.descriptors import measure


class Played:
    """A player, its desk, and a keyboard."""

    def __init__(self, book: Codebook, mapping: Mapping) -> None:
        self.player = LivePlayer(book, voices=1 + mapping.voices)
        self.desk, self.told = Desk(self.player, load=lambda name: book), list[str]()
        self.keyboard = Keyboard(self.desk, self.player, mapping, tell=self.told.append)

    def take(self, kind: str, **values: int) -> None:
        self.keyboard.take(mido.Message(kind, **values))
        self.player.read(256)

    def asked(self, name: str) -> list[float]:
        """List the targets of a descriptor of the voices that sound."""
        parts = [part for part in self.player.parts[1:] if not part.asked.is_silent]
        return sorted(part.asked.targets[name] for part in parts if name in part.asked.targets)


@pytest.fixture
def played(book: Codebook) -> Iterator[Played]:
    made = Played(book, Mapping(voices=3))
    yield made
    made.desk.close()


@pytest.fixture
def mpe(book: Codebook) -> Iterator[Played]:
    made = Played(book, read_mapping({"mpe": True, "voices": 4}))
    yield made
    made.desk.close()


def test_note_asks_for_its_pitch_as_loud_as_its_velocity(played: Played) -> None:
    played.take("note_on", note=69, velocity=127)
    assert played.asked("pitch") == [pytest.approx(440)] and played.asked("loudness") == [-14]
    played.take("note_on", note=57, velocity=1)
    assert played.asked("pitch") == [pytest.approx(220), pytest.approx(440)]
    assert played.asked("loudness") == [pytest.approx(-43.8, abs=0.1), -14]
    played.take("note_off", note=69)
    played.take("note_on", note=57, velocity=0)
    assert played.asked("pitch") == []


def test_note_sounds_at_its_pitch_and_then_sleeps(played: Played, book: Codebook) -> None:
    played.take("note_on", note=62, velocity=90)
    y = played.player.read(16000)[4000:]
    assert np.nanmedian(measure(y, book.grid, ["pitch"])["pitch"]) == pytest.approx(293.66, rel=0.004)
    played.take("note_off", note=62)
    played.player.read(4000)
    assert not played.player.read(1000).any()
    assert all(part.is_asleep for part in played.player.parts[1:])


def test_note_too_many_takes_the_voice_of_the_oldest(played: Played) -> None:
    for note in (60, 62, 64, 65):
        played.take("note_on", note=note, velocity=64)
    assert np.round(played.asked("pitch"), 1).tolist() == [293.7, 329.6, 349.2]


def test_wheel_bends_the_notes_of_its_channel(played: Played) -> None:
    played.take("note_on", note=69, velocity=64, channel=0)
    played.take("note_on", note=69, velocity=64, channel=1)
    played.take("pitchwheel", pitch=8191, channel=1)
    assert played.asked("pitch") == [pytest.approx(440), pytest.approx(440 * 2 ** (2 / 12), rel=1e-4)]


def test_device_sets_the_range_of_the_wheel(played: Played) -> None:
    for control, value in ((101, 0), (100, 0), (6, 12)):
        played.take("control_change", control=control, value=value)
    played.take("pitchwheel", pitch=-8192)
    played.take("note_on", note=69, velocity=64)
    assert played.asked("pitch") == [pytest.approx(220)]


def test_slide_and_pressure_lead_to_centroid_and_loudness(played: Played, book: Codebook) -> None:
    played.take("note_on", note=69, velocity=64)
    for value, p in ((0, 5), (127, 95)):
        played.take("control_change", control=74, value=value)
        assert played.asked("centroid") == [pytest.approx(book.table.percentile("centroid", p))]
    played.take("aftertouch", value=127)
    assert played.player.parts[1].asked.gain_db == 12
    played.take("polytouch", note=69, value=0)
    assert played.player.parts[1].asked.gain_db == 0


def test_pedal_holds_notes_and_all_notes_off_ends_them(played: Played) -> None:
    played.take("control_change", control=64, value=127)
    played.take("note_on", note=60, velocity=64)
    played.take("note_off", note=60)
    assert len(played.asked("pitch")) == 1
    played.take("control_change", control=64, value=0)
    assert not played.asked("pitch")
    played.take("note_on", note=60, velocity=64)
    played.take("control_change", control=123, value=0)
    assert not played.asked("pitch")


def test_notes_of_mpe_bend_alone_and_all_by_the_first_channel(mpe: Played) -> None:
    mpe.take("note_on", note=57, velocity=64, channel=1)
    mpe.take("note_on", note=69, velocity=64, channel=2)
    mpe.take("pitchwheel", pitch=2048, channel=2)  # a fourth of 48 semitones
    assert mpe.asked("pitch") == [pytest.approx(220), pytest.approx(880)]
    mpe.take("pitchwheel", pitch=-8192, channel=0)
    assert mpe.asked("pitch") == [pytest.approx(220 * 2 ** (-2 / 12)), pytest.approx(880 * 2 ** (-2 / 12))]
    mpe.take("control_change", control=74, value=64, channel=1)
    assert len(mpe.asked("centroid")) == 1


def test_controller_is_learned_and_told(played: Played) -> None:
    with pytest.raises(ParameterError, match="did you mean"):
        played.desk.take("/learn", ["/target/flatnes", 0, 1])
    played.desk.take("/learn", ["/target/flatness", "p5", "p95"])
    played.take("control_change", control=22, value=0)
    played.take("note_on", note=60, velocity=64)
    played.take("control_change", control=22, value=127)
    assert len(played.asked("flatness")) == 1
    assert played.told == [
        'cc22 now moves /target/flatness; in a mapping file: [map.cc22] address = "/target/flatness" low = "p5" '
        'high = "p95"'
    ]


def test_file_is_played_in_time(book: Codebook, tmp_path: Path) -> None:
    """Two notes of half a second: the pitch of each is heard where the file has it, without a clock."""
    track = mido.MidiTrack()
    for note in (57, 69):
        track.append(mido.Message("note_on", note=note, velocity=90, time=0))
        track.append(mido.Message("note_off", note=note, velocity=0, time=480))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(tmp_path / "two.mid")
    played = Played(book, Mapping(voices=2))
    assert play_file(played.keyboard, tmp_path / "two.mid") == pytest.approx(1.0)
    y = played.player.read(20_000)
    pitch = measure(y, book.grid, ["pitch"])["pitch"]
    assert np.nanmedian(pitch[8:26]) == pytest.approx(220, rel=0.005)
    assert np.nanmedian(pitch[40:58]) == pytest.approx(440, rel=0.005)
    assert not y[18_500:].any()
    played.desk.close()


@pytest.mark.parametrize("data", [b"", b"MThd", b"hello", b"MThd" + b"\xff" * 40])
def test_file_that_is_no_midi_is_refused_in_a_line(played: Played, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.mid").write_bytes(data)
    with pytest.raises(ParameterError, match=r"is no MIDI file: [^\n]*$"):
        play_file(played.keyboard, tmp_path / "a.mid")


def test_missing_file_and_missing_port_are_told_in_a_line(played: Played, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="there is no MIDI file"):
        play_file(played.keyboard, tmp_path / "no.mid")
    with pytest.raises(VqsynthError, match="MIDI"), midi_port(played.keyboard, "nowhere"):
        pass


def test_mapping_file_replaces_the_sources_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        'voices = 4\nbend_cents = 1200\n[map.cc1]\naddress = "/target/flatness"\nlow = "p5"\nhigh = -10\n'
        '[map.velocity]\naddress = "/gain"\nlow = -20\nhigh = 0\n'
    )
    mapping = load_mapping(tmp_path / "m.toml")
    assert (mapping.voices, mapping.mpe, mapping.bend_cents) == (4, False, 1200)
    assert mapping.routes == USUAL | {
        "cc1": Route("/target/flatness", "p5", -10),
        "velocity": Route("/gain", -20, 0),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("voices = 99", "voices"),
        ("vices = 1", "did you mean 'voices'"),
        ("mpe = 1", "mpe must be True or False"),
        ("bend_cents = 'a'", "bend_cents"),
        ("map = 3", "tables such as"),
        ("[map.cc128]\naddress = '/gain'\nlow = 0\nhigh = 1", "cc0 to cc127"),
        ("[map.cc1]\naddress = '/gain'", "must hold address, low and high"),
        ("[map.cc1]\naddress = '/gian'\nlow = 0\nhigh = 1", "did you mean '/gain'"),
        ("[map.cc1]\naddress = '/gain'\nlow = true\nhigh = 1", "low of"),
        ("[map", "no TOML"),
        ("\xff", "no TOML"),
    ],
)
def test_mapping_file_with_a_mistake_is_refused_in_a_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "m.toml").write_text(text, encoding="latin-1")
    with pytest.raises(ParameterError) as caught:
        load_mapping(tmp_path / "m.toml")
    assert says in str(caught.value) and "m.toml" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "route",
    [Route("/target/centroid", "loud", 1), Route("/target/centrod", 1, 2), Route("/gain", "p5", 1),
     Route("/gain", 0, 500), Route("/target/centroid", 0, 100)],
)  # fmt: skip
def test_route_that_this_codebook_cannot_take_is_refused_at_once(book: Codebook, route: Route) -> None:
    mapping = Mapping(voices=1, routes={"cc1": route})
    with pytest.raises(ParameterError):
        Played(book, mapping)
