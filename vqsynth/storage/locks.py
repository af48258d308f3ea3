"""Locks that a killed holder leaves free: of the system, on a small hidden file that is there while the lock is held.

Own code where `filelock` exists, for two measured reasons: it leaves its file behind, and importing it takes 40 ms of
every command that writes a file. A file system that knows no locks gives every one that is asked for.
"""

import errno
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_BUSY = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
_OPEN_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_POLL_S = 0.02

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 2**30, os.SEEK_SET)  # far behind what is written: Windows keeps others off what is locked
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def try_lock(path: Path, *, make: bool = True) -> int | None:
    """Lock a file, made where there is none unless `make` is false, and return its descriptor, to be closed.

    Returns None where another holds it. Raises OSError where the system refuses, and for what is no regular file.
    """
    while True:
        descriptor = os.open(path, _OPEN_FLAGS | (os.O_CREAT if make else 0), 0o666)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "it is no regular file", str(path))
            if not _is_free(descriptor):
                os.close(descriptor)
                return None
            if _is_at(descriptor, path):
                return descriptor
            os.close(descriptor)  # its holder has removed or renamed it since: what it locks is not what lies there
        except BaseException:
            with suppress(OSError):
                os.close(descriptor)
            raise


@contextmanager
def hold_lock(path: Path, *, busy: Exception, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock of a file that is there only meanwhile. Raises `busy` where another has it all through `wait_s`.

    Raises OSError where the file cannot be made.
    """
    until = time.monotonic() + wait_s
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() >= until:
            raise busy
        time.sleep(_POLL_S)
    try:
        yield
    finally:
        release_lock(path, descriptor)


def release_lock(path: Path, descriptor: int) -> None:
    """Remove the file of a lock that is held, where it still lies there, and give the lock back."""
    with suppress(OSError):
        if sys.platform == "win32":
            os.close(descriptor)  # Windows removes nothing that is open
            path.unlink()
        else:
            if _is_at(descriptor, path):
                path.unlink()
            os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    try:
        _lock(descriptor)
    except OSError as e:
        return e.errno not in _BUSY
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Tell whether what is open is what a path names."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
