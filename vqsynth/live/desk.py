"""The desk of a player: what is said by address and values, as OSC does, checked and sent to the player.

What takes long, a codebook that is loaded say, is done by a thread of its own, so that nothing else waits for it.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from vqsynth.checks import check_number, check_whole, show, unknown_name
from vqsynth.codes.controls import MAX_ENVELOPE_DB, MAX_TILT_DB, MAX_TRANSPOSE_CENTS
from vqsynth.codes.envelopes import BANDS
from vqsynth.codes.record import CodebookRecord
from vqsynth.curves.values import Meaning
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.live.player import Change, LivePlayer
from vqsynth.live.recording import Recorder
from vqsynth.live.sounding import Instrument, Sounding
from vqsynth.sound.descriptors import find_name

Load = Callable[[str], CodebookRecord]
Tell = Callable[[str], object]
Values = Sequence[Any]

ADDRESSES = {
    "/target/NAME": "What is asked of a descriptor: a number in its unit, or text such as A4, 2k, p50.",
    "/weight/NAME": "How much the target counts beside others, 0 or more.",
    "/hold": "A code that sounds until /hold is sent without one.",
    "/gain": "Added to the gain, in dB, -120 to 40.",
    "/transpose": "Added to the transposition, in cents, -1200 to 1200.",
    "/envelope": "24 numbers in dB, -40 to 40, for the bands of the spectrum.",
    "/max_transpose": "How far codes are moved to a pitch, in cents, 0 to 1200.",
    "/max_tilt": "How far spectra are tilted to a centroid, in dB per octave, 0 to 6.",
    "/smoothness": "What steps between spectra cost, 0 or more.",
    "/motion": "How often codes change, 0 to 1; .5 is as in the training sounds.",
    "/seed": "The seed of chance; the sound begins anew with it.",
    "/restart": "The sound begins anew with its seed.",
    "/stop": "Silence; all targets and a held code are forgotten.",
    "/book": "The codebook to go on with: the name of a shipped one, or a folder.",
}
"""What can be said, and what it means. Without a value, what was asked is no longer asked."""

_NUMBERS = {
    "gain": ("gain_db", -120.0, 40.0),
    "transpose": ("transpose_cents", -MAX_TRANSPOSE_CENTS, MAX_TRANSPOSE_CENTS),
    "max_transpose": ("max_transpose", 0.0, MAX_TRANSPOSE_CENTS),
    "max_tilt": ("max_tilt", 0.0, MAX_TILT_DB),
    "smoothness": ("smoothness", 0.0, 1e6),
}
HEAVIEST = 1e6


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

    """

    def __init__(self, player: LivePlayer, *, load: Load, recorder: Recorder | None = None) -> None:
        self._player, self._load, self._recorder = player, load, recorder
        self._worker = ThreadPoolExecutor(1, "vqsynth-live")
        self._instruments = {player.sounding.instrument.book.name: player.sounding.instrument}
        self._seed, self._motion = player.sounding.seed, player.asked.motion
        self._book = player.sounding.instrument.book

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
        if name:
            self._send(self._take_named(head, find_name(name, self._book.table.names), values), at_s)
        elif head in _NUMBERS:
            self._send(_set_number(head, values), at_s)
        elif head in ("book", "motion"):
            made = self._check_book(values) if head == "book" else self._check_motion(values)
            self._later(made, at_s, tell)
        else:
            self._send(getattr(self, f"_take_{head}")(values), at_s)

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

    def _take_named(self, head: str, name: str, values: Values) -> Change:
        if head == "target":
            return self._take_target(name, values)
        weight = check_number(f"the weight of {name}", _read_one(f"/weight/{name}", values), 0, HEAVIEST)
        return lambda player: player.asked.weights.update({name: weight})

    def _take_target(self, name: str, values: Values) -> Change:
        if not values or values[0] is None:
            return lambda player: player.asked.targets.pop(name, None)
        table = self._book.table
        i = table.position(name)
        meaning = Meaning(lambda p: table.percentile(name, p), table.units[i])
        value = meaning.read(_read_one(f"/target/{name}", values))
        if table.scales[i] == "octave" and value <= 0:
            raise ParameterError(f"a target for {name} must lie above 0 (got {value:g}); raise it")
        if np.isnan(table.column(name)).all():
            raise ParameterError(f"no code of this codebook has a usable {name}; choose another target")

        def ask(player: LivePlayer) -> None:
            player.asked.targets[name] = value
            player.asked.stopped = False

        return ask

    def _take_hold(self, values: Values) -> Change:
        if not values or values[0] is None:
            return lambda player: setattr(player.asked, "hold", None)
        code = check_whole("/hold", _as_whole(_read_one("/hold", values)), 0, len(self._book) - 1)

        def hold(player: LivePlayer) -> None:
            player.asked.hold, player.asked.stopped = code, False

        return hold

    def _take_envelope(self, values: Values) -> Change:
        if not values:
            return lambda player: setattr(player.asked, "envelope_db", None)
        numbers = values[0] if len(values) == 1 and isinstance(values[0], list) else values
        if len(numbers) != BANDS:
            raise ParameterError(f"/envelope takes {BANDS} numbers, one for each band, or none (got {len(numbers)})")
        row = np.array([check_number("/envelope", value, -MAX_ENVELOPE_DB, MAX_ENVELOPE_DB) for value in numbers])
        return lambda player: setattr(player.asked, "envelope_db", row)

    def _take_stop(self, values: Values) -> Change:
        def stop(player: LivePlayer) -> None:
            player.asked.targets.clear()
            player.asked.hold, player.asked.stopped = None, True

        return stop

    def _take_seed(self, values: Values) -> Change:
        self._seed = check_whole("/seed", _as_whole(_read_one("/seed", values)), 0, 2**63 - 1)
        return self._take_restart(())

    def _take_restart(self, values: Values) -> Change:
        instrument = self._instruments[self._book.name]
        return self._begin(instrument, self._player.sounding.pace if self._motion else None)

    def _begin(self, instrument: Instrument, pace: Any) -> Change:
        """Prepare the sound of a codebook from its beginning."""
        keep = self._recorder.begin(instrument.book, self._seed).keep if self._recorder else None
        sounding = Sounding(instrument, seed=self._seed, pace=pace, keep=keep)
        return lambda player: player.switch(sounding)

    def _check_book(self, values: Values) -> Callable[[], Change]:
        name = _read_one("/book", values)
        if not isinstance(name, str) or not name:
            raise ParameterError(f"/book takes the name of a codebook, or its folder (got {show(name)})")

        def make() -> Change:
            if name not in self._instruments:
                self._instruments[name] = Instrument(self._load(name))
            instrument = self._instruments[name]
            self._book = instrument.book
            self._instruments.setdefault(instrument.book.name, instrument)
            return self._begin(instrument, instrument.chooser.make_pace(self._motion, self._seed))

        return make

    def _check_motion(self, values: Values) -> Callable[[], Change]:
        motion = check_number("/motion", _read_one("/motion", values), 0, 1)

        def make() -> Change:
            self._motion = motion
            pace = self._instruments[self._book.name].chooser.make_pace(motion, self._seed)

            def change(player: LivePlayer) -> None:
                player.asked.motion, player.sounding.pace = motion, pace

            return change

        return make


def _set_number(head: str, values: Values) -> Change:
    entry, low, high = _NUMBERS[head]
    value = check_number(f"/{head}", _read_one(f"/{head}", values), low, high)
    return lambda player: setattr(player.asked, entry, value)


def _read_one(address: str, values: Values) -> Any:
    """Return the one value of a message. Raises ParameterError for none, and for several."""
    if len(values) != 1:
        raise ParameterError(f"{address} takes one value (got {len(values)})")
    return values[0]


def _as_whole(value: Any) -> Any:
    """Return a whole number that comes as a float, as all numbers of Pure Data do."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
