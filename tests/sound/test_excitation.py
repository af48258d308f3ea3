"""Excitations: what stays tonal, what stays noise, and that neither blocks nor batches change a sample."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.sound_worlds import magnitude_spectra
from vqsynth.codes.spectra import CodeSpectra, measure_spectra, normalize_power, sound_codes
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.sound.excitation import CoherentExcitation, NoiseExcitation, WhiteNoise
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.partials import find_partials

GRID = FrameGrid(sr=16000, n_fft=1024, hop_length=256)


def harmonic_magnitudes(f_hz: float, *, floor_db: float = -70) -> NDArray[np.float64]:
    """The spectrum of a windowed harmonic sound with a little noise, as a decoder would predict it."""
    t = np.arange(GRID.n_fft) / GRID.sr
    y = sum(np.sin(2 * np.pi * k * f_hz * t) / k for k in range(1, int(7000 / f_hz)))
    return np.abs(np.fft.rfft(y * GRID.window)) + 512 * 10 ** (floor_db / 20)


def make_spectra() -> CodeSpectra:
    rows = [harmonic_magnitudes(f) for f in (200.0, 310.0, 450.0)] + [np.ones(GRID.n_bins)]
    return CodeSpectra(normalize_power(np.array(rows), GRID), GRID)


def level_deviation_db(y: NDArray[np.float32]) -> NDArray[np.float64]:
    """Standard deviation over time of each bin's level in dB."""
    return np.std(20 * np.log10(magnitude_spectra(y, GRID)[8:-8] + 1e-12), axis=0)


def test_white_noise_spectra_have_unit_mean_power() -> None:
    spectra = WhiteNoise(GRID, 3).spectra(2000)
    assert np.mean(np.abs(spectra) ** 2) == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("kind", ["noise", "coherent"])
@pytest.mark.parametrize("block", [1, 3, 50])
def test_spectra_any_block_gives_the_same_bits(kind: str, block: int) -> None:
    codes = np.random.default_rng(0).integers(0, 4, (1, 60))
    spectra = make_spectra()
    whole = spectra.make_excitation(kind, rng=5).excite(spectra.look_up(codes))
    voice = spectra.make_excitation(kind, rng=5)
    parts = [voice.excite(spectra.look_up(codes[:, i : i + block])) for i in range(0, 60, block)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_spectra_of_many_voices_equal_each_alone() -> None:
    codes = np.random.default_rng(1).integers(0, 4, (3, 20))
    spectra = make_spectra()
    together = spectra.make_excitation("coherent", rng=5).excite(spectra.look_up(codes))
    for voice, row in zip(together, codes, strict=True):
        np.testing.assert_array_equal(
            voice, spectra.make_excitation("coherent", rng=5).excite(spectra.look_up(row[None]))[0]
        )


@pytest.mark.parametrize("f_hz", [200.0, 310.0, 450.0])
def test_find_partials_advance_is_the_frequency_of_the_sine(f_hz: float) -> None:
    partials = find_partials(make_spectra().magnitudes[[[200.0, 310.0, 450.0].index(f_hz)]], GRID)
    top = round(f_hz * GRID.n_fft / GRID.sr)
    advance = float(partials.advance[0, partials.peak[0, top]])
    expected = 2 * np.pi * f_hz * GRID.hop_length / GRID.sr
    assert np.angle(np.exp(1j * (advance - expected))) == pytest.approx(0, abs=0.1)


def test_find_partials_every_bin_belongs_to_a_peak_of_its_row(rng: np.random.Generator) -> None:
    magnitudes = rng.uniform(0.1, 1, (20, GRID.n_bins)).astype(np.float32)
    magnitudes[0] = np.linspace(1, 0.1, GRID.n_bins)
    magnitudes[1] = 1
    magnitudes[2, :100] = np.linspace(1, 0.5, 100)
    partials = find_partials(magnitudes, GRID)
    for row, peaks in zip(magnitudes[2:], partials.peak[2:], strict=True):
        assert ((row[peaks] > row[peaks - 1]) & (row[peaks] >= row[peaks + 1])).all()
        assert (np.diff(peaks) >= 0).all()
    assert not partials.tonal[:2].any()


def test_find_partials_flat_spectrum_has_none() -> None:
    assert not find_partials(np.ones((1, GRID.n_bins), np.float32), GRID).tonal.any()


def test_coherent_tonal_bins_are_steady_and_noisy_ones_are_noise() -> None:
    spectra = make_spectra()
    held = np.zeros((1, 400), np.int64)
    for code, low, high in ((0, 0.0, 1.0), (3, 5.1, 6.1)):
        y = render_held(spectra, held + code)
        top = np.argsort(spectra.magnitudes[code])[-3:] if code == 0 else slice(4, -4)
        assert low <= level_deviation_db(y)[top].mean() <= high


def render_held(spectra: CodeSpectra, codes: NDArray[np.int64]) -> NDArray[np.float32]:
    from vqsynth.sound.frames import OverlapAdd

    frames = np.fft.irfft(spectra.make_excitation("coherent", rng=0).excite(spectra.look_up(codes)), axis=-1)
    return OverlapAdd(GRID).push(frames.astype(np.float32))[0]


def test_hold_of_a_frame_sounds_as_the_code_repeated() -> None:
    spectra, codes, n_frames = make_spectra(), np.array([3, 1]), 7
    held = spectra.look_up(codes[:, None]).hold(n_frames)
    repeated = spectra.look_up(np.repeat(codes[:, None], n_frames, axis=1))
    excited = [spectra.make_excitation("coherent").excite(frames) for frames in (held, repeated)]
    np.testing.assert_array_equal(*excited)


@pytest.mark.parametrize("excitation", ["coherent", "noise"])
def test_sound_codes_unit_power_spectra_have_rms_near_one(excitation: str) -> None:
    y = sound_codes(make_spectra(), np.arange(4), excitation=excitation)
    level_db = 10 * np.log10(np.mean(y**2, axis=1))
    assert np.abs(level_db).max() < (0.6 if excitation == "coherent" else 3)


def test_sound_codes_peak_of_the_rendered_spectrum_is_that_of_the_code() -> None:
    spectra = make_spectra()
    rendered = magnitude_spectra(sound_codes(spectra, np.array([1])), GRID)[0, 6:-6].mean(axis=0)
    loud = spectra.magnitudes[1] > spectra.magnitudes[1].max() * 0.05
    difference_db = 20 * np.log10(rendered[loud] / spectra.amplitudes[1][loud])
    assert np.abs(difference_db).max() < 1.5


def test_measure_spectra_pitch_is_what_the_spectrum_was_made_of() -> None:
    values = measure_spectra(make_spectra(), ["pitch", "pitch_confidence", "flatness"])
    np.testing.assert_allclose(values[:3, 0], [200, 310, 450], rtol=0.003)
    assert np.isnan(values[3, 0])
    assert values[3, 2] > -4 > values[:3, 2].max()


def test_measure_spectra_one_code_alone_is_as_among_others() -> None:
    spectra = make_spectra()
    alone = CodeSpectra(spectra.magnitudes[[2]], GRID)
    np.testing.assert_allclose(measure_spectra(spectra)[2], measure_spectra(alone)[0], rtol=1e-5)


def test_excite_unknown_name_is_refused() -> None:
    with pytest.raises(ParameterError, match="noise, coherent, refined"):
        make_spectra().make_excitation("metallic")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_normalize_power_bad_spectrum_names_the_code(bad: float) -> None:
    magnitudes = np.ones((3, GRID.n_bins))
    magnitudes[1, 5] = bad
    with pytest.raises(CodebookError, match="code 1"):
        normalize_power(magnitudes, GRID)


def test_distances_agree_with_the_plain_formula() -> None:
    spectra = make_spectra()
    weighted = spectra.magnitudes * np.sqrt(np.r_[1, np.full(GRID.n_bins - 2, 2), 1])
    expected = ((weighted[:, None] - weighted[None]) ** 2).sum(-1)
    np.testing.assert_allclose(spectra.distances, expected, atol=1e-5)


def test_noise_excitation_without_partials_sounds(rng: np.random.Generator) -> None:
    spectra = make_spectra()
    noise = NoiseExcitation(GRID, rng=rng).excite(spectra.look_up(np.full((2, 3000), 3)))
    np.testing.assert_array_equal(noise[0], noise[1])
    assert np.mean(np.abs(noise[0] / spectra.amplitudes[3]) ** 2) == pytest.approx(1, rel=0.02)


def test_coherent_same_seed_same_phases_other_seed_others() -> None:
    spectra = make_spectra()
    codes = np.zeros((1, 5), np.int64)
    first, again, other = (CoherentExcitation(GRID, rng=seed).excite(spectra.look_up(codes)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1 * np.abs(first).max()
