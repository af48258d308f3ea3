"""Where codebooks are found, those shipped with the package and folders, and how they are loaded."""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.bundle import GRAINS, MODEL, TABLE, is_bundle, parse_arrays, read_bundle
from vqsynth.codebook import Codebook
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.files import StrPath
from vqsynth.frames import FrameGrid
from vqsynth.grains import Grains
from vqsynth.table import DescriptorTable


def load(book: StrPath) -> Codebook:
    """Load a codebook by the name of a shipped one, or from a folder.

    Raises CodebookError where there is none, or where it is damaged, incomplete or newer than this version.
    """
    folder = find_codebook(book)
    card, contents = read_bundle(folder)
    try:
        grid = FrameGrid(card["sr"], card["n_fft"], card["hop_length"])
    except ParameterError as e:
        raise CodebookError(f"the card of '{folder}' is damaged: {e}") from e
    units, scales = ({d["name"]: d[key] for d in card["descriptors"]} for key in ("unit", "scale"))
    table = DescriptorTable.from_csv(folder / TABLE, units=units, scales=scales)
    arrays = parse_arrays(contents[GRAINS], folder / GRAINS)
    spectra = arrays.get("grains", np.zeros((0, 0))).astype(np.float32)
    if not len(spectra) == len(table) == card["codes"]:
        raise CodebookError(
            f"'{folder}' has {len(spectra)} grains, {len(table)} table rows and a card for "
            f"{card['codes']} codes; get a fresh copy of the folder"
        )
    deviations = arrays.get("deviations")
    if deviations is not None and deviations.shape == table.values.shape:
        table = replace(table, deviations=deviations)
    model = parse_arrays(contents[MODEL], folder / MODEL)
    return Codebook(card, grid, Grains(spectra, grid), table, model, _check_transitions(arrays, folder, len(table)))


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
    if is_bundle(book):
        return Path(book)
    shipped = {folder.name: folder for folder in shipped_codebooks()}
    if str(book) in shipped:
        return shipped[str(book)]
    if os.path.isdir(book):  # noqa: PTH112 - a name too long for the system is no folder, and no error here
        raise CodebookError(f"the folder '{book}' is no codebook: it has no card.json")
    near = difflib.get_close_matches(str(book), shipped, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"shipped are: {', '.join(shipped) or 'none'}"
    raise CodebookError(f"no codebook '{book}': name a shipped one or the folder of one ({hint})")


def shipped_codebooks() -> list[Path]:
    """List the folders of the codebooks that come with the package."""
    return list(_bundles_in(Path(str(files("vqsynth.codebooks")))))


def codebooks_at_hand(folders: StrPath | Iterable[StrPath] = ()) -> list[Path]:
    """List the shipped codebooks, then those that `folders` are or directly hold. Raises CodebookError."""
    found = shipped_codebooks()
    for folder in map(Path, [folders] if isinstance(folders, str | os.PathLike) else folders):
        if not folder.is_dir():
            raise CodebookError(f"'{folder}' is no folder; name one that holds codebooks")
        found += [folder] if is_bundle(folder) else _bundles_in(folder)
    return list(dict.fromkeys(path.resolve() for path in found))


def _bundles_in(folder: Path) -> Iterator[Path]:
    return (child for child in sorted(folder.iterdir()) if child.is_dir() and is_bundle(child))
