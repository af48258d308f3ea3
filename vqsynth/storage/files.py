"""Writing output files that appear only when they are complete, and reading regular files whole.

An output is first written to a hidden file beside its target and flushed to the disk. It takes the target's name when
it is complete. So a full disk, an error or a Ctrl-C leaves whatever stood there before, and no hidden file. The hidden
file that a killed process leaves is reused by the next process that writes to the same target.
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.storage.locks import release_lock, try_lock

StrPath = str | os.PathLike[str]
MOST_BYTES = 2**29
"""Size of the largest file that is read whole."""
MOST_TEXT_BYTES = 2**26
"""Size of the largest text file. Parsing JSON takes some twelve times as much memory."""

_CONTROLS = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file would be larger than is allowed here; choose another folder or write a shorter one",
    errno.EACCES: "the folder may not be written to; choose another one",
    errno.EPERM: "the folder may not be written to; choose another one",
    errno.EROFS: "the folder is read-only; choose another one",
}


def check_output(file: StrPath, *, inputs: Iterable[StrPath] = ()) -> Path:
    """Check that an output file may be written, before any work is done for it.

    Parameters
    ----------
    file : str or Path
        The output file.
    inputs : iterable of paths
        The files that are read for this output. The output must not overwrite one of them, not even through a link.

    Returns
    -------
    Path

    Raises
    ------
    ParameterError
        If the path is a folder, a device or an input, or if its folder does not exist.

    """
    target = Path(file)
    try:
        target.exists()
    except OSError as e:
        raise ParameterError(f"the output '{_shorten(file)}' cannot be a file: {e.strerror}; rename it") from e
    if not target.name or target.is_dir():
        raise ParameterError(f"the output must be a file (got the folder '{file}'); add a file name")
    if not target.parent.is_dir():
        raise ParameterError(f"the folder '{target.parent}' of the output '{file}' does not exist; make it first")
    if target.exists() and not target.is_file():
        raise ParameterError(f"the output must be a regular file (got '{file}'); choose another name")
    for source in inputs:
        if _same(target, Path(source)):
            raise ParameterError(f"the output '{file}' would overwrite the input '{source}'; choose another name")
    return target


@contextmanager
def whole_file(file: StrPath, *, error: type[VqsynthError] = VqsynthError) -> Iterator[Path]:
    """Write a file through a temporary path, inside a `with` block.

    Parameters
    ----------
    file : str or Path
        The output file. If it is a link, the file that it points to is written.
    error : type
        The error that is raised if the system refuses.

    Yields
    ------
    Path
        The path to write to. It lies beside the target and has its suffix, so that a writer may choose a format by it.
        It becomes `file` when the block ends without an error, and is removed otherwise.

    Raises
    ------
    ParameterError
        As `check_output` does.
    VqsynthError
        `error`, if the disk is full or may not be written to.

    """
    target = check_output(file).resolve()
    try:
        partial, descriptor = _claim_partial(target)
        try:
            yield partial
            with partial.open("rb+") as opened:
                os.fsync(opened.fileno())
            if os.name == "nt":
                _close(descriptor)  # Windows renames nothing that is open
            partial.replace(target)
        except BaseException:
            release_lock(partial, descriptor)
            raise
        _close(descriptor)
    except OSError as e:
        raise error(f"could not write '{file}': {_REASONS.get(e.errno or 0, e.strerror or e)}") from e


def _claim_partial(target: Path) -> tuple[Path, int]:
    """Make the hidden file beside a target, empty and locked; its name is used only for this target.

    A file that a killed process left is free and is reused. One that is being written is skipped.
    """
    key = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]
    for number in count():
        partial = target.with_name(f".partial-{key}-{number}{target.suffix}")
        descriptor = try_lock(partial)
        if descriptor is not None:
            os.ftruncate(descriptor, 0)
            return partial, descriptor
    raise AssertionError("count() does not end")


def _close(descriptor: int) -> None:
    with suppress(OSError):
        os.close(descriptor)


def write_whole(file: StrPath, content: str | bytes, *, error: type[VqsynthError] = VqsynthError) -> None:
    """Write text, as UTF-8 with its line ends unchanged, or bytes to a file. The file appears complete or not at all.

    Raises as `whole_file` does.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with whole_file(file, error=error) as partial:
        partial.write_bytes(data)


def read_regular(
    file: StrPath, *, error: type[VqsynthError] = VqsynthError, what: str = "the file", most_bytes: int = MOST_BYTES
) -> bytes:
    """Read a regular file whole. A pipe or a device is refused, because reading it might never end.

    Parameters
    ----------
    file : str or Path
        A regular file, or a link to one.
    error : type
        The error that is raised.
    what : str
        What the error calls the file: "the path file".
    most_bytes : int
        Size of the largest file that is read.

    Returns
    -------
    bytes

    Raises
    ------
    VqsynthError
        `error`, if the file is missing, not regular, too large, or cannot be read.

    """
    named = f"{what} '{_shorten(file)}'".lstrip()
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as opened:  # noqa: PTH123 - it is open already
            found = os.fstat(opened.fileno())
            if stat.S_ISDIR(found.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not stat.S_ISREG(found.st_mode):
                raise error(f"{named} is a pipe or a device, not a regular file; copy it to a file first")
            data = opened.read(most_bytes + 1) if found.st_size <= most_bytes else None
    except (OSError, ValueError) as e:
        reason = (e.strerror if isinstance(e, OSError) else None) or e
        raise error(f"cannot read {named}: {reason}") from e
    if data is None or len(data) > most_bytes:
        raise error(f"{named} is larger than {most_bytes / 2**20:.0f} MB, the most that is read; use a smaller one")
    return data


def read_text(
    file: StrPath,
    *,
    error: type[VqsynthError] = VqsynthError,
    what: str = "the file",
    most_bytes: int = MOST_TEXT_BYTES,
) -> str:
    """Read a regular text file in UTF-8, with or without a byte order mark.

    The parameters are those of `read_regular`. Raises `error` as that does, and if the file is not UTF-8.
    """
    data = read_regular(file, error=error, what=what, most_bytes=most_bytes)
    try:
        return decode_text(data)
    except ValueError as e:
        raise error(f"{what} '{_shorten(file)}' is not text in UTF-8 ({e}); save it as UTF-8") from e


def decode_text(data: bytes) -> str:
    """Decode bytes as UTF-8, with or without a byte order mark. Raises ValueError that says which byte is wrong."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise ValueError(f"byte {e.start} is {data[e.start]:#04x}, {e.reason}") from e


def show_text(text: object) -> str:
    """Escape the control characters of a text, so that it does not move, colour or turn the cursor of a terminal.

    Line ends and tabs stay.
    """
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), str(text))


def _shorten(file: StrPath) -> str:
    text = str(file)
    return text if len(text) <= 250 else f"{text[:60]}…"


def _same(a: Path, b: Path) -> bool:
    if a.exists() and b.exists():
        return a.samefile(b)
    return a.resolve() == b.resolve()
