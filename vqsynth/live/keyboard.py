"""A keyboard of MIDI or MPE: a note sounds on a voice of its own, and controllers move what is asked of it.

A note asks for its pitch. Velocity, pressure and controllers lead where the mapping says. Pressure, pitch wheel and
controllers count for the notes of their channel; in MPE each note has a channel, and what comes on the first one counts
for all.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vqsynth.errors import ParameterError
from vqsynth.live.addresses import PartChange, read_target
from vqsynth.live.asking import Asked
from vqsynth.live.desk import Desk
from vqsynth.live.mapping import Mapping, Route, check_source, make_route
from vqsynth.live.parts import Part
from vqsynth.live.player import LivePlayer

MASTER_BEND_CENTS = 200.0
"""What the wheel of the first channel bends all notes by in MPE."""
_SUSTAIN, _ALL_OFF, _SOUND_OFF, _RPN_HIGH, _RPN_LOW, _DATA = 64, 123, 120, 101, 100, 6
_ALL = -1


@dataclass
class Channel:
    """Hold what a channel's controllers say: shares from 0 to 1, the wheel from -1 to 1."""

    wheel: float = 0.0
    bend_cents: float | None = None
    sources: dict[str, float] = field(default_factory=dict)
    is_sustained: bool = False
    rpn: tuple[int, int] = (127, 127)


@dataclass
class Note:
    """Hold a note that sounds: its voice, channel and number, and whether its key is down."""

    voice: int
    channel: int
    number: int
    is_down: bool = True


class Keyboard:
    """Take MIDI messages, and play them with the voices of a player but the first.

    Parameters
    ----------
    desk : Desk
        Reads the values that sources lead to, and is asked to learn.
    player : LivePlayer
        The player, with as many voices as the mapping has and one.
    mapping : Mapping
        What MIDI controls.
    tell : function
        Is told a line where a controller was learned.

    Raises
    ------
    ParameterError
        For values of the mapping that this codebook does not have.

    """

    def __init__(
        self, desk: Desk, player: LivePlayer, mapping: Mapping, *, tell: Callable[[str], object] = lambda line: None
    ) -> None:
        self._desk, self._player, self.mapping, self._tell = desk, player, mapping, tell
        self._mpe = mapping.mpe
        self._channels = [Channel() for _ in range(16)]
        self._notes: list[Note] = []  # oldest first
        self._free = list(range(1, len(player.parts)))
        self._learning: tuple[str, Any, Any] | None = None
        for source, route in mapping.routes.items():
            self._read(source, route, 0.5)
        desk.learn = self.learn

    def learn(self, address: str, low: Any, high: Any) -> None:
        """Let the next controller that is moved lead to an address. Raises ParameterError."""
        self._read("/learn", make_route("/learn", address, low, high), 0.5)
        self._learning = address, low, high

    def take(self, message: Any, *, at_s: float = -math.inf) -> None:
        """Take a message, as mido has it, that counts at a time of the player's sound. Others than notes are few."""
        take = getattr(self, f"_take_{message.type}", None)
        if take is not None:
            take(message, at_s)

    def _take_note_on(self, message: Any, at_s: float) -> None:
        if not message.velocity:
            self._take_note_off(message, at_s)
            return
        if not self._free:
            self._free.append(self._notes.pop(0).voice)
        note = Note(self._free.pop(0), message.channel, message.note)
        self._notes.append(note)
        heard = {"velocity": message.velocity / 127} | self._master().sources | self._channels[note.channel].sources
        changes = [self._read(source, self.mapping.routes[source], share) for source, share in heard.items()
                   if source in self.mapping.routes]  # fmt: skip
        pitch_hz = self._pitch_hz(note)

        def begin(player: LivePlayer) -> None:
            first = player.parts[0].asked
            part = player.parts[note.voice]
            part.asked = Asked(
                targets={"pitch": pitch_hz}, smoothness=first.smoothness, motion=first.motion,
                max_transpose=first.max_transpose, max_tilt=first.max_tilt,
            )  # fmt: skip
            for change in changes:
                change(part)

        self._player.send(begin, at_s=at_s)

    def _take_note_off(self, message: Any, at_s: float) -> None:
        for note in self._notes:
            if (note.channel, note.number, note.is_down) == (message.channel, message.note, True):
                note.is_down = False
                break
        if not (self._channels[message.channel].is_sustained or self._master().is_sustained):
            self._release(message.channel, at_s)

    def _release(self, channel: int, at_s: float, *, all_keys: bool = False) -> None:
        """End the notes of a channel whose keys are up; with `all_keys`, of those that are down, too."""
        ended = [n for n in self._notes if channel in (_ALL, n.channel) and (all_keys or not n.is_down)]
        for note in ended:
            self._notes.remove(note)
            self._free.append(note.voice)
            self._send(note, _stop, at_s)

    def _take_pitchwheel(self, message: Any, at_s: float) -> None:
        self._channels[message.channel].wheel = message.pitch / 8192
        for note in self._notes_of(message.channel):
            self._send(note, _ask_pitch(self._pitch_hz(note)), at_s)

    def _take_aftertouch(self, message: Any, at_s: float) -> None:
        self._move(message.channel, "pressure", message.value / 127, at_s)

    def _take_polytouch(self, message: Any, at_s: float) -> None:
        route = self.mapping.routes.get("pressure")
        for note in self._notes:
            if route and (note.channel, note.number) == (message.channel, message.note):
                self._send(note, self._read("pressure", route, message.value / 127), at_s)

    def _take_control_change(self, message: Any, at_s: float) -> None:
        channel, number, value = self._channels[message.channel], message.control, message.value
        if number == _SUSTAIN:
            channel.is_sustained = value >= 64
            if not channel.is_sustained:
                self._release(_ALL if self._is_master(message.channel) else message.channel, at_s)
        elif number in (_ALL_OFF, _SOUND_OFF):
            self._release(_ALL if self._is_master(message.channel) else message.channel, at_s, all_keys=True)
        elif number in (_RPN_HIGH, _RPN_LOW):
            channel.rpn = (value, channel.rpn[1]) if number == _RPN_HIGH else (channel.rpn[0], value)
        elif number == _DATA and channel.rpn in ((0, 0), (0, 6)):
            self._configure(channel, value)
        else:
            self._move(message.channel, f"cc{number}", value / 127, at_s)

    def _configure(self, channel: Channel, value: int) -> None:
        """Set the range of the wheel, or MPE, as the device says."""
        if channel.rpn == (0, 0):
            channel.bend_cents = 100.0 * value
        elif channel is self._channels[0]:
            self._mpe = value > 0

    def _move(self, channel: int, source: str, share: float, at_s: float) -> None:
        """Take what a source of a channel says, and pass it on to the notes that sound."""
        if self._learning is not None and source.startswith("cc"):
            address, low, high = self._learning
            self._learning = None
            self.mapping = self.mapping.with_route(check_source(source), Route(address, low, high))
            self._tell(
                f"{source} now moves {address}; in a mapping file: "
                f"[map.{source}] address = {_quote(address)} low = {_quote(low)} high = {_quote(high)}"
            )
        self._channels[channel].sources[source] = share
        route = self.mapping.routes.get(source)
        if route is not None:
            change = self._read(source, route, share)
            for note in self._notes_of(channel):
                self._send(note, change, at_s)

    def _read(self, source: str, route: Route, share: float) -> PartChange:
        """Read what a source asks for. Raises ParameterError for values that nothing has."""
        _, head, *names = route.address.split("/")
        name = names[0] if names else ""
        low, high = (self._read_end(source, route, head, name, end) for end in (route.low, route.high))
        table = self._desk.table
        if head == "target" and table.scales[table.position(name)] == "octave":
            value = low * (high / low) ** share
        else:
            value = low + share * (high - low)
        return self._desk.read(head, name, [round(value) if head == "hold" else value])

    def _read_end(self, source: str, route: Route, head: str, name: str, end: float | str) -> float:
        if head == "target":
            return read_target(self._desk.table, self._desk.find_name(name), [end])
        if isinstance(end, str):
            raise ParameterError(f"{source} leads to {route.address}, whose values are numbers (got '{end}')")
        return float(end)

    def _pitch_hz(self, note: Note) -> float:
        channel = self._channels[note.channel]
        own = self.mapping.bend_cents if channel.bend_cents is None else channel.bend_cents
        cents = channel.wheel * own
        if self._mpe and note.channel:
            master = self._channels[0]
            cents += master.wheel * (MASTER_BEND_CENTS if master.bend_cents is None else master.bend_cents)
        return float(440 * 2 ** ((note.number - 69) / 12 + cents / 1200))

    def _is_master(self, channel: int) -> bool:
        return self._mpe and channel == 0

    def _master(self) -> Channel:
        return self._channels[0] if self._mpe else Channel()

    def _notes_of(self, channel: int) -> list[Note]:
        return [note for note in self._notes if self._is_master(channel) or note.channel == channel]

    def _send(self, note: Note, change: PartChange, at_s: float) -> None:
        voice = note.voice
        self._player.send(lambda player: change(player.parts[voice]), at_s=at_s)


def _ask_pitch(pitch_hz: float) -> PartChange:
    return lambda part: part.asked.targets.update(pitch=pitch_hz)


def _stop(part: Part) -> None:
    part.asked.stopped = True


def _quote(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"
