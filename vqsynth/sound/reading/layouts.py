"""Which parts of a sound file libsndfile reads, so that it reads all there is, and how much there should be."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vqsynth.sound.reading.flac import Flac, present_flac, read_flac
from vqsynth.sound.reading.headers import KINDS, Header, read_header
from vqsynth.sound.reading.mpeg import Mpeg, read_mpeg
from vqsynth.sound.reading.ogg import Ogg, read_ogg
from vqsynth.sound.reading.rareheaders import RARE_KINDS
from vqsynth.sound.reading.splicing import SplicedFile, patch

Source = bytes | SplicedFile
"""What libsndfile opens: a path, or parts of the file. The path is bytes, because soundfile cannot encode a name that
is not valid text."""
_MPEG = frozenset((".mp1", ".mp2", ".mp3", ".mpga"))
_LATEST_START = 10 * 48000  # in samples; an Ogg whose time starts later was cut out of a longer one


def _as_told(n: int, frames: int) -> int | None:
    return frames


@dataclass(frozen=True)
class Layout:
    """Say what libsndfile reads of a sound file.

    Parameters
    ----------
    sources : tuple of Source
        What is opened, one after the other. Empty if libsndfile would find no sound.
    promise : callable
        Returns the number of samples that the file promises, or None, given the number that was read and the number
        that libsndfile saw in the first source.
    n_known : int, optional
        The number of samples, 0 if unknown. By default libsndfile knows it.
    flac : Flac, optional
        The FLAC, if it is one.
    is_ended : bool
        False if the file should have an end mark but has none.

    """

    sources: tuple[Source, ...]
    promise: Callable[[int, int], int | None] = _as_told
    n_known: int | None = None
    flac: Flac | None = None
    is_ended: bool = True


def lay_out(file: Path, raw: BinaryIO, size: int) -> Layout:
    """Examine how a file begins, and return what libsndfile is to read: the file itself, if libsndfile reads all of it.

    Parameters
    ----------
    file : Path
        The sound file.
    raw : file
        The same file, open.
    size : int
        Its size in bytes.

    Returns
    -------
    Layout

    """
    as_it_is = os.fsencode(file)
    raw.seek(0)
    head = raw.read(4)
    if flac := read_flac(raw, size):
        shown = SplicedFile(raw, present_flac(raw, flac))
        return Layout((shown,), lambda n, frames: flac.total, flac.total or 0, flac)
    if header := read_header(raw, size, KINDS + RARE_KINDS):
        source = SplicedFile(raw, patch(header.end or size, header.patches)) if header.patches else as_it_is
        return Layout((source,), lambda n, frames: _scale(n, header))
    if head == b"OggS":
        return _lay_out_ogg(as_it_is, raw, read_ogg(raw, size))
    if head[:3] == b"ID3" or head[:1] == b"\xff" or file.suffix.lower() in _MPEG:
        return _lay_out_mpeg(as_it_is, raw, read_mpeg(raw, size))
    return Layout((as_it_is,))


def _lay_out_ogg(as_it_is: bytes, raw: BinaryIO, ogg: Ogg) -> Layout:
    if len(ogg.links) > 1:
        links = tuple(SplicedFile(raw, [link]) for link in ogg.links)
        return Layout(links, lambda n, frames: None, n_known=0, is_ended=ogg.is_ended)
    is_whole = ogg.first_time < _LATEST_START
    return Layout((as_it_is,), lambda n, frames: frames if is_whole else None, is_ended=ogg.is_ended)


def _lay_out_mpeg(as_it_is: bytes, raw: BinaryIO, mpeg: Mpeg | None) -> Layout:
    if mpeg is None:
        return Layout(())  # libsndfile would find none either, and its libmpg123 would print a message
    shown = tuple(SplicedFile(raw, parts, seems=seems) for parts, seems in mpeg.runs or ())
    return Layout(shown or (as_it_is,), lambda n, frames: frames if mpeg.is_cut else n, mpeg.n_samples)


def _scale(n: int, header: Header) -> int:
    """Return how many samples a header promises, if n of them are there."""
    if not header.missing:
        return n
    return n + max(1, round(n * header.missing / max(1, header.there)))
