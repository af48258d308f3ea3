"""From a trained model to a codebook: the codes that its corpus uses, their spectra, and how often each is used.

The spectrum of a code is the mean log spectrum of the frames that the trained encoder gives to it. The decoder, whose
last layer was solved for the same means (see `settling`), only comes near it, the less the fewer features it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.errors import CodebookError
from vqsynth.training.codebook.averaging import average_spectra
from vqsynth.training.codebook.corpus import Corpus

if TYPE_CHECKING:
    from vqsynth.model.vqvae import VQVAE, ModelConfig, Tensors

FEWEST_CODES = 2
FEWEST_FRAMES = 4
"""A code with fewer frames than this has the spectrum that the decoder gives to it."""
_FRAMES_AT_ONCE = 4096


@dataclass(frozen=True)
class Usage:
    """Hold how a corpus uses the codes: counts (K,), the share of codes used, and the perplexity, 1 to K."""

    counts: NDArray[np.int64]
    used: float
    perplexity: float


def assemble_codebook(name: str, model: "VQVAE", corpus: Corpus, *, card: Mapping[str, Any]) -> tuple[Codebook, Usage]:
    """Make a codebook of a trained model, without the codes that the corpus does not use.

    Parameters
    ----------
    name : str
        The codebook's name.
    model : VQVAE
        The trained model.
    corpus : Corpus
        The frames that it was trained on.
    card : dict
        Further entries of the card.

    Returns
    -------
    book : Codebook
        The codebook.
    usage : Usage
        How often the corpus uses each code of the model, unused ones included.

    Raises
    ------
    CodebookError
        For a decoder whose spectra are not finite.

    """
    from vqsynth.model.vqvae import VQVAE, encode_windows

    config, state = model.config, model.to_tensors()
    if not np.isfinite(VQVAE.from_tensors(config, state).decode_codes().numpy()).all():
        raise CodebookError("the trained decoder gives spectra that are not finite; the training ran away, start anew")
    blocks = (slice(start, start + _FRAMES_AT_ONCE) for start in range(0, len(corpus.starts), _FRAMES_AT_ONCE))
    codes = np.concatenate([encode_windows(config.to_dict(), state, corpus.windows(block)) for block in blocks])
    usage = measure_usage(codes, config.codes)
    kept = choose_kept(usage.counts)
    config, state = keep_codes(config, state, kept)
    codes = np.searchsorted(kept, codes)
    few = usage.counts[kept] < FEWEST_FRAMES
    magnitudes = average_spectra(corpus, codes, config.codes)
    magnitudes[few] = VQVAE.from_tensors(config, state).decode_codes().numpy()[few]
    book = Codebook.build(
        name=name,
        grid=corpus.grid,
        magnitudes=magnitudes,
        counts=usage.counts[kept],
        model_config=config.to_dict(),
        model_state=state,
        card=card,
        transitions=count_transitions(codes, corpus.joined, config.codes),
    )
    return book, usage


def keep_codes(config: "ModelConfig", state: "Tensors", codes: NDArray[np.int64]) -> "tuple[ModelConfig, Tensors]":
    """Return config and weights of a model that has only some of the codes."""
    vectors = state["quantizer.code_vectors"][codes]
    return replace(config, codes=len(codes)), {**state, "quantizer.code_vectors": vectors}


def measure_usage(codes: NDArray[np.int64], n_codes: int) -> Usage:
    """Count codes (T,), and take the exponential of the entropy of their shares as perplexity."""
    counts = np.bincount(codes, minlength=n_codes)
    share = counts[counts > 0] / len(codes)
    return Usage(counts, float((counts > 0).mean()), float(np.exp(-(share * np.log(share)).sum())))


def count_transitions(codes: NDArray[np.int64], joined: NDArray[np.bool_], n_codes: int) -> NDArray[np.int64]:
    """Count how often code j follows code i: rows of i, j and the count, (N, 3).

    codes: (T,). joined: (T - 1,), whether a frame is followed by the next one without a gap.
    """
    pairs = (codes[:-1] * n_codes + codes[1:])[joined]
    found, counts = np.unique(pairs, return_counts=True)
    return np.stack([found // n_codes, found % n_codes, counts], axis=1)


def choose_kept(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the codes that are used, rising, and at least two."""
    most_used = np.argsort(-counts, kind="stable")[:FEWEST_CODES]
    kept: NDArray[np.int64] = np.union1d(np.flatnonzero(counts), most_used).astype(np.int64)
    return kept
