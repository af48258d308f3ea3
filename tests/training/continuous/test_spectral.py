"""The losses of vocoders: zero for what is equal, blind to phase, and the magnitudes they aim at."""

import librosa
import numpy as np
import pytest
import torch

from vqsynth.continuous.vocoders import make_vocoder
from vqsynth.continuous.vocoders.envelope import Envelope, to_unit_level
from vqsynth.continuous.vocoders.magnitude import FLOOR
from vqsynth.sound.frames import FrameGrid, frame_signal
from vqsynth.sound.mel import EPS, MelGrid, analyse_sound
from vqsynth.training.continuous.spectral import (
    RELATIVE_WEIGHT,
    log_spectral_distance,
    magnitude_loss,
    multi_resolution_loss,
    relative_error,
    target_magnitudes,
)

GRID = MelGrid(FrameGrid(sr=8000, n_fft=256, hop_length=64), n_mels=24, f_min_hz=40.0, f_max_hz=3800.0)


def tone(frequency_hz: float, *, n: int = 4096, phase: float = 0.0) -> torch.Tensor:
    return torch.from_numpy(np.sin(2 * np.pi * frequency_hz * np.arange(n) / 8000 + phase)).float()[None]


def test_target_magnitudes_average_to_the_log_mel_bands(rng: np.random.Generator) -> None:
    """Two routes to the bands: analysed from the sound, and from the targets through the filters."""
    y = (0.1 * rng.standard_normal(2000)).astype(np.float32)
    frames = analyse_sound(y, GRID)
    x = torch.from_numpy(frame_signal(y, GRID.frames).copy())[None]
    target = target_magnitudes(x, torch.from_numpy(frames.loudness_db)[None], GRID)
    bands = np.log(GRID.filters @ target[0].numpy() + EPS)
    np.testing.assert_allclose(bands.T, frames.log_mel, atol=1e-4)


def test_target_magnitudes_do_not_know_the_level(rng: np.random.Generator) -> None:
    y = (0.1 * rng.standard_normal(2000)).astype(np.float32)
    x = torch.from_numpy(frame_signal(y, GRID.frames).copy())[None]
    loudness_db = torch.from_numpy(analyse_sound(y, GRID).loudness_db)[None]
    quiet, loud = target_magnitudes(x, loudness_db, GRID), target_magnitudes(x * 10, loudness_db + 20, GRID)
    torch.testing.assert_close(quiet, loud, rtol=1e-4, atol=1e-6)


def test_magnitude_loss_of_the_target_is_zero_and_grows_with_the_error() -> None:
    target = torch.rand(2, GRID.frames.n_bins, 5)
    log = (target + FLOOR).log()
    losses = [float(magnitude_loss(log + error, target)) for error in (0.0, 0.1, 0.3)]
    assert losses[0] == pytest.approx(0, abs=1e-5)
    assert losses[0] < losses[1] < losses[2]
    # 0.1 neper everywhere is 0.1 of distance, and e^0.1 - 1 of every norm.
    assert losses[1] == pytest.approx(0.1 + RELATIVE_WEIGHT * np.expm1(0.1), rel=1e-2)


def test_log_spectral_distance_is_that_of_decibels_of_two_sounds(rng: np.random.Generator) -> None:
    """Two routes: of the logarithms, in nepers, and of librosa's decibels, frame by frame."""
    a, b = (np.abs(librosa.stft(rng.standard_normal(4096), n_fft=256)) + 1e-3 for _ in range(2))
    decibels = librosa.amplitude_to_db(a, top_db=None) - librosa.amplitude_to_db(b, top_db=None)
    wanted_db = np.sqrt((decibels**2).mean(axis=0)).mean()
    got = log_spectral_distance(*(torch.from_numpy(x).log()[None] for x in (a, b)))
    assert 20 / np.log(10) * float(got) == pytest.approx(wanted_db, rel=1e-5)


def test_magnitude_loss_of_a_bin_that_is_far_too_loud_stays_finite() -> None:
    log = torch.full((1, GRID.frames.n_bins, 3), 200.0, requires_grad=True)
    loss = magnitude_loss(log, torch.zeros_like(log))
    loss.backward()
    assert torch.isfinite(loss) and log.grad is not None and torch.isfinite(log.grad).all()
    assert (log.grad > 0).all()


def test_relative_error_counts_a_loud_bin_more_than_a_quiet_one() -> None:
    """A neper of error in the only loud bin is e - 1 of the frame; in one 40 dB under it, a hundredth of that."""
    target = torch.full((1, 8, 1), 0.01)
    target[0, 3] = 1.0
    log = (target + FLOOR).log()
    errors = [float(relative_error(log + torch.eye(8)[row][None, :, None], target)) for row in (3, 4)]
    assert errors[0] == pytest.approx(np.e - 1, rel=1e-2)
    assert errors[1] == pytest.approx(errors[0] / 100, rel=2e-2)


def test_multi_resolution_loss_hears_frequency_but_no_phase() -> None:
    sound = tone(500)
    same, turned, other = (float(multi_resolution_loss(made, sound)) for made in (sound, tone(500, phase=2), tone(900)))
    assert same == 0
    assert turned < 0.02 * other


def test_multi_resolution_loss_of_silence_has_a_gradient() -> None:
    made = torch.zeros(1, 3000, requires_grad=True)
    multi_resolution_loss(made, torch.zeros(1, 3000)).backward()
    assert made.grad is not None and torch.isfinite(made.grad).all()


def test_multi_resolution_loss_of_an_excerpt_shorter_than_every_window_is_refused() -> None:
    with pytest.raises(ValueError, match="256 samples or more"):
        multi_resolution_loss(torch.zeros(1, 200), torch.zeros(1, 200))


def test_to_unit_level_takes_out_what_the_envelope_puts_in(rng: np.random.Generator) -> None:
    loudness_db = rng.uniform(-60, -10, 30).astype(np.float32)
    unit = rng.standard_normal(30 * 64).astype(np.float32)
    y = unit * Envelope(GRID.frames).push(loudness_db)
    whole = slice(256 - 64, None)
    np.testing.assert_allclose(to_unit_level(y, loudness_db, GRID)[whole], unit[whole], rtol=1e-5, atol=1e-6)


def test_envelope_of_steady_loudness_is_its_gain() -> None:
    gain = Envelope(GRID.frames).push(np.full(20, -20, np.float32))
    np.testing.assert_allclose(gain[256 - 64 :], 0.1, rtol=1e-5)


@pytest.mark.parametrize("name", ["melgan"])
def test_networks_of_waveforms_train_on_the_samples_that_they_play(name: str) -> None:
    """An excerpt run through `forward` is what is played, but for the envelope's first frames and rounding."""
    vocoder = make_vocoder(name, GRID, {"width": 16})
    frames = analyse_sound(tone(500, n=6000)[0].numpy(), GRID)
    with torch.inference_mode():
        trained = vocoder.network(torch.from_numpy(frames.log_mel.T.copy())[None])[0].numpy()
    assert trained.shape == (64 * len(frames.log_mel),)
    played = vocoder.play(excitation=None, seed=0).push(frames.log_mel, np.zeros_like(frames.loudness_db))
    np.testing.assert_allclose(trained[192:], played[192:], atol=1e-4 * np.abs(trained).max())


@pytest.mark.parametrize("name", ["magnitude", "melgan"])
def test_networks_learn_one_sound(name: str) -> None:
    """Twenty steps on one excerpt halve nothing, but bring every loss down."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = make_vocoder(name, GRID, {"width": 32}).network.train()
    y = tone(700, n=32 * 64 + 256)[0].numpy()
    frames = analyse_sound(y, GRID)
    mel = torch.from_numpy(frames.log_mel[2:34].T.copy())[None]
    x = torch.from_numpy(frame_signal(y, GRID.frames)[2:34].copy())[None]
    target = target_magnitudes(x, torch.from_numpy(frames.loudness_db[2:34])[None], GRID)
    sound = torch.from_numpy(to_unit_level(y[: 32 * 64], frames.loudness_db[2:34], GRID))[None]
    optimizer, losses = torch.optim.Adam(network.parameters(), lr=2e-3), []
    for _ in range(20):
        made = network(mel)
        if name == "magnitude":
            loss = magnitude_loss(made, target)
        else:
            loss = multi_resolution_loss(made[:, 192:], sound[:, 192:], sizes=(256, 128))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]
