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
def _claim(file: Path, *, error: type[VqsynthError]) -> Iterator[None]:
    ours = not file.parent.exists() or file.exists()
    lock = _lock_of(file)
    try:
        descriptor = _lock(lock)
    except OSError as e:
        raise error(f"could not make the folder '{file.parent}': {e.strerror or e}") from e
    if descriptor is None:
        raise _busy(file)
    try:
        yield
    finally:
        release_lock(lock, descriptor)
        if ours:
            with suppress(OSError):
                file.parent.rmdir()


def _check_no_stranger(file: Path) -> None:
    """Raise ParameterError where a training of the other kind, with stages or without, runs in the same folder."""
    alone = _lock_of(file.with_stem(ALONE))
    for lock in file.parent.glob(".*.lock"):
        if (lock == alone) != (file.stem == ALONE):
            try:
                descriptor = try_lock(lock, make=False)
            except OSError:  # it has just ended, or this is no lock
                continue
            if descriptor is None:
                raise _busy(file)
            release_lock(lock, descriptor)


def _lock_of(file: Path) -> Path:
    return file.with_name(f".{file.stem}.lock")


def _busy(file: Path) -> ParameterError:
    return ParameterError(f"another training is at work in '{file.parent}'; wait for it or name another folder")


def _lock(lock: Path) -> int | None:
    while True:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another training has just ended, and its folder is gone
            return try_lock(lock)
