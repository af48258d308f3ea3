"""A player: what is asked is heard, soon, in blocks of any size, without gaps, and the same each time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.live.player import LivePlayer
from vqsynth.live.sounding import Instrument, Sounding
from vqsynth.sound.descriptors import measure

Curve = NDArray[np.float64]


@pytest.fixture(scope="module")
def violin() -> Codebook:
    return vqsynth.load("violin")


def play(player: LivePlayer, curves: dict[str, Curve]) -> NDArray[np.float32]:
    """Play curves, a value per frame, and return the sound that belongs to them."""
    hop, parts = player.sounding.grid.hop_length, []
    for values in zip(*curves.values(), strict=True):
        player.asked.targets.update(zip(curves, values, strict=True))
        parts.append(player.read(hop))
    return np.concatenate(parts)[player.sounding.voice.delay_samples :]


def rms_db(y: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(y.astype(np.float64) ** 2) + 1e-20))


def test_nothing_that_is_asked_is_silence(book: Codebook) -> None:
    assert not LivePlayer(book).read(10_000).any()


@settings(max_examples=15)
@given(sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=6))
def test_blocks_of_any_size_give_the_same_samples(book: Codebook, sizes: list[int]) -> None:
    whole, cut = LivePlayer(book, seed=2), LivePlayer(book, seed=2)
    parts, n = [], 0
    for player in (whole, cut):
        for t in range(20):
            player.send(lambda p, t=t: p.asked.targets.update(centroid=500 + 100 * t), at_s=t * 0.02)
    while n < 8000:
        parts.append(cut.read(sizes[len(parts) % len(sizes)]))
        n += len(parts[-1])
    np.testing.assert_array_equal(np.concatenate(parts), whole.read(n))


def test_pitch_of_a_glide_is_met_and_its_loudness_too(violin: Codebook) -> None:
    t = np.linspace(0, 1, 260)
    asked = {"pitch": 330 * 2**t, "loudness": -44 + 24 * t}
    y = play(LivePlayer(violin), asked)
    got = measure(y, violin.grid, ["pitch", "loudness"])
    inner = slice(6, len(t) - 10)
    cents = 1200 * np.log2(got["pitch"][inner] / asked["pitch"][inner])
    assert np.mean(~np.isnan(cents)) > 0.98
    assert np.nanmedian(np.abs(cents)) < 5
    assert np.abs(got["loudness"][inner] - asked["loudness"][inner]).mean() < 0.2


def test_centroid_is_met_nearer_with_tilt_than_by_codes_alone(violin: Codebook) -> None:
    wanted = 2200 + 600 * np.sin(np.linspace(0, 6, 260))
    missed = {}
    for tilt in (0.0, 3.0):
        y = play(LivePlayer(violin, max_tilt=tilt), {"centroid": wanted})
        got = measure(y, violin.grid, ["centroid"])["centroid"][6:240]
        missed[tilt] = np.sqrt(np.mean((got - wanted[6:240]) ** 2)) / np.ptp(wanted)
    assert missed[3.0] < 0.03 and missed[3.0] < 0.7 * missed[0.0]


def test_step_is_half_way_within_25_ms(violin: Codebook) -> None:
    player = LivePlayer(violin, hold=12)
    player.asked.targets["loudness"] = -50.0
    player.read(40 * 512)
    player.asked.targets["loudness"] = -20.0
    y = np.concatenate([player.read(512) for _ in range(12)]).astype(np.float64)
    envelope = np.sqrt(np.convolve(y**2, np.ones(256) / 256, "same"))
    half_way = int(np.argmax(envelope > envelope[3000:5000].mean() / 2))
    assert half_way / 44100 < 0.025
    assert player.latency_s == pytest.approx(1024 / 44100)


@pytest.mark.parametrize("cents", [-300.0, 300.0])
def test_transposition_keeps_the_loudness(violin: Codebook, cents: float) -> None:
    player = LivePlayer(violin, hold=40, transpose_cents=cents)
    y = play(player, {"loudness": np.full(60, -26.0)})
    assert np.abs(np.median(measure(y, violin.grid, ["loudness"])["loudness"][8:-6]) + 26) < 0.2


def test_hold_sounds_one_code_moved_to_the_pitch(book: Codebook) -> None:
    codes = []
    player = LivePlayer(book, hold=9, keep=[codes.append])
    own_hz = float(book.table["pitch"][9])
    play(player, {"pitch": np.full(30, own_hz * 2 ** (150 / 1200))})
    assert {frame.code for frame in codes} == {9}
    assert codes[-1].cents == pytest.approx(150, abs=0.1)


def test_weight_decides_between_two_targets(book: Codebook) -> None:
    found = {}
    for weight in (0.01, 100.0):
        player = LivePlayer(book, max_transpose=0.0, max_tilt=0.0, weights={"pitch": weight})
        play(player, {"pitch": np.full(20, 755.0), "flatness": np.full(20, -3.0)})
        found[weight] = player.sounding.code
    assert abs(1200 * np.log2(book.table["pitch"][found[100.0]] / 755)) < 50
    assert book.table["flatness"][found[0.01]] > book.table["flatness"][found[100.0]]


def test_motion_of_one_changes_the_code_in_every_frame(book: Codebook) -> None:
    runs = {}
    for motion in (0.0, 1.0):
        codes: list[int] = []
        player = LivePlayer(book, motion=motion, keep=[lambda frame, codes=codes: codes.append(frame.code)])
        play(player, {"centroid": np.full(50, 1500.0)})
        runs[motion] = np.count_nonzero(np.diff(codes))
    assert runs[0.0] == 0 and runs[1.0] == 49


def test_change_of_codebook_has_no_gap(book: Codebook, violin: Codebook) -> None:
    """The level through the change stays near that before and after, whatever the rates of the codebooks."""
    player = LivePlayer(violin)
    player.asked.targets.update(centroid=1500.0, loudness=-20.0)
    before = player.read(22050)
    player.send(lambda p: p.switch([Sounding(Instrument(book))]))
    levels = [rms_db(player.read(512)) for _ in range(20)]
    after = [rms_db(player.read(512)) for _ in range(20)]
    assert min(levels) > min(*after, rms_db(before)) - 4
    assert max(levels) < max(*after, rms_db(before)) + 2


def test_change_to_the_same_code_keeps_the_level_and_the_pitch(violin: Codebook) -> None:
    player = LivePlayer(violin)
    player.asked.targets.update(pitch=440.0, loudness=-20.0)
    first = player.read(40 * 512)
    player.switch([Sounding(player.sounding.instrument)])
    y = np.concatenate([first, player.read(40 * 512)])
    got = measure(y, violin.grid, ["loudness", "pitch"])
    assert np.abs(got["loudness"][20:70] + 20).max() < 2.5
    assert np.nanmax(np.abs(1200 * np.log2(got["pitch"][20:70] / 440))) < 20


def test_restart_gives_the_same_sound_again(book: Codebook) -> None:
    player = LivePlayer(book, seed=5)
    player.asked.targets["centroid"] = 1200.0
    first = player.read(20_000)
    player.switch([Sounding(player.sounding.instrument, seed=5)])
    player._tail = player._tail[:0]  # what is left of the sound before is not compared
    player._ready.clear()
    player._n_ready = 0
    np.testing.assert_array_equal(player.read(20_000), first)


def test_sound_at_another_rate_is_as_loud_and_as_high(violin: Codebook) -> None:
    player = LivePlayer(violin, sr=48000)
    player.asked.targets.update(pitch=440.0, loudness=-20.0)
    y = player.read(48000)[8000:]
    got = vqsynth.measure(y, 48000, ["pitch", "loudness"])
    assert np.nanmedian(got["pitch"]) == pytest.approx(440, rel=0.003)
    assert np.median(got["loudness"]) == pytest.approx(-20, abs=0.4)


def test_change_at_a_time_comes_with_the_frame_of_that_time(book: Codebook) -> None:
    seen: list[float] = []
    player = LivePlayer(book)
    player.send(lambda p: seen.append(p.time_s), at_s=0.5)
    player.send(lambda p: seen.append(p.time_s))
    player.read(16000)
    assert seen[0] == 0.0
    assert 0 <= seen[1] - 0.5 < book.grid.hop_length / book.grid.sr


@pytest.mark.parametrize("asked", [{"pitch": 5000.0}, {"pitch": 1.0, "centroid": 9e5}, {"crest": 1e9}])
def test_targets_out_of_reach_give_a_finite_sound(book: Codebook, asked: dict[str, float]) -> None:
    player = LivePlayer(book)
    player.asked.targets.update(asked)
    y = player.read(8000)
    assert np.isfinite(y).all() and y.any()
