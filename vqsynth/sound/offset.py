"""The inaudible parts of a sound: offsets, drifts and silence.

A sound's offset is tracked. Means over a tenth of a second are taken every fortieth of a second, and the offset is the
median of the means within 0.6 s. It counts as an offset only if it is larger than such means vary from one tenth to
another, and no more than 60 dB below the sound. So a sound without an offset stays as it is, bit by bit; bass drums and
noise are among these. At the ends of a sound the means are over those samples that exist. So a sound that is nothing
but an offset becomes zeros, its first samples too.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from vqsynth.sound.arrays import Doubles
from vqsynth.sound.audio import check_rate, group_blocks
from vqsynth.sound.frames import Floats
from vqsynth.sound.reading.blocks import opened
from vqsynth.sound.resampling import resample_blocks
from vqsynth.storage.files import StrPath

SILENT = 1e-6
"""The largest magnitude that a sample of silence may have: 120 dB under full scale."""
HOP_S = 0.025
_HOPS = 4  # hops in a mean
_AROUND = 12  # means on either side that a median takes
_FACTOR = 4.0
_LEAST = 1e-3  # least offset, as a share of the level around it; the mean of a tone that is cut off is at most this
_CONTEXT = _AROUND + 2 * _HOPS  # hops on either side that a sample depends on
_BLOCK = 1 << 18
_ROUNDING = 2.0**-22  # share of an offset that rounding leaves where there is no other sound


def remove_offset(y: Floats, sr: int) -> Floats:
    """Remove the offset of sounds (..., n) at `sr` Hz. Return the same shape, and y itself if there is no offset."""
    if y.ndim > 1:
        return _remove_offsets(y.reshape(-1, y.shape[-1]), sr).reshape(y.shape) if y.size else y
    blocks = list(offset_free_pieces(_slices(y), sr))
    if all(np.shares_memory(block, y) for block in blocks):
        return y
    return np.concatenate(blocks)


def _remove_offsets(y: Floats, sr: int) -> Floats:
    """Remove the offset of sounds (B, n). Short sounds are examined together."""
    n, hop = y.shape[1], max(1, round(HOP_S * sr))
    at_once = _BLOCK // n
    if at_once:
        tracks = [_track_offset(y[i : i + at_once], hop) for i in range(0, len(y), at_once)]
        offset = np.asarray(np.concatenate(tracks).any(axis=1))
    else:
        offset = np.ones(len(y), bool)
    if not offset.any():
        return y
    return np.stack([remove_offset(one, sr) if there else one for one, there in zip(y, offset, strict=True)])


def offset_free_pieces(pieces: Iterable[Floats], sr: int) -> Iterator[Floats]:
    """Remove the offset of a sound that comes in pieces.

    Parameters
    ----------
    pieces : iterable of (n,) float32
        The sound. How it is cut changes no bit of the result.
    sr : int
        The sample rate in Hz.

    Yields
    ------
    (n,) float32
        The sound without its offset, as soon as it is known.

    """
    hop = max(1, round(HOP_S * sr))
    kept, start, done = np.zeros(0, np.float32), 0, 0
    for piece in pieces:
        kept = np.concatenate([kept, piece]) if len(kept) else piece
        ready = (start + len(kept)) // hop - _CONTEXT
        if ready * hop > done:
            yield from _take(kept, hop, start, done, ready * hop)
            done = ready * hop
            first = max(0, ready - _CONTEXT) * hop
            kept, start = kept[first - start :], first
    if start + len(kept) > done:
        yield from _take(kept, hop, start, done, start + len(kept))


def audible_blocks(y: Floats, *, orig_sr: int, sr: int) -> Iterator[Floats]:
    """Resample a sound without its offset, block by block, so that memory holds no copy of it.

    The offset is removed first, because with it the sound would ring at its ends.

    Parameters
    ----------
    y : (n,) float32
        The sound.
    orig_sr, sr : int
        The sample rates in Hz before and after.

    Yields
    ------
    (m,) float32

    Raises
    ------
    ParameterError
        If `orig_sr` is not a sample rate.

    """
    check_rate(orig_sr, "orig_sr")
    blocks = offset_free_pieces(_slices(y), orig_sr)
    return blocks if sr == orig_sr else resample_blocks(blocks, orig_sr=orig_sr, sr=sr)


def stream_audible(file: StrPath, *, sr: int, piece_s: float = 30.0) -> Iterator[Floats]:
    """Read a sound file in pieces as `audio.stream` does, and remove its offset.

    The parameters and errors are those of `audio.stream`.
    """
    with opened(Path(file)) as sound:
        blocks = offset_free_pieces(group_blocks(sound.blocks, _BLOCK), sound.sr)
        at_rate = blocks if sr == sound.sr else resample_blocks(blocks, orig_sr=sound.sr, sr=sr)
        yield from group_blocks(at_rate, round(piece_s * sr))


def is_silent(pieces: Iterable[Floats], sr: int) -> bool:
    """Tell whether a sound that comes in pieces (n,) is silent, taking no more pieces than needed."""
    return not any(max(-piece.min(), piece.max()) > SILENT for piece in offset_free_pieces(pieces, sr) if len(piece))


def _slices(y: Floats) -> Iterator[Floats]:
    return (y[start : start + _BLOCK] for start in range(0, len(y), _BLOCK))


def _take(y: Floats, hop: int, start: int, first: int, last: int) -> Iterator[Floats]:
    """Yield samples `first` to `last` of a sound without its offset. y holds the sound from sample `start` on."""
    track = _track_offset(y, hop)
    part = y[first - start : last - start]
    near = track[(first - start) // hop : -(-(last - start) // hop) + 1]
    if not near.any():
        yield part
        return
    for at in range(0, len(part), _BLOCK):
        block = part[at : at + _BLOCK]
        places = np.arange(first - start + at, first - start + at + len(block))
        offset = np.interp(places, hop * np.arange(len(track)), track)
        rest = (block - offset).astype(np.float32)
        rest[np.abs(rest) <= _ROUNDING * np.abs(offset)] = 0
        yield rest


def _track_offset(y: Floats, hop: int) -> Doubles:
    """Track the offset of sounds (..., n) from hop to hop: (..., 1 + n // hop), 0 where it may be chance.

    A sound shorter than a hop has no offset: it is a click.
    """
    if y.shape[-1] < hop:
        return np.zeros((*y.shape[:-1], 1))
    means = _take_means(y, hop)
    second = np.full(means.shape, np.nan)
    if means.shape[-1] > 3 * _HOPS:  # compare means that share no sample; a steady drift gives no difference
        beside = (means[..., : -2 * _HOPS] + means[..., 2 * _HOPS :]) / 2
        second[..., _HOPS:-_HOPS] = np.abs(means[..., _HOPS:-_HOPS] - beside)
    offset = _running_median(means)
    spread = _running_median(second)
    unknown = np.isnan(spread)
    if unknown.any():
        spread = np.where(unknown, np.std(y, axis=-1, keepdims=True, dtype=np.float64) / _FACTOR, spread)
    offset = np.where(np.abs(offset) > np.maximum(_FACTOR * spread, SILENT), offset, 0.0)
    if not offset.any():
        return offset
    level = np.sqrt(_running_median(_take_means(y.astype(np.float64) ** 2, hop)))
    return np.where(np.abs(offset) > _LEAST * level, offset, 0.0)


def _take_means(y: Floats | Doubles, hop: int) -> Doubles:
    """Average the existing samples around each hop, weighted by a Hann window: (..., 1 + n // hop)."""
    n, n_means, size = y.shape[-1], 1 + y.shape[-1] // hop, _HOPS * hop
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)
    means = np.empty((*y.shape[:-1], n_means))
    at_once = max(1, _BLOCK // size)
    for first in range(0, n_means, at_once):
        count = min(at_once, n_means - first)
        begin, end = first * hop - size // 2, (first + count - 1) * hop + size // 2
        part = y[..., max(0, begin) : max(0, end)].astype(np.float64)
        missing = (max(0, -begin), max(0, end - n))
        means[..., first : first + count] = _weigh(part, missing, window, hop)
        there = _weigh(np.ones(part.shape[-1]), missing, window, hop) if any(missing) else window.sum()
        means[..., first : first + count] /= there
    return means


def _weigh(y: Doubles, missing: tuple[int, int], window: Doubles, hop: int) -> Doubles:
    """Sum windows of sounds (..., n) from hop to hop: (..., T). `missing` zeros are added before and after."""
    padded = np.pad(y, [(0, 0)] * (y.ndim - 1) + [missing])
    heard = np.lib.stride_tricks.sliding_window_view(padded, len(window), axis=-1)[..., ::hop, :]
    return np.asarray(np.vecdot(heard, window))


def _running_median(values: Doubles) -> Doubles:
    """Return the median of the values (..., T) around each one. NaN is left out."""
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(_AROUND, _AROUND)], constant_values=np.nan)
    around = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1, axis=-1), axis=-1)  # NaN last
    middle = np.maximum(np.sum(~np.isnan(around), axis=-1, keepdims=True) - 1, 0)
    low, high = (np.take_along_axis(around, (middle + k) // 2, axis=-1)[..., 0] for k in (0, 1))
    return np.asarray((low + high) / 2)
