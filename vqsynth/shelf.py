"""How codebooks are loaded, those shipped with the package and those in folders."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.bundle import CARD, Card, parse_arrays, read_bundle
from vqsynth.codebook import CODEBOOK, GRAINS, MODEL, TABLE, Codebook
from vqsynth.collection import bundles_at_hand, find_bundle, shipped_bundles
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.files import StrPath
from vqsynth.frames import FrameGrid
from vqsynth.fundamentals import measure_fundamentals
from vqsynth.grains import Grains
from vqsynth.table import DescriptorTable


def load(book: StrPath) -> Codebook:
    """Load a codebook by the name of a shipped one, or from a folder.

    Raises CodebookError where there is none, or where it is damaged, incomplete or newer than this version.
    """
    folder = find_codebook(book)
    card, contents = read_bundle(folder, CODEBOOK)
    _check_descriptors(card, folder)
    try:
        grid = FrameGrid(card["sr"], card["n_fft"], card["hop_length"])
    except ParameterError as e:
        raise CodebookError(f"the card of '{folder}' is damaged: {e}") from e
    units, scales = ({d["name"]: d[key] for d in card["descriptors"]} for key in ("unit", "scale"))
    table = DescriptorTable.from_csv(folder / TABLE, units=units, scales=scales)
    arrays = parse_arrays(contents[GRAINS], folder / GRAINS, CODEBOOK)
    spectra = arrays.get("grains", np.zeros((0, 0))).astype(np.float32)
    if not len(spectra) == len(table) == card["codes"]:
        raise CodebookError(
            f"'{folder}' has {len(spectra)} grains, {len(table)} table rows and a card for "
            f"{card['codes']} codes; get a fresh copy of the folder"
        )
    deviations = arrays.get("deviations")
    if deviations is not None and deviations.shape == table.values.shape:
        table = replace(table, deviations=deviations)
    if "pitch" in table.names:
        table = replace(table, fundamentals=measure_fundamentals(spectra, table.column("pitch"), grid))
    model = parse_arrays(contents[MODEL], folder / MODEL, CODEBOOK)
    return Codebook(card, grid, Grains(spectra, grid), table, model, _check_transitions(arrays, folder, len(table)))


def _check_descriptors(card: Card, folder: Path) -> None:
    for d in card["descriptors"]:
        if not isinstance(d, dict) or not all(isinstance(d.get(key), str) for key in ("name", "unit", "scale")):
            raise CodebookError(
                f"'{folder / CARD}' is damaged: a descriptor lacks its name, unit or scale; get a fresh copy"
            )


def _check_transitions(arrays: Mapping[str, NDArray[Any]], folder: Path, n_codes: int) -> NDArray[np.int64] | None:
    if "transitions" not in arrays:
        return None
    steps = arrays["transitions"].astype(np.int64)
    if steps.ndim != 2 or steps.shape[1] != 3 or (steps < 0).any() or (steps[:, :2] >= n_codes).any():
        raise CodebookError(
            f"'{folder}' holds transitions between codes that it has not; get a fresh copy of the folder"
        )
    return steps


def list_codebooks(folders: StrPath | Iterable[StrPath] = ()) -> list[Codebook]:
    """Load the shipped codebooks, and those that `folders`, or a single one, are or directly hold."""
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
