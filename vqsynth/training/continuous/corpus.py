"""The sounds that a continuous model is trained on, and their mel frames, analysed once.

Frames belong to pieces, one for each sound and each transposed copy; an excerpt is a row of frames of one piece, with
the samples from the centre of its first frame on. Log mel bands are kept as float16, a step of which is 0.07 dB at the
most: an hour takes 80 MB.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.arrays import Ints
from vqsynth.sound.folders import Skipped
from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import MelGrid, analyse_sound
from vqsynth.training.core.sounds import Pieces, Sounds, hash_sounds, share_out

SHORTEST = 128
"""Frames that every piece has at least; a shorter sound is followed by silence."""
AUDIBLE_DB = 70.0
"""Frames this far under the loudest of their piece are not what an excerpt is drawn for."""
TRANSPOSED_SHARE = 0.5
"""The share of draws that goes to transposed copies, where a corpus has them."""
LENGTH_COUNTS = 0.3
"""A sound is drawn as often as its length to this power says: a short note is as much of a timbre as a long one."""


@dataclass(frozen=True)
class MelCorpus(Sounds):
    """Hold sounds and their frames.

    log_mel: (T, B) float16, loudness_db: (T,) float32. centres: (T,) the samples that frames are centred on. pieces:
    (P, 2) first frame of each piece and the frame after its last. is_original: (P,), false for transposed copies.
    audible: (T,).
    """

    grid: MelGrid
    log_mel: NDArray[np.float16]
    loudness_db: Floats
    centres: Ints
    pieces: Ints
    audible: NDArray[np.bool_]

    @cached_property
    def fingerprint(self) -> str:
        """Hash the samples, the pieces and the grid, so that a checkpoint knows its corpus again."""
        return hash_sounds(self.grid, self.y, self.pieces, self.is_original)

    @property
    def n_frames(self) -> int:
        """Count the frames, those of copies too."""
        return len(self.log_mel)

    @cached_property
    def originals(self) -> Ints:
        """List the audible frames of sounds that are not transposed, (O,)."""
        kept = self._per_frame(self.is_original) & self.audible
        return np.flatnonzero(kept)

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
        share_out(per_piece, self.is_original, transposed=TRANSPOSED_SHARE)
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
) -> MelCorpus:
    """Read sounds and analyse them.

    transpose: also keep copies 1 to this many semitones up and down, of all sounds or of those in `transposed`. Files
    that cannot be read, or hold only silence, are listed in `skipped`, after those that are given.
    Raises AudioError where nothing usable is left.
    """
    pieces = _MelFrames(grid)

    def semitones(path: Path) -> int:
        return transpose if transposed is None or path in transposed else 0

    read = pieces.read(paths, transpose=semitones, skipped=skipped)
    ends = np.cumsum([len(centres) for centres in pieces.centres])
    return MelCorpus(
        grid=grid,
        log_mel=np.concatenate(pieces.log_mel),
        loudness_db=np.concatenate(pieces.loudness_db),
        centres=np.concatenate(pieces.centres),
        pieces=np.stack([np.concatenate([[0], ends[:-1]]), ends], axis=1),
        is_original=np.array(pieces.is_original),
        audible=np.concatenate(pieces.audible),
        **read,
    )


class _MelFrames(Pieces):
    """Gather the frames of each sound, all of them, and those of the silence that makes a short sound long enough."""

    def __init__(self, grid: MelGrid) -> None:
        super().__init__(grid.frames)
        self.mel_grid = grid
        self.log_mel: list[NDArray[np.float16]] = []
        self.loudness_db: list[Floats] = []
        self.centres: list[Ints] = []
        self.audible: list[NDArray[np.bool_]] = []
        self.is_original: list[bool] = []

    def _take(self, y: Floats, *, is_original: bool) -> Floats:
        hop = self._grid.hop_length
        y = np.pad(y, (0, max(0, (SHORTEST - 1) * hop - len(y))))
        frames = analyse_sound(y, self.mel_grid)
        self.log_mel.append(frames.log_mel.astype(np.float16))
        self.loudness_db.append(frames.loudness_db.astype(np.float32))
        self.audible.append(frames.loudness_db > frames.loudness_db.max() - AUDIBLE_DB)
        self.centres.append(self.n_samples + hop * np.arange(len(frames.loudness_db), dtype=np.int64))
        self.is_original.append(is_original)
        return y
