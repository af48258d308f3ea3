from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.codebook.sound_files import GRID, small_corpus
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.model.vqvae import ModelConfig
from vqsynth.training.codebook.corpus import TRANSPOSED_SHARE, Corpus
from vqsynth.training.codebook.trainer import CodebookTrainer, TrainConfig

MODEL = ModelConfig(n_fft=GRID.n_fft, codes=16, latent=8, encoder_width=24, decoder_width=24)
CONFIG = TrainConfig(MODEL, steps=40, batch=64)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return small_corpus(tmp_path_factory.mktemp("notes"))


def run(trainer: CodebookTrainer, steps: int) -> CodebookTrainer:
    for _ in range(steps):
        trainer.advance()
    return trainer


def differing(one: CodebookTrainer, two: CodebookTrainer) -> list[str]:
    """Name the tensors that are not in both with the same bits."""
    a, b = one.to_tensors(), two.to_tensors()
    return sorted(a.keys() ^ b.keys()) + [name for name in a.keys() & b.keys() if not np.array_equal(a[name], b[name])]


@pytest.mark.parametrize("stopped_after", [0, 3, 8, 20, 33])
def test_take_up_at_any_phase_ends_with_the_same_bits(corpus: Corpus, stopped_after: int) -> None:
    whole = run(CodebookTrainer(CONFIG, corpus, total=40), 40)
    first = run(CodebookTrainer(CONFIG, corpus, total=40), stopped_after)
    second = CodebookTrainer(CONFIG, corpus, total=40)
    second.take_up(first.to_tensors(), step=first.step)
    assert differing(run(second, 40 - stopped_after), whole) == []


def test_advance_of_two_trainers_does_not_mix_their_randomness(corpus: Corpus) -> None:
    alone = run(CodebookTrainer(CONFIG, corpus, total=40), 12)
    one, other = CodebookTrainer(CONFIG, corpus, total=40), CodebookTrainer(replace(CONFIG, seed=5), corpus, total=40)
    for _ in range(12):
        torch.manual_seed(99)
        one.advance()
        other.advance()
    assert differing(one, alone) == []
    assert not np.array_equal(
        one.to_tensors()["vqvae.model.quantizer.code_vectors"], other.to_tensors()["vqvae.model.quantizer.code_vectors"]
    )


def test_advance_learns_the_corpus_and_uses_its_codes(corpus: Corpus) -> None:
    trainer = CodebookTrainer(replace(CONFIG, steps=400), corpus, total=400)
    reports = [trainer.advance() for _ in range(400)]
    assert np.mean([r.loss for r in reports[-10:]]) < 0.6 * reports[0].loss
    assert reports[0].codes_used == 0, "the first phase has no codes"
    assert reports[-1].codes_used >= 12


def test_trainer_given_fewer_frames_than_codes_says_how_many_to_ask_for(corpus: Corpus) -> None:
    config = replace(CONFIG, model=replace(MODEL, codes=1024))
    with pytest.raises(ParameterError, match=f"1024 codes.*there are {len(corpus.starts)}.*--codes"):
        CodebookTrainer(config, corpus, total=40)


def test_take_up_of_another_model_refuses(corpus: Corpus) -> None:
    other = CodebookTrainer(replace(CONFIG, model=replace(MODEL, latent=4)), corpus, total=40)
    with pytest.raises(CodebookError, match="does not fit"):
        CodebookTrainer(CONFIG, corpus, total=40).take_up(other.to_tensors(), step=0)


def test_sampling_weights_give_copies_their_share(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path, transpose=2)
    weights = corpus.sampling_weights()
    assert weights.sum() == pytest.approx(1)
    assert weights[~corpus.is_original].sum() == pytest.approx(TRANSPOSED_SHARE)


@pytest.mark.parametrize(
    "entry", [{"steps": 3}, {"minutes": 0.0, "steps": None}, {"minutes": 1.0}, {"seed": -1}, {"transpose": 13}], ids=str
)
def test_train_config_given_unusable_options_refuses(entry: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=next(iter(entry))):
        replace(CONFIG, **entry)  # type: ignore[arg-type]
