from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.codebook.sound_files import GRID, small_corpus
from tests.training.codebook.test_trainer import CONFIG, MODEL
from vqsynth.model.vqvae import TARGET_FLOOR, VQVAE, take_level_out
from vqsynth.training.codebook.corpus import Corpus
from vqsynth.training.codebook.losses import target_magnitudes
from vqsynth.training.codebook.settling import settle_decoder
from vqsynth.training.codebook.trainer import CodebookTrainer


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return small_corpus(tmp_path_factory.mktemp("notes"))


@pytest.fixture
def model(corpus: Corpus) -> VQVAE:
    """A model after a few steps, with more features than codes."""
    trainer = CodebookTrainer(replace(CONFIG, model=replace(MODEL, decoder_width=64)), corpus, total=60)
    for _ in range(60):
        trainer.advance()
    return trainer.model


def mean_log_spectra(model: VQVAE, corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Average by a loop over codes, the second route: (K, n_bins), and counts (K,)."""
    x = take_level_out(torch.from_numpy(corpus.windows(slice(None))) * torch.from_numpy(GRID.window))
    codes = model.encode(torch.from_numpy(corpus.windows(slice(None))))
    logs = (target_magnitudes(x) + TARGET_FLOOR).log()
    means = [logs[codes == k].mean(dim=0) for k in range(model.config.codes)]
    return torch.stack(means).numpy(), torch.bincount(codes, minlength=model.config.codes).numpy()


def test_settle_decoder_gives_each_code_the_mean_log_spectrum_of_its_frames(model: VQVAE, corpus: Corpus) -> None:
    wanted, counts = mean_log_spectra(model, corpus)
    with torch.no_grad():
        before = model.decoder(model.quantizer.code_vectors).numpy()[counts > 2]
        settle_decoder(model, corpus)
        after = model.decoder(model.quantizer.code_vectors).numpy()[counts > 2]
    assert np.abs(after - wanted[counts > 2]).mean() < 0.2 * np.abs(before - wanted[counts > 2]).mean()


def test_settle_decoder_leaves_encoder_and_codes_as_they_are(model: VQVAE, corpus: Corpus) -> None:
    before = model.to_tensors()
    settle_decoder(model, corpus)
    after = model.to_tensors()
    changed = {name for name in after if not np.array_equal(before[name], after[name])}
    assert changed == {"decoder.output.weight", "decoder.output.bias"}
