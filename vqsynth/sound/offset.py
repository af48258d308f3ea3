"""What has samples and cannot be heard: offsets, drifts and silence.

A sound's offset is followed: the mean of a tenth of a second, every fortieth, and of these the median over the 0.6 s
around. It is taken for an offset only where it is larger than what such means vary by from one tenth to another, and
within 60 dB of the sound, so that one without an offset stays as it is, bit by bit, bass drums and noise among them.
At the ends of a sound the means are of what there is of it: a sound that is an offset and nothing else becomes zeros,
its first samples too.
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
"""No sample of silence is larger: 120 dB under full scale."""
HOP_S = 0.025
_HOPS = 4  # in a mean
_AROUND = 12  # means before and behind that a median takes
_FACTOR = 4.0
_LEAST = 1e-3  # of the level around: a tone's own mean, where it is cut off, is no more than this
_CONTEXT = _AROUND + 2 * _HOPS  # hops before and behind that decide on a sample
_BLOCK = 1 << 18
_ROUNDING = 2.0**-22  # of an offset, what is left of it where there is nothing else


def remove_offset(y: Floats, sr: int) -> Floats:
    """Take the offset out of sounds. y: (..., n) at `sr` Hz. Returns the same shape, y itself where there is none."""
    if y.ndim > 1:
        return _remove_offsets(y.reshape(-1, y.shape[-1]), sr).reshape(y.shape) if y.size else y
    blocks = list(offset_free_pieces(_slices(y), sr))
    if all(np.shares_memory(block, y) for block in blocks):
        return y
    return np.concatenate(blocks)


def _remove_offsets(y: Floats, sr: int) -> Floats:
    """Take the offset out of sounds (B, n), of which short ones are looked at together."""
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
    """Take the offset out of a sound that comes in pieces (n,) at `sr` Hz, and give it in pieces as they are known.

    However the sound is cut, the samples are the same, to the bit.
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
    """Yield blocks (m,) of a sound (n,) without its offset, at another rate, so that no copy stands beside it.

    The offset goes first: with it, the sound would ring at its ends. Raises ParameterError for a rate that is none.
    """
    check_rate(orig_sr, "orig_sr")
    blocks = offset_free_pieces(_slices(y), orig_sr)
    return blocks if sr == orig_sr else resample_blocks(blocks, orig_sr=orig_sr, sr=sr)


def stream_audible(path: StrPath, *, sr: int, piece_s: float = 30.0) -> Iterator[Floats]:
    """Read a sound file in pieces (n,) at `sr` Hz as `audio.stream` does, without its offset. Raises as that does."""
    with opened(Path(path)) as sound:
        blocks = offset_free_pieces(group_blocks(sound.blocks, _BLOCK), sound.sr)
        at_rate = blocks if sr == sound.sr else resample_blocks(blocks, orig_sr=sound.sr, sr=sr)
        yield from group_blocks(at_rate, round(piece_s * sr))


def is_silent(y: Floats, sr: int) -> bool:
    """Tell whether a sound (n,) at `sr` Hz holds nothing to be heard: no more than an offset, or 120 dB under 1."""
    return is_silent_in_pieces(_slices(y), sr)


def is_silent_in_pieces(pieces: Iterable[Floats], sr: int) -> bool:
    """Tell the same of a sound that comes in pieces (n,), of which no more are taken than it needs."""
    return not any(max(-piece.min(), piece.max()) > SILENT for piece in offset_free_pieces(pieces, sr) if len(piece))


def _slices(y: Floats) -> Iterator[Floats]:
    return (y[start : start + _BLOCK] for start in range(0, len(y), _BLOCK))


def _take(y: Floats, hop: int, start: int, first: int, last: int) -> Iterator[Floats]:
    """Give the samples from `first` to `last` of a sound, of which y is known from `start` on, without their offset."""
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
    """Follow the offset of sounds (..., n) from hop to hop, (..., 1 + n // hop), 0 where it may be chance.

    Of a sound shorter than a hop nobody can tell: it is a click.
    """
    if y.shape[-1] < hop:
        return np.zeros((*y.shape[:-1], 1))
    means = _take_means(y, hop)
    second = np.full(means.shape, np.nan)
    if means.shape[-1] > 3 * _HOPS:  # of means that share no sample, and enough of them; a steady drift is no variation
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
    """Average the samples around each hop by a Hann window, of those that there are: (..., 1 + n // hop)."""
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
    """Sum windows of sounds (..., n) from hop to hop, so many zeros before and behind them: (..., T)."""
    padded = np.pad(y, [(0, 0)] * (y.ndim - 1) + [missing])
    heard = np.lib.stride_tricks.sliding_window_view(padded, len(window), axis=-1)[..., ::hop, :]
    return np.asarray(np.vecdot(heard, window))


def _running_median(values: Doubles) -> Doubles:
    """Take the median of the values (..., T) around each, of those that are none NaN."""
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(_AROUND, _AROUND)], constant_values=np.nan)
    around = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1, axis=-1), axis=-1)  # NaN last
    middle = np.maximum(np.sum(~np.isnan(around), axis=-1, keepdims=True) - 1, 0)
    low, high = (np.take_along_axis(around, (middle + k) // 2, axis=-1)[..., 0] for k in (0, 1))
    return np.asarray((low + high) / 2)
