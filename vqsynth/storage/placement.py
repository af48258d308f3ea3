"""Replacing all files of a folder at once: a reader finds all of the old files or all of the new ones.

A folder that does not exist yet is written beside its place and renamed into it. An existing folder may hold other
files, which must stay. So the new files are written to a folder inside it, and that is renamed to `NEW`. From that
moment the new files count: a reader takes each file from `NEW` if it lies there, and otherwise from the folder itself.
Then the files are moved into place one by one, the card last.

If the process is killed before the renaming, it leaves scraps. If it is killed afterwards, the next save finishes the
replacement. Either way the folder can be read.
"""

import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from vqsynth.storage.locks import hold_lock, release_lock, try_lock

NEW = ".vqsynth-new"
OWN = ".vqsynth-"
"""Beginning of all names that exist only while something is written."""
_LOCK = ".vqsynth-lock"
_WAIT_S = 60.0
_TRIES, _PAUSE_S = 100, 0.01
Found = TypeVar("Found")
IsOurs = Callable[[str], bool]


def find_file(folder: Path, name: str) -> Path:
    """Return where a file of a folder lies now."""
    new = folder / NEW / name
    return new if os.path.lexists(new) else folder / name


def read_settled(folder: Path, *, error: type[Exception], read: Callable[[], Found]) -> Found:
    """Read a folder, and read it again while another process is writing to it.

    Parameters
    ----------
    folder : Path
        The folder.
    error : type
        What `read` raises if the files do not fit together.
    read : callable
        Reads the folder.

    Returns
    -------
    object
        What `read` returns.

    Raises
    ------
    Exception
        What `read` raises, once the folder has stopped changing.

    """
    still = 0
    for _ in range(_TRIES):
        before = _stamp(folder)
        try:
            return read()
        except error:
            # Clocks of file systems are coarse: two more looks, a while later, tell that nothing is changing.
            still = still + 1 if _stamp(folder) == before else 0
            if still == 3:
                raise
        time.sleep(_PAUSE_S)
    return read()


def _stamp(folder: Path) -> tuple[object, ...]:
    """Return what changes when a folder is written to: the time of its last change, and the card that counts."""

    def look(file: Path) -> tuple[object, ...]:
        try:
            about = file.stat()
        except (OSError, ValueError):
            return ()
        return about.st_mtime_ns, about.st_ino

    return look(folder), look(folder / NEW)


@contextmanager
def hold_folder(folder: Path, *, busy: Exception) -> Iterator[None]:
    """Keep other processes from writing to a folder inside a `with` block. The folder need not exist.

    Raises `busy` if another process writes there for a minute, and OSError if the system refuses.
    """
    lock = _lock_of(folder)
    with hold_lock(lock, busy=busy, wait_s=_WAIT_S):
        if lock == _lock_of(folder):
            yield
            return
    with hold_folder(folder, busy=busy):  # the folder was made while we waited
        yield


def put_in_place(folder: Path, contents: Mapping[str, bytes], *, obsolete: Callable[[], Iterable[str]]) -> None:
    """Write the files of a folder, all or none.

    Parameters
    ----------
    folder : Path
        Where the files belong.
    contents : dict of str to bytes
        The content of each file, by file name. The last one is the card.
    obsolete : callable
        Returns the names of the old files to remove. It is called once the new files count.

    Raises
    ------
    OSError
        If the system refuses before the new files count. What it refuses afterwards, the next `finish_replacing` does.

    """
    making = _beside(folder, f"-{secrets.token_hex(6)}")
    if folder.exists():
        making = folder / f"{NEW}-{secrets.token_hex(6)}"
    try:
        making.mkdir()
        for name, data in contents.items():
            _write(making / name, data)
        _flush(making)
        making.rename(folder / NEW if making.parent == folder else folder)
    except BaseException:
        _remove(making, contents)
        raise
    _flush(making.parent)
    if making.parent == folder:
        with suppress(OSError):
            finish_replacing(folder, card=list(contents)[-1], obsolete=obsolete)


def finish_replacing(folder: Path, *, card: str, obsolete: Callable[[], Iterable[str]]) -> None:
    """Move new files that already count into place, if there are any, and remove the old files that they make obsolete.

    Parameters
    ----------
    folder : Path
        The folder.
    card : str
        Name of the file that is moved last.
    obsolete : callable
        Returns the names of the old files to remove.

    """
    new = folder / NEW
    if not new.is_dir():
        return
    if (new / card).exists():
        for name in obsolete():
            (folder / name).unlink(missing_ok=True)
        for file in sorted(new.iterdir(), key=lambda file: file.name == card):
            file.replace(folder / file.name)
    _flush(folder)
    new.rmdir()


def remove_scraps(folder: Path, *, is_ours: IsOurs) -> None:
    """Remove what killed processes left half-written in a folder or beside it, if `is_ours` knows the file names."""
    for parent, begin in ((folder, NEW), (folder.parent, _beside(folder).name)):
        scrap = re.compile(re.escape(begin) + "-[0-9a-f]{12}")
        with suppress(OSError):
            for path in list(parent.iterdir()):
                if scrap.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                    _remove(path, [file.name for file in path.iterdir() if is_ours(file.name)])
    with suppress(OSError):
        if folder.is_dir() and (descriptor := try_lock(_beside(folder, "-lock"), make=False)) is not None:
            release_lock(_beside(folder, "-lock"), descriptor)  # its holder was killed after making the folder


def _remove(folder: Path, names: Iterable[str]) -> None:
    """Remove files of a folder, and the folder itself if it is empty then, as far as the system allows."""
    for name in names:
        with suppress(OSError):
            (folder / name).unlink()
    with suppress(OSError):
        folder.rmdir()


def _lock_of(folder: Path) -> Path:
    return folder / _LOCK if folder.is_dir() else _beside(folder, "-lock")


def _beside(folder: Path, end: str = "") -> Path:
    """Name a file or folder that lies beside a folder only while that is being made."""
    return folder.with_name(f"{NEW}-{hashlib.sha256(os.fsencode(folder.name)).hexdigest()[:12]}{end}")


def _write(file: Path, data: bytes) -> None:
    with file.open("xb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def _flush(folder: Path) -> None:
    """Flush the names in a folder to the disk, if the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
