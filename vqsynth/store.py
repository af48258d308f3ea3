"""How codebooks are loaded, those shipped with the package and those in folders."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.fundamentals import measure_fundamentals
from vqsynth.codes.record import CODEBOOK, GRAINS, MODEL, TABLE
from vqsynth.codes.spectra import CodeSpectra, bin_weights
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.storage.bundle import CARD, Card, read_bundle
from vqsynth.storage.collection import bundles_at_hand, find_bundle, shipped_bundles
from vqsynth.storage.files import StrPath
from vqsynth.storage.tensors import check_weights, parse_arrays, parse_weights

POWER_TOLERANCE = 0.02
"""Of a spectrum's power, which is 1; stored are stored as float16, and lie within .001 of it."""


def load(book: StrPath) -> Codebook:
    """Load a codebook by the name of a shipped one, or from a folder.

    Raises CodebookError where there is none, or where it is damaged, incomplete or newer than this version.

    Examples
    --------
    >>> import vqsynth
    >>> len(vqsynth.load("violin"))
    1024

    """
    folder = find_codebook(book)
    card, contents = read_bundle(folder, CODEBOOK)
    grid = _read_grid(card, folder)
    table = _read_table(card, contents[TABLE], folder)
    arrays = parse_arrays(contents[GRAINS], folder / GRAINS, error=CodebookError)
    transitions = _check_transitions(arrays.pop("transitions", None), folder, len(table))
    check_weights(arrays, folder / GRAINS, error=CodebookError)
    stored = arrays.get("grains", np.zeros((0, 0))).astype(np.float32)
    if not len(stored) == len(table) == card["codes"]:
        raise CodebookError(
            f"'{folder}' has {len(stored)} spectra, {len(table)} table rows and a card for "
            f"{str(card['codes'])[:20]} codes; get a fresh copy of the folder"
        )
    spectra = CodeSpectra(stored, grid)
    if not _are_of_unit_power(stored, grid):
        raise CodebookError(f"'{folder / GRAINS}' holds stored that are none; get a fresh copy of the folder")
    table = _join_measures(table, arrays.get("deviations"), spectra, folder)
    model = parse_weights(contents[MODEL], folder / MODEL, error=CodebookError)
    if (card["model"].get("n_fft"), card["model"].get("codes")) != (grid.n_fft, len(table)):
        raise CodebookError(f"'{folder}' has a model of another window or other codes; get a fresh copy of the folder")
    return Codebook(card, grid, spectra, table, model, transitions)


def _read_grid(card: Card, folder: Path) -> FrameGrid:
    try:
        return FrameGrid(card["sr"], card["n_fft"], card["hop_length"])
    except ParameterError as e:
        raise CodebookError(f"the card of '{folder}' is damaged: {e}") from e


def _read_table(card: Card, data: bytes, folder: Path) -> DescriptorTable:
    for d in card["descriptors"]:
        if not isinstance(d, dict) or not all(isinstance(d.get(key), str) for key in ("name", "unit", "scale")):
            raise CodebookError(
                f"'{folder / CARD}' is damaged: a descriptor lacks its name, unit or scale; get a fresh copy"
            )
    units, scales = ({d["name"]: d[key] for d in card["descriptors"]} for key in ("unit", "scale"))
    return DescriptorTable.of_bytes(data, folder / TABLE, units=units, scales=scales)


def _are_of_unit_power(stored: Floats, grid: FrameGrid) -> bool:
    """Tell whether stored (K, n_bins) are such as are written: of unit power, nothing below zero."""
    if not len(stored) or stored.min() < 0 or stored.max() > 1.01:
        return False
    power = np.einsum("kb,kb,b->k", stored, stored, bin_weights(grid))
    return bool((np.abs(power - 1) < POWER_TOLERANCE).all())


def _join_measures(
    table: DescriptorTable, deviations: NDArray[Any] | None, spectra: CodeSpectra, folder: Path
) -> DescriptorTable:
    """Put beside the table what the CSV does not hold."""
    if deviations is not None:
        if deviations.shape != table.values.shape:
            raise CodebookError(
                f"'{folder / GRAINS}' holds deviations of another table; get a fresh copy of the folder"
            )
        table = replace(table, deviations=deviations)
    if "pitch" not in table.names:
        return table
    strengths = measure_fundamentals(spectra.magnitudes, table.column("pitch"), spectra.grid)
    return replace(table, fundamentals=strengths)


def _check_transitions(steps: NDArray[Any] | None, folder: Path, n_codes: int) -> NDArray[np.int64] | None:
    if steps is None:
        return None
    known = steps.dtype.kind == "i" and steps.ndim == 2 and steps.shape[1] == 3
    if not known or (steps < 0).any() or (steps[:, :2] >= n_codes).any():
        raise CodebookError(
            f"'{folder}' holds transitions between codes that it has not; get a fresh copy of the folder"
        )
    return steps.astype(np.int64)


def list_codebooks(folders: StrPath | Iterable[StrPath] = ()) -> list[Codebook]:
    """Load the shipped codebooks, and those that `folders`, or a single one, are or directly hold.

    Examples
    --------
    >>> import vqsynth
    >>> [book.name for book in vqsynth.list_codebooks()][:3]
    ['ambience', 'cello', 'choir']

    """
    return [load(folder) for folder in codebooks_at_hand(folders)]


def find_codebook(book: StrPath) -> Path:
    """Find the folder of a codebook, by its path or by the name of a shipped one.

    Raises CodebookError that lists the shipped names.
    """
    return find_bundle(book, CODEBOOK)


def shipped_codebooks() -> list[Path]:
    """List the folders of the codebooks that come with the package."""
    return shipped_bundles(CODEBOOK)


def codebooks_at_hand(folders: StrPath | Iterable[StrPath] = ()) -> list[Path]:
    """List the shipped codebooks, then those that `folders` are or directly hold. Raises CodebookError."""
    return bundles_at_hand(folders, CODEBOOK)
