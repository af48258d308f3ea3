"""The folder of a codebook or a continuous model: `card.json`, and the files whose hashes the card holds.

A `Kind` says which other files there are, what the card must contain, and which error is raised. The hashes are checked
on the very bytes that are parsed, and nothing from a folder is executed. A folder is replaced in such a way that
readers always find a complete one (see `placement`); files that vqsynth did not write are never touched.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from vqsynth.errors import VqsynthError
from vqsynth.storage.files import MOST_BYTES, StrPath, read_regular
from vqsynth.storage.placement import (
    NEW,
    OWN,
    find_file,
    finish_replacing,
    hold_folder,
    put_in_place,
    read_settled,
    remove_scraps,
)
from vqsynth.storage.records import parse_json

CARD = "card.json"
CARD_HASH = "card_sha256"
"""The key of the card's own hash, over its other entries: written with the file, checked and removed by reading."""
Card = dict[str, Any]
MOST_CARD_BYTES = 2**24


@dataclass(frozen=True)
class Kind:
    """Describe what the folders of one kind hold.

    Parameters
    ----------
    noun : str
        What people call such a folder: "codebook".
    fields : dict of str to type
        Entries that the card must have beside `files`, with their types.
    files : tuple of str
        Files that the folder must have.
    error : type
        The error that is raised for everything that is wrong with a folder.
    name : str
        The "kind" that the card gives. The cards of codebooks give none.
    more : str
        Pattern for the names of further files, which belong to the folder if the card lists them.
    format : int
        The newest format of the card that this version reads, and the one that it writes.

    """

    noun: str
    fields: Mapping[str, type]
    files: tuple[str, ...]
    error: type[VqsynthError]
    name: str = ""
    more: str = ""
    format: int = 1

    def has_file(self, name: str) -> bool:
        """Tell whether a file of this name may belong to a folder of this kind. A path never may."""
        return name in self.files or (fnmatchcase(name, self.more) and not set(name) & set("/\\\0"))


def is_bundle(folder: StrPath, kind: Kind | None = None) -> bool:
    """Tell whether a folder has a card and, if a kind is given, whether the card is of that kind.

    A damaged card counts as any kind. A folder that cannot be opened has no card.
    """
    places = (Path(folder) / NEW / CARD, Path(folder) / CARD)
    try:
        found = next((path for path in places if path.is_file()), None)
        return found is not None and (kind is None or _named_kind(found, kind) in (None, kind.name))
    except (OSError, ValueError):
        return False


def _named_kind(file: Path, kind: Kind) -> object:
    """Read the kind that a card names, "" if it names none. Return None if the file is not a card."""
    try:
        card = parse_json(read_regular(file, error=kind.error, most_bytes=MOST_CARD_BYTES))
    except (ValueError, VqsynthError):
        return None
    return card.get("kind", "") if isinstance(card, dict) else None


def seal(card: Card, contents: Mapping[str, bytes], kind: Kind) -> Card:
    """Return the card with its kind, its format and the hash of every file added."""
    named = {"kind": kind.name} if kind.name else {}
    return {**card, **named, "format": kind.format, "files": {name: _hash(data) for name, data in contents.items()}}


def read_bundle(folder: StrPath, kind: Kind) -> tuple[Card, dict[str, bytes]]:
    """Read a folder and check it. The result is consistent even if the folder is being saved meanwhile.

    Parameters
    ----------
    folder : str or Path
        The folder.
    kind : Kind
        What it must hold.

    Returns
    -------
    card : dict
        What `card.json` says, without its own hash.
    contents : dict of str to bytes
        The content of each file, by file name.

    Raises
    ------
    VqsynthError
        `kind.error`, if something is missing, damaged, or newer than this version.

    """
    return read_settled(Path(folder), error=kind.error, read=lambda: _read_bundle(Path(folder), kind))


def read_card(folder: StrPath, kind: Kind) -> Card:
    """Read the card of a folder, without its files.

    Raises `kind.error` if the card is missing, damaged, newer than this version, or of another kind.
    """
    return read_settled(Path(folder), error=kind.error, read=lambda: _read_card(Path(folder), kind))


def _read_bundle(folder: Path, kind: Kind) -> tuple[Card, dict[str, bytes]]:
    card = _read_card(folder, kind)
    contents = {}
    for name in dict.fromkeys([*kind.files, *filter(kind.has_file, card["files"])]):
        data = _read(folder, name, kind)
        if _hash(data) != card["files"].get(name):
            raise kind.error(
                f"'{folder / name}' is damaged or belongs to another {kind.noun}: its SHA-256 is not the one on the "
                "card; get a fresh copy of the folder"
            )
        contents[name] = data
    return card, contents


def _read_card(folder: Path, kind: Kind) -> Card:
    path = folder / CARD
    try:
        card = parse_json(_read(folder, CARD, kind, most_bytes=MOST_CARD_BYTES))
    except ValueError as e:
        raise kind.error(f"'{path}' is damaged: {e}; get a fresh copy of the folder") from e
    if not isinstance(card, dict) or type(card.get("format")) is not int or card["format"] < 1:
        raise kind.error(f"'{path}' is not a {kind.noun}'s card: it has no format number")
    if card.get("kind", "") != kind.name:
        found = (
            f"its kind is {str(card['kind'])[:60]!r}" if "kind" in card else "it names no kind, so it is a codebook's"
        )
        raise kind.error(f"'{path}' is not a {kind.noun}'s card: {found}; name the folder of a {kind.noun}")
    if card["format"] > kind.format:
        raise kind.error(
            f"'{path}' has format {str(card['format'])[:20]}, this version of vqsynth reads up to {kind.format}; "
            "update vqsynth"
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


def write_bundle(folder: StrPath, card: Card, contents: Mapping[str, bytes], kind: Kind) -> None:
    """Write a card and its files as a folder. The folder appears complete or not at all.

    An existing folder of the same kind is replaced; other files in it stay. Readers get the old folder or the new one,
    never a mixture.

    Parameters
    ----------
    folder : str or Path
        Where to write. The parent folder must exist.
    card : dict
        The card, as `seal` returns it.
    contents : dict of str to bytes
        The content of each file, by file name.
    kind : Kind
        What the folder holds.

    Raises
    ------
    VqsynthError
        `kind.error`, if the place holds something else, if its files were changed since they were written, if another
        process is writing there, or if the system refuses.

    """
    target = Path(folder).resolve()
    _check_place(target, kind)
    whole = {**contents, CARD: _card_text({**card, CARD_HASH: _hash(_card_text(card))})}
    busy = kind.error(f"'{target}' is being written by another process; wait for it, or name another folder")
    try:
        with hold_folder(target, busy=busy):
            finish_replacing(target, card=CARD, obsolete=lambda: _obsolete(target, kind))
            remove_scraps(target, is_ours=lambda name: name == CARD or kind.has_file(name))
            check_target(target, kind)
            put_in_place(target, whole, obsolete=lambda: _obsolete(target, kind))
    except OSError as e:
        raise kind.error(f"cannot write the {kind.noun} '{target}': {e.strerror}; nothing was changed") from e


def check_target(folder: StrPath, kind: Kind) -> None:
    """Check that a folder may be written to, before any work is done for it.

    Raises `kind.error` for a file, and for a folder that holds something of another kind or was changed by hand.
    """
    target = Path(folder).resolve()
    _check_place(target, kind)
    if not target.is_dir() or all(entry.name.startswith(OWN) and entry.name != NEW for entry in target.iterdir()):
        return
    if not is_bundle(target, kind):
        raise kind.error(f"'{folder}' holds something that is not a {kind.noun}; name a new folder")
    read_settled(target, error=kind.error, read=lambda: _check_unchanged(target, kind))


def _check_place(target: Path, kind: Kind) -> None:
    if target.exists() and not target.is_dir():
        raise kind.error(f"'{target}' is a file; name a folder for the {kind.noun}")
    if not target.parent.is_dir():
        raise kind.error(f"the folder '{target.parent}' does not exist; make it first")


def _check_unchanged(folder: Path, kind: Kind) -> None:
    """Refuse to replace a card that vqsynth did not write, and files that differ from their hashes on the card."""
    try:
        card = _read_card(folder, kind)
        sealed = CARD_HASH in parse_json(_read(folder, CARD, kind))
    except kind.error as e:
        raise kind.error(
            f"'{folder}' is not replaced, because its card is not as vqsynth wrote it ({e}); name a new folder"
        ) from e
    changed = [] if sealed else [CARD]
    for name in sorted({*_names_in(folder, kind), *filter(kind.has_file, card["files"])}):
        place = find_file(folder, name)
        if os.path.lexists(place) and _hash(_read(folder, name, kind)) != card["files"].get(name):
            changed.append(name)
    if changed:
        raise kind.error(
            f"'{folder / changed[0]}' was changed since the {kind.noun} was written, and would be lost; move it "
            "elsewhere, or name a new folder"
        )


def _names_in(folder: Path, kind: Kind) -> Iterator[str]:
    return (entry.name for entry in folder.iterdir() if kind.has_file(entry.name))


def _obsolete(folder: Path, kind: Kind) -> Iterable[str]:
    """List the files of the old card that the new card does not list, as far as they are unchanged."""
    try:
        old = parse_json(read_regular(folder / CARD, error=kind.error, most_bytes=MOST_CARD_BYTES))["files"]
        new = _read_card(folder, kind)["files"]
    except (ValueError, TypeError, KeyError, kind.error):
        return []
    gone = [name for name in old if kind.has_file(name) and name not in new]
    return [name for name in gone if _hash_of(folder / name, kind) == old[name]]


def _hash_of(file: Path, kind: Kind) -> str | None:
    try:
        return _hash(read_regular(file, error=kind.error))
    except kind.error:
        return None


def _read(folder: Path, name: str, kind: Kind, *, most_bytes: int = MOST_BYTES) -> bytes:
    try:
        return read_regular(find_file(folder, name), error=kind.error, what="", most_bytes=most_bytes)
    except kind.error as e:
        raise kind.error(f"{str(e).replace(f'{NEW}{os.sep}', '')}; get a fresh copy of the folder") from e


def _card_text(card: Card) -> bytes:
    return (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
