"""What a VAE makes of a corpus, and of what lies between two excerpts of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.continuous.sound_files import VAE_SIZES, flatten_all, small_corpus
from vqsynth.continuous.vae import VAE, decode_frames, encode_frames
from vqsynth.sound.mel import EPS
from vqsynth.training.continuous.corpus import MelCorpus
from vqsynth.training.continuous.decoded import decode_corpus, encode_corpus
from vqsynth.training.continuous.training import Mixture


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> MelCorpus:
    return small_corpus(tmp_path_factory.mktemp("sounds"), transpose=1)


def test_encode_corpus_encodes_every_sound_from_its_own_beginning(corpus: MelCorpus) -> None:
    vae = VAE(VAE_SIZES)
    latents = encode_corpus(vae, corpus)
    first, end = corpus.pieces[4]
    alone = encode_frames(vae, corpus.log_mel[first:end].astype(np.float32))
    np.testing.assert_array_equal(latents[first:end], alone)
    assert latents.shape == (len(corpus.log_mel), VAE_SIZES.latents)


def test_decode_corpus_decodes_every_sound_on_its_own(corpus: MelCorpus) -> None:
    vae, flattening = VAE(VAE_SIZES), flatten_all(corpus)
    decoded = decode_corpus(vae, corpus, flattening).log_mel
    first, end = corpus.pieces[1]
    z = encode_frames(vae, corpus.log_mel[first:end].astype(np.float32))
    alone = decode_frames(vae, z, flattening.flatten(corpus.loudness_db[first:end]))
    np.testing.assert_allclose(decoded[first:end], np.clip(alone, np.log(EPS), 6), atol=1e-2)


def test_nothing_mixed_in_decodes_to_what_was_decoded(corpus: MelCorpus) -> None:
    """Two routes, alike where the past that an excerpt leaves out no longer counts; with a share of all, the other."""
    vae, starts = VAE(VAE_SIZES), np.array([0, 40])
    decoded, reach = decode_corpus(vae, corpus, flatten_all(corpus)), vae.decoder.reach
    wanted = torch.from_numpy(replace(corpus, log_mel=decoded.log_mel).mels(starts, 30))[..., reach:]
    for share, order in ((0.0, [0, 1]), (1.0, [1, 0])):
        mixture = Mixture(torch.tensor([1, 0]), torch.full((2, 1, 1), share))
        torch.testing.assert_close(decoded.mix(starts, 30, mixture)[..., reach:], wanted[order], atol=1e-2, rtol=0)
