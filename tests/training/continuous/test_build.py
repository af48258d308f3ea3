import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.continuous.small import GRID, make_sound
from tests.training.continuous.sound_files import VAE_TRAINING, make_job, vocoder_training, write_sounds
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.store import load
from vqsynth.errors import AudioError, ModelError, ParameterError
from vqsynth.running.observing import Observer
from vqsynth.sound.descriptors import REGISTRY
from vqsynth.sound.frames import FrameGrid
from vqsynth.sound.mel import MelGrid
from vqsynth.training.continuous.build import train_model
from vqsynth.training.continuous.job import make_trainings
from vqsynth.training.core.checkpoint import load_checkpoint, save_checkpoint

Write = Callable[..., Path]
KINDS = ("magnitude", "melgan")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[ContinuousModel, Path, list[str]]:
    """A model of five sounds, trained, and what was said meanwhile."""
    folder, said = tmp_path_factory.mktemp("trained"), []
    paths = write_sounds(folder / "sounds", 6)
    (folder / "sounds" / "broken.wav").write_bytes(b"nothing")
    job = make_job([folder / "sounds"], folder / "model", kinds=KINDS, validation=[paths[3]], about={"licence": "mine"})
    model = train_model(job, observer=Observer(said.append))
    assert model is not None
    return model, folder, said


def test_train_model_saves_a_model_that_loads_and_plays_the_same(
    trained: tuple[ContinuousModel, Path, list[str]],
) -> None:
    model, folder, _ = trained
    loaded = load(folder / "model")
    assert loaded.card == json.loads(json.dumps(model.card))
    assert set(loaded.vocoders) == {*KINDS, "griffin-lim"}
    y = make_sound(1.0, seed=3)
    np.testing.assert_array_equal(*(m.render(m.encode(y, 8000)) for m in (loaded, model)))


def test_train_model_tells_and_writes_down_what_it_used(trained: tuple[ContinuousModel, Path, list[str]]) -> None:
    model, _, said = trained
    assert said[0].startswith("5 files, 0.2 minutes; 1 skipped because\n") and "broken.wav': it is" in said[0]
    assert said[1] == "held out: sound03.wav"
    assert model.card["corpus"]["files"] == 5 and model.card["licence"] == "mine"
    assert model.card["training"]["vae"]["steps"] == 12 and model.card["training"]["seconds"] > 0
    assert model.card["options"]["vae"]["beta"] == VAE_TRAINING.beta


def test_train_model_measures_every_vocoder_and_the_baseline(trained: tuple[ContinuousModel, Path, list[str]]) -> None:
    card = trained[0].card
    assert set(card["held_out"]) == {*KINDS, "griffin-lim"}
    for entry in card["held_out"].values():
        assert set(entry["files"]) == {"sounds/sound03.wav"}
        assert entry["mean"] == entry["files"]["sounds/sound03.wav"] and entry["mean"]["lsd_db"] > 0
    assert card["vocoder"] in KINDS
    assert card["loudness_r2"] <= 1


def test_train_model_names_the_descriptor_of_every_component(trained: tuple[ContinuousModel, Path, list[str]]) -> None:
    followed = trained[0].card["components"]
    assert [entry["component"] for entry in followed] == [1, 2, 3, 4, 5, 6]
    assert all(entry["descriptor"] in REGISTRY and -1 <= entry["correlation"] <= 1 for entry in followed)
    assert abs(followed[0]["correlation"]) > 0.3


def test_train_model_leaves_no_checkpoint_behind(trained: tuple[ContinuousModel, Path, list[str]]) -> None:
    assert sorted(p.name for p in trained[1].iterdir()) == ["model", "sounds"]


def test_train_model_stage_by_stage_gives_the_same_model(tmp_path: Path) -> None:
    """The shipped models' vocoders are trained side by side, each in a process of its own."""
    paths = write_sounds(tmp_path / "sounds")
    whole = train_model(make_job(paths, tmp_path / "whole", kinds=KINDS))
    parts = make_job(paths, tmp_path / "parts", kinds=KINDS)
    assert [train_model(parts, stages=[stage]) for stage in ("vae", "melgan", "magnitude")] == [None] * 3
    assert not (tmp_path / "parts").exists()
    joined = train_model(parts, resume=True)
    assert whole is not None and joined is not None
    assert joined.card["files"] == whole.card["files"]


def test_train_model_without_its_vae_refuses_a_vocoder(tmp_path: Path) -> None:
    job = make_job(write_sounds(tmp_path / "sounds"), tmp_path / "model")
    with pytest.raises(ModelError, match="train its stage first"):
        train_model(job, stages=["magnitude"])
    with pytest.raises(ParameterError, match=r"no stage melgan; there are vae, magnitude"):
        train_model(job, stages=["melgan"])


def test_train_model_where_a_training_lies_asks_what_to_do(tmp_path: Path) -> None:
    job = make_job(write_sounds(tmp_path / "sounds"), tmp_path / "model")
    with pytest.raises(ModelError, match="no checkpoint"):
        train_model(job, resume=True)
    train_model(job, stages=["vae"])
    with pytest.raises(ParameterError, match=r"unfinished training.*--resume"):
        train_model(job)
    other = replace(job, vae=replace(job.vae, seed=5))
    with pytest.raises(ModelError, match=r"seed 0 \(now 5\)"):
        train_model(other, resume=True)


def test_train_model_over_a_model_replaces_it_and_nothing_else(tmp_path: Path) -> None:
    paths = write_sounds(tmp_path / "sounds")
    train_model(make_job(paths, tmp_path / "model"))
    train_model(make_job(paths, tmp_path / "model", vocoders={"melgan": vocoder_training("melgan")}))
    assert load(tmp_path / "model").vocoders == ("melgan", "griffin-lim")
    with pytest.raises(ModelError, match="not a continuous model"):
        train_model(make_job(paths, tmp_path / "sounds"))
    assert len(list((tmp_path / "sounds").iterdir())) == 3


def test_train_model_of_few_files_holds_out_none_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    model = train_model(make_job(write_sounds(tmp_path / "sounds"), tmp_path / "model"), observer=Observer(said.append))
    assert model is not None and said[1] == "held out: nothing"
    assert model.card["held_out"]["magnitude"]["mean"] is None and model.card["loudness_r2"] is None
    assert "not measured" in said[-1]


def test_train_model_of_no_usable_sound_refuses(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioError, match="no sound in"):
        train_model(make_job([tmp_path / "empty"], tmp_path / "model"))
    (tmp_path / "empty" / "a.wav").write_bytes(b"not sound")
    with pytest.raises(AudioError, match="no usable sound"):
        train_model(make_job([tmp_path / "empty"], tmp_path / "model"))
    paths = write_sounds(tmp_path / "sounds")
    with pytest.raises(ParameterError, match="must be left to train on"):
        train_model(make_job(paths, tmp_path / "model", validation=paths))


def test_train_model_of_a_click_has_something_to_learn(write_sound: Write, tmp_path: Path) -> None:
    path = write_sound("click.wav", make_sound(0.02), rate=8000)
    model = train_model(make_job([path], tmp_path / "model"))
    assert model is not None and np.isfinite(model.render(model.encode(make_sound(0.1), 8000))).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [({"vocoders": {}}, "needs a vocoder"), ({"transpose": 13}, "transpose must lie between")],
    ids=str,
)
def test_model_job_given_unusable_options_refuses(tmp_path: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        make_job([], tmp_path / "model", **options)


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\\b"])
def test_model_job_with_a_name_that_is_no_folder_refuses(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match="name must be"):
        replace(make_job([], tmp_path / "model"), name=name)


def test_make_trainings_fits_the_vae_to_the_grid_and_lengths_to_their_stages() -> None:
    grid = MelGrid(FrameGrid(), n_mels=96)
    vae, vocoders = make_trainings(
        grid, vocoders=["melgan"], steps={"vae": 50}, minutes={"melgan": 3.0}, seed=4, adversary=False
    )
    assert (vae.model.n_mels, vae.steps, vae.seed, vae.adversary) == (96, 50, 4, 0.0)
    assert (vocoders["melgan"].minutes, vocoders["melgan"].steps, vocoders["melgan"].seed) == (3.0, None, 4)
    with pytest.raises(ParameterError, match="not both"):
        make_trainings(GRID, steps={"vae": 50}, minutes={"vae": 1.0})


def test_train_model_with_a_base_adds_a_vocoder_and_keeps_its_paths(tmp_path: Path) -> None:
    paths = write_sounds(tmp_path / "sounds")
    base = train_model(make_job(paths, tmp_path / "model", about={"licence": "mine", "about": "noises"}))
    path = base.encode(make_sound(0.5), 8000) if base else None
    job = make_job(paths, tmp_path / "model", kinds=("melgan",), base=load(tmp_path / "model"))
    richer = train_model(replace(job, about={}))
    assert base is not None and path is not None and richer is not None
    assert richer.sha256 == base.sha256 and set(richer.vocoders) == {"magnitude", "melgan", "griffin-lim"}
    np.testing.assert_array_equal(*(m.render(path, vocoder="magnitude") for m in (base, richer)))
    assert set(richer.card["training"]) == {"seconds", "threads", "vae", "magnitude", "melgan"}
    assert all(richer.card[key] == base.card[key] for key in ("licence", "about"))
    assert richer.card["training"]["vae"] == base.card["training"]["vae"]
    stages = [richer.card["training"][name]["seconds"] for name in ("vae", "magnitude", "melgan")]
    assert richer.card["training"]["seconds"] == pytest.approx(sum(stages))
    with pytest.raises(ParameterError, match="the grid must be that of model 'mine'"):
        replace(job, grid=MelGrid(FrameGrid()))


def test_train_model_leaves_the_checkpoint_of_another_vocoder_alone(tmp_path: Path) -> None:
    """A vocoder may still be trained while a model without it is put together; it is added to it later."""
    paths = write_sounds(tmp_path / "sounds")
    both = make_job(paths, tmp_path / "model", kinds=KINDS)
    train_model(both, stages=["vae"])
    train_model(both, stages=["melgan"])
    first = replace(both, vocoders={"magnitude": both.vocoders["magnitude"]})
    assert train_model(first, resume=True) is not None
    assert [p.name for p in (tmp_path / "model.training").iterdir()] == ["melgan.safetensors"]
    second = replace(both, vocoders={"melgan": both.vocoders["melgan"]}, base=load(tmp_path / "model"))
    model = train_model(second, resume=True)
    assert model is not None and set(model.vocoders) == {*KINDS, "griffin-lim"}
    assert not (tmp_path / "model.training").exists()


def test_train_model_does_not_take_a_vae_that_is_still_in_training(tmp_path: Path) -> None:
    job = make_job(write_sounds(tmp_path / "sounds"), tmp_path / "model")
    train_model(job, stages=["vae"])
    saved = load_checkpoint(job.checkpoint("vae"))
    save_checkpoint(job.checkpoint("vae"), replace(saved, step=5))
    with pytest.raises(ModelError, match="train its stage first"):
        train_model(job, stages=["magnitude"])
