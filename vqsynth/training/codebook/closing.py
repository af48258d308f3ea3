"""Estimate the time from the last step to the finished codebook, so that a training keeps its minutes."""

import time

from vqsynth.model.vqvae import VQVAE, encode_windows
from vqsynth.training.codebook.corpus import Corpus
from vqsynth.training.codebook.trainer import TrainConfig

PROBED_FRAMES = 1024
SETTLING = 0.75
"""Time of settling the decoder per frame, relative to that of encoding the frame."""
TABLE_S, TABLE_CODES = 5.0, 1024
"""Seconds to render and measure so many codes, without k-means."""
SAMPLE_S = 3.0
"""Seconds to make the sound that lies beside the codebook."""
HELD_OUT_S = 0.15
"""Seconds to encode, decode and compare one second of held-out sound."""
ENCODED_S = 0.15
"""Seconds to encode the frames of the probe on the machine that the figures above are from."""
LEAST_SHARE = 0.4
"""The least share of the minutes that the steps get."""


def seconds_for_steps(
    config: TrainConfig, corpus: Corpus, *, minutes: float, spent_s: float, held_out_s: float
) -> float:
    """Return how many seconds the steps may take so that everything is done after `minutes`.

    spent_s: seconds spent before. held_out_s: the most seconds of held-out sound that will be measured.
    """
    begun = time.monotonic()
    closing_s = estimate_closing_s(config, corpus, held_out_s=held_out_s)
    left_s = 60 * minutes - spent_s - closing_s - (time.monotonic() - begun)
    return max(left_s, LEAST_SHARE * 60 * minutes)


def estimate_closing_s(config: TrainConfig, corpus: Corpus, *, held_out_s: float) -> float:
    """Estimate the seconds that settling, encoding the corpus, the table and the held-out figures will take.

    A few frames are encoded to measure how fast this machine is.
    """
    state = VQVAE(config.model).to_tensors()
    frames = corpus.windows(slice(0, PROBED_FRAMES))
    begun = time.monotonic()
    encode_windows(config.model.to_dict(), state, frames)
    encoded_s = (time.monotonic() - begun) * PROBED_FRAMES / len(frames)
    slowness = encoded_s / ENCODED_S
    passes_s = encoded_s / PROBED_FRAMES * len(corpus.starts) * (1 + SETTLING)
    return passes_s + slowness * (TABLE_S * config.model.codes / TABLE_CODES + SAMPLE_S + HELD_OUT_S * held_out_s)
