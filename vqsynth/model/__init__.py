"""The VQ-VAE: raw windows to codes, codes to magnitude spectra. It needs torch and knows nothing of the other rooms."""

from vqsynth.forking import mind_forks

mind_forks()
