"""Whether a morph goes from one sound to the other: descriptors of what is rendered, frame by frame.

    python tests/bench/glide_morph.py [MODEL]

Moments of held-out sounds that stand still are held, and morphed in pairs chosen at random, along a straight line.
Centroid, bandwidth, rolloff and flatness, measured with librosa, are averaged over a fifth of a second; the distance of
two frames is that of their descriptors, each over its spread in the model's held-out sounds. A and B themselves are
decoded through the model, held as long. A frame is outside both where it is farther from each than they are apart.
"""

import itertools
import sys
from dataclasses import replace

import librosa
import numpy as np
from _bars import finish, note, show
from _models import held_out
from scipy.ndimage import uniform_filter1d
from scipy.stats import spearmanr

from vqsynth.continuous import ContinuousModel, LatentPath, load, morph

SECONDS, SMOOTHED_FRAMES, ENDS = 4.0, 17, 12
"""The first and last frames do not count: half of those averaged, and those in which a sound begins and ends."""
HELD_FRAMES, AUDIBLE_DB = 69, 30.0
"""What of a sound is held: the mean of eight tenths of a second that stand still."""
PAIRS, FEWEST_SPREADS = 24, 1.0
"""How many pairs, and how far apart they are at least: between two that are alike there is no way to go."""
LEVEL_DB = -24.0


def describe(y: np.ndarray, model: ContinuousModel) -> np.ndarray:
    """Measure descriptors (T, 4), as ratios those that are frequencies, averaged over a fifth of a second."""
    frames = {"n_fft": model.grid.frames.n_fft, "hop_length": model.grid.frames.hop_length}
    names = ("centroid", "bandwidth", "rolloff")
    hz = [getattr(librosa.feature, f"spectral_{name}")(y=y, sr=model.sr, **frames)[0] for name in names]
    flatness = librosa.feature.spectral_flatness(y=y, **frames)[0]
    columns = [*(np.log2(np.maximum(column, 1.0)) for column in hz), np.log10(np.maximum(flatness, 1e-9))]
    return uniform_filter1d(np.stack(columns, axis=1), SMOOTHED_FRAMES, axis=0, mode="nearest")


def find_steady(path: LatentPath) -> list[int]:
    """Find the frames where a sound stands most still for HELD_FRAMES, and none quiet, two of them far apart."""
    n = len(path) - HELD_FRAMES
    stands = np.array([path.components[:, t : t + HELD_FRAMES].var(axis=1).sum() for t in range(n)])
    quietest = np.array([path.loudness_db[t : t + HELD_FRAMES].min() for t in range(n)])
    stands[quietest < path.loudness_db.max() - AUDIBLE_DB] = np.inf
    first = int(stands.argmin())
    far = np.where(np.abs(np.arange(n) - first) > 2 * HELD_FRAMES, stands, np.inf)
    return [t for t in (first, int(far.argmin())) if np.isfinite(stands[t]) and (t == first or np.isfinite(far[t]))]


def hold(path: LatentPath, start: int, model: ContinuousModel) -> LatentPath:
    """Hold a sound as it is on average from a frame on."""
    n_samples = round(SECONDS * model.sr)
    n_frames = model.grid.frames.count(n_samples)
    mean = path.components[:, start : start + HELD_FRAMES].mean(axis=1)[:, None]
    components = np.repeat(mean, n_frames, axis=1)
    return replace(path, n_samples=n_samples, components=components, loudness_db=np.full(n_frames, LEVEL_DB))


def measure_morph(between: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[float, float, int]:
    """Compare a morph (T, 4) with its ends: rank correlation of time with the distances, and frames outside both."""
    to_a, to_b = (np.linalg.norm(between - end, axis=1) for end in (a, b))
    apart = np.linalg.norm(a - b)
    time = np.arange(len(between))
    outside = int(((to_a > apart) & (to_b > apart)).sum())
    return float(spearmanr(time, to_a).statistic), float(-spearmanr(time, to_b).statistic), outside


def main(name: str = "strings") -> None:
    """Print both beside their bars."""
    model = load(name)
    sounds = held_out(model)
    paths: dict[str, LatentPath] = {}
    for file, y in sounds.items():
        path = model.encode(y, model.sr)
        paths |= {f"{file} at frame {t}": hold(path, t, model) for t in find_steady(path)}
    described = np.concatenate([describe(y, model) for y in sounds.values()])
    spread = described.std(axis=0)
    held = {name: describe(model.render(path), model)[ENDS:-ENDS] for name, path in paths.items()}
    ends = {name: np.median(rows, axis=0) / spread for name, rows in held.items()}
    every = [p for p in itertools.combinations(paths, 2) if np.linalg.norm(ends[p[0]] - ends[p[1]]) > FEWEST_SPREADS]
    pairs = [every[i] for i in np.random.default_rng(0).permutation(len(every))[:PAIRS]]
    results = []
    for a, b in pairs:
        between = describe(model.render(morph(paths[a], paths[b])), model)[ENDS:-ENDS] / spread
        results.append(measure_morph(between, ends[a], ends[b]))
        note(f"    {a} to {b}: {results[-1][1]:.3f} to B, {results[-1][2]} frames outside; to A", results[-1][0])
    from_a, to_b, outside = np.array(results).T
    show(f"{name}: distance to A grows, rank correlation, mean of {len(pairs)}", from_a.mean(), 0.95, better="higher")
    show("    distance to B falls", to_b.mean(), 0.95, better="higher")
    show("    frames outside both, all morphs", outside.sum(), 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
