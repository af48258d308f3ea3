"""Newton steps of many values at once, each on its own, towards what costs least, also where a function is rugged."""

import numpy as np
from numpy.typing import NDArray

FORGETTING = 1.1
"""Growth per round of the least cost that a frame remembers, since its neighbours have moved meanwhile."""


class Steps:
    """Move one control's values (T,) by Newton steps.

    Guarded, a step shrinks in every frame where the last one did not help, and one that would leave what is known to be
    too low and too high falls halfway between the two (rolloff of four curves on flute, mean nrmse: .0173, .0135).
    """

    def __init__(self, values: NDArray[np.float64], limit: float, *, guarded: bool) -> None:
        self.values, self._limit, self._guarded = values, limit, guarded
        self._best, self._best_step = values, np.zeros(len(values))
        self._least, self._pace = np.full(len(values), np.inf), np.ones(len(values))
        self._low, self._high = -self._least, self._least

    def move(self, step: NDArray[np.float64], cost: NDArray[np.float64]) -> NDArray[np.float64]:
        """Step on from the values that cost least so far, given the cost of the present ones and the step from them."""
        better = (cost <= self._least) | (not self._guarded)
        self._best = np.where(better, self.values, self._best)
        self._best_step = np.where(better, step, self._best_step)
        self._pace = np.where(better, np.minimum(1.0, 1.5 * self._pace), 0.5 * self._pace)
        self._least = FORGETTING * np.where(better, cost, self._least)
        wanted = np.clip(self._best + self._pace * self._best_step, -self._limit, self._limit)
        self.values = self._between(wanted, step) if self._guarded else wanted
        return self.values

    def _between(self, wanted: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
        """Keep what is tried next between the last values that were too low and too high."""
        self._low = np.where(step > 0, self.values, self._low)
        self._high = np.where(step < 0, self.values, self._high)
        outside = (wanted <= self._low) | (wanted >= self._high)
        is_known = np.isfinite(self._low) & np.isfinite(self._high)
        return np.where(is_known & outside, np.where(is_known, self._low, 0) / 2 + self._high / 2, wanted)
