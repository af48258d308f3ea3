"""Sound files in and out, mono, and sample rates.

Inside the library a sound is mono float32 of shape (n,), with full scale at 1; what is rendered may be stereo, (n, 2).
Files are read through libsndfile and,
where it is installed, ffmpeg. From a damaged file all that can be decoded is read, and a warning tells what is missing.
An output file appears complete or not at all, and samples beyond full scale are refused: call `limit_peak` first.
"""

import io
import wave
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.errors import AudioError, ParameterError
from vqsynth.errors.checks import check_number, check_path, show
from vqsynth.sound.arrays import Floats
from vqsynth.sound.decoders import THROUGH_FFMPEG
from vqsynth.sound.reading.blocks import LARGEST_SAMPLE, MAX_SR_HZ, MIN_SR_HZ, Sound, opened, too_large
from vqsynth.sound.resampling import resample_blocks
from vqsynth.storage.files import StrPath, write_whole

LONGEST_S = 3600.0
MOST_SAMPLES = 3600 * 48000
"""The most samples that `load` returns, beside the limit of an hour: 0.7 GB. `stream` has no limit."""
MOST_CHANNELS = 64  # an array with more channels than this and than samples is taken for (channels, n)
FORMATS = {".wav": "WAV", ".flac": "FLAC", ".aiff": "AIFF", ".aif": "AIFF", ".ogg": "OGG"}
"""The formats that are written, by file extension."""
SUFFIXES = (
    ".aif", ".aifc", ".aiff", ".au", ".bwf", ".caf", ".flac", ".mp2", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".snd",
    ".w64", ".wav", ".wave", *THROUGH_FFMPEG,
)  # fmt: skip
"""Extensions of the sound files that are read. The last ones need ffmpeg."""

MAX_32_BIT_BYTES = 2**32 - 2**16  # sizes in WAV and AIFF headers have 32 bits
_GROWTH = 1 << 22  # samples, 17 MB
_BLOCK = 1 << 16  # libsndfile's Vorbis writer overflows its stack on blocks of minutes


def load(file: StrPath, *, sr: int | None = None) -> tuple[Floats, int]:
    """Read a sound file as mono, at its own rate or resampled.

    Channels are averaged. Samples of float files may lie beyond 1. A warning tells if the file promises more sound than
    it holds.

    Parameters
    ----------
    file : str or Path
        The sound file.
    sr : int, optional
        The sample rate in Hz to resample to. By default that of the file.

    Returns
    -------
    y : (n,) float32
        The samples, n >= 1.
    sr : int
        Their sample rate in Hz.

    Raises
    ------
    AudioError
        If the file is missing, is not a regular file, or holds no sound that can be decoded; if its rate lies outside 1
        to 768 kHz; if it holds NaN, infinite or huge samples; if it is longer than an hour or 170 million samples.
    ParameterError
        If `sr` is not a sample rate.

    """
    source = check_path("path", file)
    if sr is not None:
        check_rate(sr, "sr")
    with opened(source) as sound:
        rate = sr or sound.sr
        y = _gather(_at_rate(sound, rate), most=int(min(LONGEST_S * rate, MOST_SAMPLES)))
        if y is None:
            raise AudioError(_say_too_long(source, sound, rate))
    return y, rate


def stream(file: StrPath, *, sr: int, piece_s: float = 30.0) -> Iterator[Floats]:
    """Read a sound file as `load` does, but piece by piece, so that a long one need not fit into memory.

    Parameters
    ----------
    file : str or Path
        The sound file, of any length.
    sr : int
        The sample rate in Hz to resample to.
    piece_s : float
        Length of a piece in seconds.

    Yields
    ------
    (n,) float32
        Mono pieces. Together they are the samples that `load` returns.

    Raises
    ------
    AudioError, ParameterError
        As `load` does, except for the length.

    """
    check_rate(sr, "sr")
    if not 0 < check_number("piece_s", piece_s) <= 1e6:
        raise ParameterError(f"piece_s must be above 0, up to 1e6 (got {piece_s})")
    with opened(check_path("path", file)) as sound:
        yield from group_blocks(_at_rate(sound, sr), max(1, round(piece_s * sr)))


def group_blocks(blocks: Iterable[Floats], least: int) -> Iterator[Floats]:
    """Join blocks (n,) to pieces of at least `least` samples; the last piece may be shorter."""
    pieces, n = [], 0
    for block in blocks:
        pieces.append(block)
        n += len(block)
        if n >= least:
            yield np.concatenate(pieces)
            pieces, n = [], 0
    if n:
        yield np.concatenate(pieces)


def _at_rate(sound: Sound, sr: int) -> Iterator[Floats]:
    return sound.blocks if sr == sound.sr else resample_blocks(sound.blocks, orig_sr=sound.sr, sr=sr)


def _gather(blocks: Iterator[Floats], *, most: int | None = None) -> Floats | None:
    """Join blocks to one array that grows in place, so that memory never holds a copy. None if longer than `most`."""
    y, n = np.empty(0, np.float32), 0
    for block in blocks:
        end = n + len(block)
        if most is not None and end > most:
            return None
        if end > len(y):
            y.resize(end + min(end, _GROWTH), refcheck=False)
        y[n:end] = block
        n = end
    y.resize(n, refcheck=False)
    return y


def _say_too_long(file: Path, sound: Sound, sr: int) -> str:
    seconds = sound.n_known / sound.sr
    if min(LONGEST_S * sr, MOST_SAMPLES) == MOST_SAMPLES and not LONGEST_S < seconds < 1e8:
        return (
            f"'{file}' holds more than {MOST_SAMPLES} samples at {sr} Hz; cut it in parts, or read it at a lower rate"
        )
    length = f"lasts {seconds / 3600:.2f} hours" if LONGEST_S < seconds < 1e8 else "lasts more than an hour"
    return f"'{file}' {length}; cut it in parts of an hour or less"


def to_mono(y: ArrayLike) -> Floats:
    """Average the channels of a sound. Channels in opposite phase cancel.

    Parameters
    ----------
    y : (n,) or (n, channels) float
        The samples.

    Returns
    -------
    (n,) float32

    Raises
    ------
    ParameterError
        If y has another shape, (channels, n) among them, or holds integers.

    """
    values = _as_numbers(y)
    if values.ndim not in (1, 2) or (values.ndim == 2 and values.shape[1] == 0):
        raise ParameterError(f"y must have shape (n,) or (n, channels) (got {values.shape})")
    if values.ndim == 2 and values.shape[1] > max(MOST_CHANNELS, values.shape[0]):
        raise ParameterError(f"y must have shape (n, channels), not (channels, n) (got {values.shape}); give y.T")
    mono = values if values.ndim == 1 else values.mean(axis=1, dtype=np.float64)
    return np.ascontiguousarray(mono, dtype=np.float32)


def resample(y: ArrayLike, *, orig_sr: int, sr: int) -> Floats:
    """Change the sample rate of a sound, with soxr at its very high quality.

    Parameters
    ----------
    y : (n,) float
        The samples, n >= 1.
    orig_sr, sr : int
        The sample rates in Hz before and after.

    Returns
    -------
    (max(1, round(n * sr / orig_sr)),) float32
        The sound at the new rate, in time with y.

    Raises
    ------
    ParameterError
        If a rate lies outside 1 to 768 kHz.
    AudioError
        If y is not a mono sound of finite samples.

    """
    values = check_samples(y)
    check_rate(orig_sr, "orig_sr")
    check_rate(sr, "sr")
    if sr == orig_sr:
        return values
    blocks = (values[start : start + _GROWTH] for start in range(0, len(values), _GROWTH))
    out = _gather(resample_blocks(blocks, orig_sr=orig_sr, sr=sr))
    assert out is not None
    return out


def limit_peak(y: ArrayLike) -> tuple[Floats, float]:
    """Scale a sound down so that no sample lies beyond full scale. Both channels are scaled alike.

    Parameters
    ----------
    y : (n,) or (n, 2) float
        The samples.

    Returns
    -------
    y : (n,) or (n, 2) float32
        The samples within -1 to 1.
    gain_db : float
        The gain that was applied: 0.0 if the sound fitted, and below 0 otherwise.

    Raises
    ------
    AudioError
        If y is not a mono or stereo sound of finite samples.

    """
    values = check_channels(y)
    peak = measure_peak(values)
    if peak <= 1.0:
        return values, 0.0
    return values / np.float32(peak), -20.0 * float(np.log10(peak))


def _as_numbers(y: ArrayLike) -> NDArray[Any]:
    """Refuse what is not an array of floats. Integers would be taken for samples far over full scale."""
    try:
        values = np.asarray(y)
    except ValueError as e:
        raise ParameterError("y must be an array of samples (got rows of different lengths)") from e
    if values.size and values.dtype.kind != "f":
        hint = "; divide integer samples by their full scale, such as 32768" if values.dtype.kind in "iu" else ""
        raise ParameterError(f"y must hold floating-point samples (got {values.dtype}){hint}")
    return values


def check_samples(y: ArrayLike) -> Floats:
    """Check that y is a mono sound, and return it as (n,) float32 with n >= 1.

    Raises AudioError if y is not of shape (n,), is empty, or holds NaN, infinite or huge values.
    """
    try:
        values = np.ascontiguousarray(y, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as e:
        raise AudioError(f"y must be an array of samples (got {show(y)})") from e
    if np.ndim(y) != 1:
        raise AudioError(f"y must be mono, of shape (n,) (got {np.shape(y)}); average channels with audio.to_mono")
    if not len(values):
        raise AudioError("y must hold at least one sample (got none)")
    peak = measure_peak(values)
    if not np.isfinite(peak):
        raise AudioError("y holds NaN or infinite samples; replace them first")
    if peak > LARGEST_SAMPLE:
        raise AudioError(f"y {too_large(peak)}; scale it down first")
    return values


def check_channels(y: ArrayLike) -> Floats:
    """Check that y is a mono or stereo sound, and return it as (n,) or (n, 2) float32 with n >= 1.

    Raises AudioError if y has another shape, is empty, or holds NaN, infinite or huge values.
    """
    if np.ndim(y) != 2:
        return check_samples(y)
    shape = np.shape(y)
    if shape[1] != 2:
        raise AudioError(f"y must have shape (n,) or (n, 2) (got {shape}); average channels with audio.to_mono")
    return check_samples(np.ravel(y)).reshape(shape)


def measure_peak(y: Floats) -> float:
    """Return the largest magnitude of samples, NaN if one of them is NaN, without copying them."""
    return float(max(-y.min(), y.max())) if len(y) and not np.isnan(y.min()) else float("nan" if len(y) else 0)


def sound_format(file: StrPath) -> str:
    """Return libsndfile's name for the format that the extension of an output path stands for.

    Raises ParameterError for an unknown extension.
    """
    suffix = Path(file).suffix.lower()
    if suffix not in FORMATS:
        raise ParameterError(f"a sound file must end in {', '.join(FORMATS)} (got '{file}')")
    return FORMATS[suffix]


def save(file: StrPath, y: ArrayLike, sr: int) -> None:
    """Write a mono or stereo sound in the format of the path's extension. The file appears complete or not at all.

    WAV, FLAC and AIFF are written with 24 bits, and the same samples give the same bytes. Ogg is Vorbis, whose serial
    number differs each time.

    Parameters
    ----------
    file : str or Path
        The file, with the extension .wav, .flac, .aiff, .aif or .ogg.
    y : (n,) or (n, 2) float
        The samples, within -1 to 1.
    sr : int
        Their sample rate in Hz.

    Raises
    ------
    ParameterError
        If the extension or the rate is unknown, or the folder does not exist.
    AudioError
        If y is empty, holds NaN or infinite values, lies beyond full scale, or is too long for its format; if the disk
        is full or the folder may not be written to.

    """
    kind = sound_format(check_path("path", file))
    check_rate(sr, "sr")
    values = check_channels(y)
    peak = measure_peak(values)
    if peak > 1.0:
        raise AudioError(f"y must lie within full scale, -1 to 1 (got a peak of {peak:.4g}); use audio.limit_peak")
    if kind in ("WAV", "AIFF") and 3 * values.size > MAX_32_BIT_BYTES:
        raise AudioError(f"'{file}' would hold more than the 4 GB of a {kind} file; write .flac or a shorter sound")
    write_whole(file, _encode(values, sr, kind), error=AudioError)


def embed_wav(y: Floats, sr: int) -> str:
    """Return a sound, (n,) or (n, 2), within full scale as a data URI of a 16-bit WAV."""
    values = check_channels(y)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(count_channels(values))
        file.setsampwidth(2)
        file.setframerate(sr)
        file.writeframes(np.round(values.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return "data:audio/wav;base64," + b64encode(buffer.getvalue()).decode("ascii")


def count_channels(y: Floats) -> int:
    """Return 1 for a sound (n,), and 2 for one of shape (n, 2)."""
    return 1 if y.ndim == 1 else y.shape[1]


def check_rate(sr: int, name: str) -> None:
    """Check that a sample rate is a whole number from 1 to 768 kHz. Raises ParameterError otherwise."""
    is_number = isinstance(sr, int | float | np.integer | np.floating) and not isinstance(sr, bool)
    if not is_number or not MIN_SR_HZ <= sr <= MAX_SR_HZ or sr != int(sr):
        raise ParameterError(f"{name} must be a whole number from {MIN_SR_HZ} to {MAX_SR_HZ} Hz (got {sr!r})")


def _encode(y: Floats, sr: int, kind: str) -> bytes:
    """Encode in memory, because libsndfile does not report a full disk while Python's own files do."""
    import soundfile

    buffer = io.BytesIO()
    subtype = "VORBIS" if kind == "OGG" else "PCM_24"
    try:
        with soundfile.SoundFile(buffer, "w", sr, count_channels(y), subtype, format=kind) as file:
            for start in range(0, len(y), _BLOCK):
                file.write(y[start : start + _BLOCK])
    except soundfile.LibsndfileError as e:
        raise AudioError(f"could not encode {kind} at {sr} Hz ({e.error_string}); try .wav") from e
    return buffer.getvalue()
