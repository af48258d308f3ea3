"""The report of a sound as a record, which reads as its JSON does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError
from vqsynth.follow.report import summarize, warnings_of
from vqsynth.notebook import ASKED, GOT, draw_curves, show_block, show_lines

Row = list[float | None]
OPTIONAL = frozenset({"controls", "layers"})
"""What the JSON has only where there is something to say."""
MOST_PICTURES = 12
"""Descriptors that a notebook draws."""


@dataclass(frozen=True, eq=False)
class DescriptorReport:
    """Hold what was asked of one descriptor and what was got, (T,) each, None where there is no value.

    table: what the chosen codes have. distance: of asked and table, in spreads of the table. error: RMS in the unit;
    error_cents: the same of frequencies; nrmse: over the range of the target. cents_median, within_50_cents: of a
    pitch, the median miss and the share of frames within 50 cents, note changes left out; note_changes: their share of
    the frames. out_of_reach: share of the target. reach: lowest and highest value of the table.
    """

    unit: str
    asked: Row
    table: Row
    got: Row
    distance: Row
    error: float | None = None
    error_cents: float | None = None
    nrmse: float | None = None
    out_of_reach: float = 0.0
    reach: list[float] | None = None
    cents_median: float | None = None
    within_50_cents: float | None = None
    note_changes: float | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Report(Mapping[str, Any]):
    """Hold what was asked and what was got, and what it took.

    descriptors: a row for each that was asked for. codes, runner_up, gain_db: (T,) of the first layer. rounds: per
    round of correction the errors by descriptor; kept: the best of them; spent: mean size of each control used.
    It is a mapping too, of what its JSON holds: what reads a report's file reads the record.
    """

    sr: int
    hop_length: int
    codes: list[int]
    runner_up: list[int] | None
    codes_used: int
    scaled_db: float
    descriptors: dict[str, DescriptorReport]
    rounds: list[dict[str, float | None]]
    kept: int
    spent: dict[str, float]
    gain_db: list[float]
    controls: dict[str, Any] | None = None
    layers: list[list[int]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """List what the report's JSON holds."""
        return dict(self._fields)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "Report":
        """Take what a report's JSON holds, be it of an earlier version. Raises ParameterError for what is no report."""
        try:
            rows = {
                name: DescriptorReport(**_known(DescriptorReport, row)) for name, row in found["descriptors"].items()
            }
            return cls(**_known(cls, found) | {"descriptors": rows})
        except (KeyError, TypeError, AttributeError) as e:
            raise ParameterError("a report must be the JSON that synth --report writes") from e

    def summary(self) -> str:
        """Say in a line per descriptor what was asked and got, and in further ones what could not be met."""
        return "\n".join([*summarize(self), *warnings_of(self)])

    @cached_property
    def _fields(self) -> dict[str, Any]:
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        rows = {name: dict(vars(row)) for name, row in self.descriptors.items()}
        return {name: value for name, value in found.items() if name not in OPTIONAL or value} | {"descriptors": rows}

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Report({len(self.codes)} frames, {self.codes_used} codes used, {', '.join(self.descriptors)})"

    def _repr_html_(self) -> str:
        return show_block(repr(self), show_lines(self.summary().splitlines()), draw_report(self))


def draw_report(report: Report) -> str:
    """Draw for a notebook what was asked, grey, and what was got, blue, a picture for each descriptor."""
    rows = islice(report.descriptors.items(), MOST_PICTURES)
    return "".join(
        draw_curves(
            f"{name}{f' ({row.unit})' if row.unit else ''}, asked grey, got blue",
            (_row(row.asked), ASKED),
            (_row(row.got), GOT),
        )
        for name, row in rows
    )


def _row(values: Row) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _known(kind: type, found: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in found.items() if name in names}
