"""Claim checkpoints while a training runs: a lock beside each one keeps other trainings off."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from vqsynth.errors import CodebookError, ParameterError, VqsynthError
from vqsynth.storage.locks import release_lock, try_lock
from vqsynth.training.core.checkpoint import ALONE


@contextmanager
def claim_checkpoints(paths: Iterable[Path], *, error: type[VqsynthError] = CodebookError) -> Iterator[None]:
    """Claim checkpoints until the block ends. A process that is killed releases them.

    Different stages of one training may run at the same time. A training with a single stage shares its folder with no
    other training. The folder is made, and removed at the end where it was made here and is empty.
    Raises ParameterError where another training is running, `error` for a folder that cannot be made.
    """
    with ExitStack() as held:
        claimed = list(paths)
        for path in claimed:
            held.enter_context(_claim(path, error=error))
        for path in claimed:
            _check_no_stranger(path)
        yield


@contextmanager
def _claim(path: Path, *, error: type[VqsynthError]) -> Iterator[None]:
    ours = not path.parent.exists() or path.exists()
    lock = _lock_of(path)
    try:
        descriptor = _lock(lock)
    except OSError as e:
        raise error(f"could not make the folder '{path.parent}': {e.strerror or e}") from e
    if descriptor is None:
        raise _busy(path)
    try:
        yield
    finally:
        release_lock(lock, descriptor)
        if ours:
            with suppress(OSError):
                path.parent.rmdir()


def _check_no_stranger(path: Path) -> None:
    """Raise ParameterError where a training of the other kind, with stages or without, runs in the same folder."""
    alone = _lock_of(path.with_stem(ALONE))
    for lock in path.parent.glob(".*.lock"):
        if (lock == alone) != (path.stem == ALONE):
            try:
                descriptor = try_lock(lock, make=False)
            except OSError:  # it has just ended, or this is no lock
                continue
            if descriptor is None:
                raise _busy(path)
            release_lock(lock, descriptor)


def _lock_of(path: Path) -> Path:
    return path.with_name(f".{path.stem}.lock")


def _busy(path: Path) -> ParameterError:
    return ParameterError(f"another training is at work in '{path.parent}'; wait for it or name another folder")


def _lock(lock: Path) -> int | None:
    while True:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another training has just ended, and its folder is gone
            return try_lock(lock)
