import librosa
import numpy as np
import pytest
from scipy.fft import dct

from vqsynth.sound.distances import SR_HZ, Distances, compare_sounds, mean_distances, mel_filters

Sound = np.ndarray


@pytest.fixture
def pair(rng: np.random.Generator) -> tuple[Sound, Sound]:
    t = np.arange(2 * SR_HZ) / SR_HZ
    a = 0.4 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 1320 * t) + 0.003 * rng.standard_normal(len(t))
    b = 0.3 * np.sin(2 * np.pi * 445 * t + 1) + 0.2 * np.sin(2 * np.pi * 1335 * t) + 0.01 * rng.standard_normal(len(t))
    return a.astype(np.float32), b.astype(np.float32)


def test_compare_sounds_that_are_equal_gives_zero(pair: tuple[Sound, Sound]) -> None:
    assert compare_sounds(pair[0], pair[0], sr=SR_HZ) == Distances(0.0, 0.0, 0.0)


def test_compare_sounds_agrees_with_librosa(pair: tuple[Sound, Sound]) -> None:
    """The same distances by librosa's transform and mel spectrogram and SciPy's cosine transform."""
    got = compare_sounds(*pair, sr=SR_HZ)
    sc, spectra = [], None
    for n_fft in (2048, 1024, 512, 256):
        p, q = (np.abs(librosa.stft(y.astype(float), n_fft=n_fft, hop_length=n_fft // 4)) for y in pair)
        spectra = spectra or (p, q)
        sc.append(np.linalg.norm(p - q) / np.linalg.norm(p))
    assert spectra is not None
    floored = [np.maximum(s, spectra[0].max() * 1e-4) for s in spectra]
    lsd = np.sqrt(np.mean((20 * np.log10(floored[0] / floored[1])) ** 2, axis=0)).mean()
    mel = [librosa.feature.melspectrogram(S=s**2, sr=SR_HZ, n_fft=2048, n_mels=80) for s in spectra]
    cepstra = [dct(np.log(np.maximum(m, mel[0].max() * 1e-8)), axis=0, norm="ortho")[1:14] / np.sqrt(160) for m in mel]
    mcd = np.mean(10 / np.log(10) * np.sqrt(2 * ((cepstra[0] - cepstra[1]) ** 2).sum(axis=0)))
    assert got.lsd_db == pytest.approx(lsd, rel=1e-4)
    assert got.sc == pytest.approx(np.mean(sc), rel=1e-4)
    assert got.mcd_db == pytest.approx(mcd, rel=1e-3)


def test_compare_sounds_of_half_the_level_gives_six_decibels_and_no_change_of_timbre(pair: tuple[Sound, Sound]) -> None:
    got = compare_sounds(pair[0], 0.5 * pair[0], sr=SR_HZ)
    assert got.sc == pytest.approx(0.5, rel=1e-3)
    assert 5.4 < got.lsd_db < 6.03, "six, less what lies under the floor"
    assert got.mcd_db < 0.2


def test_compare_sounds_of_silence_is_finite() -> None:
    silence = np.zeros(4000, np.float32)
    assert compare_sounds(silence, silence, sr=44100) == Distances(0.0, 0.0, 0.0)


def test_mel_filters_agree_with_librosa() -> None:
    mine = mel_filters(sr=SR_HZ, n_fft=2048, n_mels=80)
    np.testing.assert_allclose(mine, librosa.filters.mel(sr=SR_HZ, n_fft=2048, n_mels=80), atol=1e-6)


def test_to_dict_rounds_to_thousandths() -> None:
    assert Distances(1.23456, 0.1, 2).to_dict() == {"lsd_db": 1.235, "sc": 0.1, "mcd_db": 2}


def test_mean_distances_counts_each_sound_once() -> None:
    assert mean_distances([Distances(1, 2, 3), Distances(3, 4, 9)]) == Distances(2, 3, 6)
