"""Find and load codebooks, those shipped with the package and those in folders."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.fundamentals import measure_fundamentals
from vqsynth.codes.onsets import Onsets
from vqsynth.codes.record import CODEBOOK, GRAINS, MODEL, TABLE
from vqsynth.codes.spectra import CodeSpectra, bin_weights
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.storage.bundle import CARD, Card, read_bundle
from vqsynth.storage.collection import bundles_at_hand, find_bundle
from vqsynth.storage.files import StrPath
from vqsynth.storage.tensors import check_weights, parse_arrays, parse_weights

POWER_TOLERANCE = 0.02
"""How far a spectrum's power may be from 1. Spectra are stored as float16 and lie within .001 of it."""


def load(book: StrPath) -> Codebook:
    """Load a codebook.

    Parameters
    ----------
    book : str or Path
        The name of a shipped codebook, such as "violin", or a folder.

    Returns
    -------
    Codebook

    Raises
    ------
    CodebookError
        Where there is no such codebook, or where it is damaged, incomplete or newer than this version.

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
    onsets = Onsets.take_from(arrays, len(table), folder)
    check_weights(arrays, folder / GRAINS, error=CodebookError)
    stored = arrays.get("grains", np.zeros((0, 0))).astype(np.float32)
    if not len(stored) == len(table) == card["codes"]:
        raise CodebookError(
            f"'{folder}' has {len(stored)} spectra, {len(table)} table rows and a card for "
            f"{str(card['codes'])[:20]} codes; get a fresh copy of the folder"
        )
    spectra = CodeSpectra(stored, grid)
    if not _are_of_unit_power(stored, grid):
        raise CodebookError(
            f"'{folder / GRAINS}' must hold spectra of unit power, 0 or more in every bin; "
            "get a fresh copy of the folder"
        )
    table = _join_measures(table, arrays.get("deviations"), spectra, folder)
    model = parse_weights(contents[MODEL], folder / MODEL, error=CodebookError)
    if (card["model"].get("n_fft"), card["model"].get("codes")) != (grid.n_fft, len(table)):
        raise CodebookError(
            f"'{folder}' has a model whose n_fft or number of codes differs from the codebook's; "
            "get a fresh copy of the folder"
        )
    return Codebook(card, grid, spectra, table, model, transitions, onsets)


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
    """Tell whether stored spectra (K, n_bins) have unit power and no value below 0."""
    if not len(stored) or stored.min() < 0 or stored.max() > 1.01:
        return False
    power = np.einsum("kb,kb,b->k", stored, stored, bin_weights(grid))
    return bool((np.abs(power - 1) < POWER_TOLERANCE).all())


def _join_measures(
    table: DescriptorTable, deviations: NDArray[Any] | None, spectra: CodeSpectra, folder: Path
) -> DescriptorTable:
    """Add to the table the columns that the CSV does not hold: deviations and strengths of the fundamental."""
    if deviations is not None:
        if deviations.shape != table.values.shape:
            raise CodebookError(
                f"'{folder / GRAINS}' holds deviations of shape {deviations.shape}, and the table has "
                f"{table.values.shape}; get a fresh copy of the folder"
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
            f"'{folder}' holds transitions between codes that do not exist; get a fresh copy of the folder"
        )
    return steps.astype(np.int64)


def list_codebooks(folders: StrPath | Iterable[StrPath] = ()) -> list[Codebook]:
    """Load the shipped codebooks, and those in some folders.

    Parameters
    ----------
    folders : path or list of paths
        Folders that are codebooks, or that directly hold some.

    Returns
    -------
    list of Codebook
        The shipped ones first.

    Raises
    ------
    CodebookError
        For a folder that neither is nor holds a codebook, and for a damaged codebook.

    Examples
    --------
    >>> import vqsynth
    >>> [book.name for book in vqsynth.list_codebooks()][:3]
    ['ambience', 'cello', 'choir']

    """
    return [load(folder) for folder in codebooks_at_hand(folders)]


def find_codebook(book: StrPath) -> Path:
    """Return the folder of a codebook that is given by its path or by the name of a shipped one.

    Raises CodebookError, which lists the shipped names, if no codebook is found.
    """
    return find_bundle(book, CODEBOOK)


def codebooks_at_hand(folders: StrPath | Iterable[StrPath] = ()) -> list[Path]:
    """List the folders of the shipped codebooks, then of those that `folders` are or directly hold."""
    return bundles_at_hand(folders, CODEBOOK)
