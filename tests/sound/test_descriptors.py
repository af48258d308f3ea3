"""Descriptors: what physics says of them, and what librosa and the loudness standard say."""

from collections.abc import Callable, Iterator

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from vqsynth.errors import ParameterError
from vqsynth.sound import descriptors
from vqsynth.sound.descriptors import REGISTRY, Analysis, descriptor, lookup, measure
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.loudness import k_weight

Sound = NDArray[np.float32]
GRID = FrameGrid()
INSIDE = slice(4, -4)


def middle(y: Sound, name: str) -> float:
    return float(np.median(measure(y, GRID, [name])[name][INSIDE]))


@pytest.fixture
def no_trace() -> Iterator[None]:
    """Forget what a test registers."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.mark.parametrize("f_hz", [300.0, 1000.0, 5000.0])
def test_centroid_of_a_sine_is_its_frequency(sine: Callable[..., Sound], f_hz: float) -> None:
    assert middle(sine(f_hz), "centroid") == pytest.approx(f_hz, rel=0.01)


def test_flatness_noise_is_flatter_than_a_sine(sine: Callable[..., Sound], rng: np.random.Generator) -> None:
    noise = (0.1 * rng.standard_normal(44100)).astype(np.float32)
    assert middle(noise, "flatness") > -4 > -40 > middle(sine(440.0), "flatness")
    assert middle(noise, "crest") < middle(sine(440.0), "crest")


def test_bandwidth_of_two_sines_is_half_their_distance(sine: Callable[..., Sound]) -> None:
    y = sine(2000.0, amplitude=0.25) + sine(6000.0, amplitude=0.25)
    assert middle(y, "bandwidth") == pytest.approx(2000.0, rel=0.01)


def test_loudness_of_a_full_scale_997_hz_sine_is_minus_three(sine: Callable[..., Sound]) -> None:
    """BS.1770: a 0 dBFS 997 Hz sine reads -3.01 LKFS."""
    assert middle(sine(997.0, amplitude=1.0), "loudness") == pytest.approx(-3.01, abs=0.02)


def test_loudness_six_decibels_more_is_twice_the_amplitude(sine: Callable[..., Sound]) -> None:
    quiet, loud = (middle(sine(700.0, amplitude=a), "loudness") for a in (0.2, 0.4))
    assert loud - quiet == pytest.approx(20 * np.log10(2), abs=1e-3)


@pytest.mark.parametrize("sr", [22050, 44100, 96000])
def test_k_weight_agrees_with_the_recursive_filter(sr: int, rng: np.random.Generator) -> None:
    """The coefficients of the standard at 48 kHz, and the same prototypes at other rates."""
    y = rng.standard_normal(2 * sr).astype(np.float32)
    np.testing.assert_allclose(k_weight(y, sr), recursive_k_weighting(y, sr), atol=2e-4)


def recursive_k_weighting(y: Sound, sr: int) -> NDArray[np.float64]:
    f0, gain_db, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k, high = np.tan(np.pi * f0 / sr), 10 ** (gain_db / 20)
    band, a0 = high**0.4996667741545416, 1 + k / q + k * k
    b = np.array([high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k])
    y = lfilter(b / a0, [1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0], y)
    k, q = np.tan(np.pi * 38.13547087602444 / sr), 0.5003270373238773
    a0 = 1 + k / q + k * k
    return lfilter([1, -2, 1], [1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0], y)


def test_k_weight_at_48_khz_has_the_gains_of_the_standard() -> None:
    """The response at 1 kHz is +0.7 dB and at high frequencies +4 dB, the biquads printed in BS.1770-4 evaluated."""
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1, -1.69065929318241, 0.73248077421585])
    highpass = ([1.0, -2.0, 1.0], [1, -1.99004745483398, 0.99007225036621])
    pulse = np.zeros(48000, np.float32)
    pulse[100] = 1
    expected = lfilter(*highpass, lfilter(*shelf, pulse))
    np.testing.assert_allclose(k_weight(pulse, 48000), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["centroid", "bandwidth", "rolloff"])
def test_measure_agrees_with_librosa(name: str, rng: np.random.Generator) -> None:
    y = lfilter([1], [1, -0.98], rng.standard_normal(30000)).astype(np.float32) / 100
    theirs = getattr(librosa.feature, f"spectral_{name}")(y=y, sr=44100, n_fft=2048, hop_length=512)[0]
    np.testing.assert_allclose(measure(y, GRID, [name])[name], theirs, rtol=1e-3)


def test_flatness_agrees_with_librosa(rng: np.random.Generator) -> None:
    y = (0.1 * rng.standard_normal(30000)).astype(np.float32)
    theirs = 10 * np.log10(librosa.feature.spectral_flatness(y=y, n_fft=2048, hop_length=512)[0])
    np.testing.assert_allclose(measure(y, GRID, ["flatness"])["flatness"], theirs, atol=1e-3)


@pytest.mark.parametrize("f_hz", [70.0, 196.0, 440.0, 1318.5, 3000.0])
def test_pitch_of_a_harmonic_sound_is_its_fundamental(f_hz: float) -> None:
    t = np.arange(22050) / 44100
    y = sum(np.sin(2 * np.pi * k * f_hz * t + k) / k for k in range(1, 30) if k * f_hz < 18000).astype(np.float32)
    cents = 1200 * np.log2(middle(y, "pitch") / f_hz)
    assert abs(cents) < 1
    assert middle(y, "pitch_confidence") > 0.95


def test_pitch_with_a_weak_fundamental_is_not_an_octave_off() -> None:
    t = np.arange(22050) / 44100
    y = sum(a * np.sin(2 * np.pi * k * 220 * t) for k, a in ((1, 0.02), (2, 1), (3, 0.8), (4, 0.5))).astype(np.float32)
    assert middle(y, "pitch") == pytest.approx(220.0, rel=1e-3)


@pytest.mark.parametrize("f_hz", [5000.0, 6900.0, 9000.0])
def test_pitch_of_a_tone_above_the_range_is_not_usable(sine: Callable[..., Sound], f_hz: float) -> None:
    """It is not heard an octave down either."""
    assert np.isnan(measure(sine(f_hz), GRID, ["pitch"])["pitch"][INSIDE]).all()


def test_pitch_of_noise_is_not_usable(rng: np.random.Generator) -> None:
    y = rng.standard_normal(44100).astype(np.float32)
    assert np.isnan(measure(y, GRID, ["pitch"])["pitch"]).mean() > 0.95


def test_pitch_agrees_with_pyin_on_a_glide() -> None:
    f_hz = np.geomspace(220, 440, 44100)
    phase = 2 * np.pi * np.cumsum(f_hz) / 44100
    y = sum(np.sin(k * phase) / k for k in range(1, 8)).astype(np.float32)
    theirs = librosa.pyin(y, fmin=100, fmax=1000, sr=44100, frame_length=2048, hop_length=512)[0]
    cents = 1200 * np.log2(measure(y, GRID, ["pitch"])["pitch"] / theirs)[INSIDE]
    assert np.nanmedian(np.abs(cents)) < 10


def test_measure_silence_has_no_spectral_values() -> None:
    measured = measure(np.zeros(4000, np.float32), GRID)
    for name in ("centroid", "bandwidth", "rolloff", "flatness", "crest", "pitch"):
        assert np.isnan(measured[name]).all(), name
    assert (measured["loudness"] < -120).all()
    assert (measured["pitch_confidence"] == 0).all()


def test_measure_batch_equals_one_by_one(rng: np.random.Generator) -> None:
    y = rng.standard_normal((5, 9000)).astype(np.float32)
    together = measure(y, GRID)
    for i, one in enumerate(y):
        for name, values in measure(one, GRID).items():
            np.testing.assert_allclose(together[name][i], values, rtol=1e-4, atol=1e-4, err_msg=name)


def test_measure_clean_of_some_frames_equals_these_of_all(rng: np.random.Generator) -> None:
    y = rng.standard_normal((2, 8192)).astype(np.float32)
    whole = descriptors.measure_clean(y, GRID)
    for name, values in descriptors.measure_clean(y, GRID, first=3, last=11).items():
        np.testing.assert_allclose(values, whole[name][:, 3:11], rtol=1e-5, err_msg=name)


def test_measure_long_sound_equals_its_frames(rng: np.random.Generator) -> None:
    """Longer than the blocks that it is worked through in."""
    y = rng.standard_normal(700 * 512).astype(np.float32)
    whole = measure(y, GRID, ["centroid", "loudness"])
    part = measure(y[512 * 500 :], GRID, ["centroid", "loudness"])
    np.testing.assert_allclose(whole["centroid"][505:-2], part["centroid"][5:-2], rtol=1e-5)
    np.testing.assert_allclose(whole["loudness"][520:-2], part["loudness"][20:-2], atol=1e-3)


@pytest.mark.usefixtures("no_trace")
def test_descriptor_of_the_user_is_measured() -> None:
    @descriptor("peak", unit="")
    def peak(sound: Analysis) -> NDArray[np.float32]:
        return np.abs(sound.frames).max(-1)

    y = np.tile(np.array([0.25, -0.25], np.float32), 2500)
    np.testing.assert_array_equal(measure(y, GRID, ["peak"])["peak"][1:], 0.25)


def test_descriptor_with_a_taken_name_is_refused() -> None:
    with pytest.raises(ParameterError, match="'centroid' exists already"):
        descriptor("centroid", unit="Hz")(lambda sound: sound.magnitude[..., 0])


@pytest.mark.parametrize("name", ["no good", "", "code", "count"])
def test_descriptor_with_an_impossible_name_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="cannot name a descriptor"):
        descriptor(name, unit="Hz")(lambda sound: sound.magnitude[..., 0])


def test_lookup_unknown_name_lists_the_known() -> None:
    with pytest.raises(
        ParameterError,
        match="unknown descriptor 'brigthness'; did you mean 'brightness'",
    ):
        lookup("brigthness")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test register what it likes, and forget it."""
    monkeypatch.setattr(descriptors, "REGISTRY", dict(descriptors.REGISTRY))


@pytest.mark.parametrize("name", ["count", "code", "and", "p5", "p50_5", "a b", "", 3])
def test_descriptor_of_a_name_that_means_something_else_is_refused(registry: None, name: str) -> None:
    with pytest.raises(ParameterError, match="cannot name a descriptor"):
        descriptors.descriptor(name, unit="")(lambda sound: sound.pitch[1])


def test_descriptor_named_as_a_built_in_one_does_not_replace_it(registry: None) -> None:
    def centroid(sound: descriptors.Analysis) -> descriptors.Floats:
        return sound.pitch[1]

    centroid.__qualname__ = "centroid"
    with pytest.raises(ParameterError, match="exists already"):
        descriptors.descriptor("centroid", unit="Hz")(centroid)


@pytest.mark.parametrize("wrong", [lambda s: 3.0, lambda s: None, lambda s: s.magnitude, lambda s: "loud",
                                   lambda s: s.pitch[1] * 1j])  # fmt: skip
def test_measure_a_descriptor_of_the_wrong_shape_names_it(registry: None, wrong: object) -> None:
    descriptors.descriptor("mine", unit="")(wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"'mine' must return a number per frame, of shape \(2,\)"):
        descriptors.measure(np.zeros(600, np.float32), FrameGrid(), ["mine"])


def test_measure_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ParameterError, match="finite"):
        descriptors.measure(np.array([0.0, np.nan]), FrameGrid())


@pytest.mark.parametrize(("sr", "n_fft"), [(384000, 64), (192000, 128)])
def test_measure_in_windows_too_short_for_any_pitch_finds_it_all_the_same(sr: int, n_fft: int) -> None:
    """A pitch has frames of its own."""
    y = np.sin(2 * np.pi * 440 * np.arange(sr // 8) / sr).astype(np.float32)
    found = descriptors.measure(y, FrameGrid(sr, n_fft, n_fft // 4), ["pitch"])["pitch"]
    np.testing.assert_allclose(found[len(found) // 2], 440, rtol=1e-3)


@pytest.mark.parametrize(("n_fft", "hop_length"), [(3072, 768), (1024, 256), (2048, 512)])
def test_measure_in_other_frames_keeps_the_clock_and_agrees_with_librosa(
    rng: np.random.Generator, n_fft: int, hop_length: int
) -> None:
    y = (rng.standard_normal(20000) * np.linspace(0.1, 1, 20000)).astype(np.float32)
    got = measure(y, FrameGrid(n_fft=n_fft, hop_length=hop_length), ["centroid", "loudness"], n_fft=2048)
    theirs = librosa.feature.spectral_centroid(y=y, sr=44100, n_fft=2048, hop_length=hop_length)[0]
    np.testing.assert_allclose(got["centroid"], theirs, rtol=1e-4)
    assert got["loudness"].shape == theirs.shape
