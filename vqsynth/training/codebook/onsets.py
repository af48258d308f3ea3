"""The onsets of a corpus, for its codebook: some dozens of typical ones, as codes and levels."""

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.envelopes import measure_bands
from vqsynth.codes.matching import SpectrumMatcher
from vqsynth.codes.onsets import NO_CODE, Onsets
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.voice import SILENT_DB
from vqsynth.sound.arrays import Doubles, Ints
from vqsynth.sound.attacks import MAX_ATTACK_MS, RISING
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.onsets import CLICK_MS, FoundOnsets, find_onsets
from vqsynth.training.codebook.corpus import Corpus

LASTING_S = 0.15
FEWEST_FRAMES = 2
KEPT, HEARD = 64, 384
"""Onsets that a codebook holds, and those among which they are chosen."""
GONE_DB = -30.0
"""An onset ends where it has fallen by so much."""
STRUCK_DB = 1.0
"""How far the first two frames may be under the loudest: what grows on is no onset of its own."""
SHORTEST_MS = 1.0
CODE_FROM = 0.5
"""The first codes are those of a window that begins with the onset, in windows after it. A code of a window that is
filled by what was before is a smear, and codes that change at once cancel each other: with 0, guitars rise to nine
tenths 12 ms late."""
_ROUNDS = 12


def gather_onsets(book: CodebookRecord, corpus: Corpus, *, seed: int = 0) -> Onsets | None:
    """Find the onsets of a corpus, and choose typical ones: by timbre, of the faster half.

    Parameters
    ----------
    book : CodebookRecord
        The codebook whose codes they are told in.
    corpus : Corpus
        The sounds. Transposed copies are left out.
    seed : int
        Seed of the choice.

    Returns
    -------
    Onsets or None
        Up to 64. None where the sounds have no onsets.

    """
    found = find_onsets(corpus.y, corpus.grid.sr)
    rows = _usable(found, corpus)
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(rows)[:HEARD])
    if not len(rows):
        return None
    codes, levels_db = _hear(book, corpus, found, rows)
    rises = np.sqrt(np.maximum(found.rises_ms[rows] ** 2 - CLICK_MS**2, SHORTEST_MS**2))
    struck = np.flatnonzero(levels_db[:, :FEWEST_FRAMES].max(axis=1) >= -STRUCK_DB)
    if not len(struck):
        return None
    chosen = struck[_choose_typical(_timbres(book, codes[struck], levels_db[struck]), rng)]
    return Onsets(codes[chosen], levels_db[chosen], np.minimum(rises, MAX_ATTACK_MS)[chosen].astype(np.float32))


def _usable(found: FoundOnsets, corpus: Corpus) -> Ints:
    """Choose the onsets of the faster half that last for some frames and are no copies."""
    if not len(found.starts):
        return np.zeros(0, np.int64)
    centres = corpus.starts + corpus.grid.n_fft // 2
    near = np.minimum(np.searchsorted(centres, found.peaks), len(centres) - 1)
    lasting = _count_frames(found, len(corpus.y), corpus.grid) >= FEWEST_FRAMES
    is_fast = found.rises_ms <= np.median(found.rises_ms)
    return np.flatnonzero(corpus.is_original[near] & lasting & is_fast)


def _count_frames(found: FoundOnsets, n_samples: int, grid: FrameGrid) -> Ints:
    """Count the frames (N,) from each onset until shortly before the next, up to 150 ms."""
    before = round(grid.n_fft / 2)
    ends = np.append(found.starts[1:], n_samples) - before
    most = 1 + round(LASTING_S * grid.sr / grid.hop_length)
    return np.clip((ends - found.starts) // grid.hop_length, 0, most)


def _hear(
    book: CodebookRecord, corpus: Corpus, found: FoundOnsets, rows: Ints
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find codes and levels (N, F) of some onsets."""
    grid = corpus.grid
    lengths = _count_frames(found, len(corpus.y), grid)[rows]
    places = np.arange(lengths.max())
    centres = found.starts[rows, None] + grid.hop_length * places
    risen = found.starts[rows] + np.round(found.rises_ms[rows] / RISING / 1000 * grid.sr).astype(np.int64)
    levels_db = _levels(corpus, risen, np.maximum(centres, risen[:, None]))
    gone = np.logical_or.accumulate((levels_db < GONE_DB) & (places >= FEWEST_FRAMES), axis=1)
    heard = (places < lengths[:, None]) & ~gone
    padded = np.pad(corpus.y, (grid.n_fft // 2, grid.n_fft))
    looked = np.maximum(centres, found.starts[rows, None] + round(CODE_FROM * grid.n_fft))
    windows = np.lib.stride_tricks.sliding_window_view(padded, grid.n_fft)[looked[heard]]
    codes = np.full(heard.shape, NO_CODE, np.int64)
    codes[heard] = SpectrumMatcher(book.spectra, book.table).match(windows, np.full(len(windows), np.nan))
    return codes, np.where(heard, levels_db, SILENT_DB).astype(np.float32)


def _levels(corpus: Corpus, risen: Ints, centres: Ints) -> Doubles:
    """Measure the level (N, F) over a hop about each centre, but of nothing still rising, in dB under the peak."""
    total = np.append(0, np.cumsum(corpus.y.astype(np.float64) ** 2))
    half = max(1, corpus.grid.hop_length // 2)
    low = np.minimum(np.maximum(centres - half, risen[:, None]), len(corpus.y) - 1)
    high = np.minimum(np.maximum(centres + half, low + 1), len(corpus.y))
    power = np.maximum(total[high] - total[low], 0) / np.maximum(high - low, 1)
    levels = 10 * np.log10(np.maximum(power / np.maximum(power.max(axis=1, keepdims=True), 1e-20), 1e-12))
    return np.asarray(levels)


def _timbres(book: CodebookRecord, codes: NDArray[np.int64], levels_db: NDArray[np.float32]) -> Doubles:
    """Describe onsets by the bands of their mean spectrum, (N, 24) in dB."""
    bands = measure_bands(book.spectra.magnitudes.astype(np.float64) ** 2, book.grid)
    weights = np.where(codes != NO_CODE, 10 ** (levels_db.astype(np.float64) / 10), 0)
    mean = np.einsum("nf,nfb->nb", weights / weights.sum(axis=1, keepdims=True), bands[codes])
    return np.asarray(10 * np.log10(mean / mean.sum(axis=1, keepdims=True) + 1e-5), np.float64)


def _choose_typical(timbres: Doubles, rng: np.random.Generator) -> Ints:
    """Choose up to 64 rows: those nearest to the centres of as many clusters."""
    if len(timbres) <= KEPT:
        return np.arange(len(timbres))
    centres = timbres[rng.choice(len(timbres), KEPT, replace=False)]
    for _ in range(_ROUNDS):
        nearest = _distances(timbres, centres).argmin(axis=1)
        for k in np.unique(nearest):
            centres[k] = timbres[nearest == k].mean(axis=0)
    return np.unique(_distances(timbres, centres).argmin(axis=0))


def _distances(rows: Doubles, centres: Doubles) -> Doubles:
    """Return squared distances, (N, K)."""
    return np.asarray(((rows[:, None] - centres) ** 2).sum(axis=2))
