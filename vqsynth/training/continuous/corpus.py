"""The sounds to train on: one waveform in memory, and its mel frames, analysed once.

Sounds stand one after the other with a window of silence between them. Frames belong to pieces, one for each sound and
each transposed copy; an excerpt is a row of frames of one piece, with the samples from the centre of its first frame
on. Log mel bands are kept as float16, a step of which is 0.07 dB at the most: an hour takes 80 MB.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import AudioError
from vqsynth.sound import audio
from vqsynth.sound.folders import Skipped, check_usable, read_each, summarize_sounds
from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import MelGrid, analyse_sound
from vqsynth.sound.offset import SILENT, remove_offset

Ints = NDArray[np.int64]

SHORTEST = 128
"""Frames that every piece has at least; a shorter sound is followed by silence."""
AUDIBLE_DB = 70.0
"""Frames this far under the loudest of their piece are not what an excerpt is drawn for."""
TRANSPOSED_SHARE = 0.5
"""The share of draws that goes to transposed copies, where a corpus has them."""
LENGTH_COUNTS = 0.3
"""A sound is drawn as often as its length to this power says: a short note is as much of a timbre as a long one."""


@dataclass(frozen=True)
class MelCorpus:
    """Hold sounds and their frames.

    y: (n,) float32 at the grid's rate. log_mel: (T, B) float16, loudness_db: (T,) float32. centres: (T,) the samples
    that frames are centred on. pieces: (P, 2) first frame of each piece and the frame after its last. is_original:
    (P,), false for transposed copies. audible: (T,). seconds counts the files as they came, without copies.
    """

    grid: MelGrid
    y: Floats
    log_mel: NDArray[np.float16]
    loudness_db: Floats
    centres: Ints
    pieces: Ints
    is_original: NDArray[np.bool_]
    audible: NDArray[np.bool_]
    files: tuple[Path, ...]
    skipped: tuple[Skipped, ...]
    seconds: float

    @cached_property
    def fingerprint(self) -> str:
        """Hash the samples, the pieces and the grid, so that a checkpoint knows its corpus again."""
        digest = hashlib.sha256(repr(self.grid).encode())
        for part in (self.y, self.pieces, self.is_original):
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()

    @cached_property
    def originals(self) -> Ints:
        """List the audible frames of sounds that are not transposed, (O,)."""
        kept = self._per_frame(self.is_original) & self.audible
        return np.flatnonzero(kept)

    def summary(self) -> str:
        """Say in one line what is used and what is not."""
        return summarize_sounds(len(self.files), self.seconds, self.skipped)

    def mels(self, starts: Ints, n_frames: int) -> Floats:
        """Cut excerpts of log mel bands that begin at frames `starts` (N,): (N, B, n_frames) float32."""
        cut = self.log_mel[starts[:, None] + np.arange(n_frames)]
        return np.ascontiguousarray(cut.transpose(0, 2, 1), dtype=np.float32)

    def loudness(self, starts: Ints, n_frames: int) -> Floats:
        """Cut excerpts of the loudness in dB: (N, n_frames)."""
        cut: Floats = self.loudness_db[starts[:, None] + np.arange(n_frames)]
        return cut

    def sounds(self, starts: Ints, n_samples: int, *, before: int = 0) -> Floats:
        """Cut samples from `before` under the centre of frames `starts` on: (N, n_samples)."""
        view = np.lib.stride_tricks.sliding_window_view(self.y, n_samples)
        cut: Floats = view[self.centres[starts] - before]
        return cut

    def windows(self, frames: Ints) -> Floats:
        """Cut the frames themselves, neither windowed nor level-normalised: (N, n_fft)."""
        n_fft = self.grid.frames.n_fft
        return self.sounds(frames, n_fft, before=n_fft // 2)

    def sampling_weights(self, n_frames: int) -> NDArray[np.float64]:
        """Weigh the frames that an excerpt of `n_frames` may begin at, (T,), summing to 1.

        An excerpt stays inside its piece. Half of its frames are audible, or all audible ones of the piece are in it.
        Copies get a fixed share. Of two sounds of the same kind the longer is drawn more often, but by less than it is
        longer.
        """
        usable = self._usable(n_frames)
        n_usable = np.add.reduceat(usable, self.pieces[:, 0], dtype=np.int64)
        per_piece = np.where(n_usable, np.maximum(n_usable, 1) ** LENGTH_COUNTS, 0.0)
        groups = [group for group in (self.is_original, ~self.is_original) if per_piece[group].any()]
        shares = [1.0] if len(groups) == 1 else [1 - TRANSPOSED_SHARE, TRANSPOSED_SHARE]
        for group, share in zip(groups, shares, strict=True):
            per_piece[group] *= share / per_piece[group].sum()
        weights: NDArray[np.float64] = usable * self._per_frame(per_piece / np.maximum(n_usable, 1))
        return weights

    def _usable(self, n_frames: int) -> NDArray[np.bool_]:
        """Tell at which frames an excerpt may begin, (T,)."""
        frames = np.arange(len(self.audible))
        heard = np.concatenate([[0], np.cumsum(self.audible)])
        first, end = (self._per_frame(column) for column in self.pieces.T)
        enough = np.minimum(n_frames // 2, heard[end] - heard[first])
        usable: NDArray[np.bool_] = (frames + n_frames <= end) & (
            heard[np.minimum(frames + n_frames, len(frames))] - heard[:-1] >= enough
        )
        return usable

    def _per_frame(self, per_piece: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(per_piece, np.diff(self.pieces, axis=1)[:, 0])


def load_mels(
    paths: Sequence[Path],
    grid: MelGrid,
    *,
    transpose: int = 0,
    transposed: Collection[Path] | None = None,
    skipped: Sequence[Skipped] = (),
    say: Callable[[str], object] = lambda line: None,
) -> MelCorpus:
    """Read sounds and analyse them.

    transpose: also keep copies 1 to this many semitones up and down, of all sounds or of those in `transposed`. Files
    that cannot be read, or hold only silence, are listed in `skipped`, after those that are given.
    Raises AudioError where nothing usable is left.
    """
    pieces = _Pieces(grid)
    used, unread = read_each(
        paths, lambda path: pieces.add_file(path, transpose if transposed is None or path in transposed else 0)
    )
    check_usable(used, unread)
    corpus = pieces.to_corpus(used, (*skipped, *unread))
    say(corpus.summary())
    return corpus


class _Pieces:
    """Gather waveforms and frames sound by sound."""

    def __init__(self, grid: MelGrid) -> None:
        self.grid, self.gap = grid, np.zeros(grid.frames.n_fft, np.float32)
        self.sounds, self.n_samples, self.seconds = [self.gap], len(self.gap), 0.0
        self.log_mel: list[NDArray[np.float16]] = []
        self.loudness_db: list[Floats] = []
        self.centres: list[Ints] = []
        self.audible: list[NDArray[np.bool_]] = []
        self.is_original: list[bool] = []

    def add_file(self, path: Path, transpose: int) -> None:
        """Gather a file and its transposed copies. Raises AudioError for what is no sound or silent."""
        y, sr = audio.load(path)
        y = remove_offset(y, sr)
        at_rate = audio.resample(y, orig_sr=sr, sr=self.grid.frames.sr)
        if audio.measure_peak(y) <= SILENT:
            raise AudioError(f"'{path}' holds only silence")
        self._add(at_rate, is_original=True)
        self.seconds += len(y) / sr
        for semitones in (s for s in range(-transpose, transpose + 1) if s):
            played_at = round(sr * 2.0 ** (semitones / 12))
            self._add(audio.resample(y, orig_sr=played_at, sr=self.grid.frames.sr), is_original=False)

    def _add(self, y: Floats, *, is_original: bool) -> None:
        hop = self.grid.frames.hop_length
        y = np.pad(y, (0, max(0, (SHORTEST - 1) * hop - len(y))))
        frames = analyse_sound(y, self.grid)
        self.log_mel.append(frames.log_mel.astype(np.float16))
        self.loudness_db.append(frames.loudness_db.astype(np.float32))
        self.audible.append(frames.loudness_db > frames.loudness_db.max() - AUDIBLE_DB)
        self.centres.append(self.n_samples + hop * np.arange(len(frames.loudness_db), dtype=np.int64))
        self.is_original.append(is_original)
        self.sounds += [y, self.gap]
        self.n_samples += len(y) + len(self.gap)

    def to_corpus(self, files: tuple[Path, ...], skipped: tuple[Skipped, ...]) -> MelCorpus:
        """Join what was gathered."""
        ends = np.cumsum([len(centres) for centres in self.centres])
        return MelCorpus(
            grid=self.grid,
            y=np.concatenate(self.sounds),
            log_mel=np.concatenate(self.log_mel),
            loudness_db=np.concatenate(self.loudness_db),
            centres=np.concatenate(self.centres),
            pieces=np.stack([np.concatenate([[0], ends[:-1]]), ends], axis=1),
            is_original=np.array(self.is_original),
            audible=np.concatenate(self.audible),
            files=files,
            skipped=skipped,
            seconds=self.seconds,
        )
