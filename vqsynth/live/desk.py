"""The desk of a player: what is said by address and values, as OSC does, checked and sent to the player.

What takes long, a codebook that is loaded say, is done by a thread of its own, so that nothing else waits for it.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.errors.checks import check_number, check_whole, show, unknown_name
from vqsynth.live.addresses import (
    ADDRESSES,
    NUMBERS,
    PartChange,
    Values,
    as_whole,
    read_envelope,
    read_one,
    read_target,
    set_number,
)
from vqsynth.live.listening import LikeSource, Source, TransferSource
from vqsynth.live.parts import Part
from vqsynth.live.player import Change, LivePlayer, make_soundings
from vqsynth.live.recording import Recorder
from vqsynth.live.sounding import Instrument
from vqsynth.sound.descriptors import find_name

Load = Callable[[str], CodebookRecord]
Tell = Callable[[str], object]

HEAVIEST = 1e6
SOURCES: dict[str, Callable[[CodebookRecord, int], Source]] = {"like": LikeSource, "transfer": TransferSource}


class Desk:
    """Take what is said to a player.

    Parameters
    ----------
    player : LivePlayer
        The player.
    load : function
        Loads a codebook by name or folder. Raises CodebookError.
    recorder : Recorder, optional
        Is given a new take whenever the sound begins anew.
    has_input : bool
        Whether a sound comes in.

    """

    def __init__(
        self, player: LivePlayer, *, load: Load, recorder: Recorder | None = None, has_input: bool = False
    ) -> None:
        self._player, self._load, self._recorder, self._has_input = player, load, recorder, has_input
        self._source = ""
        self.learn: Callable[[str, Any, Any], object] | None = None
        self._worker = ThreadPoolExecutor(1, "vqsynth-live")
        self._instruments = {player.sounding.instrument.book.name: player.sounding.instrument}
        self._seed, self._motion = player.sounding.seed, player.asked.motion
        self._book = player.sounding.instrument.book

    @property
    def table(self) -> DescriptorTable:
        """Return the table of the codebook that plays."""
        return self._book.table

    def find_name(self, name: str) -> str:
        """Return the name of a descriptor, of a plain word for it. Raises ParameterError."""
        return find_name(name, self._book.table.names)

    def close(self) -> None:
        """Wait for what is being done, and take no more that takes long."""
        self._worker.shutdown(cancel_futures=True)

    def take(self, address: str, values: Values = (), *, at_s: float = -math.inf, tell: Tell | None = None) -> None:
        """Take a message.

        Parameters
        ----------
        address : str
            One of `ADDRESSES`.
        values : sequence
            What it says.
        at_s : float
            When it is to count, in seconds of the player's sound. By default at once.
        tell : function, optional
            Is told in a line what went wrong with work that is done later.

        Raises
        ------
        ParameterError
            If nothing has this address, or the values cannot be used.

        """
        head, _, name = address.removeprefix("/").partition("/")
        known = address.startswith("/") and (f"/{head}/NAME" if name else address) in ADDRESSES
        if not known:
            raise unknown_name(address, tuple(ADDRESSES), "address")
        if head in SOURCES:
            self._later(self._check_source(head, values), at_s, tell)
        elif head in ("book", "motion"):
            self._later(getattr(self, f"_check_{head}")(values), at_s, tell)
        elif head in ("stop", "seed", "restart", "learn"):
            self._send(getattr(self, f"_take_{head}")(values), at_s)
        else:
            change = self.read(head, name, values)
            self._send(lambda player: change(player.parts[0]), at_s)

    def read(self, head: str, name: str, values: Values) -> PartChange:
        """Read what changes a part, "target" and "centroid" say. Raises ParameterError."""
        if head == "target":
            return self._read_target(self.find_name(name), values)
        if head == "weight":
            name = self.find_name(name)
            weight = check_number(f"the weight of {name}", read_one(f"/weight/{name}", values), 0, HEAVIEST)
            return lambda part: part.asked.weights.update({name: weight})
        return set_number(head, values) if head in NUMBERS else getattr(self, f"_read_{head}")(values)

    def _send(self, change: Change, at_s: float) -> None:
        self._player.send(change, at_s=at_s)

    def _later(self, make: Callable[[], Change], at_s: float, tell: Tell | None) -> None:
        def work() -> None:
            try:
                self._send(make(), at_s)
            except VqsynthError as e:
                if tell is not None:
                    tell(str(e))

        self._worker.submit(work)

    def _read_target(self, name: str, values: Values) -> PartChange:
        if not values or values[0] is None:
            return lambda part: part.asked.targets.pop(name, None)
        value = read_target(self._book.table, name, values)

        def ask(part: Part) -> None:
            part.asked.targets[name] = value
            part.asked.stopped = False

        return ask

    def _read_hold(self, values: Values) -> PartChange:
        if not values or values[0] is None:
            return lambda part: setattr(part.asked, "hold", None)
        code = check_whole("/hold", as_whole(read_one("/hold", values)), 0, len(self._book) - 1)

        def hold(part: Part) -> None:
            part.asked.hold, part.asked.stopped = code, False

        return hold

    def _read_envelope(self, values: Values) -> PartChange:
        row = read_envelope(values) if values else None
        return lambda part: setattr(part.asked, "envelope_db", row)

    def _take_stop(self, values: Values) -> Change:
        def stop(player: LivePlayer) -> None:
            for part in player.parts:
                part.asked.targets.clear()
                part.asked.hold, part.asked.stopped = None, True

        return stop

    def _take_learn(self, values: Values) -> Change:
        if self.learn is None:
            raise ParameterError("/learn needs MIDI; start vqsynth live with --midi")
        if len(values) != 3:
            raise ParameterError("/learn takes an address, its value at rest, and its value all the way up")
        self.learn(*values)
        return lambda player: None

    def _take_seed(self, values: Values) -> Change:
        self._seed = check_whole("/seed", as_whole(read_one("/seed", values)), 0, 2**63 - 1)
        return self._take_restart(())

    def _take_restart(self, values: Values) -> Change:
        instrument = self._instruments[self._book.name]
        return self._begin(instrument, self._player.sounding.pace if self._motion else None)

    def _begin(self, instrument: Instrument, pace: Any) -> Change:
        """Prepare the sound of a codebook from its beginning."""
        voices = len(self._player.parts)
        keep = self._recorder.begin(instrument.book, self._seed, voices) if self._recorder else ()
        soundings = make_soundings(instrument, voices, self._seed, pace, keep)
        return lambda player: player.switch(soundings)

    def _check_book(self, values: Values) -> Callable[[], Change]:
        name = read_one("/book", values)
        if not isinstance(name, str) or not name:
            raise ParameterError(f"/book takes the name of a codebook, or its folder (got {show(name)})")

        def make() -> Change:
            if name not in self._instruments:
                self._instruments[name] = Instrument(self._load(name))
            instrument = self._instruments[name]
            self._book = instrument.book
            self._instruments.setdefault(instrument.book.name, instrument)
            begin = self._begin(instrument, instrument.chooser.make_pace(self._motion, self._seed))
            listen = self._listen()

            def change(player: LivePlayer) -> None:
                begin(player)
                listen(player)

            return change

        return make

    def _check_source(self, kind: str, values: Values) -> Callable[[], Change]:
        wanted = as_whole(read_one(f"/{kind}", values))
        if wanted not in (0, 1):
            raise ParameterError(f"/{kind} takes 1 or 0 (got {show(wanted)})")
        if wanted and not self._has_input:
            raise ParameterError(f"/{kind} needs a sound that comes in; start vqsynth live with --input")

        def make() -> Change:
            self._source = kind if wanted else "" if self._source == kind else self._source
            return self._listen()

        return make

    def _listen(self) -> Change:
        """Prepare what hears the sound that comes in, for the codebook that plays."""
        source = SOURCES[self._source](self._book, self._player.sr) if self._source else None

        def change(player: LivePlayer) -> None:
            if source is None and player.source is not None:
                player.asked.targets.clear()
            player.source = source
            player.asked.stopped = player.asked.stopped and source is None

        return change

    def _check_motion(self, values: Values) -> Callable[[], Change]:
        motion = check_number("/motion", read_one("/motion", values), 0, 1)

        def make() -> Change:
            self._motion = motion
            pace = self._instruments[self._book.name].chooser.make_pace(motion, self._seed)

            def change(player: LivePlayer) -> None:
                for part in player.parts:
                    part.asked.motion, part.sounding.pace = motion, pace

            return change

        return make
