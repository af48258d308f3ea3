"""How the files of a folder are put in place together: whoever reads finds all of the old ones, or all of the new ones.

A folder that is not there yet is written beside its place and renamed into it. In one that is there, other files may
lie, which stay. So the new ones are written to a folder inside it, whose renaming to `NEW` is the moment from which on
they count: a reader takes each file from `NEW` while it lies there, else from the folder itself. Then they are moved
file by file, the card last. A process that is killed before the renaming leaves scraps, after it a replacement that is
finished by the next save; nothing has to be put right to read.
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
"""How all names begin that are only there while something is written."""
_LOCK = ".vqsynth-lock"
_WAIT_S = 60.0
_TRIES, _PAUSE_S = 100, 0.01
Found = TypeVar("Found")
IsOurs = Callable[[str], bool]


def find_file(folder: Path, name: str) -> Path:
    """Tell where a file of a folder lies now."""
    new = folder / NEW / name
    return new if os.path.lexists(new) else folder / name


def read_settled(folder: Path, *, error: type[Exception], read: Callable[[], Found]) -> Found:
    """Read a folder again where it is written meanwhile, until it holds still. Raises what reading it raises then.

    error: what `read` raises where files do not fit together.
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
    """Take what changes when a folder is written to: when names in it last changed, and which card counts."""

    def look(path: Path) -> tuple[object, ...]:
        try:
            about = path.stat()
        except (OSError, ValueError):
            return ()
        return about.st_mtime_ns, about.st_ino

    return look(folder), look(folder / NEW)


@contextmanager
def hold_folder(folder: Path, *, busy: Exception) -> Iterator[None]:
    """Let nobody else write to a folder, there or not, until the block ends.

    Raises `busy` where somebody does so for a minute, OSError where the system refuses.
    """
    lock = _lock_of(folder)
    with hold_lock(lock, busy=busy, wait_s=_WAIT_S):
        if lock == _lock_of(folder):
            yield
            return
    with hold_folder(folder, busy=busy):  # it has come into being while we waited
        yield


def put_in_place(folder: Path, contents: Mapping[str, bytes], *, obsolete: Callable[[], Iterable[str]]) -> None:
    """Write the files of a folder, whole or not at all; the last of `contents` is the card.

    obsolete: tells, once the new files count, which old ones are to go. Raises OSError where the system refuses before
    the new files count; what it refuses then, the next `finish_replacing` does.
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
    """Move new files that count already into place, and remove the old ones that they make obsolete, if any do."""
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
    """Remove what killed processes have left half written in a folder or beside it, and nothing that is not ours."""
    for parent, begin in ((folder, NEW), (folder.parent, _beside(folder).name)):
        scrap = re.compile(re.escape(begin) + "-[0-9a-f]{12}")
        with suppress(OSError):
            for path in list(parent.iterdir()):
                if scrap.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                    _remove(path, [file.name for file in path.iterdir() if is_ours(file.name)])
    with suppress(OSError):
        if folder.is_dir() and (descriptor := try_lock(_beside(folder, "-lock"), make=False)) is not None:
            release_lock(_beside(folder, "-lock"), descriptor)  # of one killed once the folder had come into being


def _remove(folder: Path, names: Iterable[str]) -> None:
    """Remove files of a folder, and the folder where nothing else is in it, as far as the system lets us."""
    for name in names:
        with suppress(OSError):
            (folder / name).unlink()
    with suppress(OSError):
        folder.rmdir()


def _lock_of(folder: Path) -> Path:
    return folder / _LOCK if folder.is_dir() else _beside(folder, "-lock")


def _beside(folder: Path, end: str = "") -> Path:
    """Name what is there beside a folder only while it comes into being."""
    return folder.with_name(f"{NEW}-{hashlib.sha256(os.fsencode(folder.name)).hexdigest()[:12]}{end}")


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    """Flush the names in a folder to the disk, where the system knows how."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
