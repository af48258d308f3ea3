"""The pages of an Ogg file: where each stream of a chain ends, and whether the last one has an end.

Recordings of radio are chains of streams, of which libsndfile reads only the first.
"""

from dataclasses import dataclass
from typing import BinaryIO

_HEADER_BYTES = 27
_FIRST, _LAST = 2, 4
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Ogg:
    """Hold the links of an Ogg's chain.

    Parameters
    ----------
    links : tuple of (int, int)
        Start and end of each link in bytes.
    is_ended : bool
        Whether the last page is marked as the last.
    first_time : int
        The time in samples that the first page of the first link gives.

    """

    links: tuple[tuple[int, int], ...]
    is_ended: bool
    first_time: int


def read_ogg(raw: BinaryIO, size: int) -> Ogg:
    """Read the pages of a file of `size` bytes."""
    starts: list[int] = []
    at, in_head, is_ended, first_time = 0, False, False, 0
    while at < size:
        raw.seek(at)
        head = raw.read(_HEADER_BYTES + 255)
        if head[:4] != b"OggS" or len(head) < _HEADER_BYTES:
            at = _find_page(raw, at + 1, size)
            continue
        length = _HEADER_BYTES + head[26] + sum(head[_HEADER_BYTES : _HEADER_BYTES + head[26]])
        if head[5] & _FIRST and not in_head:
            starts.append(at)
        if not first_time and len(starts) == 1:
            first_time = max(0, int.from_bytes(head[6:14], "little", signed=True))
        in_head, is_ended = bool(head[5] & _FIRST), bool(head[5] & _LAST) and at + length <= size
        at += length
    ends = [*starts[1:], size]
    return Ogg(tuple(zip(starts, ends, strict=True)) if starts else (), is_ended, first_time)


def _find_page(raw: BinaryIO, at: int, size: int) -> int:
    while at < size:
        raw.seek(at)
        block = raw.read(_BLOCK)
        if (found := block.find(b"OggS")) >= 0:
            return at + found
        if len(block) < 4:
            return size
        at += len(block) - 3
    return size
