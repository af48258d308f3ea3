"""The folder that a codebook is on disk: a card, and the files whose hashes the card holds.

    card.json            name, format, frames, descriptors with units, corpus, figures, licence, SHA-256 of each file
    grains.safetensors   the spectra of the codes
    table.csv            their descriptors, a row per code
    model.safetensors    encoder, code vectors, decoder

Nothing is ever executed from it. Hashes are checked before a file is parsed. A folder is written beside its target and
renamed into place.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import CodebookError
from vqsynth.files import StrPath

FORMAT = 1
CARD, GRAINS, TABLE, MODEL = "card.json", "grains.safetensors", "table.csv", "model.safetensors"
CARD_HASH = "card_sha256"
"""The card's own hash, of all else that it says: written with the file, checked and taken off when it is read."""
Card = dict[str, Any]
_KINDS: dict[str, type | tuple[type, ...]] = {
    "name": str, "sr": int, "n_fft": int, "hop_length": int, "codes": int, "descriptors": list, "files": dict,
    "model": dict,
}  # fmt: skip


def is_bundle(folder: StrPath) -> bool:
    """Tell whether a folder holds a card. What the system refuses to look into, or cannot name, holds none."""
    try:
        return (Path(folder) / CARD).is_file()
    except OSError:
        return False


def seal(card: Mapping[str, Any], contents: Mapping[str, bytes]) -> Card:
    """Write the format and the hash of every file into a card."""
    return {**card, "format": FORMAT, "files": {name: _hash(data) for name, data in contents.items()}}


def read_bundle(folder: StrPath) -> tuple[Card, dict[str, bytes]]:
    """Read a folder and check it: (card, contents by file name).

    Raises CodebookError where something is missing, newer than this version, or not what the card says.
    """
    card = read_card(folder)
    contents = {}
    for name in (GRAINS, TABLE, MODEL):
        data = _read(Path(folder) / name)
        if _hash(data) != card["files"].get(name):
            raise CodebookError(
                f"'{Path(folder) / name}' is damaged, or of another codebook: its SHA-256 is not the one on the card; "
                "get a fresh copy of the folder"
            )
        contents[name] = data
    return card, contents


def read_card(folder: StrPath) -> Card:
    """Read the card of a folder. Raises CodebookError where it is missing, newer or not a card."""
    path = Path(folder) / CARD
    try:
        card = json.loads(_read(path))
    except (ValueError, RecursionError) as e:
        raise CodebookError(f"'{path}' is damaged: {e}; get a fresh copy of the folder") from e
    if not isinstance(card, dict) or type(card.get("format")) is not int or card["format"] < 1:
        raise CodebookError(f"'{path}' is no codebook's card: it has no format number")
    if card["format"] > FORMAT:
        raise CodebookError(
            f"'{path}' has format {card['format']}, this version of vqsynth reads up to {FORMAT}; update vqsynth"
        )
    if CARD_HASH in card and card.pop(CARD_HASH) != _hash(_card_text(card)):
        raise CodebookError(
            f"'{path}' is damaged: its own SHA-256 is not the one it names; get a fresh copy of the folder, or, if the "
            f"card was edited on purpose, remove {CARD_HASH!r} from it"
        )
    for name, kind in _KINDS.items():
        if not isinstance(card.get(name), kind) or isinstance(card[name], bool):
            raise CodebookError(f"'{path}' is damaged: {name!r} is missing or of a wrong type; get a fresh copy")
    if not all(isinstance(d, dict) and _is_described(d) for d in card["descriptors"]):
        raise CodebookError(f"'{path}' is damaged: a descriptor lacks its name, unit or scale; get a fresh copy")
    return card


def _is_described(descriptor: Card) -> bool:
    return all(isinstance(descriptor.get(key), str) for key in ("name", "unit", "scale"))


def parse_arrays(data: bytes, path: StrPath) -> dict[str, NDArray[Any]]:
    """Read the arrays of a safetensors file's bytes. Raises CodebookError for other bytes, and for NaN."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as parse

    try:
        arrays: dict[str, NDArray[Any]] = parse(data)
    except (SafetensorError, ValueError) as e:
        raise CodebookError(f"'{path}' is damaged: {e}; get a fresh copy of the folder") from e
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise CodebookError(f"'{path}' holds NaN or infinite values in {name!r}; train the codebook again")
    return arrays


def write_bundle(folder: StrPath, card: Card, contents: Mapping[str, bytes]) -> None:
    """Write card and contents as a folder, whole or not at all; a codebook that stands there is replaced.

    Raises CodebookError where something else stands there, or the system refuses.
    """
    target = Path(folder).resolve()
    check_target(target)
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as e:
        raise CodebookError(f"cannot write beside '{target}': {e.strerror}; choose another folder") from e
    try:
        _fill(temporary, {CARD: _card_text({**card, CARD_HASH: _hash(_card_text(card))}), **contents})
        if target.exists():
            target.rename(temporary / "replaced")
            (temporary / "new").rename(target)
        else:
            (temporary / "new").rename(target)
    except OSError as e:
        raise CodebookError(f"cannot write the codebook '{target}': {e.strerror}; nothing was changed") from e
    finally:
        if (temporary / "replaced").exists() and not target.exists():
            (temporary / "replaced").rename(target)
        shutil.rmtree(temporary, ignore_errors=True)


def check_target(folder: StrPath) -> None:
    """Refuse a folder to write a codebook to that is a file, or that holds something else. Raises CodebookError."""
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise CodebookError(f"'{folder}' is a file; name a folder for the codebook")
    if target.is_dir() and any(target.iterdir()) and not is_bundle(target):
        raise CodebookError(f"'{folder}' holds something that is no codebook; name a new folder")
    if not target.resolve().parent.is_dir():
        raise CodebookError(f"the folder '{target.resolve().parent}' does not exist; make it first")


def _fill(folder: Path, contents: Mapping[str, bytes]) -> None:
    new = folder / "new"
    new.mkdir()
    for name, data in contents.items():
        with (new / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise CodebookError(f"cannot read '{path}': {e.strerror}; get a fresh copy of the folder") from e


def _card_text(card: Mapping[str, Any]) -> bytes:
    return (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
