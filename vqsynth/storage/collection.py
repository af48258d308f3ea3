"""Finding the folders of one kind: by path, by shipped name, and inside other folders."""

import difflib
import os
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from vqsynth.errors.checks import show
from vqsynth.storage.bundle import CARD, Kind, is_bundle
from vqsynth.storage.files import StrPath
from vqsynth.storage.placement import OWN


def find_bundle(given: StrPath, kind: Kind) -> Path:
    """Find the folder of a codebook or model by its path or by its shipped name.

    Raises `kind.error`, which suggests the nearest shipped name or lists them all.
    """
    if not isinstance(given, str | os.PathLike):
        raise kind.error(f"a {kind.noun} is named by a text or a Path (got {show(given)})")
    if _leads_nowhere(given):
        raise kind.error(f"'{given}' is a broken link ({Path(given).readlink()}); make it lead to a {kind.noun}")
    if is_bundle(given):
        return Path(given)
    shipped = {folder.name: folder for folder in shipped_bundles(kind)}
    if str(given) in shipped:
        return shipped[str(given)]
    if os.path.isdir(given):  # noqa: PTH112 - a name too long for the system is not a folder, and not an error here
        raise kind.error(f"the folder '{given}' is not a {kind.noun}: it has no {CARD}")
    near = difflib.get_close_matches(str(given), shipped, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"shipped are: {', '.join(shipped) or 'none'}"
    raise kind.error(f"no {kind.noun} '{given}': name a shipped one or the folder of one ({hint})")


def shipped_bundles(kind: Kind) -> list[Path]:
    """List the folders of a kind that come with the package."""
    return list(_bundles_in(Path(str(files("vqsynth.codebooks"))) / kind.name, kind))


def bundles_at_hand(folders: StrPath | Iterable[StrPath], kind: Kind) -> list[Path]:
    """List the folders of a kind: the shipped ones, then those that are found in `folders`.

    Parameters
    ----------
    folders : path or iterable of paths
        Each is such a folder itself, or holds some directly.
    kind : Kind
        What the folders hold.

    Returns
    -------
    list of Path
        Each folder once. Broken links are among them; loading one tells what is wrong with it.

    Raises
    ------
    VqsynthError
        `kind.error`, if one of `folders` is not a folder.

    """
    found = shipped_bundles(kind)
    for folder in map(Path, [folders] if isinstance(folders, str | os.PathLike) else folders):
        if not folder.is_dir():
            raise kind.error(f"'{folder}' is not a folder; name one that holds {kind.noun}s")
        found += [folder] if is_bundle(folder) else _bundles_in(folder, kind)
    return list(dict.fromkeys(path if _leads_nowhere(path) else path.resolve() for path in found))


def _bundles_in(folder: Path, kind: Kind) -> Iterator[Path]:
    """List the folders of a kind inside a folder, and broken links, which are reported when they are loaded."""
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    for child in inside:
        if _leads_nowhere(child):
            if not child.name.startswith("."):
                yield child
        elif child.is_dir() and not child.name.startswith(OWN) and is_bundle(child, kind):
            yield child


def _leads_nowhere(file: StrPath) -> bool:
    """Tell whether a path is a broken link or a link to itself. A name that is too long is neither, and no error."""
    return os.path.islink(file) and not os.path.exists(file)  # noqa: PTH110, PTH114
