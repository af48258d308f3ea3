"""The descriptor table: what each code sounds like, a row per code, a column per descriptor.

The table is measured once, on the rendered spectra, and holds in every context. Values are in the descriptors' own
units. NaN marks an unusable value, the pitch of an unpitched code say.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.codes.filters import Bools, Columns, match_rows
from vqsynth.codes.spreadsheet import (
    KEYS,
    Sheet,
    csv_text,
    format_value,
    html_text,
    json_text,
    keep_text,
    make_frame,
    parse_csv,
)
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.errors.checks import check_flag, check_number, show
from vqsynth.sound.arrays import Doubles, Floats, Ints
from vqsynth.sound.descriptors import find_name, plain_words
from vqsynth.storage.files import StrPath, decode_text, read_regular

SCALES = ("octave", "linear")


@dataclass(frozen=True, eq=False, repr=False)
class DescriptorTable:
    """Hold the descriptors of K codes, F for each.

    A table can be indexed by descriptor, `table["centroid"]`, iterated row by row, and converted by `numpy.asarray`.

    Parameters
    ----------
    names : tuple of F str
        The descriptors.
    units : tuple of F str
        Their units, "" for none.
    scales : tuple of F {"octave", "linear"}
        How values are compared: as log2, as is right for frequencies, or as they are.
    values : (K, F) float32
        The values, NaN where unusable.
    counts : (K,) int64
        How often the training corpus used each code.
    codes : (K,) int64
        The code of each row: 0 to K - 1, unless the table is a selection.
    deviations : (K, F) float32, optional
        How much each value varies while a code is held, in octaves on an octave scale.
    fundamentals : (K,) float32, optional
        Level of each code's fundamental, see `vqsynth.codes.fundamentals`.

    Raises
    ------
    ParameterError
        If the shapes do not fit together, a name or a scale is wrong, or a value is infinite.

    Examples
    --------
    >>> import vqsynth
    >>> table = vqsynth.load("violin").table
    >>> len(table), table.names[0], table.units[0]
    (1024, 'centroid', 'Hz')

    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    scales: tuple[str, ...]
    values: Floats
    counts: Ints
    codes: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    deviations: Floats | None = None
    fundamentals: Floats | None = None

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, dtype=np.float32)
        counts = np.ascontiguousarray(self.counts, dtype=np.int64)
        codes = np.ascontiguousarray(self.codes if len(self.codes) else np.arange(len(values)), dtype=np.int64)
        _check(self, values, counts, codes)
        for name, array in (("values", values), ("counts", counts), ("codes", codes)):
            view = array.view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, name: str) -> Floats:
        return self.column(name)

    def __iter__(self) -> Iterator[dict[str, float]]:
        """Yield a dict for each code: `code`, `count` and the value of each descriptor."""
        columns = [self.codes.tolist(), self.counts.tolist(), *self.values.T.tolist()]
        return (dict(zip((*KEYS, *self.names), row, strict=True)) for row in zip(*columns, strict=True))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return a copy of the values, (K, F)."""
        return np.array(self.values, dtype)

    def to_dataframe(self) -> Any:
        """Return the table as a pandas DataFrame, a row per code. Raises ParameterError if pandas is not installed."""
        return make_frame(self._sheet())

    def column(self, name: str) -> Floats:
        """Return the values of a descriptor.

        Parameters
        ----------
        name : str
            The descriptor.

        Returns
        -------
        (K,) float32
            Values in the descriptor's unit, NaN where unusable.

        Raises
        ------
        ParameterError
            If the name is unknown.

        Examples
        --------
        >>> import vqsynth
        >>> vqsynth.load("violin").table.column("centroid").shape
        (1024,)

        """
        return self.values[:, self.position(name)]

    def position(self, name: str) -> int:
        """Return the column number of a descriptor. Raises ParameterError for an unknown name."""
        return self.names.index(find_name(name, self.names))

    def percentile(self, name: str, p: float) -> float:
        """Return a percentile of a descriptor over the codes that have a usable value.

        Parameters
        ----------
        name : str
            The descriptor, or "count".
        p : float
            0 to 100.

        Returns
        -------
        float
            In the descriptor's unit.

        Raises
        ------
        ParameterError
            If the name is unknown, p lies outside 0 to 100, or no code has a usable value.

        Examples
        --------
        >>> import vqsynth
        >>> table = vqsynth.load("violin").table
        >>> table.percentile("centroid", 5) < table.percentile("centroid", 95)
        True

        """
        check_number("a percentile", p, 0, 100)
        column = self._field(name).astype(np.float64)
        usable = column[~np.isnan(column)]
        if not len(usable):
            raise ParameterError(f"no code has a usable {name}, so it has no percentiles; write a number")
        return float(np.percentile(usable, p))

    def ranges(self, *, low: float = 5.0, high: float = 95.0) -> dict[str, tuple[float, float] | None]:
        """Return two percentiles of each descriptor.

        Parameters
        ----------
        low, high : float
            The percentiles, 0 to 100.

        Returns
        -------
        dict of str to (float, float) or None
            By descriptor. None if no code has a usable value.

        Examples
        --------
        >>> import vqsynth
        >>> low, high = vqsynth.load("violin").table.ranges()["pitch"]
        >>> low < 440 < high
        True

        """
        return {
            name: None
            if np.isnan(self.column(name)).all()
            else (self.percentile(name, low), self.percentile(name, high))
            for name in self.names
        }

    def sort(self, by: str, *, descending: bool = False) -> Ints:
        """Return the codes in the order of a descriptor.

        Parameters
        ----------
        by : str
            A descriptor, "count" or "code".
        descending : bool
            Whether the largest value comes first.

        Returns
        -------
        (K,) int64
            The codes. Equal values stay in the table's order; unusable values always come last.

        Raises
        ------
        ParameterError
            If the name is unknown.

        Examples
        --------
        >>> import vqsynth
        >>> table = vqsynth.load("violin").table
        >>> brightest = table.sort("centroid", descending=True)[0]
        >>> bool(table.column("centroid")[brightest] > 6000)
        True

        """
        check_flag("descending", descending)
        keys = self._field(by).astype(np.float64)
        return self.codes[np.argsort(-keys if descending else keys, kind="stable")]

    def filter(self, expression: str) -> Bools:
        """Find the codes for which a filter holds.

        Parameters
        ----------
        expression : str
            Comparisons such as "centroid>p50 and 200<pitch<400", in the language of `vqsynth.codes.filters`. `count`
            and `code` are names, too.

        Returns
        -------
        (K,) bool
            A mask for `select`.

        Raises
        ------
        ParameterError
            If the text is not a filter, or a name is unknown.

        Examples
        --------
        >>> import vqsynth
        >>> int(vqsynth.load("violin").table.filter("centroid > p90").sum())
        103

        """
        return match_rows(
            expression, Columns((*KEYS, *plain_words(self.names), *self.names), self._field, self.percentile)
        )

    def select(self, codes: ArrayLike) -> "DescriptorTable":
        """Return the table of some codes.

        Parameters
        ----------
        codes : (N,) int or (K,) bool
            Codes, in any order and as often as wanted, or a mask of the rows.

        Returns
        -------
        DescriptorTable
            Its rows are those of the codes, in their order.

        Raises
        ------
        ParameterError
            If a code is not in the table, or the mask has another length.

        Examples
        --------
        >>> import vqsynth
        >>> len(vqsynth.load("violin").table.select([3, 5]))
        2

        """
        wanted = np.asarray(codes) if isinstance(codes, np.ndarray | Sequence) else np.array(None)
        is_mask = wanted.dtype == bool
        if is_mask and wanted.shape != self.codes.shape:
            raise ParameterError(f"a mask must have a value for each of {len(self)} rows (got shape {wanted.shape})")
        rows = np.flatnonzero(wanted) if is_mask else self._rows(wanted)
        return DescriptorTable(
            self.names, self.units, self.scales, self.values[rows], self.counts[rows], codes=self.codes[rows]
        )

    @property
    def used(self) -> Bools:
        """Return which codes the corpus used, (K,) bool. All, if that is not known."""
        return self.counts > 0 if self.counts.any() else np.ones(len(self), bool)

    @cached_property
    def spreads(self) -> Doubles:
        """Return the standard deviation of each column over its usable codes, in its scale, (F,).

        It is 1 where values differ by no more than rounding.
        """
        unscaled = np.stack([_to_scale(self.values[:, i], scale) for i, scale in enumerate(self.scales)])
        usable = [row[~np.isnan(row)] for row in unscaled]
        spread = [len(row) > 0 and np.std(row) > 1e-6 * max(1.0, np.abs(row).max()) for row in usable]
        return np.array([float(np.std(row)) if far else 1.0 for row, far in zip(usable, spread, strict=True)])

    def rescale(self, name: str, values: ArrayLike) -> Doubles:
        """Convert values of a descriptor to the scale on which distances are compared.

        Values on an octave scale become log2; then all are divided by the descriptor's spread.

        Parameters
        ----------
        name : str
            The descriptor.
        values : array_like
            Values in its unit, of any shape.

        Returns
        -------
        float64
            The same shape. NaN stays; values of 0 or less on an octave scale become NaN.

        Raises
        ------
        ParameterError
            If the name is unknown.

        """
        i = self.position(name)
        return _to_scale(np.asarray(values), self.scales[i]) / float(self.spreads[i])

    def scaled(self) -> Floats:
        """Return the whole table on the scale on which distances are compared, (K, F), see `rescale`."""
        columns = [self.rescale(name, self.column(name)) for name in self.names]
        return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.float32)

    def to_csv(self, file: StrPath | None = None) -> str:
        """Return the table as CSV, a row per code, from which `from_csv` reads the same bits.

        Parameters
        ----------
        file : str or Path, optional
            A file to write the text to as well.

        Returns
        -------
        str

        """
        return keep_text(csv_text(self._sheet()), file)

    def to_json(self, file: StrPath | None = None) -> str:
        """Return the table as JSON: `units` by descriptor, and `rows` with an object per code.

        Parameters
        ----------
        file : str or Path, optional
            A file to write the text to as well.

        Returns
        -------
        str

        """
        return keep_text(json_text(self._sheet(), self.units), file)

    @classmethod
    def from_csv(cls, file: StrPath, *, units: Mapping[str, str], scales: Mapping[str, str]) -> "DescriptorTable":
        """Read a table that `to_csv` wrote.

        Parameters
        ----------
        file : str or Path
            The file.
        units, scales : dict of str to str
            Unit and scale of each descriptor, which a CSV does not hold.

        Returns
        -------
        DescriptorTable

        Raises
        ------
        CodebookError
            If the file is missing or malformed, or has a column without a unit and a scale.

        """
        return cls.of_bytes(read_regular(file, error=CodebookError, what="the table"), file, units=units, scales=scales)

    @classmethod
    def of_bytes(
        cls, data: bytes, source: StrPath, *, units: Mapping[str, str], scales: Mapping[str, str]
    ) -> "DescriptorTable":
        """Read a table from the bytes of a CSV, as `from_csv` does. `source` names the file in errors."""
        try:
            sheet = parse_csv(decode_text(data), str(source))
        except ValueError as e:
            raise CodebookError(f"cannot read the table '{source}': {e}; save it as UTF-8") from e
        missing = [name for name in sheet.names if name not in units or name not in scales]
        if missing:
            raise CodebookError(
                f"the table '{source}' has a column '{missing[0]}' without a known unit and scale; get a fresh copy"
            )
        columns = tuple(units[n] for n in sheet.names), tuple(scales[n] for n in sheet.names)
        try:
            return cls(sheet.names, *columns, sheet.values, sheet.counts)
        except ParameterError as e:
            raise CodebookError(f"the table '{source}' is malformed: {e}") from e

    def __repr__(self) -> str:
        parts = [
            f"{name} {format_value(r[0])} to {format_value(r[1])} {unit}".rstrip() if r else f"{name} none usable"
            for (name, r), unit in zip(self.ranges().items(), self.units, strict=True)
        ]
        return f"DescriptorTable({len(self)} codes, p5 to p95: {', '.join(parts)})"

    def _repr_html_(self) -> str:
        return html_text(self._sheet(), self.units)

    def _field(self, name: str) -> NDArray[Any]:
        if isinstance(name, str) and name in KEYS:
            return self.codes if name == "code" else self.counts
        return self.column(name)

    def _rows(self, codes: NDArray[Any]) -> Ints:
        is_row = codes.ndim == 1 and (not codes.size or codes.dtype.kind in "iu")
        order = np.argsort(self.codes, kind="stable")
        ranked = self.codes[order]
        places = np.searchsorted(ranked, codes if is_row else 0).clip(max=max(len(ranked) - 1, 0))
        wrong = ranked[places] != codes if is_row and len(ranked) else np.ones(codes.shape, bool)
        if not is_row or wrong.any():
            got = show(codes[wrong][0] if is_row else codes)
            raise ParameterError(f"codes must be a list of codes of this table, {len(self)} of them (got {got})")
        return np.asarray(order[places], dtype=np.int64)

    def _sheet(self) -> Sheet:
        return Sheet(self.names, self.codes, self.counts, self.values)


def _to_scale(values: NDArray[Any], scale: str) -> Doubles:
    wide: Doubles = values.astype(np.float64)
    return wide if scale == "linear" else np.log2(wide, out=np.full(wide.shape, math.nan), where=wide > 0)


def _check(table: DescriptorTable, values: Floats, counts: Ints, codes: Ints) -> None:
    n = len(table.names)
    if values.ndim != 2 or values.shape[1] != n or len(table.units) != n or len(table.scales) != n:
        raise ParameterError(f"a table of {n} names needs as many units, scales and columns (got {values.shape})")
    if counts.shape != (len(values),) or codes.shape != counts.shape:
        got = f"{counts.shape}, {codes.shape}"
        raise ParameterError(f"counts and codes must have a number per row, {len(values)} (got {got})")
    wrong = [name for name in table.names if not name.isidentifier() or name in KEYS]
    if wrong or len(set(table.names)) != n:
        got = ", ".join(table.names)
        raise ParameterError(f"names must be different words, none of them code or count (got {got})")
    if set(table.scales) - set(SCALES):
        raise ParameterError(f"scales must be octave or linear (got {', '.join(table.scales)})")
    if np.isinf(values).any() or (counts < 0).any():
        raise ParameterError("values must be finite or NaN, and counts 0 or more; mark an unusable value with NaN")
