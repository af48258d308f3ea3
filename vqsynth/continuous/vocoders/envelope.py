"""Loudness applied to sound of unit loudness, so that networks for waveforms need not know the loudness.

The envelope is the loudness of the frames as a gain, overlap-added with the squared window. It is as smooth as loudness
can change in a sound made of such frames. In training, sounds are divided by the same envelope.
"""

import numpy as np

from vqsynth.continuous.vocoders.interface import Player
from vqsynth.sound.frames import Floats, FrameGrid, OverlapAdd
from vqsynth.sound.mel import QUIET_DB, SILENT_LUFS, MelGrid


class Envelope:
    """Turn loudness into a gain per sample as the frames come."""

    def __init__(self, grid: FrameGrid) -> None:
        self._adder, self._window = OverlapAdd(grid), grid.window

    def push(self, loudness_db: Floats) -> Floats:
        """Take the next frames (..., t) in LUFS and return (..., t * hop_length), half a window behind them.

        A loudness of SILENT_LUFS or less has no gain at all.
        """
        gain = np.where(loudness_db > SILENT_LUFS, 10 ** (loudness_db / 20), 0).astype(np.float32)
        return self._adder.push(gain[..., None] * self._window)


def to_unit_level(y: Floats, loudness_db: Floats, grid: MelGrid) -> Floats:
    """Divide excerpts by their envelope, which gives the targets of a network for waveforms.

    Parameters
    ----------
    y : (..., T * hop_length)
        Excerpts; their first sample lies half a window before the centre of the first frame.
    loudness_db : (..., T)
        Loudness of the frames in LUFS.
    grid : MelGrid
        The frames.

    Returns
    -------
    (..., T * hop_length) float32
        The first n_fft - hop_length samples, whose envelope lacks frames, are 0.

    """
    envelope = Envelope(grid.frames).push(np.maximum(loudness_db, QUIET_DB).astype(np.float32))
    known = np.arange(y.shape[-1]) >= grid.frames.n_fft - grid.frames.hop_length
    return np.where(known, y / np.maximum(envelope, 1e-9), 0).astype(np.float32)


class Leveled:
    """Play a generator of unit loudness at the loudness asked for."""

    def __init__(self, player: Player, grid: FrameGrid) -> None:
        self._player, self._envelope = player, Envelope(grid)

    def push(self, log_mel: Floats, loudness_db: Floats) -> Floats:
        """Turn frames (t, B) and (t,) into (t * hop_length,) samples."""
        return self._player.push(log_mel, loudness_db) * self._envelope.push(loudness_db)
