"""The VQ-VAE: raw windows to codes, codes to magnitude spectra.

    networks    the encoder and the decoder
    quantizer   the nearest code vector, with exponential moving averages
    vqvae       the whole model as one module, and its conversion to and from NumPy arrays

The room needs torch, and nothing of the rooms that hold sounds and codes.
"""

from vqsynth.running.forking import mind_forks

mind_forks()
