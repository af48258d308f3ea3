"""A sound that comes in: followed by its descriptors, or played by its spectra, and how late."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.live.listening import LikeSource, OctaveShift, Source, TransferSource
from vqsynth.live.player import LivePlayer
from vqsynth.sound.descriptors import measure

SOURCES = [LikeSource, TransferSource]
Sound = NDArray[np.float32]


@pytest.fixture(scope="module")
def violin() -> Codebook:
    return vqsynth.load("violin")


def play_heard(book: Codebook, make: Callable[..., Source], y: Sound, *, sr: int = 44100, block: int = 512) -> Sound:
    """Let a sound come in block by block, and return what is played meanwhile."""
    player = LivePlayer(book, sr=sr)
    player.source = make(book, sr)
    parts = []
    for start in range(0, len(y) - block + 1, block):
        player.hear(y[start : start + block])
        parts.append(player.read(block))
    return np.concatenate(parts)


def saw(frequency_hz: float, seconds: float, sr: int = 44100) -> Sound:
    """A tone with all partials under 8 kHz."""
    t = np.arange(round(seconds * sr)) / sr
    partials = range(1, int(8000 / frequency_hz))
    return (0.1 * sum(np.sin(2 * np.pi * k * frequency_hz * t) / k for k in partials)).astype(np.float32)


@pytest.mark.parametrize("make", SOURCES)
def test_pitch_and_loudness_of_a_tone_are_kept(violin: Codebook, make: Callable[..., Source]) -> None:
    heard = saw(510.0, 0.7)
    y = play_heard(violin, make, heard)[12_000:]
    got, asked = (measure(sound, violin.grid, ["pitch", "loudness"]) for sound in (y, heard))
    assert np.nanmedian(got["pitch"]) == pytest.approx(510, rel=0.004)
    assert np.median(got["loudness"]) == pytest.approx(np.median(asked["loudness"]), abs=3)


@pytest.mark.parametrize("make", SOURCES)
@pytest.mark.parametrize(("sr", "most_ms"), [(44100, 47), (48000, 70)])
def test_latency_is_as_said(violin: Codebook, make: Callable[..., Source], sr: int, most_ms: float) -> None:
    """The middle of a burst is heard after a window, a block included, and where the rate differs a little later."""
    heard = np.zeros(sr, np.float32)
    heard[sr // 2 : sr // 2 + 2000] = saw(500.0, 1.0, sr)[:2000] * np.hanning(2000)
    y = play_heard(violin, make, heard, sr=sr)
    middles = [np.average(np.arange(len(sound)), weights=sound.astype(np.float64) ** 2) for sound in (heard, y)]
    late_ms = 1000 * ((middles[1] - middles[0]) / sr + 512 / sr)
    assert 20 < late_ms < most_ms


@pytest.mark.parametrize("make", SOURCES)
def test_silence_and_samples_that_are_no_numbers_give_silence(book: Codebook, make: Callable[..., Source]) -> None:
    y = play_heard(book, make, np.full(8000, np.nan, np.float32), sr=16000)
    assert np.isfinite(y).all() and np.abs(y).max() < 1e-4


@pytest.mark.parametrize("make", SOURCES)
def test_transfer_and_like_do_not_care_for_the_size_of_blocks(violin: Codebook, make: Callable[..., Source]) -> None:
    heard = saw(440.0, 0.5)
    for block in (64, 1000, 4096):
        y = play_heard(violin, make, heard, block=block)[12_000:]
        assert np.nanmedian(measure(y, violin.grid, ["pitch"])["pitch"]) == pytest.approx(440, rel=0.004)


def test_low_voice_is_moved_by_octaves(violin: Codebook) -> None:
    shift = OctaveShift(violin.table)
    ratios = {shift.ratio(hz) for hz in (90.0, 100.0, 110.0, 95.0)}
    assert ratios <= {2.0, 4.0}
    assert OctaveShift(violin.table).ratio(440.0) == 1.0
