"""Files that are written whole or not at all.

Every output goes to a hidden file beside its target first, is flushed to the disk, and takes the target's name only
when it is complete. A full disk, an error or a Ctrl-C therefore leaves whatever stood there before, and no scrap.
"""

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vqsynth.errors import ParameterError, VqsynthError

StrPath = str | os.PathLike[str]

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file would be larger than is allowed here; choose another folder or write a shorter one",
    errno.EACCES: "the folder may not be written to; choose another one",
    errno.EPERM: "the folder may not be written to; choose another one",
    errno.EROFS: "the folder is read-only; choose another one",
}


def check_output(path: StrPath, *, inputs: Iterable[StrPath] = ()) -> Path:
    """Refuse an output path that cannot or should not be written, before any work is done for it.

    `inputs` are the files read for this output: overwriting one of them, also through a link, is refused.
    Returns the path. Raises ParameterError for a folder, a device, a missing parent folder or an input.
    """
    target = Path(path)
    try:
        target.exists()
    except OSError as e:
        raise ParameterError(f"the output '{_shorten(path)}' cannot be a file: {e.strerror}; rename it") from e
    if not target.name or target.is_dir():
        raise ParameterError(f"the output must be a file (got the folder '{path}'); add a file name")
    if not target.parent.is_dir():
        raise ParameterError(f"the folder '{target.parent}' of the output '{path}' does not exist; make it first")
    if target.exists() and not target.is_file():
        raise ParameterError(f"the output must be a regular file (got '{path}'); choose another name")
    for source in inputs:
        if _same(target, Path(source)):
            raise ParameterError(f"the output '{path}' would overwrite the input '{source}'; choose another name")
    return target


@contextmanager
def whole_file(path: StrPath, *, error: type[VqsynthError] = VqsynthError) -> Iterator[Path]:
    """Give a path to write to that becomes `path` once the block ends well, and vanishes otherwise.

    The given path lies beside the target and has its suffix, so that a writer may choose a format by it. A link is
    written through.
    Raises ParameterError as `check_output` does, and `error` where the system refuses: a full disk, no permission.
    """
    target = check_output(path).resolve()
    partial = target.with_name(f".partial-{secrets.token_hex(6)}{target.suffix}")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as e:
        raise error(f"could not write '{path}': {_REASONS.get(e.errno or 0, e.strerror or e)}") from e
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: StrPath, content: str | bytes, *, error: type[VqsynthError] = VqsynthError) -> None:
    """Write text (as UTF-8, line ends as they are) or bytes to `path`, whole or not at all.

    Raises as `whole_file` does.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with whole_file(path, error=error) as partial:
        partial.write_bytes(data)


def _shorten(path: StrPath) -> str:
    text = str(path)
    return text if len(text) <= 80 else f"{text[:60]}…"


def _same(a: Path, b: Path) -> bool:
    if a.exists() and b.exists():
        return a.samefile(b)
    return a.resolve() == b.resolve()
