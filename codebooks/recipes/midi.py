"""Scores: notes and controls at times in seconds, which can be written as a MIDI file."""

import struct

TICKS_PER_S = 960
"""480 ticks per quarter note, and two quarter notes per second, the tempo of a MIDI file that sets none."""
BEND_RANGE = 12
"""Semitones of a full pitch bend, up or down."""
DRUMS = 9
"""The channel, from 0, on which General MIDI plays drums, a different one for each key."""
BANK, VIBRATO, VOLUME, EXPRESSION, REVERB, CHORUS, LEGATO, MONO = 0, 1, 7, 11, 91, 93, 68, 126


class Score:
    """Hold the events of one instrument on one channel, and the time at which the music ends.

    Parameters
    ----------
    program : int
        General MIDI program, from 0.
    legato : bool
        Whether one voice goes from note to note without a new attack.
    channel : int
        MIDI channel, from 0.
    bank : int
        Bank of the program, 0 to 127; 0 is that of General MIDI.

    """

    def __init__(self, program: int, *, legato: bool = False, channel: int = 0, bank: int = 0) -> None:
        self.end_s = 0.0
        self._channel = channel
        self._events: list[tuple[int, int, bytes]] = []
        for number, value in ((VOLUME, 110), (EXPRESSION, 127), (REVERB, 0), (CHORUS, 0)):
            self.control(0.0, number, value)
        # Registered parameter 0 is the range of the pitch bend: coarse, then fine.
        for number, value in ((101, 0), (100, 0), (6, BEND_RANGE), (38, 0)):
            self.control(0.0, number, value)
        if bank:
            self.control(0.0, BANK, bank)
        self._add(0.0, 0xC0, program)
        if legato:
            self.control(0.0, MONO, 1)
            self.control(0.0, LEGATO, 127)

    def note(self, time_s: float, pitch: int, velocity: int, seconds: float) -> None:
        """Add a note of a MIDI pitch, at a velocity of 1 to 127."""
        self._add(time_s, 0x90, pitch, velocity)
        self._add(time_s + seconds, 0x80, pitch, 0)
        self.end_s = max(self.end_s, time_s + seconds)

    def control(self, time_s: float, number: int, value: float) -> None:
        """Set a controller to a value, 0 to 127."""
        self._add(time_s, 0xB0, number, max(0, min(127, int(value))))

    def bend(self, time_s: float, semitones: float) -> None:
        """Bend the pitch by up to BEND_RANGE semitones."""
        value = max(0, min(16383, round(8192 * (1 + semitones / BEND_RANGE))))
        self._add(time_s, 0xE0, value & 127, value >> 7)

    def rest(self, seconds: float) -> None:
        """Let the music end a number of seconds later."""
        self.end_s += seconds

    def to_midi(self) -> bytes:
        """Return a MIDI file of one track."""
        body, last = bytearray(), 0
        for tick, _, message in sorted(self._events):
            body += _variable_length(tick - last) + message
            last = tick
        body += _variable_length(max(0, round(self.end_s * TICKS_PER_S) - last)) + b"\xff\x2f\x00"
        header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480)
        return header + b"MTrk" + struct.pack(">I", len(body)) + bytes(body)

    def _add(self, time_s: float, kind: int, *values: int) -> None:
        # The number of the event keeps events of one tick in the order in which they were added.
        message = bytes([kind | self._channel, *values])
        self._events.append((round(time_s * TICKS_PER_S), len(self._events), message))


def _variable_length(number: int) -> bytes:
    """Return a number in bytes of seven bits, the highest first. All bytes but the last have their top bit set."""
    parts = [number & 127]
    while number := number >> 7:
        parts.append(128 | (number & 127))
    return bytes(reversed(parts))
