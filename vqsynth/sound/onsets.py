"""Where sounds set in, and how fast: rises of level by 12 dB or more within 50 ms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.arrays import Doubles, Ints
from vqsynth.sound.frames import Floats

RISE_DB, WITHIN_S = 12.0, 0.05
"""What counts as an onset: a rise by so much within so long."""
PEAK_WITHIN_S = 0.1
"""The peak of an onset is looked for in so long after its lowest level."""
QUIETEST_DB = -40.0
"""Onsets whose peak is more than this below the loudest of the sound are not heard as such."""
STEP_S, SMOOTH_S, CLICK_MS = 0.00036, 0.003, 1.3
"""Level is measured every .36 ms, in Hann windows of 3 ms, in which a click rises in 1.3 ms."""
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True, eq=False)
class FoundOnsets:
    """Hold the onsets of a sound.

    Attributes
    ----------
    starts : (N,) int64
        The sample at which the amplitude passes a tenth of the peak.
    peaks : (N,) int64
        The sample of the peak.
    rises_ms : (N,)
        Time from 10 to 90 % of the peak, in ms.

    """

    starts: Ints
    peaks: Ints
    rises_ms: Doubles


def find_onsets(y: Floats, sr: int) -> FoundOnsets:
    """Find the onsets of a sound (n,) at `sr` Hz.

    Examples
    --------
    >>> import numpy as np
    >>> from vqsynth.sound.onsets import find_onsets
    >>> y = np.zeros(44100, np.float32)
    >>> y[22050:] = np.sin(np.arange(22050))
    >>> found = find_onsets(y, 44100)
    >>> len(found.starts), bool(abs(found.starts[0] - 22050) < 100)
    (1, True)

    """
    y = y if len(y) else np.zeros(1, np.float32)
    step = max(1, round(STEP_S * sr))
    power = _smooth(y, step, max(1, round(SMOOTH_S * sr / step)))
    within, peak_within = (max(1, round(s * sr / step)) for s in (WITHIN_S, PEAK_WITHIN_S))
    level = 10 * np.log10(power + 1e-14)
    risen = level - _lowest_before(level, within) >= RISE_DB
    candidates = np.flatnonzero(risen & (level > level.max(initial=-np.inf) + QUIETEST_DB))
    found: list[tuple[int, int, float]] = []
    after = 0
    while (place := int(np.searchsorted(candidates, after))) < len(candidates):
        first = max(0, int(candidates[place]) - within)
        low = first + int(level[first : candidates[place] + 1].argmin())
        peak = low + int(power[low : low + peak_within].argmax())
        amplitude = np.sqrt(power[low : peak + 1] / power[peak])
        high = int(np.argmax(amplitude >= HIGH))
        below = np.flatnonzero(amplitude[: high + 1] < LOW)
        start = int(below[-1]) if len(below) else 0
        found.append((step * (low + start), step * peak, 1000 * step / sr * (high - start)))
        after = max(peak, int(candidates[place])) + within
    starts, peaks, rises = zip(*found, strict=True) if found else ((), (), ())
    return FoundOnsets(np.array(starts, np.int64), np.array(peaks, np.int64), np.array(rises, np.float64))


def _smooth(y: Floats, step: int, width: int) -> Doubles:
    """Measure the power of a sound every `step` samples, in Hann windows of `width` steps."""
    blocks = np.pad(y, (0, -len(y) % step)).astype(np.float64).reshape(-1, step)
    window = np.hanning(width + 2)[1:-1]
    return np.convolve((blocks**2).mean(axis=1), window / window.sum(), "same")[: len(blocks)]


def _lowest_before(level: Doubles, within: int) -> NDArray[np.float64]:
    """Find the lowest of each value and the `within` before it, by doubling."""
    lowest, reach = level.copy(), 1
    while reach < within + 1:
        shift = min(reach, within + 1 - reach)
        lowest[shift:] = np.minimum(lowest[shift:], lowest[:-shift].copy())
        reach += shift
    return lowest
