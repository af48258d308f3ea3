"""What went out, measured: the loudness and the centroid of the last frame that is whole, and what they teach.

A frame is whole a window after it was chosen. The error of its loudness moves the gain of the frames to come, a little
with each frame, so that what the spectra do to each other where they overlap is made up for.
"""

import math
from collections import deque

import numpy as np

from vqsynth.sound.arrays import Doubles
from vqsynth.sound.frames import Floats, FrameGrid, rfft
from vqsynth.sound.loudness import k_response
from vqsynth.sound.measuring import judged_n_fft

SHARE = 0.1
"""What of an error is made up for with each frame. It is known four frames late: at .3 a step of 20 dB overshoots."""
MOST_DB, MOST_OCTAVES = 6.0, 0.5
STEADY_DB, STEADY_OCTAVES = 1.0, 0.1
"""An error counts only where what is asked moved by less than this within the window: beside a step, a window holds
both sides of it."""
QUIETEST_DB = -100.0


class Follower:
    """Make up for the error of one quantity: what is asked now, and what was got of what was asked a window ago.

    Parameters
    ----------
    n_frames : int
        Frames until what is asked is heard whole.
    steady : float
        Errors beside steps larger than this are left out.
    most : float
        Bound of the correction.

    """

    def __init__(self, n_frames: int, *, steady: float, most: float) -> None:
        self._asked: deque[float] = deque([math.nan] * n_frames, n_frames)
        self._steady, self._most = steady, most
        self.correction = 0.0

    def follow(self, asked: float, got: float) -> None:
        """Take what is asked in this frame, and what was got in the last whole one; NaN for nothing."""
        self._asked.append(asked)
        if max(self._asked) - min(self._asked) < self._steady:  # false where one is NaN
            moved = self.correction + SHARE * (self._asked[0] - got)
            if math.isfinite(moved):
                self.correction = min(max(moved, -self._most), self._most)


class Meter:
    """Measure what a voice gives out, frame by frame, and correct its gain.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop.

    """

    def __init__(self, grid: FrameGrid) -> None:
        n_fft = judged_n_fft(grid)
        judged = FrameGrid(grid.sr, n_fft, n_fft // 4)
        self._hop, self._window, self._hz = grid.hop_length, judged.window, judged.frequencies_hz
        self._sounded = np.zeros(judged.n_fft, np.float32)
        heard = np.abs(k_response(np.arange(judged.n_bins) / judged.n_fft, grid.sr)) ** 2
        heard[1:-1] *= 2
        self._heard: Doubles = heard / judged.n_fft / float(judged.window.sum())
        self._root = np.sqrt(judged.window)
        n_frames = round((judged.n_fft + grid.n_fft) / (2 * grid.hop_length))
        self._loudness = Follower(n_frames, steady=STEADY_DB, most=MOST_DB)
        self._centroid = Follower(n_frames, steady=STEADY_OCTAVES, most=MOST_OCTAVES)
        self.loudness_db = self.centroid_hz = math.nan

    @property
    def correction_db(self) -> float:
        """Return what is added to the loudness that is asked for."""
        return self._loudness.correction

    @property
    def centroid_ratio(self) -> float:
        """Return by what the centroid that is asked for is multiplied."""
        return float(2**self._centroid.correction)

    def take(self, y: Floats, loudness_db: float, centroid_hz: float) -> None:
        """Take the hop of samples that a frame brought, and what was asked for in it, NaN for nothing."""
        self._sounded[: -self._hop] = self._sounded[self._hop :]
        self._sounded[-self._hop :] = y
        self.loudness_db, self.centroid_hz = self._measure_loudness(), math.nan
        is_heard = self.loudness_db > QUIETEST_DB
        self._loudness.follow(loudness_db, self.loudness_db if is_heard else math.nan)
        if centroid_hz > 0 and is_heard:
            self.centroid_hz = self.measure_centroid()
            self._centroid.follow(math.log2(centroid_hz), math.log2(self.centroid_hz))
        else:
            self._centroid.follow(math.nan, math.nan)

    def _measure_loudness(self) -> float:
        spectrum = rfft(self._sounded * self._root)
        power = spectrum.real**2 + spectrum.imag**2
        return -0.691 + 10 * math.log10(float(power @ self._heard) + 1e-12)

    def measure_centroid(self) -> float:
        """Return the centroid in Hz of the last whole frame, NaN for silence."""
        magnitude = np.abs(rfft(self._sounded * self._window))
        total = float(magnitude.sum())
        return float(magnitude @ self._hz) / total if total > 0 else math.nan
