"""Parts of a file and replaced bytes, read as one file. Corrected headers reach libsndfile in this way."""

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import BinaryIO

Part = bytes | tuple[int, int]
"""Bytes, or the start and the end of a part of the file."""
_TAG_BYTES = 128


class SplicedFile:
    """Read parts of a file, one after the other, as one file.

    Nothing here raises, because the system would print an exception inside a callback of libsndfile. If the system
    refuses, the error is kept in `error`, and the file seems to end.

    Parameters
    ----------
    raw : file
        The file that the parts come from.
    parts : sequence of Part
        The parts, in order.
    seems : int
        The size that the file is to seem to have, if larger than its parts. Behind the parts only the last bytes can be
        read, as zeros, because decoders look for tags there.

    """

    def __init__(self, raw: BinaryIO, parts: Sequence[Part], *, seems: int = 0) -> None:
        self._raw, self._seems = raw, seems
        self._parts = [part for part in parts if _length(part) > 0]
        self._starts = list(accumulate(map(_length, self._parts), initial=0))
        self._at = 0
        self.error: OSError | None = None

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place. A place before the start becomes the start."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence, max(self._seems, self._starts[-1]))
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the current place."""
        return self._at

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer as far as the parts reach, and return the number of bytes filled."""
        done, wanted = 0, len(buffer)
        while done < wanted and self._at < self._starts[-1]:
            data = self._read(wanted - done)
            if not data:
                break
            buffer[done : done + len(data)] = data
            done += len(data)
            self._at += len(data)
        if self._seems - _TAG_BYTES <= self._at < self._seems and self._at >= self._starts[-1]:
            done = min(wanted, self._seems - self._at)
            buffer[:done] = bytes(done)
            self._at += done
        return done

    def _read(self, most: int) -> bytes:
        """Read on in the part at the current place."""
        i = bisect_right(self._starts, self._at) - 1
        part, inside = self._parts[i], self._at - self._starts[i]
        if isinstance(part, bytes):
            return part[inside : inside + most]
        try:
            self._raw.seek(part[0] + inside)
            return self._raw.read(min(most, part[1] - part[0] - inside))
        except OSError as e:
            self.error = e
            return b""


def patch(size: int, patches: Sequence[tuple[int, bytes]]) -> list[Part]:
    """Return the parts of a file of `size` bytes with some bytes replaced. Patches are (place, bytes), in order."""
    parts: list[Part] = []
    end = 0
    for at, data in patches:
        parts += [(end, at), data]
        end = at + len(data)
    return [*parts, (end, size)]


def _length(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part[1] - part[0]
