"""One protocol for all that streams: what comes out end to end is the delay in silence, and then the whole."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.continuous.small import SR, make_small_model, make_sound
from vqsynth.codebook import Codebook
from vqsynth.codes.voice import CodeVoice
from vqsynth.continuous.streaming import ModelStream
from vqsynth.render import render_path
from vqsynth.sound.streams import Stream


def play_codes(book: Codebook) -> tuple[Stream, list[tuple[NDArray[np.generic], ...]], NDArray[np.float32]]:
    path = book.follow(seconds=0.5, centroid=900)
    frames = [(path.codes[i : i + 1], path.gain_db[i : i + 1]) for i in range(len(path))]
    exact = path.n_samples - path.n_samples % path.hop_length
    return CodeVoice(book.spectra), frames, render_path(path, book.spectra)[: exact - path.hop_length]


def play_model(book: Codebook) -> tuple[Stream, list[tuple[NDArray[np.generic], ...]], NDArray[np.float32]]:
    model = make_small_model(vocoders=("magnitude",))
    y = make_sound(0.5)
    y = y[: len(y) - len(y) % model.grid.frames.hop_length]
    blocks = [(block,) for block in y.reshape(-1, model.grid.frames.hop_length)]
    return ModelStream(model), blocks, model.render(model.encode(y, SR), excitation="coherent")


def play_vocoder(book: Codebook) -> tuple[Stream, list[tuple[NDArray[np.generic], ...]], NDArray[np.float32]]:
    model = make_small_model(vocoders=("magnitude",))
    path = model.encode(make_sound(0.5), SR)
    vocoder, rng = model.make_vocoder(), np.random.default_rng(0)
    log_mel = rng.normal(-4, 1, (len(path), model.grid.n_mels)).astype(np.float32)
    level = path.loudness_db.astype(np.float32)
    frames = [(log_mel[i : i + 1], level[i : i + 1]) for i in range(len(path))]
    n_samples = (len(path) - 1) * model.grid.frames.hop_length
    whole = vocoder.render(log_mel, level, n_samples=n_samples, excitation="coherent")
    return vocoder.stream(), frames, whole


@pytest.mark.parametrize("make", [play_codes, play_model, play_vocoder])
def test_stream_gives_the_whole_after_its_delay(book: Codebook, make: object) -> None:
    stream, parts, whole = make(book)  # type: ignore[operator]
    y = np.concatenate([*(stream.push(*part) for part in parts), stream.finish()])
    assert not y[: stream.delay_samples].any()
    np.testing.assert_allclose(y[stream.delay_samples :][: len(whole)], whole, atol=1e-5)
