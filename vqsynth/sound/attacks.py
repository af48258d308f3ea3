"""Sounds that set in at a sample: an overlap-add in which one sound leaves and another begins between two frames.

Frames that overlap smear a jump of level over a window: of an amplitude that jumps it takes 8 ms from 10 to 90 % in
windows of 1024 samples, and 25 ms in those of 3072. So at an attack the old sound is held and fades out, the new one is
held backwards and fades in, and no frame of the one is heard in the other.
"""

import numpy as np

from vqsynth.sound.frames import Floats, FrameGrid, OverlapAdd

MAX_ATTACK_MS = 100.0
RISING = float(np.arccos(-0.8) - np.arccos(0.8)) / np.pi
"""The share of a raised cosine in which it rises from 10 to 90 %."""


def ramp_samples(attack_ms: float, sr: int) -> int:
    """Return how many samples a ramp takes that rises from 10 to 90 % in some milliseconds, at least one."""
    return max(1, round(attack_ms / RISING * sr / 1000))


def ramp(n_samples: int) -> Floats:
    """Make a ramp from 0 to 1, half a period of a raised cosine, (n_samples,)."""
    shape: Floats = (0.5 - 0.5 * np.cos(np.pi * (np.arange(n_samples) + 0.5) / n_samples)).astype(np.float32)
    return shape


class AttackAdd:
    """Add frames up to sound as they come, and let a new sound set in between two of them.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop.

    """

    def __init__(self, grid: FrameGrid) -> None:
        self._grid, self._adder = grid, OverlapAdd(grid)
        self._leaving, self._gate = np.zeros(0, np.float32), np.zeros(0, np.float32)

    def count_held(self, n_ramp: int) -> tuple[int, int]:
        """Tell how many frames of the old sound and of the new one `strike` needs for a ramp of so many samples."""
        half, hop = self._grid.n_fft // 2, self._grid.hop_length
        return -(-(half + n_ramp) // hop), -(-half // hop)

    def push(self, frames: Floats) -> Floats:
        """Add frames (..., T, n_fft), not windowed, and return the samples (..., T * hop_length) that are final."""
        y = self._adder.push(frames)
        n = min(y.shape[-1], len(self._gate))
        y[..., :n] *= self._gate[:n]
        y[..., :n] += self._leaving[..., :n]
        self._gate, self._leaving = self._gate[n:], self._leaving[..., n:]
        return y

    def strike(self, held: Floats, lead: Floats, n_ramp: int) -> None:
        """Begin a new sound at the centre of the frame that is pushed next.

        Parameters
        ----------
        held : (..., A, n_fft)
            The frames with which the old sound would go on.
        lead : (..., B, n_fft)
            The frames with which the new one would have begun before. `count_held` tells A and B.
        n_ramp : int
            Samples in which the new sound rises and the old one falls.

        """
        leaving = self.push(held)
        self._adder = OverlapAdd(self._grid)
        self._adder.push(lead)
        gate = np.ones(leaving.shape[-1], np.float32)
        start = self._grid.n_fft // 2
        gate[:start], gate[start : start + n_ramp] = 0, ramp(n_ramp)
        self._gate, self._leaving = gate, leaving * (1 - gate)
