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
from numpy.typing import NDArray

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

Doubles = NDArray[np.float64]


def remove_offset(y: Floats, sr: int) -> Floats:
    """Take the offset out of sounds. y: (..., n) at `sr` Hz. Returns the same shape, y itself where there is none."""
    if y.ndim > 1:
        return np.stack([remove_offset(one, sr) for one in y]) if len(y) else y
    blocks = list(offset_free_pieces(_slices(y), sr))
    if all(np.shares_memory(block, y) for block in blocks):
        return y
    return np.concatenate(blocks)


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
    """Follow the offset of a sound (n,) from hop to hop, (1 + n // hop,), 0 where it may be chance.

    Of a sound shorter than a hop nobody can tell: it is a click.
    """
    if len(y) < hop:
        return np.zeros(1)
    means = _take_means(y, hop)
    second = np.full(len(means), np.nan)
    if len(means) > 3 * _HOPS:  # of means that share no sample, and enough of them; a steady drift is no variation
        second[_HOPS:-_HOPS] = np.abs(means[_HOPS:-_HOPS] - (means[: -2 * _HOPS] + means[2 * _HOPS :]) / 2)
    offset = _running_median(means)
    spread = _running_median(second)
    unknown = np.isnan(spread)
    if unknown.any():
        spread[unknown] = float(np.std(y, dtype=np.float64)) / _FACTOR
    level = np.sqrt(_running_median(_take_means(y.astype(np.float64) ** 2, hop)))
    least = np.maximum(_FACTOR * spread, np.maximum(_LEAST * level, SILENT))
    return np.where(np.abs(offset) > least, offset, 0.0)


def _take_means(y: Floats | Doubles, hop: int) -> Doubles:
    """Average the samples around each hop by a Hann window, of those that there are: (1 + n // hop,)."""
    n_means, size = 1 + len(y) // hop, _HOPS * hop
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)
    means = np.empty(n_means)
    at_once = max(1, _BLOCK // size)
    for first in range(0, n_means, at_once):
        count = min(at_once, n_means - first)
        begin, end = first * hop - size // 2, (first + count - 1) * hop + size // 2
        part = y[max(0, begin) : max(0, end)].astype(np.float64)
        missing = (max(0, -begin), max(0, end - len(y)))
        view = np.lib.stride_tricks.sliding_window_view
        heard = view(np.pad(part, missing), size)[::hop]
        means[first : first + count] = np.vecdot(heard, window)
        if any(missing):
            there = view(np.pad(np.ones(len(part)), missing), size)[::hop]
            means[first : first + count] /= np.vecdot(there, window)
        else:
            means[first : first + count] /= window.sum()
    return means


def _running_median(values: Doubles) -> Doubles:
    """Take the median of the values around each, of those that are none NaN."""
    padded = np.pad(values, _AROUND, constant_values=np.nan)
    around = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1), axis=1)  # NaN last
    count = np.sum(~np.isnan(around), axis=1)
    rows, middle = np.arange(len(values)), np.maximum(count - 1, 0)
    median: Doubles = (around[rows, middle // 2] + around[rows, (middle + 1) // 2]) / 2
    return median
