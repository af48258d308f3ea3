"""A model played live: the same samples in any blocks, and a delay that is measured, not believed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.continuous.small import GRID, SR, make_small_model, make_sound
from vqsynth.continuous.bending import scale_component, shift_component
from vqsynth.continuous.latents import LatentPath
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.streaming import ModelStream, count_delay
from vqsynth.errors import AudioError, ModelError, ParameterError
from vqsynth.sound.frames import FrameGrid

Sound = NDArray[np.float32]

HOP, N_FFT = GRID.frames.hop_length, GRID.frames.n_fft
LIVE = ("magnitude", "melgan")
LONGEST_DELAY_S = 0.060


@pytest.fixture(scope="module")
def model() -> ContinuousModel:
    return make_small_model(vocoders=LIVE)


def play(stream: ModelStream, y: Sound, hops: Sequence[int]) -> Sound:
    """Push blocks of so many hops until the sound is over, and return all that comes out."""
    parts, start, i = [], 0, 0
    while start < len(y):
        size = min(hops[i % len(hops)] * HOP, len(y) - start)
        parts.append(stream.push(y[start : start + size]))
        assert len(parts[-1]) == size
        start, i = start + size, i + 1
    return np.concatenate([*parts, stream.finish()])


@pytest.mark.parametrize("vocoder", LIVE)
@pytest.mark.parametrize("hops", [(1,), (2, 5, 1), (7,), (1000,)])
def test_push_any_blocks_gives_the_samples_of_the_whole(
    model: ContinuousModel, vocoder: str, hops: tuple[int, ...]
) -> None:
    y = make_sound(1.0)[: 61 * HOP]
    stream = ModelStream(model, vocoder=vocoder, seed=5)
    got = play(stream, y, hops)
    excitation = "coherent" if vocoder == "magnitude" else None
    whole = model.render(model.encode(y, SR), vocoder=vocoder, excitation=excitation, seed=5)
    assert len(got) == len(y) + stream.delay_samples
    assert not got[: stream.delay_samples].any()
    assert np.abs(whole).max() > 0.01
    np.testing.assert_allclose(got[stream.delay_samples :], whole, rtol=0, atol=1e-5)


@settings(max_examples=12)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 40))
def test_push_of_any_length_and_split_gives_the_samples_of_the_whole(hops: list[int], n_hops: int) -> None:
    model, y = make_small_model(), make_sound(1.0, seed=2)[: n_hops * HOP]
    stream = ModelStream(model)
    got = play(stream, y, hops)
    whole = model.render(model.encode(y, SR), excitation="coherent")
    np.testing.assert_allclose(got[stream.delay_samples :], whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize("vocoder", ["magnitude", "melgan"])
def test_push_bent_is_the_bent_path_rendered(model: ContinuousModel, vocoder: str) -> None:
    def bent(path: LatentPath) -> LatentPath:
        return shift_component(scale_component(path, 1, 1.5), "loudness", -6.0)

    y = make_sound(0.6)[: 36 * HOP]
    stream = ModelStream(model, vocoder=vocoder, bend=bent)
    excitation = "coherent" if vocoder == "magnitude" else None
    whole = model.render(bent(model.encode(y, SR)), vocoder=vocoder, excitation=excitation)
    plain = model.render(model.encode(y, SR), vocoder=vocoder, excitation=excitation)
    np.testing.assert_allclose(play(stream, y, (3, 1))[stream.delay_samples :], whole, rtol=0, atol=1e-5)
    assert np.abs(plain - whole).max() > 1e-3


def centre_of(y: Sound, near: int) -> float:
    """Find the centre of the energy of what lies within three windows of a sample."""
    places = np.arange(max(0, near - 3 * N_FFT), min(len(y), near + 3 * N_FFT))
    energy = y[places].astype(np.float64) ** 2
    return float(np.sum(places * energy) / np.sum(energy))


def test_delay_of_clicks_through_the_chain_is_the_one_stated(model: ContinuousModel) -> None:
    """Clicks in silence, at all places relative to the hop: how much later the energy comes out, on the average."""
    clicks = np.array([8 * N_FFT * (i + 1) + 8 * i for i in range(HOP // 8)])
    y = np.zeros(8 * N_FFT * (len(clicks) + 1), np.float32)
    y[clicks] = 0.9
    stream = ModelStream(model, vocoder="magnitude")
    heard = play(stream, y, (1,))
    delays = [centre_of(heard, click + stream.delay_samples) - click for click in clicks]
    assert np.mean(delays) == pytest.approx(stream.delay_samples, abs=HOP / 4)
    assert max(delays) < stream.delay_samples + HOP


def test_delay_of_an_onset_is_never_longer_than_the_latency_stated(model: ContinuousModel) -> None:
    """A tone that sets in: when it is heard at half its level, counted from its first sample, the block included."""
    late = []
    for offset in range(0, HOP, 16):
        start = 20 * HOP + offset
        t = np.arange(60 * HOP) / SR
        y = np.where(np.arange(len(t)) >= start, 0.3 * np.sin(2 * np.pi * 700 * t), 0).astype(np.float32)
        stream = ModelStream(model, vocoder="magnitude")
        heard = play(stream, y, (1,))
        level = np.sqrt(np.convolve(heard.astype(np.float64) ** 2, np.ones(HOP) / HOP)[HOP // 2 :][: len(heard)])
        steady = np.median(level[start + 2 * N_FFT : len(y)])
        onset = start - HOP + int(np.argmax(level[start - HOP :] > steady / 2))
        late.append((onset - start + HOP) / SR)  # a block is gathered before it is played
    assert np.mean(late) <= stream.latency_s * 1.05
    assert stream.latency_s == N_FFT / SR


@pytest.mark.parametrize(("n_fft", "hop"), [(2048, 512), (2048, 256), (1024, 256)])
def test_latency_at_the_sizes_of_shipped_models_is_short(n_fft: int, hop: int) -> None:
    grid = FrameGrid(44100, n_fft, hop)
    assert (count_delay(grid) + hop) / grid.sr <= LONGEST_DELAY_S


def test_push_given_nothing_before_finish_is_silent(model: ContinuousModel) -> None:
    assert len(ModelStream(model).finish()) == 0


@pytest.mark.parametrize("length", [1, HOP - 1, HOP + 1])
def test_push_a_block_that_is_no_multiple_of_the_hop_is_refused(model: ContinuousModel, length: int) -> None:
    with pytest.raises(ParameterError, match=f"multiple of 128 samples, the hop of model 'small' .got {length}"):
        ModelStream(model).push(np.zeros(length, np.float32))


@pytest.mark.parametrize(
    ("block", "message"),
    [([], "at least one"), ([np.nan] * HOP, "NaN"), ([1e30] * HOP, "full scale"), ([[0.0] * HOP] * 2, "mono")],
)
def test_push_what_is_no_sound_is_refused_and_changes_nothing(
    model: ContinuousModel, block: list[float], message: str
) -> None:
    y, stream = make_sound(0.5)[: 30 * HOP], ModelStream(model)
    first = stream.push(y[: 10 * HOP])
    with pytest.raises(AudioError, match=message):
        stream.push(np.array(block, np.float32))
    rest = play(stream, y[10 * HOP :], (4,))
    np.testing.assert_array_equal(np.concatenate([first, rest]), play(ModelStream(model), y, (10, 4, 4, 4, 4, 4)))


def test_push_after_finish_is_refused(model: ContinuousModel) -> None:
    stream = ModelStream(model)
    stream.push(np.zeros(HOP, np.float32))
    stream.finish()
    with pytest.raises(ParameterError, match="has ended; make a new ModelStream"):
        stream.push(np.zeros(HOP, np.float32))


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"vocoder": "griffin-lim"}, "needs the whole sound"),
        ({"excitation": "refined"}, "needs the whole sound"),
        ({"vocoder": "harp"}, "must be one of magnitude"),
        ({"excitation": "steam"}, "must be one of"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": 1.5}, "seed must be a whole number"),
    ],
)
def test_stream_of_what_cannot_be_streamed_is_refused(
    model: ContinuousModel, choice: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        ModelStream(model, **choice)


def test_push_with_a_bend_that_returns_another_path_is_refused(model: ContinuousModel) -> None:
    other = make_small_model("other", seed=1).encode(make_sound(0.2), SR)
    longer = model.encode(make_sound(0.2), SR)
    with pytest.raises(ModelError, match="made with model 'other'"):
        ModelStream(model, bend=lambda path: other).push(make_sound(0.5)[: 8 * HOP])
    with pytest.raises(ParameterError, match="bend must return as many frames as it was given, 7"):
        ModelStream(model, bend=lambda path: longer).push(make_sound(0.5)[: 8 * HOP])


def test_a_block_that_bend_fails_on_can_be_pushed_again(model: ContinuousModel) -> None:
    """A bend that fails every third time gives, where one insists, what no bend gives."""
    calls = 0

    def moody(path: LatentPath) -> LatentPath:
        nonlocal calls
        calls += 1
        return shift_component(path, 1, 1e9 if calls % 3 == 0 else 0.0)

    def insist(work: Callable[[], Sound]) -> Sound:
        try:
            return work()
        except ParameterError:
            return work()

    y = make_sound(0.6)[: 36 * HOP]
    stream, steady = ModelStream(model, bend=moody), ModelStream(model)
    blocks = [insist(partial(stream.push, block)) for block in np.split(y, 12)]
    got = np.concatenate([*blocks, insist(stream.finish)])
    np.testing.assert_array_equal(got, play(steady, y, (3,)))
    assert calls > 12
