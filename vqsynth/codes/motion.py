"""How long codes are held: the runs of the training sounds, and the frames in which a path must change its code.

A codebook counts the steps between codes, those from a code to itself included. A code that is followed by itself with
chance s is held for 1 / (1 - s) frames on average, and for n frames or more with chance s^(n - 1). Motion multiplies
the frames that follow the first one of a run by (1 - motion) / motion: .5 leaves them as they are.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.frames import Floats

NATURAL = 0.5
"""The motion of the training sounds."""
NO_TIMBRE = frozenset({"loudness", "pitch", "pitch_confidence"})
"""What codes differ in besides their timbre."""
UNKNOWN_STAY = 0.55
"""The chance to be followed by itself of a code of which nothing is known: the mean of the shipped codebooks."""
_DRAWS = 1 << 16
HELD = 20.0
"""The cost of leaving a code before its run is over, against a smoothness of 1. On the guitar, which holds its codes
longest, the 95th percentile of runs under a random curve is 8 frames with 1, 12 with 10, 13 with 20; usual are 19."""


def suit_motion(names: Iterable[str]) -> float:
    """Return the motion that suits a demand: that of the training sounds, or 0 for several descriptors of timbre.

    Fewer codes meet several at once. Motion costs .0005 of the range for a centroid alone, and for a flatness beside it
    .004. A rolloff, which jumps as a spectrum is bent, is held, too: motion costs it .006.
    """
    timbre = set(names) - NO_TIMBRE
    return 0.0 if len(timbre) > 1 or "rolloff" in timbre else NATURAL


def usual_runs(transitions: NDArray[np.int64] | None, n_codes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many frames each code is held on average, and each code's share of all runs.

    Parameters
    ----------
    transitions : (N, 3) int64, or None
        Steps in the training corpus: from, to, count.
    n_codes : int
        Number of codes, K.

    Returns
    -------
    frames : (K,)
        1 or more. That of the shipped codebooks where there are no transitions.
    shares : (K,)
        They add up to 1.

    """
    if transitions is None or not len(transitions):
        return np.full(n_codes, 1 / (1 - UNKNOWN_STAY)), np.full(n_codes, 1 / n_codes)
    starts, ends, counts = np.asarray(transitions, np.int64).T
    steps = np.bincount(starts, counts, n_codes)
    left = np.bincount(starts, counts * (starts != ends), n_codes)
    runs = np.where(steps > 0, np.maximum(left, 1), 0)
    return np.maximum(steps, 1) / np.maximum(runs, 1), runs / runs.sum()


def draw_changes(
    n_frames: int, frames: NDArray[np.float64], shares: NDArray[np.float64], *, motion: float, seed: int = 0
) -> NDArray[np.bool_]:
    """Draw the frames in which a path must change its code.

    Runs are drawn from those of all codes, so that a path holds its codes for as long as the training sounds do.

    Parameters
    ----------
    n_frames : int
        Number of frames, T.
    frames, shares : (K,)
        As `usual_runs` gives them.
    motion : float
        0 to 1. At 0 no frame must change, at 1 each must.
    seed : int
        Seed of chance.

    Returns
    -------
    (T,) bool

    """
    changes = np.zeros(n_frames, np.bool_)
    if motion == 0 or n_frames == 0:
        return changes
    rng = np.random.default_rng(seed)
    later = (frames[rng.choice(len(frames), n_frames, p=shares)] - 1) * (1 - motion) / motion
    ends = np.cumsum(rng.geometric(1 / (1 + later)))
    changes[ends[ends < n_frames]] = True
    return changes


def hold_codes(jumps: Floats, price: float) -> Floats:
    """Make staying on a code cheaper than leaving it by a price. Jumps are the (K, K) costs of steps."""
    held = jumps.copy()
    held.flat[:: len(jumps) + 1] -= np.float32(price)
    return held


def sway(misses: Iterator[Floats], changes: NDArray[np.bool_], price: float, *, seed: int = 0) -> Iterator[Floats]:
    """Let chance speak where the code changes, so that a held curve does not go round in a few codes.

    The cost of each code gets a draw of Gumbel's distribution. The cheapest of costs so moved is a draw in which a code
    has a chance of exp(-cost / price) (Papandreou, Yuille, "Perturb-and-MAP random fields", 2011).

    Parameters
    ----------
    misses : iterator of (K,) float32
        The cost of each code, frame after frame.
    changes : (T,) bool
        The frames in which the code changes.
    price : float
        The cost of a step that is e times as seldom.
    seed : int
        Seed of chance.

    Yields
    ------
    (K,) float32

    """
    rng = np.random.default_rng([seed, 1])
    drawn = -np.float32(price) * rng.gumbel(size=_DRAWS).astype(np.float32)
    for missed, changed in zip(misses, changes, strict=True):
        start = int(rng.integers(max(_DRAWS - len(missed), 1))) if changed else 0
        yield missed + np.resize(drawn[start : start + len(missed)], len(missed)) if changed else missed
