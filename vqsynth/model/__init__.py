"""The VQ-VAE: raw windows to codes, codes to magnitude spectra.

    networks    the encoder and the decoder
    quantizer   the nearest code vector, with exponential moving averages
    vqvae       all of it as one module, and its way to and from NumPy arrays

The room needs torch and knows nothing of the other rooms.
"""

from vqsynth.running.forking import mind_forks

mind_forks()
