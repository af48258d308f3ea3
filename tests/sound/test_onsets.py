"""Onsets of sounds: where they are and how fast they rise, and attacks that set in at a sample."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vqsynth.sound.attacks import AttackAdd, ramp, ramp_samples
from vqsynth.sound.frames import FrameGrid, OverlapAdd
from vqsynth.sound.onsets import CLICK_MS, find_onsets

SR = 44100
GRID = FrameGrid(SR, 1024, 256)


def noise(n: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=n).astype(np.float32)


def hits(times_s: list[float], rise_ms: float = 0.0, seconds: float = 2.0) -> NDArray[np.float32]:
    """Make decaying tones that rise from 10 to 90 % in so many ms."""
    t = np.arange(round(seconds * SR)) / SR
    y = np.zeros(len(t), np.float32)
    for at in times_s:
        since = t - at
        shape = np.exp(-np.maximum(since, 0) / 0.1) * (since >= 0)
        if rise_ms:
            n, first = ramp_samples(rise_ms, SR), round(at * SR)
            shape[first : first + n] *= ramp(n)
        y += (0.3 * shape * np.sin(2 * np.pi * 3000 * t)).astype(np.float32)
    return y


def test_find_onsets_finds_hits_where_they_are_and_a_held_tone_has_none() -> None:
    found = find_onsets(hits([0.3, 0.9, 1.5]), SR)
    np.testing.assert_allclose(found.starts / SR, [0.3, 0.9, 1.5], atol=0.003)
    assert len(find_onsets(np.sin(0.3 * np.arange(SR)).astype(np.float32), SR).starts) == 0
    assert len(find_onsets(np.zeros(0, np.float32), SR).starts) == 0


@pytest.mark.parametrize("rise_ms", [3.0, 8.0, 20.0])
def test_find_onsets_measures_the_rise_that_a_sound_has(rise_ms: float) -> None:
    found = find_onsets(hits([0.5, 1.2], rise_ms), SR)
    heard = np.sqrt(np.maximum(found.rises_ms**2 - CLICK_MS**2, 0))
    np.testing.assert_allclose(heard, rise_ms, rtol=0.3)


def test_find_onsets_does_not_depend_on_the_level() -> None:
    loud, soft = (find_onsets(gain * hits([0.4, 1.0], 4), SR) for gain in (1.0, 0.01))
    np.testing.assert_array_equal(loud.starts, soft.starts)
    np.testing.assert_array_equal(loud.rises_ms, soft.rises_ms)


def test_attack_add_without_a_strike_is_an_overlap_add() -> None:
    frames = noise(20 * 1024).reshape(20, 1024)
    np.testing.assert_array_equal(AttackAdd(GRID).push(frames), OverlapAdd(GRID).push(frames))


@pytest.mark.parametrize("n_ramp", [1, 100, 700])
def test_strike_ends_one_sound_and_begins_the_other_at_the_centre_of_a_frame(n_ramp: int) -> None:
    """Ones before and twos after: nothing of the one is heard in the other but in the ramp."""
    adder = AttackAdd(GRID)
    frames = GRID.window * np.ones((1, 1024), np.float32)
    held, lead = adder.count_held(n_ramp)
    before = adder.push(np.repeat(frames, 12, axis=0))
    adder.strike(np.repeat(frames, held, axis=0), np.repeat(2 * frames, lead, axis=0), n_ramp)
    y = np.concatenate([before, adder.push(np.repeat(2 * frames, 12, axis=0))])
    at = 12 * 256 + 512
    np.testing.assert_allclose(y[2048:at], 1, atol=1e-5)
    np.testing.assert_allclose(y[at + n_ramp : at + 1500], 2, atol=1e-5)
    np.testing.assert_allclose(y[at : at + n_ramp], 1 + ramp(n_ramp), atol=1e-5)
