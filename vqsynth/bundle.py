"""The folder that a codebook or a continuous model is on disk: `card.json`, and the files whose hashes the card holds.

What the other files are, what the card must say, and which error is raised, is the matter of a `Kind`. Nothing is ever
executed from a folder. Hashes are checked before a file is parsed. A folder is written beside its target and renamed
into place.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import VqsynthError
from vqsynth.files import StrPath

CARD = "card.json"
CARD_HASH = "card_sha256"
"""The card's own hash, of all else that it says: written with the file, checked and taken off when it is read."""
Card = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """Say what folders of one kind hold.

    noun: what people call them. fields: what the card must say, beside its files, and of which type. files: those that
    must be there. more: a pattern of names that are files of it too, where the card lists them. name: what the card
    says as "kind"; codebooks' cards say none. error: what is raised for all that is wrong with a folder.
    """

    noun: str
    fields: Mapping[str, type]
    files: tuple[str, ...]
    error: type[VqsynthError]
    name: str = ""
    more: str = ""
    format: int = 1

    def has_file(self, name: str) -> bool:
        """Tell whether a file of this name may belong to a folder of this kind; a path never does."""
        return name in self.files or (fnmatchcase(name, self.more) and not set(name) & set("/\\\0"))


def is_bundle(folder: StrPath, kind: Kind | None = None) -> bool:
    """Tell whether a folder holds a card, and if a kind is given, none of another kind. A damaged one is of any kind.

    What the system refuses to look into, or cannot name, holds none.
    """
    path = Path(folder) / CARD
    try:
        return path.is_file() and (kind is None or _named_kind(path) in (None, kind.name))
    except OSError:
        return False


def _named_kind(path: Path) -> object:
    """Read what kind a card names, "" for none. Returns None for what is no card."""
    try:
        card = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    return card.get("kind", "") if isinstance(card, dict) else None


def seal(card: Card, contents: Mapping[str, bytes], kind: Kind) -> Card:
    """Write the kind, the format and the hash of every file into a card."""
    named = {"kind": kind.name} if kind.name else {}
    return {**card, **named, "format": kind.format, "files": {name: _hash(data) for name, data in contents.items()}}


def read_bundle(folder: StrPath, kind: Kind) -> tuple[Card, dict[str, bytes]]:
    """Read a folder and check it: (card, contents by file name).

    Raises the kind's error where something is missing, newer than this version, or not what the card says.
    """
    card = read_card(folder, kind)
    contents = {}
    for name in dict.fromkeys([*kind.files, *filter(kind.has_file, card["files"])]):
        data = _read(Path(folder) / name, kind)
        if _hash(data) != card["files"].get(name):
            raise kind.error(
                f"'{Path(folder) / name}' is damaged, or of another {kind.noun}: its SHA-256 is not the one on the "
                "card; get a fresh copy of the folder"
            )
        contents[name] = data
    return card, contents


def read_card(folder: StrPath, kind: Kind) -> Card:
    """Read the card of a folder. Raises the kind's error where it is missing, newer, of another kind or not a card."""
    path = Path(folder) / CARD
    try:
        card = json.loads(_read(path, kind))
    except (ValueError, RecursionError) as e:
        raise kind.error(f"'{path}' is damaged: {e}; get a fresh copy of the folder") from e
    if not isinstance(card, dict) or type(card.get("format")) is not int or card["format"] < 1:
        raise kind.error(f"'{path}' is no {kind.noun}'s card: it has no format number")
    if card.get("kind", "") != kind.name:
        found = f"its kind is {card['kind']!r}" if "kind" in card else "it names no kind, as those of codebooks do"
        raise kind.error(f"'{path}' is no {kind.noun}'s card: {found}; name the folder of a {kind.noun}")
    if card["format"] > kind.format:
        raise kind.error(
            f"'{path}' has format {card['format']}, this version of vqsynth reads up to {kind.format}; update vqsynth"
        )
    if CARD_HASH in card and card.pop(CARD_HASH) != _hash(_card_text(card)):
        raise kind.error(
            f"'{path}' is damaged: its own SHA-256 is not the one it names; get a fresh copy of the folder, or, if the "
            f"card was edited on purpose, remove {CARD_HASH!r} from it"
        )
    for name, expected in {**kind.fields, "files": dict}.items():
        if not isinstance(card.get(name), expected) or isinstance(card[name], bool):
            raise kind.error(f"'{path}' is damaged: {name!r} is missing or of a wrong type; get a fresh copy")
    return card


def parse_arrays(data: bytes, path: StrPath, kind: Kind) -> dict[str, NDArray[Any]]:
    """Read the arrays of a safetensors file's bytes. Raises the kind's error for other bytes, and for NaN."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as parse

    try:
        arrays: dict[str, NDArray[Any]] = parse(data)
    except (SafetensorError, ValueError) as e:
        raise kind.error(f"'{path}' is damaged: {e}; get a fresh copy of the folder") from e
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise kind.error(f"'{path}' holds NaN or infinite values in {name!r}; train the {kind.noun} again")
    return arrays


def write_bundle(folder: StrPath, card: Card, contents: Mapping[str, bytes], kind: Kind) -> None:
    """Write card and contents as a folder, whole or not at all; one of its kind that stands there is replaced.

    Raises the kind's error where something else stands there, or the system refuses.
    """
    target = Path(folder).resolve()
    check_target(target, kind)
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as e:
        raise kind.error(f"cannot write beside '{target}': {e.strerror}; choose another folder") from e
    try:
        _fill(temporary, {CARD: _card_text({**card, CARD_HASH: _hash(_card_text(card))}), **contents})
        if target.exists():
            target.rename(temporary / "replaced")
            (temporary / "new").rename(target)
        else:
            (temporary / "new").rename(target)
    except OSError as e:
        raise kind.error(f"cannot write the {kind.noun} '{target}': {e.strerror}; nothing was changed") from e
    finally:
        if (temporary / "replaced").exists() and not target.exists():
            (temporary / "replaced").rename(target)
        shutil.rmtree(temporary, ignore_errors=True)


def check_target(folder: StrPath, kind: Kind) -> None:
    """Refuse a folder to write to that is a file, or that holds something of no such kind. Raises the kind's error."""
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise kind.error(f"'{folder}' is a file; name a folder for the {kind.noun}")
    if target.is_dir() and any(target.iterdir()) and not is_bundle(target, kind):
        raise kind.error(f"'{folder}' holds something that is no {kind.noun}; name a new folder")
    if not target.resolve().parent.is_dir():
        raise kind.error(f"the folder '{target.resolve().parent}' does not exist; make it first")


def _fill(folder: Path, contents: Mapping[str, bytes]) -> None:
    new = folder / "new"
    new.mkdir()
    for name, data in contents.items():
        with (new / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def _read(path: Path, kind: Kind) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise kind.error(f"cannot read '{path}': {e.strerror}; get a fresh copy of the folder") from e


def _card_text(card: Card) -> bytes:
    return (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
