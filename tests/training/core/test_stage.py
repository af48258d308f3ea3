"""Stages: killed, stopped and resumed they end with the same bits, and they refuse what does not fit."""

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.killing import run_until_killed
from tests.training.continuous.sound_files import VAE_TRAINING, flatten_all, small_corpus
from vqsynth.errors import ModelError, ParameterError
from vqsynth.running.interrupts import Stopped
from vqsynth.running.observing import Advance, Observer
from vqsynth.training.continuous.corpus import MelCorpus
from vqsynth.training.continuous.training import Losses
from vqsynth.training.continuous.vae_trainer import VAETrainer, VAETraining
from vqsynth.training.core import stage as stages
from vqsynth.training.core.checkpoint import load_checkpoint
from vqsynth.training.core.stage import Stage, run_stage, torch_threads

# Trains in a process of its own, with a checkpoint after every step, and slowly enough to be killed in the middle.
KILLED = """
import sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from tests.training.continuous.sound_files import small_corpus
from tests.training.core.test_stage import make_stage
from vqsynth.training.core import stage
from vqsynth.training.continuous.vae_trainer import VAETrainer
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
        seconds=60 * config.minutes,
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


class FakeClock:
    """A clock on which every look takes a tenth of a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 0.1
        return self.now


def test_run_stage_by_the_clock_takes_the_seconds_and_goes_through_all_phases(
    corpus: MelCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "time", FakeClock())
    seen: list[float] = []
    advance = VAETrainer.advance
    monkeypatch.setattr(VAETrainer, "advance", lambda self: (seen.append(self.progress), advance(self))[1])
    config = replace(VAE_TRAINING, steps=None, minutes=0.2)
    done = run_stage(make_stage(corpus, config), tmp_path / "c.safetensors")
    assert done.seconds == pytest.approx(12, rel=0.05)
    assert len(seen) == pytest.approx(120, abs=6) and done.training.step == len(seen)
    assert seen[0] == 0 and np.all(np.diff(seen) > 0) and 0.98 < seen[-1] < 1


def test_run_stage_by_the_clock_of_a_slow_step_skips_no_phase(
    corpus: MelCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(VAE_TRAINING, steps=None, minutes=1e-6)
    done = run_stage(make_stage(corpus, config), tmp_path / "c.safetensors")
    assert done.training.step == 100


def test_run_stage_by_the_clock_stopped_and_resumed_does_what_is_left(
    corpus: MelCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "time", FakeClock())
    path, config = tmp_path / "c.safetensors", replace(VAE_TRAINING, steps=None, minutes=0.2)
    whole = run_stage(make_stage(corpus, config), tmp_path / "whole.safetensors")
    advance, steps = VAETrainer.advance, iter(range(10**6))

    def interrupted(self: VAETrainer) -> object:
        if next(steps) == 50:
            os.kill(os.getpid(), signal.SIGINT)
        return advance(self)

    monkeypatch.setattr(VAETrainer, "advance", interrupted)
    with pytest.raises(Stopped, match=r"stopped at 4\d% of the vae.*--resume"):
        run_stage(make_stage(corpus, config), path)
    saved = load_checkpoint(path)
    assert saved.total is None and 0.4 < saved.clocked < 0.5 and not saved.is_finished
    resumed = run_stage(make_stage(corpus, config), path, resume=True)
    assert resumed.seconds == pytest.approx(whole.seconds, rel=0.05)
    assert load_checkpoint(path).is_finished
    again = run_stage(make_stage(corpus, config), path, resume=True)
    assert again.training.step == resumed.training.step


def test_run_stage_tells_its_observer_every_step_and_nobody_else(
    corpus: MelCorpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[Advance] = []
    training = make_stage(corpus, replace(VAE_TRAINING, steps=10))
    run_stage(training, tmp_path / "c.safetensors", observer=Observer(advance=told.append))
    assert [at.step for at in told] == [*range(1, 11)] and {at.total for at in told} == {10}
    assert told[-1].share == 1.0 and told[-1].doing == training.name
    assert told[-1].state.startswith("vae: likelihood ") and "kl" in told[-1].state and "adversary" in told[-1].state
    assert capsys.readouterr() == ("", "")


def test_torch_threads_are_as_they_were_afterwards() -> None:
    before = torch.get_num_threads()
    with torch_threads(3):
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == before
    with pytest.raises(ParameterError, match="threads must lie between"), torch_threads(0):
        pass
