"""The codes as points on a plane, near to each other if their spectra are alike."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors.checks import check_choice
from vqsynth.running.forking import mind_forks
from vqsynth.sound.frames import Floats

ProjectionName = Literal["pca", "tsne"]
PROJECTIONS: tuple[str, ...] = get_args(ProjectionName)
DEPTH_DB = 80.0
"""Levels are floored at this distance under the loudest bin of all codes."""
PERPLEXITY = 30.0
"""How many neighbours t-SNE keeps together: the middle of the range that van der Maaten and Hinton (2008) recommend."""
_COMPONENTS = 50


@dataclass(frozen=True, eq=False)
class Projection:
    """Hold the places of codes on a plane.

    Parameters
    ----------
    points : (K, 2) float64
        The places.
    labels : (str, str)
        Names of the two axes.
    unit : str
        Their unit: "dB", as RMS over the bins, or "" for none.

    """

    points: NDArray[np.float64]
    labels: tuple[str, str]
    unit: str


def project_codes(magnitudes: Floats, *, method: str = "pca") -> Projection:
    """Project the log spectra of codes to two dimensions. The same codes always get the same places.

    Parameters
    ----------
    magnitudes : (K, n_bins) float32
        Linear magnitudes.
    method : {"pca", "tsne"}
        "pca" keeps distances as well as a plane can: no two codes lie further apart than their log spectra differ.
        "tsne" keeps neighbours together, and distances mean little.

    Returns
    -------
    Projection

    Raises
    ------
    ParameterError
        If the method is unknown.

    References
    ----------
    van der Maaten, Hinton, "Visualizing data using t-SNE", 2008.

    """
    check_choice("method", method, PROJECTIONS)
    scores, shares = _principal_components(_log_spectra(magnitudes))
    if method == "tsne" and len(scores) > 3:
        return Projection(_embed_neighbours(scores), ("t-SNE, only nearness counts", "t-SNE"), "")
    labels = [f"{nth} principal component (dB, {share:.0%} of variance)" for nth, share in
              zip(("1st", "2nd"), shares, strict=False)]  # fmt: skip
    return Projection(scores[:, :2], (labels[0], labels[1]), "dB")


def _log_spectra(magnitudes: Floats) -> NDArray[np.float64]:
    levels = 20 * np.log10(np.maximum(magnitudes.astype(np.float64), 1e-12))
    floor: np.float64 = levels.max() - DEPTH_DB
    return np.asarray(np.maximum(levels, floor))


def _principal_components(levels: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the principal scores of rows (K, n), (K, at least 2), as RMS over n, and their shares of variance."""
    centred = (levels - levels.mean(axis=0)) / np.sqrt(levels.shape[1])
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    # The sign of a component is arbitrary. The one that is louder in the treble is chosen, so that it stays the same.
    slope = vt @ np.linspace(-1, 1, vt.shape[1])
    scores = u * s * np.where(slope < 0, -1, 1)
    shares = s**2 / max(float((s**2).sum()), 1e-12)
    missing = max(0, 2 - len(s))
    return np.pad(scores[:, :_COMPONENTS], ((0, 0), (0, missing))), np.pad(shares, (0, missing))


def _embed_neighbours(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE

    mind_forks()
    perplexity = min(PERPLEXITY, (len(scores) - 1) / 3)
    # It starts from the principal components, not from random places. The seed is for its tie-breaks.
    tsne = TSNE(init=scores[:, :2] / max(float(scores[:, 0].std()), 1e-12) * 1e-4, perplexity=perplexity,
                random_state=0)  # fmt: skip
    return np.asarray(tsne.fit_transform(scores), np.float64)
