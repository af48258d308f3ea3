"""Vocoders made from sizes and weights, good and bad, and given frames that are none."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.continuous.vocoder_samples import GRID, SIZES, chord, each_trained, each_vocoder, make_shaken
from vqsynth.continuous.vocoders import VOCODERS, make_vocoder
from vqsynth.errors import ModelError, ParameterError
from vqsynth.sound.mel import MelGrid, analyse_sound


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda mel, db: (mel[:, 1:], db), "log_mel must have shape"),
        (lambda mel, db: (mel, db[1:]), "log_mel must have shape"),
        (lambda mel, db: (mel[1:], db[1:]), "n_samples must lie between"),
        (lambda mel, db: (mel[:0], db[:0]), "n_samples must lie between"),
        (lambda mel, db: (mel, np.where(db > db.mean(), db, np.nan)), "loudness_db holds NaN"),
        (lambda mel, db: (np.where(mel > mel.mean(), mel, np.inf), db), "log_mel holds NaN or infinite"),
    ],
)
@each_vocoder
def test_render_of_bad_frames_is_refused(name: str, change: Any, message: str) -> None:
    frames = analyse_sound(chord(1000), GRID)
    with pytest.raises(ParameterError, match=message):
        make_shaken(name).render(*change(frames.log_mel, frames.loudness_db), n_samples=1000)


@each_vocoder
def test_render_with_an_unknown_excitation_is_refused(name: str) -> None:
    frames = analyse_sound(chord(1000), GRID)
    with pytest.raises(ParameterError, match=f"the excitation of the vocoder '{name}'"):
        make_shaken(name).render(frames.log_mel, frames.loudness_db, n_samples=1000, excitation="steam")


@each_trained
def test_make_vocoder_from_its_config_and_state_sounds_the_same(name: str) -> None:
    frames = analyse_sound(chord(1500), GRID)
    first = make_vocoder(name, GRID, make_shaken(name).config, make_shaken(name).state)
    second = make_vocoder(name, GRID, first.config, first.state)
    one, two = (v.render(frames.log_mel, frames.loudness_db, n_samples=1500) for v in (first, second))
    np.testing.assert_array_equal(one, two)


@each_trained
def test_make_vocoder_of_default_size_is_a_file_of_five_megabytes_at_most(name: str) -> None:
    state = make_vocoder(name, MelGrid(), {}).state
    assert sum(values.nbytes for values in state.values()) < 5e6


def test_make_vocoder_of_an_unknown_kind_lists_the_kinds() -> None:
    with pytest.raises(ModelError, match=", ".join(VOCODERS)):
        make_vocoder("flute", GRID, {})


@pytest.mark.parametrize("config", [{"width": 0}, {"width": "8"}, {"width": 8.0}, {"width": True}, {"depth": 3}, [3]])
@each_trained
def test_make_vocoder_of_impossible_size_is_refused(name: str, config: Any) -> None:
    with pytest.raises(ModelError, match="a vocoder's config may hold"):
        make_vocoder(name, GRID, config)


@each_trained
def test_make_vocoder_with_weights_that_do_not_fit_is_refused(name: str) -> None:
    state: dict[str, NDArray[Any]] = make_shaken(name).state
    key = next(iter(state))
    for bad in (
        {**state, key: state[key][:-1]},
        {k: v for k, v in state.items() if k != key},
        {**state, "more": state[key]},
    ):
        with pytest.raises(ModelError, match=f"the weights of the vocoder '{name}'"):
            make_vocoder(name, GRID, SIZES[name], bad)
    with pytest.raises(ModelError, match="NaN"):
        make_vocoder(name, GRID, SIZES[name], {**state, key: np.full_like(state[key], np.nan)})


def test_make_vocoder_griffin_lim_with_weights_is_refused() -> None:
    with pytest.raises(ModelError, match="neither sizes nor weights"):
        make_vocoder("griffin-lim", GRID, {}, {"weight": np.zeros(3)})
