"""Newton steps of many independent values at once towards the least cost, also for functions that jump."""

import numpy as np
from numpy.typing import NDArray

FORGETTING = 1.1
"""Factor by which a frame's least cost so far grows each round, since its neighbours move meanwhile."""


class Steps:
    """Move the values (T,) of one control by Newton steps.

    Guarded steps are for functions that jump. They shrink in every frame where the last step did not help. A step that
    leaves the interval between a value known to be too low and one known to be too high goes to its middle instead
    (mean nrmse of rolloff, four curves on flute: .0173 without, .0135 with).

    Parameters
    ----------
    values : (T,)
        The values to start from.
    limit : float
        The largest size of a value, either way.
    guarded : bool
        Whether steps are guarded.

    """

    def __init__(self, values: NDArray[np.float64], limit: float, *, guarded: bool) -> None:
        self.values, self._limit, self._guarded = values, limit, guarded
        self._best, self._best_step = values, np.zeros(len(values))
        self._least, self._pace = np.full(len(values), np.inf), np.ones(len(values))
        self._low, self._high = -self._least, self._least

    def move(self, step: NDArray[np.float64], cost: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the next values (T,), given the cost (T,) of the present ones and the Newton step (T,) from them.

        Each frame steps on from the value that cost least so far.
        """
        better = (cost <= self._least) | (not self._guarded)
        self._best = np.where(better, self.values, self._best)
        self._best_step = np.where(better, step, self._best_step)
        self._pace = np.where(better, np.minimum(1.0, 1.5 * self._pace), 0.5 * self._pace)
        self._least = FORGETTING * np.where(better, cost, self._least)
        wanted = np.clip(self._best + self._pace * self._best_step, -self._limit, self._limit)
        self.values = self._between(wanted, step) if self._guarded else wanted
        return self.values

    def _between(self, wanted: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
        """Keep the next values between the last ones that were too low and too high."""
        self._low = np.where(step > 0, self.values, self._low)
        self._high = np.where(step < 0, self.values, self._high)
        outside = (wanted <= self._low) | (wanted >= self._high)
        is_known = np.isfinite(self._low) & np.isfinite(self._high)
        return np.where(is_known & outside, np.where(is_known, self._low, 0) / 2 + self._high / 2, wanted)
