"""Where folders of one kind are found: by path, by the name of one that comes with the package, and in folders."""

import difflib
import os
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from vqsynth.checks import show
from vqsynth.storage.bundle import CARD, Kind, is_bundle
from vqsynth.storage.files import StrPath
from vqsynth.storage.placement import OWN


def find_bundle(given: StrPath, kind: Kind) -> Path:
    """Find the folder of a codebook or model, by its path or by the name of a shipped one.

    Raises the kind's error that lists the shipped names.
    """
    if not isinstance(given, str | os.PathLike):
        raise kind.error(f"a {kind.noun} is named by a text or a Path (got {show(given)})")
    if _leads_nowhere(given):
        raise kind.error(f"'{given}' is a link to nowhere ({Path(given).readlink()}); make it lead to a {kind.noun}")
    if is_bundle(given):
        return Path(given)
    shipped = {folder.name: folder for folder in shipped_bundles(kind)}
    if str(given) in shipped:
        return shipped[str(given)]
    if os.path.isdir(given):  # noqa: PTH112 - a name too long for the system is no folder, and no error here
        raise kind.error(f"the folder '{given}' is no {kind.noun}: it has no {CARD}")
    near = difflib.get_close_matches(str(given), shipped, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"shipped are: {', '.join(shipped) or 'none'}"
    raise kind.error(f"no {kind.noun} '{given}': name a shipped one or the folder of one ({hint})")


def shipped_bundles(kind: Kind) -> list[Path]:
    """List the folders of a kind that come with the package."""
    return list(_bundles_in(Path(str(files("vqsynth.codebooks"))) / kind.name, kind))


def bundles_at_hand(folders: StrPath | Iterable[StrPath], kind: Kind) -> list[Path]:
    """List the shipped folders of a kind, then those that `folders` are or directly hold. Raises the kind's error."""
    found = shipped_bundles(kind)
    for folder in map(Path, [folders] if isinstance(folders, str | os.PathLike) else folders):
        if not folder.is_dir():
            raise kind.error(f"'{folder}' is no folder; name one that holds {kind.noun}s")
        found += [folder] if is_bundle(folder) else _bundles_in(folder, kind)
    return list(dict.fromkeys(path if _leads_nowhere(path) else path.resolve() for path in found))


def _bundles_in(folder: Path, kind: Kind) -> Iterator[Path]:
    """List what a folder holds of a kind, links to nowhere too, which are told of when they are loaded."""
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    for child in inside:
        if _leads_nowhere(child):
            if not child.name.startswith("."):
                yield child
        elif child.is_dir() and not child.name.startswith(OWN) and is_bundle(child, kind):
            yield child


def _leads_nowhere(path: StrPath) -> bool:
    """Tell a link to nowhere, or to itself; a name too long for the system is none, and no error."""
    return os.path.islink(path) and not os.path.exists(path)  # noqa: PTH110, PTH114
