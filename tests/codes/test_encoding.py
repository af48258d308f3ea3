"""What a sound keeps beside its codes: pitch and envelope, and codes that are found in reach of the pitch."""

import re
from typing import Any

import numpy as np
import pytest

from vqsynth.codebook import Codebook
from vqsynth.codes.envelopes import BANDS
from vqsynth.codes.matching import REACH_CENTS, SpectrumMatcher
from vqsynth.errors import ParameterError
from vqsynth.sound.arrays import Doubles, Floats
from vqsynth.sound.descriptors import measure
from vqsynth.sound.distances import compare_sounds
from vqsynth.sound.frames import frame_signal

SR = 16000
NOTHING = {"pitch": 0, "envelope": 0}


def sing(f0_hz: float | Doubles, *, seconds: float = 1.0, formant_hz: float = 1200.0) -> Floats:
    """A harmonic sound with one formant, its pitch a number or a curve (n,)."""
    n = round(seconds * SR)
    f0 = np.broadcast_to(f0_hz, n)
    phase = 2 * np.pi * np.cumsum(f0) / SR
    partials = (np.sin(k * phase) / (1 + ((k * f0 - formant_hz) / 300) ** 2) * (k * f0 < 7000) for k in range(1, 40))
    y = sum(partials)
    return (0.1 * y / np.abs(y).max()).astype(np.float32)


def pitch_of(y: Floats, book: Codebook) -> Floats:
    return measure(y, book.grid, ["pitch"])["pitch"][4:-4]


def test_match_of_the_spectra_themselves_finds_each_code(book: Codebook) -> None:
    """A round trip: the frame whose magnitudes are a code's has that code."""
    matcher, codes = SpectrumMatcher(book.spectra, book.table), np.arange(len(book))
    y = np.fft.irfft(book.spectra.magnitudes * np.exp(1j * np.arange(book.grid.n_bins)), axis=-1)
    frames = y / np.maximum(book.grid.window, 1e-3)  # what the window will multiply
    found = matcher.match(frames.astype(np.float32), book.table.column("pitch"))
    assert np.mean(found == codes) > 0.9


def test_match_takes_codes_in_reach_of_the_pitch(book: Codebook) -> None:
    matcher = SpectrumMatcher(book.spectra, book.table)
    frames = frame_signal(sing(300.0), book.grid)[4:-4]
    for f0_hz in (150.0, 300.0, 500.0):
        found = matcher.match(frames, np.full(len(frames), f0_hz))
        away = 1200 * np.abs(np.log2(f0_hz / book.table.column("pitch")[found]))
        assert (away <= REACH_CENTS).all()


@pytest.mark.parametrize("codes_by", ["search", "encoder"])
def test_encode_of_a_sound_turned_up_or_down_has_the_same_codes(book: Codebook, codes_by: str) -> None:
    y = sing(310.0)
    loud, quiet = (book.encode(gain * y, SR, codes_by=codes_by) for gain in (1.0, 0.001))
    np.testing.assert_array_equal(loud.codes, quiet.codes)
    np.testing.assert_allclose(loud.gain_db - quiet.gain_db, 60, atol=1e-3)


def test_encode_keeps_the_pitch_between_the_codes(book: Codebook) -> None:
    """The codes lie thirds apart; a sound a quarter tone beside one comes back at its own pitch."""
    y = sing(272.0)
    kept, own = (book.encode(y, SR, keep=keep) for keep in ({"envelope": 0}, NOTHING))
    missed = [1200 * np.log2(np.nanmedian(pitch_of(book.render(path), book)) / 272.0) for path in (kept, own)]
    assert abs(missed[0]) < 10 < 40 < abs(missed[1])


def test_encode_keeps_vibrato(book: Codebook) -> None:
    """30 cents at 5.5 Hz, by the spectrum of the pitch over time."""
    t = np.arange(2 * SR) / SR
    y = sing(300.0 * 2 ** (30 / 1200 * np.sin(2 * np.pi * 5.5 * t)), seconds=2.0)
    before, after = (1200 * np.log2(pitch_of(z, book) / 300.0) for z in (y, book.render(book.encode(y, SR))))
    rate, depths = SR / book.grid.hop_length, []
    for cents in (before, after):
        wave = np.nan_to_num(cents - np.nanmean(cents))
        spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 8192))
        hz = np.fft.rfftfreq(8192, 1 / rate)
        assert hz[spectrum.argmax()] == pytest.approx(5.5, rel=0.05)
        depths.append(spectrum.max())
    assert depths[1] == pytest.approx(depths[0], rel=0.2)


def test_encode_keeps_the_envelope_as_far_as_is_asked(book: Codebook) -> None:
    y = sing(300.0, formant_hz=2500.0)
    centroids, distances = [], []
    for amount in (0.0, 0.5, 1.0):
        z = book.render(book.encode(y, SR, keep={"envelope": amount}))
        centroids.append(float(np.nanmedian(measure(z, book.grid, ["centroid"])["centroid"][4:-4])))
        distances.append(compare_sounds(y, z, sr=SR).mcd_db)
    wanted = float(np.nanmedian(measure(y, book.grid, ["centroid"])["centroid"][4:-4]))
    away = [abs(centroid - wanted) for centroid in centroids]
    assert away[0] > away[1] > away[2] and distances[0] > distances[1] > distances[2]


def test_with_keep_is_what_encode_would_have_kept(book: Codebook) -> None:
    """Two routes to the same path."""
    y = sing(310.0)
    for keep in (NOTHING, {"pitch": 1, "envelope": 0.5}, {"pitch": 1, "envelope": 0}):
        whole, part = book.encode(y, SR).with_keep(**keep), book.encode(y, SR, keep=keep)
        np.testing.assert_array_equal(whole.codes, part.codes)
        np.testing.assert_allclose(book.render(whole), book.render(part), atol=2e-3)


def test_encode_of_silence_and_of_noise_moves_nothing_without_a_pitch(book: Codebook, rng: np.random.Generator) -> None:
    silent = book.encode(np.zeros(4000), SR)
    assert silent.controls is None and (silent.gain_db == -120).all()
    hiss = book.encode(0.1 * rng.standard_normal(8000), SR)
    assert hiss.controls is not None and not hiss.controls.transpose_cents.any()
    assert hiss.controls.envelope_db.shape == (len(hiss), BANDS)


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ({"pich": 1}, "did you mean 'pitch'"),
        ({"pitch": 2}, "keep pitch must"),
        ({"envelope": -0.1}, "keep envelope must"),
        ({"envelope": np.nan}, "keep envelope must"),
        ("pitch=1", "keep must be a dict"),
    ],
)
def test_encode_keeping_what_cannot_be_kept_is_refused(book: Codebook, keep: Any, said: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(said)):
        book.encode(np.ones(4000) * 0.1, SR, keep=keep)


def test_encode_by_an_unknown_way_is_refused(book: Codebook) -> None:
    with pytest.raises(ParameterError, match="codes_by must be one of search, encoder"):
        book.encode(np.ones(4000) * 0.1, SR, codes_by="ear")


def test_encode_transposes_to_the_pitch_that_the_descriptor_measures(book: Codebook) -> None:
    """Two routes: frames that come in pieces, and a sound measured as a whole."""
    y = sing(np.geomspace(200, 500, 2 * SR), seconds=2.0)
    path = book.encode(y, SR)
    f0_hz, own_hz = measure(y, book.grid, ["pitch"])["pitch"], book.table.column("pitch")[path.codes]
    with np.errstate(invalid="ignore"):
        cents = 1200 * np.log2(f0_hz.astype(np.float64) / own_hz)
    wanted = np.where(np.abs(cents) <= REACH_CENTS, cents, 0)
    assert path.controls is not None
    np.testing.assert_allclose(path.controls.transpose_cents, wanted, atol=1e-3)
