"""The length that headers promise, the length that is there, and corrections that libsndfile needs.

A header is written before the length of the sound is known. If a file is streamed, or its writer is stopped, nothing or
nonsense stays in it. libsndfile believes some of it, and never says that sound is missing.
"""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

Patch = tuple[int, bytes]

STALE_BYTES = 4096
"""If so many bytes follow the promised end of the sound and are not a chunk, they are sound, too: the length was
written too early, or it wrapped at 4 GB."""
_NEARLY = 1 << 20  # a length this near to 2 or 4 GB stands for one that was not known
_NOT_SOUND = (b"ID3", b"TAG", b"APETAGEX", b"LYRICS")
_BEHIND = re.compile(
    rb"LIST|ID3 |id3 |bext|iXML|_PMX|cue |smpl|inst|acid|fact|JUNK|junk|PAD |ANNO|NAME|AUTH|COMT|MARK|INST"
)
_LONGEST_TAIL = 1 << 20


@dataclass(frozen=True)
class Header:
    """Hold how much sound a header promises, and how much there is.

    Parameters
    ----------
    promised : int or None
        Bytes of sound that the header promises, None if it does not say.
    there : int
        Bytes of sound that are there.
    patches : tuple of (int, bytes)
        Corrections that libsndfile needs: place and bytes.
    end : int, optional
        Where the file must seem to end, if not at its own end.

    """

    promised: int | None
    there: int
    patches: tuple[Patch, ...] = ()
    end: int | None = None

    @property
    def missing(self) -> int:
        """Return the number of bytes that are promised but not there."""
        return max(0, (self.promised or 0) - self.there)


Kinds = tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], Header | None]], ...]


def read_header(raw: BinaryIO, size: int, kinds: Kinds) -> Header | None:
    """Read the header of a sound file.

    Parameters
    ----------
    raw : file
        The file.
    size : int
        Its size in bytes.
    kinds : Kinds
        For each format, a test of the first bytes, and a function that reads the header.

    Returns
    -------
    Header or None
        None if the file is of none of the formats.

    """
    head = read_at(raw, 0, 64)
    for is_kind, reader in kinds:
        if is_kind(head):
            try:
                return reader(raw, size)
            except struct.error:  # the file ends inside its header
                return None
    return None


def read_at(raw: BinaryIO, at: int, n: int) -> bytes:
    """Read n bytes at a place, or fewer if the file ends."""
    raw.seek(at)
    return raw.read(n)


def _chunks(raw: BinaryIO, size: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield the chunks of a RIFF or IFF file: name, place of the content, promised length."""
    at = 12
    while at + 8 <= size:
        name, length = struct.unpack(order + "4sI", read_at(raw, at, 8))
        yield name, at + 8, length
        at += 8 + length + length % 2


def _is_unknown(length: int, width: int = 32) -> bool:
    """Tell whether a length is a placeholder: close to half or to all of the largest number of its width."""
    half = 1 << (width - 1)
    return abs(length - half) < _NEARLY or length > 2 * half - _NEARLY


def _find_tail(raw: BinaryIO, start: int, size: int, order: str) -> int:
    """Find where the chunks behind a sound of unknown length begin. Without such chunks, return the file's end."""
    first = max(start, size - _LONGEST_TAIL)
    block = read_at(raw, first, size - first)
    for found in _BEHIND.finditer(block):
        at = first + found.start()
        while at + 8 <= size:
            length = struct.unpack(order + "4xI", block[at - first : at - first + 8])[0]
            at += 8 + length + length % 2
        if at in (size, size + 1):
            return first + found.start()
    return size


def _is_end(raw: BinaryIO, end: int, size: int, order: str) -> bool:
    """Tell whether the file ends at a place, or a chunk follows."""
    if end <= size <= end + 1:
        return True
    after = read_at(raw, end, 9) if end < size else b""
    for skip in (0, 1) if len(after) == 9 else ():  # some do not pad a chunk of odd length
        name, length = struct.unpack(order + "4sI", after[skip : skip + 8])
        if all(0x20 <= c < 0x7F for c in name) and end + skip + 8 + length <= size:
            return True
    return False


def _find_sound(raw: BinaryIO, at: int, length: int, size: int, order: str) -> tuple[int | None, int, bool]:
    """Examine the sound chunk at a place: bytes that it promises, bytes of sound, and whether its length is wrong."""
    if _is_end(raw, at + length, size, order):
        return length, size - at, False
    tail = _find_tail(raw, at, size, order)
    if at + length > tail:
        return None if _is_unknown(length) else length, tail - at, True
    after = read_at(raw, at + length, 256)
    is_other = tail - at - length < STALE_BYTES or not any(after) or after.startswith(_NOT_SOUND)
    return (length, size - at, False) if length and is_other else (None, tail - at, True)


def _riff(raw: BinaryIO, size: int) -> Header | None:
    """Read WAV, RF64 and BW64: the length of the data chunk, or the one in ds64."""
    order = ">" if read_at(raw, 0, 4) == b"RIFX" else "<"
    is_64, at_64, align, is_plain = False, 0, 1, True
    length_64 = 0
    for name, at, length in _chunks(raw, size, order):
        if name == b"ds64":
            at_64, is_64 = at, True
            length_64 = struct.unpack("<Q", read_at(raw, at + 8, 8))[0]
        elif name == b"fmt ":
            kind, align = struct.unpack(order + "H10xH", read_at(raw, at, 14))
            is_plain = kind in (1, 3, 6, 7, 0xFFFE)
        elif name == b"data":
            if is_64:
                return _riff_64(at_64, length_64, size - at)
            return _riff_32(raw, at, length, size, order, max(1, align) if not is_plain else 1)
    return None


def _riff_64(at_64: int, length: int, there: int) -> Header:
    promised = None if length == 0 or _is_unknown(length, 64) or _is_unknown(length) else length
    known = promised is not None and promised <= there
    patches = () if known else ((at_64 + 8, struct.pack("<Q", there)),)
    return Header(promised, there, patches)


def _riff_32(raw: BinaryIO, at: int, length: int, size: int, order: str, block: int) -> Header:
    promised, there, is_wrong = _find_sound(raw, at, length, size, order)
    if not is_wrong:
        return Header(promised, there)
    # libsndfile decodes an incomplete block of compressed samples to noise, so it is left out.
    whole = min(there - there % block, 0xFFFFFFFF)
    return Header(promised, there, ((at - 4, struct.pack(order + "I", whole)),))


def _aiff(raw: BinaryIO, size: int) -> Header | None:
    """Read AIFF and AIFC, whose sound chunk begins with 8 bytes before the samples, and IFF, whose chunk does not."""
    name, before = (b"BODY", 0) if read_at(raw, 8, 4) in (b"8SVX", b"16SV") else (b"SSND", 8)
    for found, at, length in _chunks(raw, size, ">"):
        if found == name:
            promised, there, is_wrong = _find_sound(raw, at + before, max(0, length - before), size, ">")
            if not is_wrong and length >= before:
                return Header(promised, there)
            return Header(promised, there, ((at - 4, struct.pack(">I", min(there + before, 0xFFFFFFFF))),))
    return None


def _w64(raw: BinaryIO, size: int) -> Header | None:
    """Read Sony's W64: names have 16 bytes, and lengths have 8 and include the head of their chunk."""
    at = 40
    while at + 24 <= size:
        name, length = struct.unpack("<16sQ", read_at(raw, at, 24))
        if name[:4] == b"data":
            there, said = size - at - 24, length - 24
            return Header(None if said <= 0 or _is_unknown(length, 64) or _is_unknown(length) else said, there)
        if length < 24:
            return None
        at += (length + 7) // 8 * 8
    return None


def _au(raw: BinaryIO, size: int) -> Header:
    order = ">" if read_at(raw, 0, 4) == b".snd" else "<"
    start, length = struct.unpack(order + "II", read_at(raw, 4, 8))
    there = max(0, size - start)
    if length <= there and not (there - length >= STALE_BYTES and any(read_at(raw, start + length, 256))):
        return Header(length, there)
    promised = None if length <= there or _is_unknown(length) else length
    return Header(promised, there, ((8, b"\xff\xff\xff\xff"),))


def _caf(raw: BinaryIO, size: int) -> Header | None:
    """Read Apple's CAF. libsndfile refuses a wrong length, and an unknown one, which the format allows."""
    at = 8
    while at + 12 <= size:
        name, length = struct.unpack(">4sq", read_at(raw, at, 12))
        if name == b"data":
            there = size - at - 12
            if 4 < length <= there:
                return Header(length - 4, there - 4)
            is_unknown = length <= 4 or _is_unknown(length, 64) or _is_unknown(length)
            return Header(None if is_unknown else length - 4, there - 4, ((at + 4, struct.pack(">q", there)),))
        if length < 0:
            return None
        at += 12 + length
    return None


def begins(*starts: bytes) -> Callable[[bytes], bool]:
    """Make a test for files that begin with one of these bytes."""
    return lambda head: head.startswith(starts)


KINDS: Kinds = (
    (lambda head: head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE", _riff),
    (lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC", b"8SVX", b"16SV"), _aiff),
    (begins(b"riff\x2e\x91\xcf\x11"), _w64),
    (begins(b".snd", b"dns."), _au),
    (begins(b"caff"), _caf),
)
