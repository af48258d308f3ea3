"""What of a sound file libsndfile is shown, so that it reads all there is, and how much there should have been."""

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
"""A path, as bytes, since soundfile cannot encode the name of a file that is no text, or what is read in its place."""
_MPEG = frozenset((".mp1", ".mp2", ".mp3", ".mpga"))
_LATEST_START = 10 * 48000  # an Ogg whose time starts later was cut out of a longer one


def _as_told(n: int, frames: int) -> int | None:
    return frames


@dataclass(frozen=True)
class Layout:
    """Say what libsndfile is to read, source after source, nothing where it would find nothing, and what was promised.

    promise: of the samples that were read, and those that libsndfile saw in the first source, tells the samples that
    were promised, None where nothing was. n_known: samples, where libsndfile is not to be asked, 0 for unknown.
    is_ended: false for a file that should have an end and has none.
    """

    sources: tuple[Source, ...]
    promise: Callable[[int, int], int | None] = _as_told
    n_known: int | None = None
    flac: Flac | None = None
    is_ended: bool = True


def lay_out(path: Path, raw: BinaryIO, size: int) -> Layout:
    """Look at how a file begins, and say what of it libsndfile is to be shown: itself, where it reads well so."""
    as_it_is = os.fsencode(path)
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
    if head[:3] == b"ID3" or head[:1] == b"\xff" or path.suffix.lower() in _MPEG:
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
        return Layout(())  # libsndfile would say so too, and libmpg123 under it print a line of its own
    shown = tuple(SplicedFile(raw, parts, seems=seems) for parts, seems in mpeg.runs or ())
    return Layout(shown or (as_it_is,), lambda n, frames: frames if mpeg.is_cut else n, mpeg.n_samples)


def _scale(n: int, header: Header) -> int:
    """Tell how many samples a header promises, of which n are there."""
    if not header.missing:
        return n
    return n + max(1, round(n * header.missing / max(1, header.there)))
