"""From sounds to a continuous model.

    corpus            the mel frames of the sounds, analysed once
    training          what the trainings of the room share: how they descend, mixtures, losses, checks
    descriptors       descriptors of spectra that have a gradient
    colouring         sounds as other rooms would colour them
    spectral          how far made magnitudes are from those that they were to be
    discriminators    networks that learn to tell made sounds from real ones
    decoded           what the VAE makes of a corpus, which vocoders are given
    adversary         what reads loudness from latents, so that they unlearn it
    vae_trainer       the training of the VAE
    vocoder_trainer   the training of vocoders
    job               what is to be trained on and how
    figures           what the card says about quality
    assembly          from trained stages to a model
    build             all of that, and the folder

The VAE is trained first, then each vocoder on what the VAE decodes.
"""
