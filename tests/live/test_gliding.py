"""The continuous model live: bent by what is said, and between two held sounds."""

from typing import Any

import numpy as np
import pytest

from tests.continuous.small import GRID, SR, make_small_model, make_sound
from vqsynth.continuous.model import ContinuousModel
from vqsynth.errors import ParameterError
from vqsynth.live.gliding import CHUNK, MODEL_ADDRESSES, Held, ModelDesk, ModelPlayer
from vqsynth.live.session import Session
from vqsynth.sound.arrays import Floats

HOP = GRID.frames.hop_length


@pytest.fixture(scope="module")
def model() -> ContinuousModel:
    return make_small_model()


def play(player: ModelPlayer, y: Floats, block: int = 4 * HOP) -> Floats:
    parts = []
    for start in range(0, len(y) - block + 1, block):
        player.hear(y[start : start + block])
        parts.append(player.read(block))
    return np.concatenate([*parts, player.finish()])


def hold(model: ContinuousModel, seed: int) -> Held:
    return Held.of_path(model.encode(make_sound(0.5, seed=seed), SR))


def test_sound_that_nothing_bends_is_that_of_the_model(model: ContinuousModel) -> None:
    """The player begins with some hops of silence, by which all that is made at the first use is made."""
    heard = make_sound(1.0)[: 32 * HOP]
    y = play(ModelPlayer(model, seed=3), heard)
    led = np.concatenate([np.zeros(CHUNK * HOP, np.float32), heard])
    whole = model.render(model.encode(led, SR), excitation="coherent", seed=3)[CHUNK * HOP :]
    delay = GRID.frames.n_fft - HOP
    np.testing.assert_allclose(y[delay : delay + len(whole)], whole, atol=1e-4)


def test_component_is_moved_and_loudness_stays(model: ContinuousModel) -> None:
    heard, sounds = make_sound(1.0)[: 32 * HOP], []
    for said in ((), ("/shift/1", 3.0), ("/scale/2", -2.0), ("/gain", -60.0)):
        player = ModelPlayer(model)
        if said:
            ModelDesk(player).take(said[0], [said[1]])
        sounds.append(play(player, heard))
    plain, shifted, scaled, quiet = (10 * np.log10(np.mean(y.astype(np.float64) ** 2)) for y in sounds)
    assert abs(shifted - plain) < 6 and abs(scaled - plain) < 6
    assert not np.allclose(sounds[0], sounds[1], atol=1e-3) and not np.allclose(sounds[0], sounds[2], atol=1e-3)
    assert quiet < plain - 40


def test_between_two_held_sounds_goes_from_one_to_the_other(model: ContinuousModel) -> None:
    """At 0 and 1 the sound is that of either alone, and what comes in is not heard."""
    held = [hold(model, seed) for seed in (0, 1)]
    bands_db = []
    for between, weight in (((held[0], held[0]), 0), ((held[0], held[1]), 0), ((held[0], held[1]), 1),
                            ((held[1], held[1]), 0)):  # fmt: skip
        player = ModelPlayer(model, between=between)
        ModelDesk(player).take("/morph", [weight])
        player.hear(make_sound(0.2))
        y = np.concatenate([player.read(300) for _ in range(40)])[6000:]
        power = np.abs(np.fft.rfft(y)) ** 2
        bands_db.append(10 * np.log10(np.add.reduceat(power, np.arange(0, 2900, 145))))
    np.testing.assert_allclose(bands_db[0], bands_db[1], atol=1e-3)
    assert np.abs(bands_db[2] - bands_db[3]).mean() < 1 < np.abs(bands_db[1] - bands_db[2]).mean()


def test_stop_is_silent_and_reset_sounds_again(model: ContinuousModel) -> None:
    player = ModelPlayer(model, between=(hold(model, 0), hold(model, 1)))
    levels = []
    for address in ("/reset", "/stop", "/reset"):
        ModelDesk(player).take(address)
        player.read(3000)
        levels.append(np.abs(player.read(3000)).max())
    assert levels[1] < 1e-3 * min(levels[0], levels[2])


def test_other_rate_is_as_long(model: ContinuousModel) -> None:
    player = ModelPlayer(model, sr=11025)
    y = np.concatenate([(player.hear(make_sound(1.0)[:500]), player.read(500))[1] for _ in range(20)])
    assert len(y) == 10_000 and np.isfinite(y).all() and y.any()


def test_session_tells_of_a_model_what_it_can(model: ContinuousModel) -> None:
    session = Session(ModelPlayer(model))
    session.block(4 * HOP, make_sound(0.2)[: 4 * HOP])
    status = session.status()
    assert (status.code, status.asked, status.got) == (None, {}, {})


@pytest.mark.parametrize(
    ("address", "values", "says"),
    [
        ("/shift/0", [1], "a component from 1 to 6"),
        ("/shift/7", [1], "a component from 1 to 6"),
        ("/shift/x", [1], "a component from 1 to 6"),
        ("/shift/1", [99], "/shift/1"),
        ("/shift/1", [], "takes one value"),
        ("/shift", [1], "did you mean '/shift/N'"),
        ("/scale/1", ["a"], "/scale/1"),
        ("/morph", [2], "/morph"),
        ("/gain", [float("nan")], "/gain"),
        ("/mrph", [1], "did you mean '/morph'"),
        ("stop", [], "unknown address"),
    ],
)
def test_wrong_message_is_refused_in_one_line(
    model: ContinuousModel, address: str, values: list[Any], says: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        ModelDesk(ModelPlayer(model)).take(address, values)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_every_address_is_taken(model: ContinuousModel) -> None:
    player = ModelPlayer(model)
    for address in MODEL_ADDRESSES:
        ModelDesk(player).take(address.replace("N", "2"), [] if address in ("/stop", "/reset") else [1])
    player.read(100)
    assert (player.weight, player.shift.any(), player.scale.tolist()) == (0.0, False, [1.0] * 6)
