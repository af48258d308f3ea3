"""A corpus encoded and decoded by the VAE, which is what vocoders are given, and decoded mixtures of two sounds."""

from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vqsynth.continuous.bounds import LARGEST_MEL, bound_mel
from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.vae import VAE, decode_frames, encode_frames
from vqsynth.sound.arrays import Ints
from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import EPS
from vqsynth.training.continuous.corpus import MelCorpus
from vqsynth.training.continuous.training import Mixture


@dataclass(frozen=True)
class Decoded:
    """Hold latents z (T, C), flattened loudness u (T,) and decoded bands log_mel (T, B) of all frames of a corpus."""

    vae: VAE
    z: Floats
    u: Floats
    log_mel: NDArray[np.float16]

    def to(self, device: torch.device) -> "Decoded":
        """Take a copy whose mixtures are decoded on another device."""
        return replace(self, vae=deepcopy(self.vae).to(device))

    @torch.no_grad()
    def mix(self, starts: Ints, n_frames: int, mixture: Mixture) -> Tensor:
        """Mix latents and loudness of excerpts, and decode what lies between: log mel bands [N, B, n_frames]."""
        frames = starts[:, None] + np.arange(n_frames)
        device = self.vae.band_mean.device
        z = torch.from_numpy(self.z[frames]).transpose(1, 2).to(device)
        u = torch.from_numpy(self.u[frames])[:, None].to(device)
        return self.vae.decode(mixture.mix(z), mixture.mix(u)).clamp(float(np.log(EPS)), LARGEST_MEL)


def encode_corpus(vae: VAE, corpus: MelCorpus) -> Floats:
    """Encode all frames of a corpus, (T, C), every piece on its own."""
    return np.concatenate([encode_frames(vae, corpus.log_mel[a:b].astype(np.float32)) for a, b in corpus.pieces])


def decode_corpus(vae: VAE, corpus: MelCorpus, flattening: Flattening) -> Decoded:
    """Encode and decode the frames of all pieces, each on its own."""
    z = encode_corpus(vae, corpus)
    u = flattening.flatten(corpus.loudness_db).astype(np.float32)
    log_mel = np.empty_like(corpus.log_mel)
    for first, end in corpus.pieces:
        log_mel[first:end] = bound_mel(decode_frames(vae, z[first:end], u[first:end]))
    return Decoded(vae, z, u, log_mel)
