"""File locks that the system releases when their holder is killed. A lock file exists only while its lock is held.

The package `filelock` is not used, for two measured reasons: it leaves its file behind, and importing it adds 40 ms to
every command that writes a file. On a file system without locks every request for a lock succeeds.
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
        os.lseek(
            descriptor, 2**30, os.SEEK_SET
        )  # far behind the content, because Windows lets nobody else read a locked part
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def try_lock(file: Path, *, make: bool = True) -> int | None:
    """Lock a file without waiting.

    Parameters
    ----------
    file : Path
        The lock file.
    make : bool
        Whether to make the file if it does not exist.

    Returns
    -------
    int or None
        The descriptor of the locked file, which the caller closes. None if another process holds the lock.

    Raises
    ------
    OSError
        If the system refuses, or if the path is not a regular file.

    """
    while True:
        descriptor = os.open(file, _OPEN_FLAGS | (os.O_CREAT if make else 0), 0o666)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file", str(file))
            if not _is_free(descriptor):
                os.close(descriptor)
                return None
            if _is_at(descriptor, file):
                return descriptor
            os.close(descriptor)  # its holder removed or renamed it since, so the lock is on another file than `file`
        except BaseException:
            with suppress(OSError):
                os.close(descriptor)
            raise


@contextmanager
def hold_lock(file: Path, *, busy: Exception, wait_s: float = 0.0) -> Iterator[None]:
    """Hold a lock inside a `with` block; its file exists only that long.

    Parameters
    ----------
    file : Path
        The lock file.
    busy : Exception
        Raised if another process holds the lock during all of `wait_s`.
    wait_s : float
        How many seconds to wait for the lock.

    Raises
    ------
    OSError
        If the file cannot be made.

    """
    until = time.monotonic() + wait_s
    while (descriptor := try_lock(file)) is None:
        if time.monotonic() >= until:
            raise busy
        time.sleep(_POLL_S)
    try:
        yield
    finally:
        release_lock(file, descriptor)


def release_lock(file: Path, descriptor: int) -> None:
    """Remove the file of a held lock, if it still lies there, and release the lock."""
    with suppress(OSError):
        if sys.platform == "win32":
            os.close(descriptor)  # Windows removes nothing that is open
            file.unlink()
        else:
            if _is_at(descriptor, file):
                file.unlink()
            os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    try:
        _lock(descriptor)
    except OSError as e:
        return e.errno not in _BUSY
    return True


def _is_at(descriptor: int, file: Path) -> bool:
    """Tell whether an open file is the one that a path names."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.lstat())
    except FileNotFoundError:
        return False
