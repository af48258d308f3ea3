"""What can be said to a player: the addresses, and how their values are read."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vqsynth.codes.controls import MAX_ENVELOPE_DB, MAX_TILT_DB, MAX_TRANSPOSE_CENTS
from vqsynth.codes.envelopes import BANDS
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.values import Meaning
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_number
from vqsynth.live.parts import Part
from vqsynth.sound.arrays import Doubles

Values = Sequence[Any]
PartChange = Callable[[Part], object]

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
    "/like": "1: follow loudness, centroid, flatness and pitch of the sound that comes in. 0: no longer.",
    "/transfer": "1: play the sound that comes in by the nearest codes, at its level and pitch. 0: no longer.",
    "/learn": "An address, its value at rest and all the way up: the next MIDI controller that is moved moves it.",
    "/book": "The codebook to go on with: the name of a shipped one, or a folder.",
}
"""What can be said, and what it means. Without a value, what was asked is no longer asked."""

NUMBERS = {
    "gain": ("gain_db", -120.0, 40.0),
    "transpose": ("transpose_cents", -MAX_TRANSPOSE_CENTS, MAX_TRANSPOSE_CENTS),
    "max_transpose": ("max_transpose", 0.0, MAX_TRANSPOSE_CENTS),
    "max_tilt": ("max_tilt", 0.0, MAX_TILT_DB),
    "smoothness": ("smoothness", 0.0, 1e6),
}
"""Numbers that are set as they are: the entry of `Asked`, the least, the most."""


def set_number(head: str, values: Values) -> PartChange:
    """Make the change that one of `NUMBERS` is. Raises ParameterError for a number out of bounds."""
    entry, low, high = NUMBERS[head]
    value = check_number(f"/{head}", read_one(f"/{head}", values), low, high)
    return lambda part: setattr(part.asked, entry, value)


def read_one(address: str, values: Values) -> Any:
    """Return the one value of a message. Raises ParameterError for none, and for several."""
    if len(values) != 1:
        raise ParameterError(f"{address} takes one value (got {len(values)})")
    return values[0]


def as_whole(value: Any) -> Any:
    """Return a whole number that comes as a float, as all numbers of Pure Data do."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read_target(table: DescriptorTable, name: str, values: Values) -> float:
    """Read a target in the unit of its descriptor. Raises ParameterError for what is none, or nothing can meet."""
    i = table.position(name)
    meaning = Meaning(lambda p: table.percentile(name, p), table.units[i])
    value = meaning.read(read_one(f"/target/{name}", values))
    if table.scales[i] == "octave" and value <= 0:
        raise ParameterError(f"a target for {name} must lie above 0 (got {value:g}); raise it")
    if np.isnan(table.column(name)).all():
        raise ParameterError(f"no code of this codebook has a usable {name}; choose another target")
    return value


def read_envelope(values: Values) -> Doubles:
    """Read an envelope, (24,) in dB. Raises ParameterError."""
    numbers = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    if len(numbers) != BANDS:
        raise ParameterError(f"/envelope takes {BANDS} numbers, one for each band, or none (got {len(numbers)})")
    return np.array([check_number("/envelope", value, -MAX_ENVELOPE_DB, MAX_ENVELOPE_DB) for value in numbers])
