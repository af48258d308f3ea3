"""From sounds to a continuous model.

    corpus            the mel frames of the sounds, analysed once
    training          code shared by VAE and vocoders: descent, mixtures, losses, checks
    descriptors       differentiable descriptors of spectra
    colouring         random filters on excerpts
    spectral          distances between spectra
    discriminators    networks that tell generated sounds from real ones
    decoded           a corpus encoded and decoded by the VAE, the input of vocoders
    adversary         a network that reads loudness from latents, against which the encoder is trained
    vae_trainer       the training of the VAE
    vocoder_trainer   the training of vocoders
    job               the sounds and options of a training
    figures           the figures on the card: errors, components, loudness left in the latents
    assembly          trained stages to a model
    build             the whole training, from sounds to the saved model

The VAE is trained first, then each vocoder on mel spectra that the VAE has decoded.
"""
