"""The shipped continuous models: each loads, is small, knows its pitch and its loudness, and was made by a recipe."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vqsynth
from vqsynth.codebooks.recipes.continuous import MODEL_RECIPES
from vqsynth.continuous import load
from vqsynth.continuous.store import models_at_hand
from vqsynth.sound.descriptors import measure

MODELS = models_at_hand()
MEGABYTE = 1e6
NOTE_HZ = {"strings": 440.0, "choir": 330.0}
BOOKS = {"strings": "violin", "choir": "choir"}
"""Codebooks that learned from the same sounds."""
every_model = pytest.mark.parametrize("folder", MODELS, ids=lambda folder: str(folder.name))


def bowed(f0_hz: float, *, sr: int = 44100, seconds: float = 1.0) -> np.ndarray:
    """Make a tone that is rich in partials, as a string's or a voice's is, swelling and fading."""
    t = np.arange(round(seconds * sr)) / sr
    partials = sum(np.sin(2 * np.pi * k * f0_hz * t + k) / k**1.5 for k in range(1, 20))
    return (0.1 * np.sin(np.pi * t / seconds) * partials).astype(np.float32)


def test_bank_has_a_model_of_every_recipe() -> None:
    assert {folder.name for folder in MODELS} == set(MODEL_RECIPES)


@every_model
def test_shipped_model_is_whole_and_under_30_megabytes(folder: Path) -> None:
    model = load(folder)  # checks every hash
    assert model.name == folder.name
    assert sum(file.stat().st_size for file in folder.iterdir()) < 30 * MEGABYTE
    assert {"magnitude", "melgan", "griffin-lim"} == set(model.vocoders)


@every_model
def test_shipped_model_says_how_it_was_made_and_how_good_it_is(folder: Path) -> None:
    card, recipe = load(folder).card, MODEL_RECIPES[folder.name]
    said = json.loads(json.dumps(recipe.card()))
    assert {name: card.get(name) for name in said} == said
    vae, vocoders = recipe.trainings()
    for stage, training in {"vae": vae, **vocoders}.items():
        options = json.loads(json.dumps(training.to_dict()))
        assert {**options, **card["options"][stage]} == options
        assert card["training"][stage]["steps"] == training.steps
    best, baseline = (card["held_out"][name]["mean"] for name in (card["vocoder"], "griffin-lim"))
    assert best["lsd_db"] < baseline["lsd_db"] and best["sc"] < baseline["sc"]
    assert [c["component"] for c in card["components"]] == list(range(1, 17))


@every_model
def test_latents_of_shipped_model_do_not_tell_the_loudness(folder: Path) -> None:
    assert load(folder).card["loudness_r2"] <= 0.10


@every_model
def test_shipped_model_keeps_the_pitch_of_a_tone(folder: Path) -> None:
    model, f0_hz = load(folder), NOTE_HZ[folder.name]
    y = model.transfer(bowed(f0_hz), 44100)
    got = measure(y, model.grid.frames, ["pitch"])["pitch"][20:-20]
    cents = 1200 * np.abs(np.log2(got / f0_hz))
    assert np.mean(cents < 50) > 0.9


@every_model
def test_shipped_model_keeps_the_pitch_of_a_note(folder: Path) -> None:
    """A note of the model's own world."""
    model, f0_hz = load(folder), 440.0
    note = vqsynth.synthesize(vqsynth.load(BOOKS[folder.name]), seconds=1.0, pitch=f0_hz, rounds=0).y
    got = measure(model.transfer(note, 44100), model.grid.frames, ["pitch"])["pitch"][20:-20]
    assert np.mean(1200 * np.abs(np.log2(got / f0_hz)) < 50) > 0.9


@every_model
def test_shipped_model_gives_the_same_path_for_a_sound_turned_down_but_for_loudness(folder: Path) -> None:
    model, y = load(folder), bowed(NOTE_HZ[folder.name])
    loud, quiet = model.encode(y, 44100), model.encode(y * np.float32(0.25), 44100)
    heard = loud.loudness_db > -50
    assert np.abs(loud.components - quiet.components)[:, heard].max() < 0.02
    np.testing.assert_allclose((loud.loudness_db - quiet.loudness_db)[heard], 12.04, atol=0.05)


@every_model
def test_shipped_model_plays_the_loudness_that_is_drawn(folder: Path) -> None:
    model = load(folder)
    path = model.encode(bowed(NOTE_HZ[folder.name]), 44100)
    drawn = replace(path, loudness_db=np.linspace(-40, -16, len(path)))
    got = measure(model.render(drawn), model.grid.frames, ["loudness"])["loudness"]
    assert np.abs(got - drawn.loudness_db)[10:-10].mean() < 1.0
