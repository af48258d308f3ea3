"""How far, and how often, the controls of a path may be moved."""

from dataclasses import dataclass
from typing import Any

from vqsynth.errors.checks import check_flag, check_kind, check_number, check_whole

MOST_ROUNDS = 1000


@dataclass(frozen=True)
class Limits:
    """Bound the controls that a correction moves; 0 turns one off.

    Parameters
    ----------
    envelope_db : float
        By how many dB each band of a frame's envelope is moved, either way.
    transpose_cents : float
        By how many cents a frame is transposed, either way.
    gain : bool
        Whether gain is moved.
    fundamental_db : float
        By how many dB a weak fundamental is raised.

    Raises
    ------
    ParameterError
        For what is no such number.

    """

    envelope_db: float = 18.0
    transpose_cents: float = 400.0
    gain: bool = True
    fundamental_db: float = 30.0

    def __post_init__(self) -> None:
        check_flag("gain", self.gain)
        for name in ("envelope_db", "transpose_cents", "fundamental_db"):
            check_number(name, getattr(self, name), 0, 1e6)


def check_rounds(rounds: Any) -> int:
    """Take a number of rounds. Raises ParameterError."""
    return check_whole("rounds", rounds, 0, MOST_ROUNDS)


def check_limits(limits: Any) -> Limits:
    """Take limits, by default the usual ones. Raises ParameterError."""
    return Limits() if limits is None else check_kind("limits", limits, Limits, "correction.Limits or None")
