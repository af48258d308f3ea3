"""What MIDI controls: a file that people write, in TOML.

    voices = 16
    mpe = false
    bend_cents = 200

    [map.velocity]
    address = "/target/loudness"
    low = -44
    high = -14

    [map.cc74]
    address = "/target/centroid"
    low = "p5"
    high = "p95"

A source is `velocity`, `pressure` or `cc` with the number of a controller. At rest it gives `low`, all the way up
`high`; values in between lie on a line, frequencies on one over octaves. A file replaces the sources that it names.
"""

import re
import tomllib
from dataclasses import dataclass, field, replace
from typing import Any

from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_flag, check_number, check_whole, show, unknown_name
from vqsynth.live.addresses import ADDRESSES, NUMBERS
from vqsynth.live.player import MOST_VOICES
from vqsynth.storage.files import StrPath, decode_text, read_regular

MPE_BEND_CENTS = 4800.0
"""The range of a note's own bend in MPE, where nothing else is said: 48 semitones."""
MOST_BEND_CENTS = 9600.0
_SOURCE = re.compile(r"velocity|pressure|cc([0-9]{1,3})")
_ENTRIES = ("voices", "mpe", "bend_cents", "map")
_OF_A_VOICE = ("/hold", *(f"/{head}" for head in NUMBERS))


@dataclass(frozen=True)
class Route:
    """Hold where a source leads: an address, and its values at rest and all the way up."""

    address: str
    low: float | str
    high: float | str


USUAL = {
    "velocity": Route("/target/loudness", -44.0, -14.0),
    "pressure": Route("/gain", 0.0, 12.0),
    "cc74": Route("/target/centroid", "p5", "p95"),
}
"""The usual routes: velocity and pressure to loudness, slide, which is controller 74, to centroid."""


@dataclass(frozen=True)
class Mapping:
    """Hold what MIDI controls.

    Attributes
    ----------
    voices : int
        Notes that can sound together, 1 to 32.
    mpe : bool
        Whether each note has a channel of its own, which bends by `bend_cents`, and channel 1 bends them all.
    bend_cents : float
        What the pitch wheel bends by, all the way up.
    routes : dict of str to Route
        By source: velocity, pressure, or cc with a number.

    """

    voices: int = 16
    mpe: bool = False
    bend_cents: float = 200.0
    routes: dict[str, Route] = field(default_factory=lambda: dict(USUAL))

    def with_route(self, source: str, route: Route) -> "Mapping":
        """Return the mapping with another route."""
        return replace(self, routes=self.routes | {source: route})


def load_mapping(file: StrPath) -> Mapping:
    """Read a mapping file. Raises ParameterError, which says in a line what is wrong in it."""
    data = read_regular(file, error=ParameterError, what="the mapping file", most_bytes=1 << 20)
    try:
        return read_mapping(tomllib.loads(decode_text(data)))
    except (ValueError, RecursionError) as e:
        raise ParameterError(f"the mapping file '{file}' is no TOML: {e}") from e
    except ParameterError as e:
        raise ParameterError(f"the mapping file '{file}' cannot be used: {e}") from e


def read_mapping(entries: dict[str, Any]) -> Mapping:
    """Read a mapping from the entries of a file. Raises ParameterError."""
    for name in entries:
        if name not in _ENTRIES:
            raise unknown_name(name, _ENTRIES, "entry")
    mpe = check_flag("mpe", entries.get("mpe", False))
    bend_cents = entries.get("bend_cents", MPE_BEND_CENTS if mpe else 200.0)
    routes = entries.get("map", {})
    if not isinstance(routes, dict):
        raise ParameterError(f"map must hold tables such as [map.cc74] (got {show(routes)})")
    return Mapping(
        check_whole("voices", entries.get("voices", 16), 1, MOST_VOICES),
        mpe,
        check_number("bend_cents", bend_cents, 0, MOST_BEND_CENTS),
        USUAL | {check_source(source): _read_route(source, entry) for source, entry in routes.items()},
    )


def check_source(source: str) -> str:
    """Check the name of a source. Raises ParameterError."""
    found = _SOURCE.fullmatch(source)
    if not found or (found[1] and int(found[1]) > 127):
        raise ParameterError(f"a source is velocity, pressure, or cc0 to cc127 (got {show(source)})")
    return source if not found[1] else f"cc{int(found[1])}"


def _read_route(source: str, entry: Any) -> Route:
    if not isinstance(entry, dict) or set(entry) != {"address", "low", "high"}:
        raise ParameterError(f"[map.{source}] must hold address, low and high, and no more (got {show(entry)})")
    return make_route(f"[map.{source}]", entry["address"], entry["low"], entry["high"])


def make_route(what: str, address: Any, low: Any, high: Any) -> Route:
    """Make a route. Raises ParameterError for an address that no note has, and for values that are none."""
    head = address.split("/")[1] if isinstance(address, str) and address.startswith("/") else ""
    if address not in _OF_A_VOICE and f"/{head}/NAME" not in ADDRESSES:
        known = (*(name for name in ADDRESSES if name.endswith("/NAME")), *_OF_A_VOICE)
        raise unknown_name(str(address), known, f"address in {what}:")
    for name, value in (("low", low), ("high", high)):
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ParameterError(f"{name} of {what} must be a number or a text such as p5 (got {show(value)})")
    return Route(address, low, high)
