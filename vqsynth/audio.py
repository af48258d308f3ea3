"""Sound files in and out, mono, and sample rates.

Sound inside the library is mono float32, shape (n,), full scale at 1. Reading takes whatever libsndfile reads; what is
damaged is refused, never repaired. Writing is whole or not at all, and never clips: `limit_peak` first.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.errors import AudioError, ParameterError
from vqsynth.files import StrPath, write_whole
from vqsynth.headers import TRUNCATED, check_complete

if TYPE_CHECKING:
    from soundfile import SoundFile

Floats = NDArray[np.float32]

MIN_SR_HZ, MAX_SR_HZ = 1000, 768000  # a damaged header can claim any rate, and resampling from 1 Hz fills the memory
MOST_CHANNELS = 64  # with more of them than samples, an array is taken for (channels, n)
FORMATS = {".wav": "WAV", ".flac": "FLAC", ".aiff": "AIFF", ".aif": "AIFF", ".ogg": "OGG"}

MAX_32_BIT_BYTES = 2**32 - 2**16  # sizes in WAV and AIFF headers have 32 bits
_BLOCK = 1 << 16  # libsndfile's Vorbis writer overflows its stack on blocks of minutes


def load(path: StrPath, *, sr: int | None = None) -> tuple[Floats, int]:
    """Read a sound file as mono, at its own rate or resampled to `sr` in Hz.

    Returns (y, sr) with y (n,) float32, n >= 1. Channels are averaged. Samples of float files may lie beyond 1.
    Raises AudioError for what is missing, a folder, unreadable, no audio, empty, truncated, at a rate outside 1 to
    768 kHz, or holding NaN or infinite samples. A truncated file is recognised in WAV, AIFF, FLAC and MP3; an AU
    or RF64 file cut at the end is read up to the cut.
    """
    channels, own_sr = _read(Path(path))
    if not np.isfinite(channels).all():
        raise AudioError(f"'{path}' holds NaN or infinite samples; export it again from its source")
    y = to_mono(channels)
    if sr is None or sr == own_sr:
        return y, own_sr
    return resample(y, orig_sr=own_sr, sr=sr), sr


def stream(path: StrPath, *, sr: int, piece_s: float = 30.0) -> Iterator[Floats]:
    """Read a sound file as `load` does, piece by piece, so that a long one need not fit the memory.

    Yields mono pieces (n,) float32 at `sr` Hz, together the samples that `load` gives but for rounding.
    Raises as `load` does.
    """
    import soxr

    source, read, given = Path(path), 0, 0
    with _opened(source) as file:
        own_sr = file.samplerate
        resampler = soxr.ResampleStream(own_sr, sr, 1, dtype="float32", quality="VHQ") if own_sr != sr else None
        for block in file.blocks(max(1, round(piece_s * own_sr)), dtype="float32", always_2d=True):
            if not np.isfinite(block).all():
                raise AudioError(f"'{path}' holds NaN or infinite samples; export it again from its source")
            read += len(block)
            piece = to_mono(block) if resampler is None else resampler.resample_chunk(to_mono(block))
            given += len(piece)
            yield piece
        _check_length(source, read, file.frames)
        if resampler is not None:
            rest = resampler.resample_chunk(np.zeros(2 * -(-own_sr // sr), np.float32), last=True)
            yield rest[: max(1, round(read * sr / own_sr)) - given]


def to_mono(y: ArrayLike) -> Floats:
    """Average the channels.

    y: (n,) or (n, channels), floating point. Returns (n,) float32. Channels in opposite phase cancel.
    Raises ParameterError for another shape, (channels, n) among them, and for integer samples.
    """
    values = _as_numbers(y)
    if values.ndim not in (1, 2) or (values.ndim == 2 and values.shape[1] == 0):
        raise ParameterError(f"y must have shape (n,) or (n, channels) (got {values.shape})")
    if values.ndim == 2 and values.shape[1] > max(MOST_CHANNELS, values.shape[0]):
        raise ParameterError(f"y must have shape (n, channels), not (channels, n) (got {values.shape}); give y.T")
    mono = values if values.ndim == 1 else values.mean(axis=1, dtype=np.float64)
    return np.ascontiguousarray(mono, dtype=np.float32)


def resample(y: ArrayLike, *, orig_sr: int, sr: int) -> Floats:
    """Change the sample rate from `orig_sr` to `sr`, both in Hz, with soxr at its very high quality.

    y: (n,) with n >= 1. Returns (max(1, round(n * sr / orig_sr)),) float32, in time with y.
    Raises ParameterError for a rate outside 1 to 768 kHz, and AudioError for samples that are not sound.
    """
    import soxr

    values = check_samples(y)
    _check_rate(orig_sr, "orig_sr")
    _check_rate(sr, "sr")
    if sr == orig_sr:
        return values
    length = max(1, round(len(values) * sr / orig_sr))
    # soxr drops what does not fill an output sample; a sound is followed by silence, so silence may be added.
    padded = np.pad(values, (0, 2 * -(-orig_sr // sr)))
    out: Floats = soxr.resample(padded, orig_sr, sr, quality="VHQ")
    return np.ascontiguousarray(out[:length])


def limit_peak(y: ArrayLike) -> tuple[Floats, float]:
    """Scale a sound down so that no sample lies beyond full scale.

    y: (n,). Returns (y, gain_db), gain_db being 0.0 for a sound that fits and below 0 for one that was scaled.
    Raises AudioError for NaN or infinite samples.
    """
    values = check_samples(y)
    peak = float(np.abs(values).max())
    if peak <= 1.0:
        return values, 0.0
    return values / np.float32(peak), -20.0 * float(np.log10(peak))


def _as_numbers(y: ArrayLike) -> NDArray[Any]:
    """Refuse what is no array of floating-point numbers; integers would be taken for samples far over full scale."""
    try:
        values = np.asarray(y)
    except ValueError as e:
        raise ParameterError("y must be an array of samples (got rows of different lengths)") from e
    if values.size and values.dtype.kind != "f":
        hint = "; divide integer samples by their full scale, such as 32768" if values.dtype.kind in "iu" else ""
        raise ParameterError(f"y must hold floating-point samples (got {values.dtype}){hint}")
    return values


def check_samples(y: ArrayLike) -> Floats:
    """Refuse samples that are no mono sound, and return the others as (n,) float32 with n >= 1.

    Raises AudioError where y is not (n,), is empty, or holds NaN or infinite values.
    """
    values = np.ascontiguousarray(y, dtype=np.float32)
    if values.ndim != 1:
        raise AudioError(f"y must be mono, of shape (n,) (got {values.shape}); average channels with audio.to_mono")
    if not len(values):
        raise AudioError("y must hold at least one sample (got none)")
    if not np.isfinite(values).all():
        raise AudioError("y holds NaN or infinite samples; replace them before")
    return values


def sound_format(path: StrPath) -> str:
    """Name the libsndfile format that the extension of an output path stands for.

    Raises ParameterError for an unknown extension.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ParameterError(f"a sound file must end in {', '.join(FORMATS)} (got '{path}')")
    return FORMATS[suffix]


def save(path: StrPath, y: ArrayLike, sr: int) -> None:
    """Write a mono sound, whole or not at all, in the format of the path's extension.

    y: (n,) within [-1, 1]; sr in Hz. WAV, FLAC and AIFF are 24-bit, and the same samples give the same bytes; Ogg is
    Vorbis, whose serial number differs each time.
    Raises ParameterError for an unknown extension, rate or folder, and AudioError for samples that are empty, NaN,
    infinite or beyond full scale, for a sound too long for its format, and for a full disk or an unwritable folder.
    """
    kind = sound_format(path)
    _check_rate(sr, "sr")
    values = check_samples(y)
    peak = float(np.abs(values).max())
    if peak > 1.0:
        raise AudioError(f"y must lie within full scale, -1 to 1 (got a peak of {peak:.4g}); use audio.limit_peak")
    if kind in ("WAV", "AIFF") and 3 * len(values) > MAX_32_BIT_BYTES:
        raise AudioError(f"'{path}' would hold more than the 4 GB of a {kind} file; write .flac or a shorter sound")
    write_whole(path, _encode(values, sr, kind), error=AudioError)


def _check_rate(sr: int, name: str) -> None:
    is_number = isinstance(sr, int | float | np.integer | np.floating)
    if not is_number or not MIN_SR_HZ <= sr <= MAX_SR_HZ or sr != int(sr):
        raise ParameterError(f"{name} must be a whole number from {MIN_SR_HZ} to {MAX_SR_HZ} Hz (got {sr!r})")


def _encode(y: Floats, sr: int, kind: str) -> bytes:
    """Encode in memory: libsndfile does not report a full disk, Python's own files do."""
    import soundfile

    buffer = io.BytesIO()
    subtype = "VORBIS" if kind == "OGG" else "PCM_24"
    try:
        with soundfile.SoundFile(buffer, "w", samplerate=sr, channels=1, format=kind, subtype=subtype) as file:
            for start in range(0, len(y), _BLOCK):
                file.write(y[start : start + _BLOCK])
    except soundfile.LibsndfileError as e:
        raise AudioError(f"could not encode {kind} at {sr} Hz ({e.error_string}); try .wav") from e
    return buffer.getvalue()


def _read(path: Path) -> tuple[Floats, int]:
    with _opened(path) as file:
        y = file.read(dtype="float32", always_2d=True)
        _check_length(path, len(y), file.frames)
        return y, file.samplerate


def _check_length(path: Path, length: int, promised: int) -> None:
    if length < 0.99 * promised:  # lengths of MP3 are estimates; a cut is never this small
        raise AudioError(TRUNCATED.format(path))
    if not length:
        raise AudioError(f"'{path}' holds no samples; expected at least one")


@contextmanager
def _opened(path: Path) -> Iterator["SoundFile"]:
    """Open a sound file that is what it says, and name what goes wrong while it is read."""
    import soundfile

    if path.suffix.lower() == ".raw":
        raise AudioError(f"'{path}' has no header to tell its rate; convert it to .wav")
    try:
        with path.open("rb") as raw:
            check_complete(raw, path)
        # By its path: given an open file, what a damaged header makes libsndfile do is printed, traceback and all.
        # As bytes: soundfile itself cannot encode the name of a file that is no text.
        with soundfile.SoundFile(os.fsencode(path)) as file:
            if not MIN_SR_HZ <= file.samplerate <= MAX_SR_HZ:
                raise AudioError(f"'{path}' claims a rate of {file.samplerate} Hz; expected 1 to 768 kHz")
            yield file
    except OSError as e:
        raise AudioError(f"cannot read '{path}' as a sound file: {e.strerror or e}") from e
    except soundfile.LibsndfileError as e:
        reason = e.error_string.removeprefix("Error : ").strip().rstrip(".")
        raise AudioError(f"'{path}' is damaged or no sound that libsndfile reads ({reason})") from e
    except MemoryError as e:
        raise AudioError(f"'{path}' promises more sound than fits the memory; cut it in parts") from e
