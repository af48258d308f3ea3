"""The length that the header of a FLAC gives, and the frames behind a damaged frame."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from vqsynth.sound.reading.splicing import Part, patch

_SYNC = re.compile(rb"\xff[\xf8\xf9]")
_BLOCK = 1 << 20
_LONGEST_HEAD = 16


@dataclass(frozen=True)
class Flac:
    """Hold the places and lengths of a FLAC.

    Parameters
    ----------
    start : int
        The place in bytes where the stream starts.
    audio : int
        The place in bytes of the first frame.
    total : int or None
        The number of samples, None if the header does not say.
    per_frame : int
        The number of samples in a frame.
    size : int
        The size of the file in bytes.

    """

    start: int
    audio: int
    total: int | None
    per_frame: int
    size: int


def read_flac(raw: BinaryIO, size: int) -> Flac | None:
    """Read the header of a FLAC of `size` bytes, behind an ID3 tag if there is one. None if the file is not a FLAC."""
    start = _skip_tag(raw)
    head = _read(raw, start, 42)
    if len(head) < 42 or head[:4] != b"fLaC" or head[4] & 0x7F:
        return None
    total = (head[21] & 0x0F) << 32 | int.from_bytes(head[22:26], "big")
    audio, is_last = start + 4, False
    while not is_last and audio + 4 <= size:
        block = _read(raw, audio, 4)
        is_last = bool(block[0] & 0x80)
        audio += 4 + int.from_bytes(block[1:], "big")
    return Flac(start, min(audio, size), total or None, int.from_bytes(head[10:12], "big"), size)


def present_flac(raw: BinaryIO, flac: Flac, *, place: int | None = None) -> list[Part]:
    """Return the parts of a FLAC with its length set to unknown.

    libsndfile reads no further than the length that it is told, be it right or wrong. `place` is the place in the file
    of the first frame to read, by default that of the first one.
    """
    at = flac.start + 21
    parts = patch(flac.audio, [(at, bytes((_read(raw, at, 1)[0] & 0xF0, 0, 0, 0, 0)))])
    return [*parts, (flac.audio if place is None else place, flac.size)]


def find_frame(raw: BinaryIO, flac: Flac, *, beyond: int) -> tuple[int, int] | None:
    """Find the first frame that starts after sample `beyond`. Return its place in the file and its first sample."""
    return next((found for found in _frames(raw, flac) if found[1] > beyond), None)


def _frames(raw: BinaryIO, flac: Flac) -> Iterator[tuple[int, int]]:
    """Yield the place in the file and the first sample of every frame whose head is intact."""
    at = flac.audio
    while at < flac.size:
        block = _read(raw, at, _BLOCK + _LONGEST_HEAD)
        for found in _SYNC.finditer(block, 0, _BLOCK + 1):
            sample = _first_sample(block[found.start() : found.start() + _LONGEST_HEAD], flac.per_frame)
            if sample is not None:
                yield at + found.start(), sample
        at += _BLOCK


def _first_sample(head: bytes, per_frame: int) -> int | None:
    """Return the number of a frame's first sample, None if the checksum of the frame's head is wrong."""
    if len(head) < 6 or head[2] >> 4 == 0 or head[2] & 15 == 15 or head[3] >> 4 > 10 or head[3] & 1:
        return None
    n_more = max(0, 8 - (~head[4] & 0xFF).bit_length() - 1) if head[4] & 0x80 else 0
    number = head[4] & (0x7F if not n_more else (1 << (6 - n_more)) - 1)
    for c in head[5 : 5 + n_more]:
        number = number << 6 | c & 0x3F
    end = 5 + n_more + {6: 1, 7: 2}.get(head[2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    if end >= len(head) or _crc8(head[:end]) != head[end]:
        return None
    return number if head[1] & 1 else number * per_frame


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x07 if crc & 0x80 else 0)) & 0xFF
    return crc


def _skip_tag(raw: BinaryIO) -> int:
    head = _read(raw, 0, 10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    a, b, c, d = head[6:10]
    return 10 + (a << 21 | b << 14 | c << 7 | d)


def _read(raw: BinaryIO, at: int, n: int) -> bytes:
    raw.seek(at)
    return raw.read(n)
