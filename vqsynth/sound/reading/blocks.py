"""Sound files read block by block, as mono: all that can be decoded, with a warning of what is missing.

libsndfile reads most formats; ffmpeg, if it is installed, reads the others. The length in a header is not trusted. If
it is too short, libsndfile gets a corrected header (see `layouts`). If it is too long, what is there is read, and a
warning tells.
"""

import stat
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from vqsynth.errors import AudioError, VqsynthWarning
from vqsynth.sound.arrays import Floats
from vqsynth.sound.decoders import THROUGH_FFMPEG, Decoding, decoded, find_ffmpeg
from vqsynth.sound.reading.flac import Flac, find_frame, present_flac
from vqsynth.sound.reading.layouts import Layout, Source, lay_out
from vqsynth.sound.reading.splicing import SplicedFile
from vqsynth.sound.resampling import resample_blocks

if TYPE_CHECKING:
    from soundfile import SoundFile


MIN_SR_HZ, MAX_SR_HZ = (
    1000,
    768000,
)  # a damaged header can claim any rate, and resampling from 1 Hz would fill the memory
LARGEST_SAMPLE = 1e5
"""The largest magnitude of a sample: 100 dB over full scale. Larger ones are integers, or bytes in another order, that
were taken for floats."""
_VALUES = 1 << 18  # samples of all channels that are decoded at once: 1 MB


@dataclass(frozen=True)
class Sound:
    """Hold an open sound file.

    Parameters
    ----------
    sr : int
        The sample rate in Hz.
    n_known : int
        The number of samples that the file seems to have, 0 if unknown.
    blocks : iterator of (n,) float32
        The sound, as mono.

    """

    sr: int
    n_known: int
    blocks: Iterator[Floats]


@contextmanager
def opened(file: Path) -> Iterator[Sound]:
    """Open a sound file inside a `with` block.

    Reading the blocks warns if the file promises more sound than it holds.

    Parameters
    ----------
    file : Path
        The sound file.

    Yields
    ------
    Sound

    Raises
    ------
    AudioError
        If the file is missing, is not a regular file, is empty or cannot be decoded, or if its rate lies outside 1 to
        768 kHz. While blocks are read: if samples are NaN, infinite or far over full scale.

    """
    import soundfile

    if file.suffix.lower() == ".raw":
        raise AudioError(f"'{file}' has no header to tell its rate; convert it to .wav")
    try:
        with ExitStack() as stack:
            raw, size = stack.enter_context(_regular(file))
            try:
                sound = _through_libsndfile(file, raw, size, stack)
            except soundfile.LibsndfileError as e:
                sound = _through_ffmpeg(file, stack, _reason(e))
            if not MIN_SR_HZ <= sound.sr <= MAX_SR_HZ:
                raise AudioError(f"'{file}' claims a rate of {sound.sr} Hz; expected 1 to 768 kHz")
            yield sound
    except OSError as e:
        raise AudioError(f"cannot read '{file}' as a sound file: {e.strerror or e}") from e
    except MemoryError as e:
        raise AudioError(f"'{file}' promises more sound than fits the memory; cut it in parts") from e


@contextmanager
def _regular(file: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a regular file, and yield it with its size. Opening a pipe would wait for ever."""
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        kind = "folder" if stat.S_ISDIR(status.st_mode) else "pipe or device"
        raise AudioError(f"cannot read '{file}' as a sound file: it is a {kind}; name a regular file")
    if not status.st_size:
        raise AudioError(f"'{file}' is empty (0 bytes); name a file that holds sound")
    with file.open("rb") as raw:
        yield raw, status.st_size


@cache
def _forward() -> type["SoundFile"]:
    """Make a SoundFile class that reads from start to end. soundfile's own class seeks after every block."""
    import soundfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc]
        def seekable(self) -> bool:
            """Return False."""
            return False

    return Forward


def _through_libsndfile(file: Path, raw: BinaryIO, size: int, stack: ExitStack) -> Sound:
    layout = lay_out(file, raw, size)
    if not layout.sources:
        return _through_ffmpeg(file, stack, "no frames of MPEG sound in it")
    sound = stack.enter_context(_open(layout.sources[0]))
    if sound.format == "RAW":
        raise AudioError(f"'{file}' has no header to tell its rate; convert it to .wav")
    blocks = _read_layout(file, raw, layout, sound)
    return Sound(sound.samplerate, layout.n_known if layout.n_known is not None else sound.frames, blocks)


def _open(source: Source) -> "SoundFile":
    return _forward()(source)


def _read_layout(file: Path, raw: BinaryIO, layout: Layout, first: "SoundFile") -> Iterator[Floats]:
    """Yield mono blocks of everything there is, at the rate of the first source, then warn of what is missing."""
    n, sr = 0, first.samplerate
    for source, sound in _open_all(layout.sources, first):
        blocks = _read_blocks(file, sound)
        same_rate = blocks if sound.samplerate == sr else resample_blocks(blocks, orig_sr=sound.samplerate, sr=sr)
        for block in same_rate:
            n += len(block)
            yield block
        if isinstance(source, SplicedFile) and source.error:
            raise source.error
    if layout.flac:
        for block in _read_behind(file, raw, layout.flac, n):
            n += len(block)
            yield block
    _tell_missing(file, n, layout.promise(n, first.frames), sr, is_ended=layout.is_ended)


def _open_all(sources: tuple[Source, ...], first: "SoundFile") -> Iterator[tuple[Source, "SoundFile"]]:
    """Open one source after the other. Later sources that cannot be opened are left out."""
    import soundfile

    yield sources[0], first
    for source in sources[1:]:
        try:
            with _open(source) as file:
                yield source, file
        except soundfile.LibsndfileError:
            continue


def _read_behind(file: Path, raw: BinaryIO, flac: Flac, n: int) -> Iterator[Floats]:
    """Read on behind each damaged frame of a FLAC, from sample n on."""
    at = n
    while (flac.total is None or at < flac.total) and (found := find_frame(raw, flac, beyond=at)):
        place, at = found
        with _open(SplicedFile(raw, present_flac(raw, flac, place=place))) as sound:
            for block in _read_blocks(file, sound):
                at += len(block)
                yield block


def _read_blocks(file: Path, sound: "SoundFile") -> Iterator[Floats]:
    """Yield mono blocks until the sound ends or is damaged."""
    import soundfile

    buffer = np.empty((max(1, _VALUES // sound.channels), sound.channels), np.float32)
    is_whole = True
    while is_whole:
        buffer.fill(np.nan)
        try:
            n = sound.buffer_read_into(buffer, "float32")
        except soundfile.LibsndfileError:
            is_whole, n = False, _count_filled(buffer)
        if not n:
            return
        yield _mix(file, buffer[:n])


def _count_filled(buffer: Floats) -> int:
    """Return how many rows of a block were filled before its decoder failed."""
    empty = np.flatnonzero(np.isnan(buffer).all(axis=1))
    return int(empty[0]) if len(empty) else len(buffer)


def _mix(file: Path, block: Floats) -> Floats:
    """Average the channels of a block (n, channels). Raises AudioError if samples are NaN, infinite or huge."""
    least, most = float(block.min()), float(block.max())
    if not np.isfinite(least) or not np.isfinite(most):
        raise AudioError(f"'{file}' holds NaN or infinite samples; export it again from its source")
    if max(-least, most) > LARGEST_SAMPLE:
        raise AudioError(f"'{file}' {too_large(max(-least, most))}; export it again from its source")
    return block[:, 0].copy() if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float64).astype(np.float32)


def too_large(peak: float) -> str:
    """Return the part of a message, after the name of the file, that says that samples are too large to be sound."""
    return f"holds samples of {peak:.3g}, where full scale is 1; a sound has at most {LARGEST_SAMPLE:g}"


def _tell_missing(file: Path, n: int, promised: int | None, sr: int, *, is_ended: bool) -> None:
    """Warn if a file promises more sound than it holds. Raises AudioError if it holds none."""
    if not n and promised:
        raise AudioError(f"'{file}' is damaged: it promises sound, but none can be decoded; get a fresh copy")
    if not n:
        raise AudioError(f"'{file}' holds no samples; name a file that holds sound")
    if promised is not None and promised > n:
        lacking = f"{promised / sr:.2f} s and holds {n / sr:.2f} s"
        if f"{promised / sr:.2f}" == f"{n / sr:.2f}":
            lacking = f"{promised - n} {'samples' if promised - n > 1 else 'sample'} more than it holds"
        _warn(f"'{file}' promises {lacking}; what is there is read")
    elif not is_ended:
        _warn(f"'{file}' breaks off after {n / sr:.2f} s; what is there is read")


def _warn(message: str) -> None:
    warnings.warn(message, VqsynthWarning, stacklevel=2)


def _reason(e: Any) -> str:
    """Return the message of libsndfile without its ornaments."""
    return str(e.error_string).removeprefix("Error : ").strip().rstrip(".")


def _through_ffmpeg(file: Path, stack: ExitStack, reason: str) -> Sound:
    """Read through ffmpeg what libsndfile does not read. Raises AudioError that says what to install without ffmpeg."""
    suffix, program = file.suffix.lower(), find_ffmpeg()
    if program is None and suffix in THROUGH_FFMPEG:
        raise AudioError(f"'{file}' cannot be read without ffmpeg; install ffmpeg to read {suffix}")
    decoding = stack.enter_context(decoded(file, program)) if program else None
    if decoding is None:
        neither = "; ffmpeg does not read it either" if program else ""
        raise AudioError(f"'{file}' is damaged, or not a sound that libsndfile reads ({reason}){neither}")
    return Sound(decoding.sr, 0, _read_decoding(file, decoding))


def _read_decoding(file: Path, decoding: Decoding) -> Iterator[Floats]:
    n = 0
    for block in decoding.blocks:
        n += len(block)
        yield _mix(file, block)
    complaint = decoding.complain()
    if not n:
        raise AudioError(f"'{file}' holds no sound that ffmpeg can decode{f' ({complaint})' if complaint else ''}")
    if complaint:
        _warn(f"'{file}' is damaged ({complaint}); the {n / decoding.sr:.2f} s that can be decoded are read")
