"""The time that the steps are given: what is left of the minutes, and never too little."""

from pathlib import Path

import pytest

from tests.training.codebook.sound_files import small_corpus
from tests.training.codebook.test_trainer import MODEL
from vqsynth.training.codebook import closing
from vqsynth.training.codebook.closing import estimate_closing_s, seconds_for_steps
from vqsynth.training.codebook.trainer import TrainConfig

CONFIG = TrainConfig(MODEL, minutes=10)


def test_seconds_for_steps_is_what_the_rest_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = small_corpus(tmp_path)
    monkeypatch.setattr(closing, "estimate_closing_s", lambda *_, **__: 40.0)
    left_s = seconds_for_steps(CONFIG, corpus, minutes=10, spent_s=100.0, held_out_s=0.0)
    assert left_s == pytest.approx(460, abs=1)
    assert seconds_for_steps(CONFIG, corpus, minutes=1, spent_s=100.0, held_out_s=0.0) == pytest.approx(24)


def test_estimate_closing_s_grows_with_held_out_sound_by_less_than_it_lasts(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path)
    none, much = (estimate_closing_s(CONFIG, corpus, held_out_s=s) for s in (0.0, 1e6))
    assert 0 < none < 5 and much > none
