"""What the headers of sound files promise: libsndfile reads a file that ends early silently short."""

import io
import struct
from pathlib import Path
from typing import BinaryIO

from vqsynth.errors import AudioError

TRUNCATED = "'{}' is truncated: its header promises more sound than the file holds; get a complete copy"


def check_complete(raw: BinaryIO, path: Path) -> None:
    """Refuse an empty file, and a WAV or AIFF whose sound ends early. Raises AudioError."""
    size = raw.seek(0, io.SEEK_END)
    if not size:
        raise AudioError(f"'{path}' is empty (0 bytes)")
    raw.seek(0)
    head = raw.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        order, wanted = "<", b"data"
    elif head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        order, wanted = ">", b"SSND"
    else:
        return
    while len(chunk := raw.read(8)) == 8:
        length = struct.unpack(order + "I", chunk[4:])[0]
        if chunk[:4] == wanted:
            # Programs that stream cannot know the length and promise nearly 2 or 4 GB.
            streamed = length & 0x7FFFFFFF >= 0x7FFFF000
            if not streamed and raw.tell() + length > size:
                raise AudioError(TRUNCATED.format(path))
            return
        raw.seek(length + length % 2, io.SEEK_CUR)
