"""How fast a continuous model is, how long its delay, and whether blocks give the samples of the whole.

    python tests/bench/glide_speed.py [MODEL]

Run with OMP_NUM_THREADS=1 (`make bench` does): one thread.
"""

import sys

import numpy as np
import torch
from _bars import finish, median_seconds, note, show
from _models import held_out

from vqsynth.continuous import ModelStream, load
from vqsynth.continuous.model import ContinuousModel

SECONDS = 20.0


def bench_speed(model: ContinuousModel, y: np.ndarray) -> None:
    """Print how much faster than real time a sound is encoded and decoded."""
    seconds = len(y) / model.sr
    path = model.encode(y, model.sr)
    best = model.card["vocoder"]
    speed = seconds / median_seconds(lambda: model.transfer(y, model.sr), times=5)
    show(f"encode and decode by {best}, one thread, times faster than real time", speed, 20.0, better="higher")
    note("    encode alone", seconds / median_seconds(lambda: model.encode(y, model.sr)))
    for vocoder in model.vocoders:
        voice = model.make_vocoder(vocoder)
        for excitation in voice.excitations or (None,):
            taken = median_seconds(lambda v=vocoder, e=excitation: model.render(path, vocoder=v, excitation=e), times=2)
            note(f"    decode alone, {vocoder} {excitation or ''}".rstrip(), seconds / taken)


def bench_blocks(model: ContinuousModel, y: np.ndarray) -> None:
    """Print how far blocks are from the whole, for blocks of one to many hops."""
    hop = model.grid.frames.hop_length
    y = y[: len(y) // (16 * hop) * 16 * hop]
    for vocoder in model.vocoder_states:
        voice = model.make_vocoder(vocoder)
        excitation = "coherent" if voice.excitations else None
        whole = model.render(model.encode(y, model.sr), vocoder=vocoder, excitation=excitation)
        worst = 0.0
        for hops in (1, 4, 16):
            stream = ModelStream(model, vocoder=vocoder, excitation=excitation)
            parts = [stream.push(block) for block in y.reshape(-1, hops * hop)]
            streamed = np.concatenate([*parts, stream.finish()])[stream.delay_samples :]
            worst = max(worst, float(np.abs(streamed - whole).max()))
        show(f"{vocoder}: blocks of 1, 4 and 16 hops, largest difference from the whole", worst, 1e-5)


def bench_delay(model: ContinuousModel) -> None:
    """Print the delay that is stated, and the one of a sound that begins in the middle of a stream."""
    hop, sr = model.grid.frames.hop_length, model.sr
    stream = ModelStream(model, excitation="coherent" if model.make_vocoder().excitations else None)
    begins = 100 * hop
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(100 * hop) / sr).astype(np.float32)
    y = np.concatenate([np.zeros(begins, np.float32), tone])
    out = np.concatenate([stream.push(block) for block in y.reshape(-1, hop)])
    # The onset as energy that has reached half of what it becomes, in and out measured alike; a block has to be full
    # before it is played, which is one hop more.
    half = [int(np.argmax(_level(s) > 0.5 * np.median(_level(s)[-40 * hop :]))) for s in (y, out)]
    show("delay, analysis included, stated", 1000 * stream.latency_s, 60.0, unit="ms")
    measured_ms = 1000 * (half[1] - half[0] + hop) / sr
    show("    measured at an onset, one block's filling included", measured_ms, 60.0, unit="ms")


def _level(y: np.ndarray, span: int = 256) -> np.ndarray:
    """Average the squares of the samples up to each one."""
    total = np.concatenate([[0.0], np.cumsum(np.square(y, dtype=np.float64))])
    at = np.arange(len(y))
    return (total[at + 1] - total[np.maximum(at + 1 - span, 0)]) / span


def main(name: str = "strings") -> None:
    """Print speed, equality and delay beside their bars."""
    torch.set_num_threads(1)
    model = load(name)
    y = next(iter(held_out(model).values()))[: round(SECONDS * model.sr)]
    bench_speed(model, y)
    bench_blocks(model, y)
    bench_delay(model)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
