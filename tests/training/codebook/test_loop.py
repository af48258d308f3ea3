import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.killing import run_until_killed
from tests.training.codebook.sound_files import small_corpus
from tests.training.codebook.test_trainer import CONFIG, MODEL
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.running.interrupts import Stopped
from vqsynth.training.codebook.corpus import Corpus
from vqsynth.training.codebook.loop import train_model
from vqsynth.training.codebook.trainer import TrainConfig
from vqsynth.training.core.checkpoint import load_checkpoint

# Trains in a process of its own, with a checkpoint after every step, and slowly enough to be killed in the middle.
KILLED = """
import sys, time
from pathlib import Path
from tests.training.codebook.sound_files import small_corpus
from tests.training.codebook.test_trainer import CONFIG
from vqsynth.training.core import stage
from vqsynth.training.codebook import loop
from vqsynth.training.codebook.trainer import CodebookTrainer
advance = CodebookTrainer.advance
def slowly(trainer):
    time.sleep(0.05)
    return advance(trainer)
CodebookTrainer.advance = slowly
stage.CHECKPOINT_EVERY_S = 0.0
folder = Path(sys.argv[1])
loop.train_model(CONFIG, small_corpus(folder / "sounds"), checkpoint=folder / "c.safetensors")
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return small_corpus(tmp_path / "sounds")


def test_train_model_killed_and_resumed_ends_with_the_same_bits(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    assert 14 <= run_until_killed(KILLED, tmp_path, path, step=14) < 40
    resumed = train_model(CONFIG, corpus, checkpoint=path, resume=True).training.to_tensors()
    whole = train_model(CONFIG, corpus, checkpoint=tmp_path / "whole.safetensors").training.to_tensors()
    for name in whole:
        np.testing.assert_array_equal(resumed[name], whole[name], err_msg=name)


def test_train_model_saves_at_the_start_and_at_the_end(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    monkeypatch.setattr(
        "vqsynth.training.core.stage.save_checkpoint", lambda path, checkpoint, error: saved.append(checkpoint.step)
    )
    train_model(CONFIG, corpus, checkpoint=tmp_path / "c.safetensors")
    assert saved == [0, 40]


def test_train_model_after_ctrl_c_saves_and_says_how_to_go_on(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(Stopped, match=r"step \d+ of 1000000.*--resume"):
        train_model(TrainConfig(MODEL, steps=1_000_000, batch=64), corpus, checkpoint=path)
    assert 0 < load_checkpoint(path).step < 1_000_000


def test_train_model_resumed_with_other_sounds_or_options_refuses(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    train_model(CONFIG, corpus, checkpoint=path)
    with pytest.raises(CodebookError, match="seed 0"):
        train_model(TrainConfig(MODEL, steps=40, batch=64, seed=1), corpus, checkpoint=path, resume=True)
    with pytest.raises(CodebookError, match="other sounds"):
        train_model(CONFIG, small_corpus(tmp_path / "more", transpose=1), checkpoint=path, resume=True)


def test_train_model_for_minutes_ends_when_they_are_over_and_is_then_done(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    config = TrainConfig(MODEL, minutes=0.05, batch=64)
    first = train_model(config, corpus, checkpoint=path)
    assert 2.9 < first.seconds < 30, "it is not much over where the machine has other work"
    assert first.training.model.quantizer.code_vectors.any(), "k-means had its turn"
    again = train_model(config, corpus, checkpoint=path, resume=True)
    assert again.training.step == first.training.step
    assert again.seconds >= first.seconds


def test_train_model_leaves_signals_and_threads_as_they_were(corpus: Corpus, tmp_path: Path) -> None:
    import torch

    before = signal.getsignal(signal.SIGINT), torch.get_num_threads()
    train_model(CONFIG, corpus, checkpoint=tmp_path / "c.safetensors", threads=1)
    assert (signal.getsignal(signal.SIGINT), torch.get_num_threads()) == before


def test_train_model_with_no_threads_refuses(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="threads"):
        train_model(CONFIG, corpus, checkpoint=tmp_path / "c.safetensors", threads=0)
