"""How long it takes from the last step to the finished codebook, so that the minutes promised are kept."""

import time

from vqsynth.model.vqvae import VQVAE, encode_windows
from vqsynth.training.codebook.corpus import Corpus
from vqsynth.training.codebook.trainer import TrainConfig

PROBED_FRAMES = 1024
SETTLING = 0.75
"""Cost of settling the decoder over a frame, in that of encoding it."""
TABLE_S, TABLE_CODES = 5.0, 1024
"""Seconds that sounding and measuring so many codes take, k-means not counted."""
SAMPLE_S = 3.0
"""Seconds in which the sound that lies beside the codebook is made."""
HELD_OUT_S = 0.15
"""Seconds that it takes to encode, decode and compare one of held-out sound."""
ENCODED_S = 0.15
"""Seconds in which the frames of the probe are encoded on the machine that the figures above are from."""
LEAST_SHARE = 0.4
"""Of the minutes asked for, so much goes to the steps at least."""


def seconds_for_steps(
    config: TrainConfig, corpus: Corpus, *, minutes: float, spent_s: float, held_out_s: float
) -> float:
    """Tell how many seconds the steps may take so that all is done after `minutes`.

    spent_s: what went by before. held_out_s: how much held-out sound there is to measure at most.
    """
    begun = time.monotonic()
    closing_s = estimate_closing_s(config, corpus, held_out_s=held_out_s)
    left_s = 60 * minutes - spent_s - closing_s - (time.monotonic() - begun)
    return max(left_s, LEAST_SHARE * 60 * minutes)


def estimate_closing_s(config: TrainConfig, corpus: Corpus, *, held_out_s: float) -> float:
    """Estimate the seconds that settling, encoding the corpus, the table and the held-out figures will take.

    Encoding is tried on a few frames; what it takes tells how fast this machine is.
    """
    state = VQVAE(config.model).to_tensors()
    frames = corpus.windows(slice(0, PROBED_FRAMES))
    begun = time.monotonic()
    encode_windows(config.model.to_dict(), state, frames)
    encoded_s = (time.monotonic() - begun) * PROBED_FRAMES / len(frames)
    slowness = encoded_s / ENCODED_S
    passes_s = encoded_s / PROBED_FRAMES * len(corpus.starts) * (1 + SETTLING)
    return passes_s + slowness * (TABLE_S * config.model.codes / TABLE_CODES + SAMPLE_S + HELD_OUT_S * held_out_s)
