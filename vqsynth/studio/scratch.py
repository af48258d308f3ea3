"""Temporary files: what the browser sends as bytes and other rooms read as a file, and the other way round."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vqsynth.errors import AudioError, VqsynthError
from vqsynth.sound import audio


@contextmanager
def sound_file(data: bytes, name: str) -> Iterator[Path]:
    """Write the bytes of a sound into a file that lasts until the block ends; its suffix is that of `name`.

    Errors that name the file are raised again with the name that the user knows. Raises AudioError for an empty file.
    """
    if not data:
        raise AudioError("no sound came; send the bytes of a sound file")
    with tempfile.TemporaryDirectory(prefix="vqsynth-studio-") as folder:
        file = Path(folder) / f"sound{pick_suffix(name)}"
        file.write_bytes(data)
        try:
            yield file
        except VqsynthError as e:
            raise type(e)(str(e).replace(str(file), label(name))) from e


def pick_suffix(name: str) -> str:
    """Return the suffix of a file name, where it is that of a sound, and that of WAV otherwise."""
    suffix = Path(name[-255:]).suffix.lower()
    return suffix if suffix in audio.SUFFIXES else ".wav"


def label(name: str) -> str:
    """Return what a file of the user is called in words, at most 80 characters without controls or folders."""
    plain = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())
    return plain[-80:].strip() or "the sound"


def written_bytes(write: Callable[[Path], Any], name: str) -> bytes:
    """Return the bytes that `write` writes into the file of this name that it is given."""
    with tempfile.TemporaryDirectory(prefix="vqsynth-studio-") as folder:
        file = Path(folder) / name
        write(file)
        return file.read_bytes()
