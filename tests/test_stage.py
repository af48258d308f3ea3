"""Stages: killed, stopped and resumed they end with the same bits, and they refuse what does not fit."""

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.continuous.train.sound_files import VAE_TRAINING, flatten_all, small_corpus
from tests.killing import run_until_killed
from vqsynth import stage as stages
from vqsynth.checkpoint import load_checkpoint
from vqsynth.continuous.train.corpus import MelCorpus
from vqsynth.continuous.train.training import Losses
from vqsynth.continuous.train.vae_trainer import VAETrainer, VAETraining
from vqsynth.errors import ModelError, ParameterError
from vqsynth.interrupts import Stopped
from vqsynth.stage import Stage, run_stage, torch_threads

# Trains in a process of its own, with a checkpoint after every step, and slowly enough to be killed in the middle.
KILLED = """
import sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from tests.continuous.train.sound_files import small_corpus
from tests.test_stage import make_stage
from vqsynth import stage
from vqsynth.continuous.train.vae_trainer import VAETrainer
advance = VAETrainer.advance
def slowly(training):
    time.sleep(0.1)
    return advance(training)
VAETrainer.advance = slowly
stage.CHECKPOINT_EVERY_S = 0.0
folder = Path(sys.argv[1])
stage.run_stage(make_stage(small_corpus(folder / "sounds")), folder / "killed.safetensors")
"""


def make_stage(corpus: MelCorpus, config: VAETraining = replace(VAE_TRAINING, steps=40)) -> Stage[VAETrainer]:  # noqa: B008
    return Stage(
        "vae",
        config=config.to_dict(),
        corpus=corpus.fingerprint,
        begin=lambda total: VAETrainer(config, corpus, flatten_all(corpus), total=total),
        steps=config.steps,
        minutes=config.minutes,
        tell=Losses("vae").tell,
        error=ModelError,
    )


@pytest.fixture
def corpus(tmp_path: Path) -> MelCorpus:
    return small_corpus(tmp_path / "sounds")


def test_run_stage_killed_and_resumed_ends_with_the_same_bits(corpus: MelCorpus, tmp_path: Path) -> None:
    path = tmp_path / "killed.safetensors"
    assert 14 <= run_until_killed(KILLED, tmp_path, path, step=14) < 40
    with torch_threads(1):
        resumed = run_stage(make_stage(corpus), path, resume=True).training.to_tensors()
        whole = run_stage(make_stage(corpus), tmp_path / "whole.safetensors").training.to_tensors()
    for name in whole:
        np.testing.assert_array_equal(resumed[name], whole[name], err_msg=name)


def test_run_stage_after_ctrl_c_saves_and_says_how_to_go_on(corpus: MelCorpus, tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    stage = make_stage(corpus, replace(VAE_TRAINING, steps=1_000_000))
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(Stopped, match=r"step \d+ of 1000000 of the vae.*--resume"):
        run_stage(stage, path)
    assert 0 < load_checkpoint(path).step < 1_000_000


def test_run_stage_that_is_done_does_nothing_when_resumed(corpus: MelCorpus, tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    stage = make_stage(corpus, replace(VAE_TRAINING, steps=10))
    first = run_stage(stage, path)
    written = path.stat().st_mtime_ns
    again = run_stage(stage, path, resume=True)
    assert path.stat().st_mtime_ns == written
    assert again.training.step == 10 and again.seconds == pytest.approx(first.seconds, abs=0.5)


def test_run_stage_resumed_with_other_sounds_or_options_refuses(corpus: MelCorpus, tmp_path: Path) -> None:
    path, config = tmp_path / "c.safetensors", replace(VAE_TRAINING, steps=10)
    run_stage(make_stage(corpus, config), path)
    with pytest.raises(ModelError, match=rf"beta {config.beta} \(now 1\.0\)"):
        run_stage(make_stage(corpus, replace(config, beta=1.0)), path, resume=True)
    with pytest.raises(ModelError, match="other sounds"):
        run_stage(make_stage(small_corpus(tmp_path / "more", transpose=1), config), path, resume=True)


def test_run_stage_for_minutes_fixes_its_steps_and_keeps_them(
    corpus: MelCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, config = tmp_path / "c.safetensors", replace(VAE_TRAINING, steps=None, minutes=0.01)
    first = run_stage(make_stage(corpus, config), path)
    assert first.training.total >= 100
    monkeypatch.setattr(stages, "_steps_in", lambda stage: 7)
    assert run_stage(make_stage(corpus, config), path, resume=True).training.total == first.training.total


def test_run_stage_shows_its_losses(corpus: MelCorpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_stage(make_stage(corpus, replace(VAE_TRAINING, steps=10)), tmp_path / "c.safetensors")
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("step 10/10  vae: likelihood ") and "kl" in line and "adversary" in line


def test_torch_threads_are_as_they_were_afterwards() -> None:
    before = torch.get_num_threads()
    with torch_threads(3):
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == before
    with pytest.raises(ParameterError, match="threads must lie between"), torch_threads(0):
        pass
