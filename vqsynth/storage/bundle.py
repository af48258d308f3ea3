"""The folder that a codebook or a continuous model is on disk: `card.json`, and the files whose hashes the card holds.

What the other files are, what the card must say, and which error is raised, is the matter of a `Kind`. Nothing is ever
executed from a folder. Hashes are checked of the very bytes that are parsed. A folder is replaced such that there is
always a whole one, see `placement`, and nothing in it that vqsynth did not write is ever touched.
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
"""The card's own hash, of all else that it says: written with the file, checked and taken off when it is read."""
Card = dict[str, Any]
MOST_CARD_BYTES = 2**24


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
    places = (Path(folder) / NEW / CARD, Path(folder) / CARD)
    try:
        found = next((path for path in places if path.is_file()), None)
        return found is not None and (kind is None or _named_kind(found, kind) in (None, kind.name))
    except (OSError, ValueError):
        return False


def _named_kind(path: Path, kind: Kind) -> object:
    """Read what kind a card names, "" for none. Returns None for what is no card."""
    try:
        card = parse_json(read_regular(path, error=kind.error, most_bytes=MOST_CARD_BYTES))
    except (ValueError, VqsynthError):
        return None
    return card.get("kind", "") if isinstance(card, dict) else None


def seal(card: Card, contents: Mapping[str, bytes], kind: Kind) -> Card:
    """Write the kind, the format and the hash of every file into a card."""
    named = {"kind": kind.name} if kind.name else {}
    return {**card, **named, "format": kind.format, "files": {name: _hash(data) for name, data in contents.items()}}


def read_bundle(folder: StrPath, kind: Kind) -> tuple[Card, dict[str, bytes]]:
    """Read a folder and check it: (card, contents by file name), all of one codebook or model, also while it is saved.

    Raises the kind's error where something is missing, newer than this version, or not what the card says.
    """
    return read_settled(Path(folder), error=kind.error, read=lambda: _read_bundle(Path(folder), kind))


def read_card(folder: StrPath, kind: Kind) -> Card:
    """Read the card of a folder. Raises the kind's error where it is missing, newer, of another kind or not a card."""
    return read_settled(Path(folder), error=kind.error, read=lambda: _read_card(Path(folder), kind))


def _read_bundle(folder: Path, kind: Kind) -> tuple[Card, dict[str, bytes]]:
    card = _read_card(folder, kind)
    contents = {}
    for name in dict.fromkeys([*kind.files, *filter(kind.has_file, card["files"])]):
        data = _read(folder, name, kind)
        if _hash(data) != card["files"].get(name):
            raise kind.error(
                f"'{folder / name}' is damaged, or of another {kind.noun}: its SHA-256 is not the one on the "
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
        raise kind.error(f"'{path}' is no {kind.noun}'s card: it has no format number")
    if card.get("kind", "") != kind.name:
        found = (
            f"its kind is {str(card['kind'])[:60]!r}"
            if "kind" in card
            else "it names no kind, as those of codebooks do"
        )
        raise kind.error(f"'{path}' is no {kind.noun}'s card: {found}; name the folder of a {kind.noun}")
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
    """Write card and contents as a folder, whole or not at all; one of its kind that stands there is replaced.

    What else lies in the folder stays there as it is. Whoever reads meanwhile gets the old one or the new one.
    Raises the kind's error where something else stands there, what stands there was changed since it was written, or
    the system refuses.
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
    """Refuse a folder to write to that is a file, or that holds something of no such kind, or changed by hand.

    Raises the kind's error.
    """
    target = Path(folder).resolve()
    _check_place(target, kind)
    if not target.is_dir() or all(entry.name.startswith(OWN) and entry.name != NEW for entry in target.iterdir()):
        return
    if not is_bundle(target, kind):
        raise kind.error(f"'{folder}' holds something that is no {kind.noun}; name a new folder")
    read_settled(target, error=kind.error, read=lambda: _check_unchanged(target, kind))


def _check_place(target: Path, kind: Kind) -> None:
    if target.exists() and not target.is_dir():
        raise kind.error(f"'{target}' is a file; name a folder for the {kind.noun}")
    if not target.parent.is_dir():
        raise kind.error(f"the folder '{target.parent}' does not exist; make it first")


def _check_unchanged(folder: Path, kind: Kind) -> None:
    """Refuse to replace a card that is none of ours, and files that are not those it means."""
    try:
        card = _read_card(folder, kind)
        sealed = CARD_HASH in parse_json(_read(folder, CARD, kind))
    except kind.error as e:
        raise kind.error(f"'{folder}' is not replaced, as its card is none that was written there ({e})") from e
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
    """List the files of the old card that the new one, which counts already, has not, as far as they are unchanged."""
    try:
        old = parse_json(read_regular(folder / CARD, error=kind.error, most_bytes=MOST_CARD_BYTES))["files"]
        new = _read_card(folder, kind)["files"]
    except (ValueError, TypeError, KeyError, kind.error):
        return []
    gone = [name for name in old if kind.has_file(name) and name not in new]
    return [name for name in gone if _hash_of(folder / name, kind) == old[name]]


def _hash_of(path: Path, kind: Kind) -> str | None:
    try:
        return _hash(read_regular(path, error=kind.error))
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
