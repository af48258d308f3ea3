"""`vqsynth continuous train`: one real run, and what it refuses."""

from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.continuous.small import make_sound
from tests.training.continuous.sound_files import write_sounds
from vqsynth.continuous.store import load
from vqsynth.training.continuous.vocoder_trainer import TRAININGS

SMALL = ("--sr", 8000, "--n-fft", 512, "--n-mels", 24)


@pytest.fixture
def run(run: Run) -> Run:
    return partial(run, "continuous", "train")


def test_train_makes_a_model_that_plays(run: Run, tmp_path: Path) -> None:
    write_sounds(tmp_path / "my söunds")
    arguments = ("my söunds", "--name", "mine", "-o", "mine", "--steps", 10, "--vocoder-steps", 10, *SMALL)
    code, out, err = run(*arguments, "--vocoder", "magnitude", "--vocoder", "melgan", "--no-adversary")
    assert code == 0, err
    assert out.splitlines()[0] == "3 files, 0.1 minutes; 0 skipped"
    assert out.splitlines()[-1] == "wrote mine"
    assert "step 10/10  vae:" in err and "step 10/10  melgan:" in err
    model = load(tmp_path / "mine")
    assert (model.name, model.sr, model.grid.frames.hop_length, model.grid.n_mels) == ("mine", 8000, 128, 24)
    assert model.vocoders == ("magnitude", "melgan", "griffin-lim")
    assert model.card["options"]["vae"]["adversary"] == 0
    assert abs(model.transfer(make_sound(0.5), 8000)).max() > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--steps", 3), "steps must lie between"),
        (("--steps", 20, "--minutes", 1), "steps or minutes, not both"),
        (("--vocoder-steps", 20, "--vocoder-minutes", 1), "steps or minutes, not both"),
        (("--minutes", -1), "minutes must lie above 0"),
        (("--seed", -1), "seed must be 0 or more"),
        (("--n-mels", 1), "n_mels must lie between"),
        (("--n-fft", 1000, "--hop-length", 300), "hop_length must divide"),
        (("--transpose", 13), "transpose must lie between"),
        (("--device", "toaster"), "device 'toaster' cannot be used"),
        (("--threads", 0), "threads must lie between"),
        (("--resume",), "no checkpoint"),
        (("--validation", "nowhere"), "'nowhere' does not exist"),
        (("--name", "a/b"), "name must be"),
        (("-o", "sounds"), "not a continuous model"),
    ],
    ids=str,
)
def test_train_given_unusable_options_fails_in_one_line(
    run: Run, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    write_sounds(tmp_path / "sounds")
    code, _, err = run("sounds", "--name", "mine", "-o", "mine", *SMALL, *options)
    assert code == 1
    assert err.startswith("Error: ") and said in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "mine").exists() and not (tmp_path / "mine.training").exists()


def test_train_with_a_base_adds_a_vocoder_on_its_grid(run: Run, tmp_path: Path) -> None:
    write_sounds(tmp_path / "sounds")
    given = ("sounds", "--name", "mine", "-o", "mine", "--vocoder-steps", 10)
    assert run(*given, "--steps", 10, *SMALL)[0] == 0
    code, _, err = run(*given, "--vocoder", "melgan", "--base", "mine")
    assert code == 0, err
    assert "vae:" not in err
    assert load(tmp_path / "mine").vocoders == ("magnitude", "melgan", "griffin-lim")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--vocoder", "melgan", "--steps", 20), "--steps is an option of frames and VAE, which --base keeps"),
        (("--vocoder", "melgan", "--n-fft", 512), "--n-fft is an option of frames and VAE"),
        (("--vocoder", "melgan", "--no-adversary"), "--no-adversary is an option of frames and VAE"),
        ((), "name the vocoders to train for the VAE of --base, with --vocoder"),
    ],
    ids=str,
)
def test_train_with_a_base_takes_no_options_of_the_vae(
    run: Run, tmp_path: Path, given: tuple[object, ...], said: str
) -> None:
    write_sounds(tmp_path / "sounds")
    code, _, err = run("sounds", "--name", "mine", "-o", "mine", "--base", "strings", *given)
    assert code == 2 and said in err
    assert not (tmp_path / "mine").exists()


def test_train_knows_the_vocoders_that_can_be_trained(run: Run) -> None:
    _, out, _ = run("--help")
    assert f"[{'|'.join(TRAININGS)}]" in out


def test_train_an_unknown_vocoder_lists_those_there_are(run: Run, tmp_path: Path) -> None:
    write_sounds(tmp_path / "sounds")
    code, _, err = run("sounds", "--name", "mine", "-o", "mine", "--vocoder", "griffin-lim")
    assert code == 2 and "magnitude" in err and "melgan" in err


def test_train_help_shows_an_example(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "vqsynth continuous train my-sounds" in out
