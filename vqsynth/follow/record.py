"""The report of a sound as a record, which can also be read like its JSON."""

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
OPTIONAL = frozenset({"controls", "layers", "onsets"})
"""Fields that the JSON has only where they are not empty."""
MOST_PICTURES = 12
"""Descriptors that a notebook draws."""


@dataclass(frozen=True, eq=False)
class DescriptorReport:
    """Hold what was asked of one descriptor and what was got. A value that does not exist is None.

    Attributes
    ----------
    unit : str
        Unit of the values.
    asked, got : list of T values
        The target, and what was measured on the rendered sound.
    table : list of T values
        What the table says of the chosen codes.
    distance : list of T values
        Distance of `asked` and `table`, in spreads of the table.
    error : float
        Root mean square error in the unit.
    error_cents : float
        Root mean square error in cents, for frequencies.
    nrmse : float
        The error divided by the range of the target.
    out_of_reach : float
        Share of the target outside the codebook's range, 0 to 1.
    reach : [float, float]
        Lowest and highest value of the table.
    cents_median, within_50_cents : float
        Of a pitch: the median miss in cents, and the share of frames within 50 cents. Note changes do not count.
    note_changes : float
        Of a pitch: the share of frames at note changes.

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
    """Hold what was asked of a sound, what was got, and what the correction did.

    A report can also be read as a mapping with the keys of its JSON: `report["descriptors"]["centroid"]["nrmse"]`.

    Attributes
    ----------
    sr, hop_length : int
        Sample rate in Hz, and samples between frames.
    descriptors : dict of name to DescriptorReport
        Asked and got for each descriptor that was asked for: `unit`, `asked`, `table`, `got`, `error`, `nrmse`, ...
    codes, runner_up : list of T int
        The codes of the first layer, and the codes that came next to them.
    codes_used : int
        Number of different codes.
    scaled_db : float
        By how many dB the sound was turned down to stay within full scale, 0 or less.
    rounds : list of dict
        For each round of correction the errors by descriptor, the first before any correction.
    kept : int
        The best round, which is the one that sounds.
    spent : dict of name to float
        The mean size of each control that was used.
    gain_db : list of T float
        Gains of the first layer in dB.
    controls : dict, optional
        The controls of the first layer.
    layers : list of lists of T int, optional
        The codes of each layer, where there are several.
    onsets : list of float, optional
        The seconds at which onsets of the training sounds are played. There loudness is up to 4 dB above what is asked,
        and just before it is the lowest of the rise.

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
    onsets: list[float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dict that JSON can hold."""
        return dict(self._fields)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "Report":
        """Make a report of the dict that its JSON holds, also of an earlier version.

        Raises ParameterError if the dict is not a report.
        """
        try:
            rows = {
                name: DescriptorReport(**_known(DescriptorReport, row)) for name, row in found["descriptors"].items()
            }
            return cls(**_known(cls, found) | {"descriptors": rows})
        except (KeyError, TypeError, AttributeError) as e:
            raise ParameterError("a report must be the JSON that synth --report writes") from e

    def summary(self) -> str:
        """Return a line per descriptor with what was asked, what was got and the error, then what was out of reach."""
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
