"""The sounds that a continuous model is trained on, and their mel frames, analysed once.

Frames belong to pieces: each sound is a piece, and each transposed copy is one. An excerpt consists of consecutive
frames of one piece, with the samples from the centre of its first frame on. Log mel bands are kept as float16, in steps
of at most 0.07 dB, so an hour takes 80 MB.
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
"""Smallest number of frames of a piece. A shorter sound is followed by silence."""
AUDIBLE_DB = 70.0
"""Frames this many dB below the loudest of their piece do not count as audible when excerpts are drawn."""
TRANSPOSED_SHARE = 0.5
"""The share of excerpts that are drawn from transposed copies, if a corpus has any."""
LENGTH_COUNTS = 0.3
"""A sound is drawn in proportion to its length to this power. A short note shows a timbre as well as a long one."""


@dataclass(frozen=True)
class MelCorpus(Sounds):
    """Hold sounds and their frames.

    Attributes
    ----------
    grid : MelGrid
        Frames and mel bands.
    log_mel : (T, B) float16
        Log mel bands of the frames.
    loudness_db : (T,) float32
        Loudness of the frames.
    centres : (T,) int
        The sample on which each frame is centred.
    pieces : (P, 2) int
        The first frame of each piece, and the frame after its last.
    audible : (T,) bool
        Whether a frame is audible.
    is_original : (P,) bool
        False for transposed copies.

    """

    grid: MelGrid
    log_mel: NDArray[np.float16]
    loudness_db: Floats
    centres: Ints
    pieces: Ints
    audible: NDArray[np.bool_]

    @cached_property
    def fingerprint(self) -> str:
        """Return a hash of the samples, the pieces and the grid, by which a checkpoint recognizes its corpus."""
        return hash_sounds(self.grid, self.y, self.pieces, self.is_original)

    @property
    def n_frames(self) -> int:
        """Return the number of frames, with those of transposed copies."""
        return len(self.log_mel)

    @cached_property
    def originals(self) -> Ints:
        """Return the audible frames (O,) of sounds that are not transposed."""
        kept = self._per_frame(self.is_original) & self.audible
        return np.flatnonzero(kept)

    def mels(self, starts: Ints, n_frames: int) -> Floats:
        """Return excerpts (N, B, n_frames) of the log mel bands, which begin at frames `starts` (N,)."""
        cut = self.log_mel[starts[:, None] + np.arange(n_frames)]
        return np.ascontiguousarray(cut.transpose(0, 2, 1), dtype=np.float32)

    def loudness(self, starts: Ints, n_frames: int) -> Floats:
        """Return excerpts (N, n_frames) of the loudness in dB."""
        cut: Floats = self.loudness_db[starts[:, None] + np.arange(n_frames)]
        return cut

    def sounds(self, starts: Ints, n_samples: int, *, before: int = 0) -> Floats:
        """Return samples (N, n_samples), which begin `before` samples before the centres of frames `starts` (N,)."""
        view = np.lib.stride_tricks.sliding_window_view(self.y, n_samples)
        cut: Floats = view[self.centres[starts] - before]
        return cut

    def windows(self, frames: Ints) -> Floats:
        """Return the samples (N, n_fft) of frames (N,), neither windowed nor level-normalised."""
        n_fft = self.grid.frames.n_fft
        return self.sounds(frames, n_fft, before=n_fft // 2)

    def sampling_weights(self, n_frames: int) -> NDArray[np.float64]:
        """Return the probability (T,) with which an excerpt of `n_frames` begins at each frame.

        An excerpt stays inside its piece. At least half of its frames are audible, or it holds all audible frames of
        the piece. Copies get a fixed share. A longer sound is drawn more often than a shorter one of the same kind, but
        less than in proportion to its length.
        """
        usable = self._usable(n_frames)
        n_usable = np.add.reduceat(usable, self.pieces[:, 0], dtype=np.int64)
        per_piece = np.where(n_usable, np.maximum(n_usable, 1) ** LENGTH_COUNTS, 0.0)
        share_out(per_piece, self.is_original, transposed=TRANSPOSED_SHARE)
        weights: NDArray[np.float64] = usable * self._per_frame(per_piece / np.maximum(n_usable, 1))
        return weights

    def _usable(self, n_frames: int) -> NDArray[np.bool_]:
        """Return whether an excerpt may begin at each frame, (T,)."""
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

    Parameters
    ----------
    paths : sequence of Path
        The sound files.
    grid : MelGrid
        Frames and mel bands.
    transpose : int
        Number of semitones, 0 or more. Copies are added that are 1 to this many semitones higher and lower.
    transposed : collection of Path, optional
        The sounds that get such copies. By default all.
    skipped : sequence of Skipped
        Files that were skipped before.

    Returns
    -------
    MelCorpus
        Files that cannot be read, or hold only silence, are listed in its `skipped`, after those that are given.

    Raises
    ------
    AudioError
        If no usable sound is left.

    """
    pieces = _MelFrames(grid)

    def semitones(file: Path) -> int:
        return transpose if transposed is None or file in transposed else 0

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
    """Gather all frames of each sound, and the frames of silence that make a short sound long enough."""

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
