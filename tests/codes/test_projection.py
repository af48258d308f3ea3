"""Two dimensions keep what they can: distances for PCA, neighbours for t-SNE, and the same place each time."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.projection import project_codes
from vqsynth.errors import ParameterError


def distances(points: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1)).astype(np.float64)


def log_spectra(book: Codebook) -> NDArray[np.float64]:
    levels = 20 * np.log10(book.spectra.magnitudes.astype(np.float64))
    return np.maximum(levels, levels.max() - 80)


def test_project_codes_pca_distance_is_at_most_that_of_the_log_spectra(book: Codebook) -> None:
    levels = log_spectra(book)
    rms_db = distances(levels) / np.sqrt(levels.shape[1])
    assert (distances(project_codes(book.spectra.magnitudes).points) <= rms_db + 1e-3).all()


def test_project_codes_pca_keeps_the_variance_that_its_labels_say(book: Codebook) -> None:
    levels = log_spectra(book)
    found = project_codes(book.spectra.magnitudes)
    total = levels.var(axis=0).mean()
    for axis, label in zip(found.points.T, found.labels, strict=True):
        said = float(label.split("(dB, ")[1].split("%")[0]) / 100
        assert axis.var() / total == pytest.approx(said, abs=0.006)
    assert abs(found.points.mean(axis=0)).max() < 1e-9


def test_project_codes_pca_of_spectra_in_a_plane_is_exact(rng: np.random.Generator) -> None:
    """Two gains that vary by themselves span a plane; it is drawn as it is."""
    tilt = rng.uniform(-10, 10, (30, 2))
    levels = tilt @ np.repeat(np.eye(2), 64, axis=1)
    found = project_codes((10 ** (levels / 20)).astype(np.float32))
    np.testing.assert_allclose(distances(found.points), distances(tilt) / np.sqrt(2), atol=1e-4)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_project_codes_again_gives_the_same_points(book: Codebook, method: str) -> None:
    first, second = (project_codes(book.spectra.magnitudes, method=method).points for _ in range(2))
    assert first.shape == (64, 2) and np.isfinite(first).all()
    np.testing.assert_array_equal(first, second)


def test_project_codes_tsne_keeps_neighbours_better_than_pca(book: Codebook) -> None:
    """The nearest five by log spectrum are among the nearest five on the map more often than for PCA."""
    true = np.argsort(distances(log_spectra(book)), axis=1)[:, 1:6]
    kept = {}
    for method in ("pca", "tsne"):
        near = np.argsort(distances(project_codes(book.spectra.magnitudes, method=method).points), axis=1)[:, 1:6]
        kept[method] = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(true, near, strict=True)])
    assert kept["tsne"] > kept["pca"] > 0.2


@pytest.mark.parametrize("method", ["pca", "tsne"])
@pytest.mark.parametrize("n_codes", [1, 2, 4])
def test_project_codes_of_a_few_is_finite(book: Codebook, method: str, n_codes: int) -> None:
    points = project_codes(book.spectra.magnitudes[:n_codes], method=method).points
    assert points.shape == (n_codes, 2) and np.isfinite(points).all()


def test_project_codes_by_another_method_lists_the_known(book: Codebook) -> None:
    with pytest.raises(ParameterError, match="pca, tsne"):
        project_codes(book.spectra.magnitudes, method="umap")
