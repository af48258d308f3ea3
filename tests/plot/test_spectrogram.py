"""Images of spectra show partials where they are, and have no more columns than a picture."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from vqsynth.plot.spectrogram import encode_image, image_sound, image_spectra

Sine = Callable[..., NDArray[np.float32]]


@pytest.mark.parametrize("frequency_hz", [110.0, 1000.0, 12000.0])
def test_image_sound_of_a_sine_is_brightest_at_its_frequency(sine: Sine, frequency_hz: float) -> None:
    image = image_sound(sine(frequency_hz, seconds=2.0), 44100)
    levels, times, top_hz = image.levels_db, image.edges_s[:-1], image.top_hz
    edges = np.geomspace(50, top_hz, levels.shape[0] + 1)
    brightest = np.sqrt(edges[1:] * edges[:-1])[levels[:, levels.shape[1] // 2].argmax()]
    assert brightest == pytest.approx(frequency_hz, abs=44100 / 2048, rel=0.02)
    assert levels.max() == pytest.approx(0, abs=1.0)
    assert times[-1] == pytest.approx(2.0, abs=0.02)


def test_image_sound_of_a_long_sound_has_no_more_columns_than_a_picture(rng: np.random.Generator) -> None:
    y = np.zeros(44100 * 120, np.float32)
    y[44100 * 60 :] = rng.uniform(-1, 1, 44100 * 60)
    image = image_sound(y, 44100)
    levels, times = image.levels_db, image.edges_s[:-1]
    assert len(times) == levels.shape[1] <= 1600
    loud = levels.mean(axis=0) > -60
    assert times[loud.argmax()] == pytest.approx(60, abs=0.2)


def test_image_spectra_agrees_with_the_spectrogram_of_a_steady_sound(sine: Sine) -> None:
    """Two routes: the spectrum of a held sine, and the sound of it."""
    y = sine(1000.0, seconds=1.0)
    spectrum = np.abs(np.fft.rfft(y[4096 : 4096 + 2048] * np.hanning(2049)[:-1]))
    strip = image_spectra(spectrum[None].repeat(5, axis=0), np.linspace(0, 1, 6), 44100)
    middle = image_sound(y, 44100).levels_db[:, 40]
    loud = middle > -60
    assert strip.levels_db.shape[1] == 5
    np.testing.assert_allclose(strip.levels_db[loud, 2], middle[loud], atol=0.5)


def test_image_spectra_of_very_many_keeps_their_times() -> None:
    magnitudes = np.full((5000, 65), 1e-3)
    magnitudes[2500:, 32] = 1.0
    strip = image_spectra(magnitudes, np.linspace(0, 50, 5001), 16000)
    assert strip.levels_db.shape[1] == len(strip.edges_s) - 1 <= 1600
    first = int((strip.levels_db.max(axis=0) > -10).argmax())
    assert strip.edges_s[first] == pytest.approx(25, abs=0.05) and strip.edges_s[-1] == 50


def test_encode_image_is_a_png_with_the_highest_frequency_on_top(sine: Sine) -> None:
    png = encode_image(image_sound(sine(15000.0), 44100))
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT") + 4
    raw = zlib.decompress(png[start : start + struct.unpack(">I", png[start - 8 : start - 4])[0]])
    rows = [raw[i * (4 * width + 1) : (i + 1) * (4 * width + 1)] for i in range(height)]
    assert len(raw) == height * (4 * width + 1)
    brightest = max(range(height), key=lambda i: sum(rows[i]) if rows[i][0] == 0 else 0)
    assert png == encode_image(image_sound(sine(15000.0), 44100))
    assert brightest < height / 2
