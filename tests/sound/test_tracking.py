"""A pitch over time goes on into frames that are less sure of it."""

import numpy as np

import vqsynth
from vqsynth.sound.descriptors import measure
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.tracking import carry_on_pitch


def test_carry_on_pitch_goes_on_from_a_sure_one_and_begins_nowhere_else() -> None:
    hz = np.array([100, 101, 102, 103, 200, 300, 300, 50], np.float32)
    sure = np.array([0.6, 0.9, 0.6, 0.4, 0.9, 0.6, 0.7, 0.6], np.float32)
    known = carry_on_pitch(hz, sure, np.full(8, 1000.0, np.float32))
    np.testing.assert_array_equal(known, np.array([100, 101, 102, np.nan, 200, np.nan, np.nan, np.nan], np.float32))
    under_noise = carry_on_pitch(hz, sure, np.full(8, 9000.0, np.float32))
    np.testing.assert_array_equal(np.isnan(under_noise), ~(sure > 0.8))


def test_measure_of_a_tone_that_sinks_into_noise_hears_its_pitch_for_longer_than_single_frames_do() -> None:
    sr = 44100
    t = np.arange(2 * sr) / sr
    noise = np.random.default_rng(0).standard_normal(len(t)) * np.linspace(0, 4, len(t))
    tone = sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 12))
    y = (0.2 * tone + 0.2 * np.convolve(noise, np.ones(4) / 4, "same")).astype(np.float32)
    alone = measure(y, FrameGrid(sr, 2048, 512), ["pitch"])["pitch"]
    carried = vqsynth.measure(y, sr, ["pitch"])["pitch"]
    known = ~np.isnan(alone)
    np.testing.assert_array_equal(carried[known], alone[known])
    assert (~np.isnan(carried)).sum() > 1.2 * known.sum()
    np.testing.assert_allclose(carried[~np.isnan(carried)], 220, rtol=0.02)


def test_measure_of_names_that_mean_the_same_gives_each_frame_once() -> None:
    y = np.sin(np.arange(4410) / 10)
    measured = vqsynth.measure(y, 44100, ["brightness", "centroid"])
    assert list(measured) == ["centroid"] and len(measured["centroid"]) == 1 + 4410 // 512
