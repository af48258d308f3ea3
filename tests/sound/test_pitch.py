"""Pitch: what physics says it is, from 30 Hz to 4 kHz, at any rate, in any frames, and that noise has none."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from vqsynth.codes.spectra import CodeSpectra, measure_spectra, normalize_power
from vqsynth.curves.listening import measure_pieces
from vqsynth.sound.descriptors import measure
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.pitch import count_samples, estimate_pitch

Sound = NDArray[np.float32]
SR = 44100


def tone(f_hz: float, levels: dict[int, float], *, sr: int = SR, seconds: float = 0.4) -> Sound:
    """Sum partials, number to amplitude, those above 0.45 of the rate left out, each of another phase."""
    t = np.arange(round(seconds * sr)) / sr
    parts = [a * np.sin(2 * np.pi * k * f_hz * t + k) for k, a in levels.items() if k * f_hz < 0.45 * sr]
    return (0.2 * np.sum(parts, axis=0)).astype(np.float32)


def cents_off(y: Sound, f_hz: float, grid: FrameGrid) -> float:
    """Tell how far the worst frame of those inside a sound is from a frequency; NaN where one has no pitch."""
    got = measure(y, grid, ["pitch"])["pitch"]
    return float(np.abs(1200 * np.log2(got[len(got) // 3 : -len(got) // 3] / f_hz)).max())


@pytest.mark.parametrize("sr", [11025, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("f_hz", [30.5, 43.0, 61.7, 123.5, 415.3, 1046.5, 2349.3, 3322.4, 3951.1])
def test_pitch_of_a_sine_is_its_frequency(f_hz: float, sr: int) -> None:
    assert cents_off(tone(f_hz, {1: 1.0}, sr=sr), f_hz, FrameGrid(sr)) < 5


EVENS = {k: (1.0 if k % 2 == 0 else 0.15) / k for k in range(1, 20)}


@pytest.mark.parametrize("n_fft", [256, 1024, 2048, 3072, 4096])
@pytest.mark.parametrize("f_hz", [32.7, 46.2, 55.0, 82.4, 110.0, 220.0])
def test_pitch_with_strong_even_partials_is_not_an_octave_up(f_hz: float, n_fft: int) -> None:
    assert cents_off(tone(f_hz, EVENS), f_hz, FrameGrid(SR, n_fft, n_fft // 4)) < 5


@pytest.mark.parametrize("f_hz", [41.2, 65.4, 196.0, 523.3, 1318.5])
@pytest.mark.parametrize("levels", [dict.fromkeys(range(2, 8), 1.0), {2: 1.0, 3: 1.0}, {1: 0.05, 2: 1.0, 3: 0.8}])
def test_pitch_is_heard_where_the_fundamental_is_missing(levels: dict[int, float], f_hz: float) -> None:
    assert cents_off(tone(f_hz, levels), f_hz, FrameGrid()) < 5


@pytest.mark.parametrize(("f_hz", "sr"), [(588.6, 8000), (1713.9, 16000), (2381.3, 44100), (3047.5, 48000)])
def test_pitch_whose_period_lies_between_two_samples_is_not_an_octave_down(f_hz: float, sr: int) -> None:
    """A dip of wide-band sound is narrower than a sample."""
    for levels in (dict.fromkeys(range(1, 8), 1.0), dict.fromkeys(range(2, 8), 1.0)):
        assert cents_off(tone(f_hz, levels, sr=sr), f_hz, FrameGrid(sr)) < 5


@pytest.mark.parametrize("f_hz", [196.0, 440.0, 880.0])
def test_pitch_of_two_partials_out_of_tune_is_not_a_fraction_of_it(f_hz: float) -> None:
    """Between them they repeat, more or less, at some multiple of the period."""
    got = measure(tone(f_hz, {1: 1.0, 2.03: 0.4, 3.08: 0.2}), FrameGrid(), ["pitch"])["pitch"]  # type: ignore[dict-item]
    assert (np.isnan(got) | (np.abs(np.log2(got / f_hz)) < 0.1))[5:-5].all()


def test_pitch_does_not_depend_on_the_frames_of_the_grid() -> None:
    y = tone(82.4, EVENS)
    first = measure(y, FrameGrid(SR, 2048, 256), ["pitch", "pitch_confidence"])
    for n_fft in (1024, 3072, 4096):
        for name, values in measure(y, FrameGrid(SR, n_fft, 256), ["pitch", "pitch_confidence"]).items():
            np.testing.assert_array_equal(values, first[name])


def test_pitch_of_a_glide_is_that_at_the_centre_of_the_frame() -> None:
    """An octave in half a second: 8 ms early would be 20 cents."""
    t, grid = np.arange(SR // 2) / SR, FrameGrid()
    f_hz = 220 * 2 ** (2 * t)
    phase = 2 * np.pi * np.cumsum(f_hz) / SR
    y = np.sum([np.sin(k * phase) / k for k in range(1, 8)], axis=0).astype(np.float32)
    got = measure(y, grid, ["pitch"])["pitch"][4:-4]
    wanted = f_hz[:: grid.hop_length][4:][: len(got)]
    assert np.abs(1200 * np.log2(got / wanted)).max() < 5


def white(rng: np.random.Generator) -> Sound:
    return rng.standard_normal(2 * SR).astype(np.float32)


def pink(rng: np.random.Generator) -> Sound:
    spectrum = np.fft.rfft(rng.standard_normal(2 * SR))
    return np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1)).astype(np.float32)


@pytest.mark.parametrize("make", [white, pink])
def test_pitch_of_noise_is_none(make: Callable[[np.random.Generator], Sound], rng: np.random.Generator) -> None:
    assert np.isnan(measure(make(rng), FrameGrid(), ["pitch"])["pitch"]).mean() > 0.99


@pytest.mark.parametrize("level", [0.0, 0.5, -0.3])
def test_pitch_of_what_only_stands_still_is_none(level: float) -> None:
    got = measure(np.full(SR // 2, level, np.float32), FrameGrid(), ["pitch", "pitch_confidence"])
    assert np.isnan(got["pitch"]).all() and not got["pitch_confidence"].any()


@pytest.mark.parametrize("gain", [1e-5, 1e5])
def test_pitch_does_not_depend_on_level_or_offset(gain: float) -> None:
    y = tone(110.0, EVENS)
    assert cents_off(gain * y, 110.0, FrameGrid()) < 5
    assert cents_off(y + np.float32(0.5), 110.0, FrameGrid()) < 5


def test_estimate_pitch_of_many_frames_equals_one_by_one(rng: np.random.Generator) -> None:
    y = tone(46.2, EVENS) + 0.05 * rng.standard_normal(round(0.4 * SR)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(y, count_samples(SR))[::1000].reshape(2, -1, count_samples(SR))
    together = estimate_pitch(frames, SR)
    for place in np.ndindex(frames.shape[:2]):
        for values, one in zip(together, estimate_pitch(frames[place], SR), strict=True):
            np.testing.assert_allclose(values[place], one, rtol=1e-5)


@pytest.mark.parametrize("n_fft", [1024, 4096])
def test_pitch_in_pieces_equals_the_whole(n_fft: int) -> None:
    """Frames of a pitch reach further than those of a short grid."""
    grid = FrameGrid(SR, n_fft, n_fft // 4)
    y = np.concatenate([tone(f_hz, EVENS) for f_hz in (46.2, 220.0, 32.7)])
    pieces, n_samples = measure_pieces(np.array_split(y, 13), grid, ("pitch", "pitch_confidence"))
    assert n_samples == len(y)
    for name, values in measure(y, grid, pieces).items():
        np.testing.assert_allclose(pieces[name], values, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("n_fft", [256, 1024, 2048])
def test_measure_spectra_in_short_windows_has_whole_frames_for_the_pitch(n_fft: int) -> None:
    """A held code sounds for as long as its pitch looks at."""
    grid = FrameGrid(SR, n_fft, n_fft // 4)
    place = np.abs(np.arange(grid.n_bins) - 1500 * n_fft / SR)
    spectra = CodeSpectra(normalize_power(np.maximum(1 - place / 2, 0)[None], grid), grid)
    f0_hz, confidence = measure_spectra(spectra, ["pitch", "pitch_confidence"])[0]
    assert confidence > 0.98
    assert f0_hz == pytest.approx(1500, rel=0.03)
