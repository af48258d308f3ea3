"""The headers of rare formats: how much sound they promise, and corrections that libsndfile needs."""

import struct
from typing import BinaryIO

from vqsynth.sound.reading.headers import Header, Kinds, begins, read_at


def _htk(raw: BinaryIO, size: int) -> Header:
    promised, there = 2 * struct.unpack(">I", read_at(raw, 0, 4))[0], size - 12
    patches = () if promised == there else ((0, struct.pack(">I", there // 2)),)
    return Header(promised or None, there, patches, end=size - there % 2)


def _voc(raw: BinaryIO, size: int) -> Header | None:
    """Read the first block of sound of Creative's VOC, whose length has 24 bits."""
    at = struct.unpack("<H", read_at(raw, 20, 2))[0]
    while at + 4 <= size:
        kind, length = struct.unpack("<B3s", read_at(raw, at, 4))
        n_bytes = int.from_bytes(length, "little")
        if kind in (1, 9):
            there, before = size - at - 4, 2 if kind == 1 else 12
            short = there < n_bytes
            patches = ((at + 1, there.to_bytes(3, "little")), (size, b"\0")) if short else ()
            return Header(n_bytes - before, there - before, patches)
        if kind == 0:
            return None
        at += 4 + n_bytes
    return None


def _sds(raw: BinaryIO, size: int) -> Header:
    """Read a MIDI sample dump: packets of 127 bytes, of which 120 are sound, in bytes of 7 bits."""
    bits, count = read_at(raw, 6, 1)[0], read_at(raw, 10, 3)
    n_samples = count[0] | count[1] << 7 | count[2] << 14
    per_packet = 120 // max(1, -(-bits // 7))
    there = min(n_samples, max(0, size - 21) // 127 * per_packet)
    patches = ((10, bytes((there & 127, there >> 7 & 127, there >> 14 & 127))),) if there < n_samples else ()
    return Header(n_samples, there, patches)


def _nist(raw: BinaryIO, size: int) -> Header | None:
    words = {}
    for line in read_at(raw, 0, 1024).split(b"\n"):
        parts = line.split()
        if len(parts) == 3 and parts[1] in (b"-i", b"-s1") and parts[2].isdigit():
            words[parts[0]] = int(parts[2])
    count, width = words.get(b"sample_count", 0), words.get(b"sample_n_bytes", 0) * words.get(b"channel_count", 1)
    return Header(count * width, size - 1024) if count and width else None


def _avr(raw: BinaryIO, size: int) -> Header:
    stereo, bits, count = struct.unpack(">hh10xI", read_at(raw, 12, 18))
    return Header(count * (2 if stereo else 1) * (bits // 8), size - 128)


def _wve(raw: BinaryIO, size: int) -> Header:
    return Header(struct.unpack(">I", read_at(raw, 18, 4))[0], size - 32)


def _is_htk(head: bytes) -> bool:
    return len(head) >= 12 and head[8:12] == b"\0\2\0\0" and 0 < int.from_bytes(head[4:8], "big") < 10_000


RARE_KINDS: Kinds = (
    (begins(b"Creative Voice File"), _voc),
    (lambda head: head[:2] == b"\xf0\x7e" and head[3:4] == b"\1", _sds),
    (begins(b"NIST_1A"), _nist),
    (begins(b"2BIT"), _avr),
    (begins(b"ALawSoundFile**"), _wve),
    (_is_htk, _htk),
)
