"""A codebook in seconds: the frames clustered by their spectra, each code the mean of its frames, and no network.

The mean is that of the log spectra, as that which a trained decoder is settled to. Measured against 12 minutes of
training in tests/bench/quick.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.nearest import (
    CENTRES,
    FRAMES_AT_ONCE,
    NearestConfig,
    NearestModel,
    mel_features,
)
from vqsynth.errors import ParameterError
from vqsynth.running.forking import allow_threads, mind_forks
from vqsynth.sound.arrays import Doubles
from vqsynth.training.codebook.assembly import Usage, choose_kept, count_transitions, measure_usage
from vqsynth.training.codebook.averaging import average_spectra
from vqsynth.training.codebook.corpus import Corpus
from vqsynth.training.codebook.job import CODES, QuickConfig
from vqsynth.training.core.job import Say

FRAMES_PER_CODE = 25
"""Frames that a code stands for at least, where nobody says how many codes there are to be. With 10, 20 and 30 held-out
sounds come back within .03 dB of each other; every code more takes 2 ms to be measured."""
ROUNDS = 8
"""Rounds of k-means. Twelve and thirty come no nearer, within .02 dB."""
COMPONENTS = 48
"""Principal components of the bands that k-means works on: four times as fast as on 192 bands, and as near."""
FRAMES_SEEN = 64
"""Frames per code that k-means sees, drawn at random, where there are more."""


def cluster_codebook(
    name: str, config: QuickConfig, corpus: Corpus, *, card: dict[str, Any], threads: int = 1, say: Say
) -> tuple[Codebook, Usage]:
    """Make a codebook of a corpus by clustering.

    Parameters
    ----------
    name : str
        Name of the codebook.
    config : QuickConfig
        How many codes, and the seed.
    corpus : Corpus
        The frames.
    card : dict
        What else the card is to say.
    threads : int
        Threads of k-means. With one the same sounds give the same bytes.
    say : function of str
        Told where there are fewer codes than were asked for.

    Returns
    -------
    Codebook, Usage
        The codebook, and how often the corpus uses each code. Codes without a frame are left out.

    Raises
    ------
    ParameterError
        For a corpus of less than two frames.

    """
    n_codes = count_codes(config, corpus.n_frames, say=say)
    model = NearestConfig.for_grid(corpus.grid, n_codes)
    weights = corpus.sampling_weights() * corpus.n_frames
    with _threads(threads):
        features = np.concatenate([mel_features(corpus.windows(b), corpus.grid, model) for b in _blocks(corpus)])
        centres = _find_centres(features, n_codes, weights=weights, seed=config.seed)
        codes = _find_codes(NearestModel(model, {CENTRES: centres}, corpus.grid), features)
        spectra = average_spectra(corpus, codes, n_codes)
    usage = measure_usage(codes, n_codes)
    kept = choose_kept(usage.counts)
    book = Codebook.build(
        name=name,
        grid=corpus.grid,
        magnitudes=spectra[kept],
        counts=usage.counts[kept],
        model_config=NearestConfig.for_grid(corpus.grid, len(kept)).to_dict(),
        model_state={CENTRES: centres[kept]},
        card=card,
        transitions=count_transitions(np.searchsorted(kept, codes), corpus.joined, len(kept)),
    )
    return book, usage


def count_codes(config: QuickConfig, n_frames: int, *, say: Say) -> int:
    """Tell how many codes so many frames make, and say so where it is fewer than were asked for.

    Raises ParameterError for less than two frames.
    """
    if n_frames < 2:
        raise ParameterError(f"a codebook needs 2 frames of sound or more (got {n_frames}); add sounds")
    if config.codes is None:
        n_codes, why = n_frames // FRAMES_PER_CODE, f"{FRAMES_PER_CODE} to a code"
    else:
        n_codes, why = n_frames, "one to a code"
    asked = config.codes or CODES
    if n_codes < asked:
        say(f"{max(2, n_codes)} codes instead of {asked}: there are {n_frames} frames of sound, {why}")
    return max(2, min(asked, n_codes))


def _blocks(corpus: Corpus) -> Iterator[slice]:
    """Part the frames of a corpus into blocks that are worked at one by one."""
    return (slice(i, i + FRAMES_AT_ONCE) for i in range(0, corpus.n_frames, FRAMES_AT_ONCE))


@contextmanager
def _threads(threads: int) -> Iterator[None]:
    """Give faiss and the products of matrices so many threads until the block ends."""
    import faiss  # noqa: F401 - the limits are those of the libraries that are loaded
    from threadpoolctl import threadpool_limits

    mind_forks()
    with threadpool_limits(limits=allow_threads(threads)):
        yield


def _find_centres(features: Doubles, n_codes: int, *, weights: NDArray[np.float64], seed: int) -> NDArray[np.float16]:
    """Cluster features (T, bands) by k-means: centres (n_codes, bands), rounded as they are saved.

    It works on the principal components. The centres lie in their plane, so that the nearest one is the same, but for
    rounding, whether it is looked for there or among the bands.
    """
    import faiss

    mean = features.mean(axis=0)
    shifted = (features - mean).astype(np.float32)
    axes = np.linalg.eigh(shifted.T @ shifted)[1][:, -COMPONENTS:]
    options = {"niter": ROUNDS, "seed": seed % 2**31, "min_points_per_centroid": 1}
    kmeans = faiss.Kmeans(axes.shape[1], n_codes, max_points_per_centroid=FRAMES_SEEN, **options)
    kmeans.train(np.ascontiguousarray(shifted @ axes), weights=weights.astype(np.float32))
    centres: NDArray[np.float16] = (mean + np.asarray(kmeans.centroids) @ axes.T).astype(np.float16)
    return centres


def _find_codes(model: NearestModel, features: Doubles) -> NDArray[np.int64]:
    """Find the codes (T,) of features (T, bands), as the finished codebook will."""
    blocks = range(0, len(features), FRAMES_AT_ONCE)
    return np.concatenate([model.find(features[i : i + FRAMES_AT_ONCE]) for i in blocks])
