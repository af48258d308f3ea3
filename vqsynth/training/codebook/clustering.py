"""A codebook in seconds: the frames clustered by their spectra, each code the mean of its frames, and no network.

The mean is that of the log spectra, as that which a trained decoder is settled to. Measured against 12 minutes of
training in tests/bench/quick.py.
"""

from collections.abc import Iterator
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
    unit_magnitudes,
)
from vqsynth.errors import ParameterError
from vqsynth.running.forking import allow_threads, mind_forks
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.frames import Floats
from vqsynth.training.codebook.assembly import Usage, choose_kept, count_transitions, measure_usage
from vqsynth.training.codebook.corpus import Corpus
from vqsynth.training.codebook.job import CODES, QuickConfig
from vqsynth.training.codebook.verdict import FRAMES_PER_CODE
from vqsynth.training.core.job import Say

ROUNDS = 12
"""Rounds of k-means. Thirty came .02 dB nearer on ten minutes of guitar, and took twice as long."""
FRAMES_SEEN = 64
"""Frames per code that k-means sees, drawn at random, where there are more."""
SPECTRUM_FLOOR = 2e-4
"""Added to magnitudes, of white noise about 1, before their logarithm: with .002 lsd is .06 dB worse, with .006 .4."""


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
    features = np.concatenate([mel_features(m, corpus.grid, model).astype(np.float32) for m in _magnitudes(corpus)])
    weights = corpus.sampling_weights() * corpus.n_frames
    centres = _find_centres(features, n_codes, weights=weights, seed=config.seed, threads=threads)
    codes, spectra = _average_spectra(NearestModel(model, {CENTRES: centres}, corpus.grid), corpus, n_codes, weights)
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


def _magnitudes(corpus: Corpus) -> Iterator[Doubles]:
    """Transform the frames of a corpus, some at a time."""
    for start in range(0, corpus.n_frames, FRAMES_AT_ONCE):
        yield unit_magnitudes(corpus.windows(slice(start, start + FRAMES_AT_ONCE)), corpus.grid)


def _find_centres(
    features: Floats, n_codes: int, *, weights: NDArray[np.float64], seed: int, threads: int
) -> NDArray[np.float16]:
    """Cluster features (T, bands) by k-means: centres (n_codes, bands), rounded as they are saved."""
    import faiss
    from threadpoolctl import threadpool_limits

    mind_forks()
    options = {"niter": ROUNDS, "seed": seed % 2**31, "min_points_per_centroid": 1}
    kmeans = faiss.Kmeans(features.shape[1], n_codes, max_points_per_centroid=FRAMES_SEEN, **options)
    with threadpool_limits(limits=allow_threads(threads)):
        kmeans.train(features, weights=weights.astype(np.float32))
    return np.asarray(kmeans.centroids, np.float16)


def _average_spectra(
    model: NearestModel, corpus: Corpus, n_codes: int, weights: NDArray[np.float64]
) -> tuple[NDArray[np.int64], Doubles]:
    """Find the codes (T,) of a corpus, and average the log spectra of each code's frames: magnitudes (K, n_bins).

    A code without frames has the average of all.
    """
    codes, start = np.empty(corpus.n_frames, np.int64), 0
    sums, totals = np.zeros((n_codes, corpus.grid.n_bins)), np.zeros(n_codes)
    for magnitudes in _magnitudes(corpus):
        block = slice(start, start + len(magnitudes))
        codes[block] = model.find(magnitudes)
        order = np.argsort(codes[block], kind="stable")
        found, first = np.unique(codes[block][order], return_index=True)
        logs = np.log(magnitudes + SPECTRUM_FLOOR) * weights[block, None]
        sums[found] += np.add.reduceat(logs[order], first, axis=0)
        totals[found] += np.add.reduceat(weights[block][order], first)
        start += len(magnitudes)
    empty = totals == 0
    sums[empty], totals[empty] = sums.sum(axis=0), totals.sum()
    return codes, np.exp(sums / totals[:, None])
