"""The frames of an MP3, found and counted, so that libsndfile reads these and nothing around or between them.

An MP3 has no header for the whole file. Its length is in an info frame, if the encoder wrote one. Otherwise libsndfile
estimates it from the first frame and the file's size, pictures and tags included. If the estimate is too short, sound
is cut without a warning. Joined files, and rubbish between frames, end the reading early. So the frames are found and
counted here. If they are not one plain run, as the info frame says, libsndfile gets these frames alone, behind a
corrected info frame if there is one.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import BinaryIO

from vqsynth.sound.reading.splicing import Part

_KBITS = {  # by version, 1 or 2, and layer
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = (44100, 48000, 32000)
_SYNC = re.compile(rb"\xff[\xe2-\xff]")
_IN_A_ROW = 3
"""So many frames in a row are sound. Rubbish may hold something like a frame, but not several in a row."""
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICS")
_BLOCK = 1 << 16
_DELAY_BYTES = 21  # from the encoder's name to the delay and padding


@dataclass(frozen=True)
class Frame:
    """Hold the facts in a frame's first four bytes: length in bytes, samples, layer, rate in Hz, version, mono."""

    length: int
    samples: int
    layer: int
    rate_hz: int
    version: int
    is_mono: bool

    @property
    def kind(self) -> tuple[int, int, int, bool]:
        """Return what frames must have in common to be decoded together."""
        return self.layer, self.rate_hz, self.version, self.is_mono


@dataclass(frozen=True)
class Run:
    """Hold a run of frames of one kind: the first frame, their number, their places, and the info frame before them."""

    first: Frame
    n_frames: int
    spans: tuple[tuple[int, int], ...]
    info: tuple[int, int] | None = None
    told: int | None = None
    """The number of frames that the info frame gives."""
    last: int = 0
    longest: int = 0
    """Lengths in bytes of the last frame, and of the longest."""


@dataclass(frozen=True)
class Mpeg:
    """Hold how to read an MP3.

    Parameters
    ----------
    runs : tuple of (list of Part, int), or None
        The parts of each run, and the size that it must seem to have. None if libsndfile reads the file well as it is.
    is_cut : bool
        Whether an info frame promises more frames than there are.
    n_samples : int
        The number of samples in all frames.

    """

    runs: tuple[tuple[list[Part], int], ...] | None
    is_cut: bool
    n_samples: int


def read_mpeg(raw: BinaryIO, size: int) -> Mpeg | None:
    """Find the frames of a file of `size` bytes. Return None if it has no frames."""
    runs = list(_find_runs(raw, size))
    if not runs:
        return None
    first = runs[0]
    behind = size - first.spans[-1][1]  # libmpg123 takes this for sound that the info frame does not count
    is_plain = len(runs) == 1 and len(first.spans) == 1 and first.told == first.n_frames and 100 * behind < size
    is_cut = first.told is not None and first.told > first.n_frames
    n_samples = sum(run.n_frames * run.first.samples for run in runs)
    return Mpeg(None if is_plain else tuple(_present(raw, run) for run in runs), is_cut, n_samples)


@lru_cache(maxsize=4096)
def parse_frame(head: bytes) -> Frame | None:
    """Read the first four bytes of a frame. None if they do not begin a frame."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    bits = int.from_bytes(head, "big")
    version_bits, layer_bits = bits >> 19 & 3, bits >> 17 & 3
    kbits_index, rate_index = bits >> 12 & 15, bits >> 10 & 3
    if version_bits == 1 or layer_bits == 0 or rate_index == 3 or kbits_index in (0, 15):
        return None
    version, layer = 1 if version_bits == 3 else 2, 4 - layer_bits
    rate_hz = _RATES_HZ[rate_index] // {3: 1, 2: 2, 0: 4}[version_bits]
    kbits = _KBITS[version, min(layer, 2) if version == 2 else layer][kbits_index]
    padding, is_mono = bits >> 9 & 1, bits >> 6 & 3 == 3
    if layer == 1:
        return Frame((12000 * kbits // rate_hz + padding) * 4, 384, layer, rate_hz, version, is_mono)
    samples = 576 if layer == 3 and version == 2 else 1152
    return Frame(samples // 8 * 1000 * kbits // rate_hz + padding, samples, layer, rate_hz, version, is_mono)


def _find_runs(raw: BinaryIO, size: int) -> Iterator[Run]:
    """Walk through a file from frame to frame, skip everything else, and yield a run for every kind."""
    run: Run | None = None
    at, is_tag = 0, False  # whether the bytes skipped since the last frame begin like a tag
    while at + 4 <= size:
        head = _read(raw, at, 64)
        frame = parse_frame(head[:4])
        joins = run is not None and frame is not None and frame.kind == run.first.kind and run.spans[-1][1] == at
        if frame is None or at + frame.length > size or not (joins or _is_start(raw, at, size)):
            is_tag |= head.startswith(_TAGS)
            at = _skip(raw, head, at, size)
            continue
        if run is None or frame.kind != run.first.kind:
            if run is not None:
                yield run
            run = Run(frame, 0, ((at, at),))
        run, is_tag = _join(run, frame, head, at, is_tag=is_tag), False
        at += frame.length
    if run is not None and run.n_frames:
        yield run


def _join(run: Run, frame: Frame, head: bytes, at: int, *, is_tag: bool) -> Run:
    """Add a frame to a run. Info frames hold no sound, and only the first one describes the run."""
    end = at + frame.length
    if frame.layer == 3 and head[_info_at(frame) :][:4] in (b"Xing", b"Info"):
        if run.n_frames or run.info:
            return replace(run, spans=(*run.spans, (end, end)))
        tag = _info_at(frame)
        flags, told = struct.unpack(">II", head[tag + 4 : tag + 12].ljust(8, b"\0"))
        return replace(run, info=(at, end), told=told if flags & 1 and told else None, spans=((end, end),))
    if run.spans[-1][1] == at:
        spans = (*run.spans[:-1], (run.spans[-1][0], end))
    else:
        run = run if is_tag else _without_last(run)
        spans = (*run.spans, (at, end))
    longest = max(run.longest, frame.length)
    return replace(run, n_frames=run.n_frames + 1, spans=spans, last=frame.length, longest=longest)


def _without_last(run: Run) -> Run:
    """Leave out the last frame. Rubbish may reach into it, and would be decoded to noise."""
    start, stop = run.spans[-1]
    if not run.last or stop - start < run.last:
        return run
    return replace(run, n_frames=run.n_frames - 1, spans=(*run.spans[:-1], (start, stop - run.last)), last=0)


def _is_start(raw: BinaryIO, at: int, size: int) -> bool:
    """Tell whether frames of one kind follow one another from here, or at least up to a tag or the end of the file."""
    kind = None
    for _ in range(_IN_A_ROW):
        head = _read(raw, at, 8)
        frame = parse_frame(head[:4])
        if frame is None or (kind is not None and frame.kind != kind):
            return kind is not None and head.startswith(_TAGS)
        kind, at = frame.kind, at + frame.length
        if at >= size:
            return at == size
    return True


def _skip(raw: BinaryIO, head: bytes, at: int, size: int) -> int:
    """Find the next place where a frame may start: behind a tag, or at the next sync word."""
    if head[:3] == b"ID3" and len(head) >= 10:
        a, b, c, d = head[6:10]
        return at + 10 + (a << 21 | b << 14 | c << 7 | d)
    at += 1
    while at < size:
        block = _read(raw, at, _BLOCK)
        if found := _SYNC.search(block):
            return at + found.start()
        at += max(1, len(block) - 1)
    return size


def _present(raw: BinaryIO, run: Run) -> tuple[list[Part], int]:
    """Return the parts of a run to read, and the size that they must seem to have.

    The size keeps libsndfile from estimating too short a length.
    """
    if run.info is None:
        return list(run.spans), (run.n_frames + 64) * (run.longest + 1) * 2
    n_bytes = sum(stop - start for start, stop in run.spans)
    info = bytearray(_read(raw, run.info[0], run.info[1] - run.info[0]))
    tag = _info_at(run.first)
    flags = int.from_bytes(info[tag + 4 : tag + 8], "big")
    at = tag + 8
    if flags & 1:
        told = max(run.told or 0, run.n_frames)
        if told != run.told:
            _forget_padding(info, tag, flags)
        info[at : at + 4] = struct.pack(">I", told)
        at += 4
    if flags & 2:
        info[at : at + 4] = struct.pack(">I", len(info) + n_bytes)
    return [bytes(info), *run.spans], 0 if flags & 1 else (run.n_frames + 64) * (run.longest + 1) * 2


def _forget_padding(info: bytearray, tag: int, flags: int) -> None:
    """Set the padding at the end to 0, because the end lies elsewhere now."""
    at = tag + 8 + sum(n for bit, n in ((1, 4), (2, 4), (4, 100), (8, 4)) if flags & bit) + _DELAY_BYTES
    if at + 3 <= len(info):
        info[at + 1] &= 0xF0
        info[at + 2] = 0


def _info_at(frame: Frame) -> int:
    """Return where in a frame of layer 3 the name of an info frame lies: behind the place of the side information."""
    return 4 + ((17 if frame.is_mono else 32) if frame.version == 1 else (9 if frame.is_mono else 17))


def _read(raw: BinaryIO, at: int, n: int) -> bytes:
    raw.seek(at)
    return raw.read(n)
