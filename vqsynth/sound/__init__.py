"""Sounds: read, cut into frames, measured, and given their phase.

    arrays        the types of arrays
    decoders      m4a, wma, video: ffmpeg
    resampling    the change of rate, block by block
    reading/      what sound files hold, whatever their headers promise
    audio         sound files in and out, mono, resampling
    frames        windows, framing, overlap-add; samples, frames, seconds
    streams       what all streams have in common: push, finish, delay_samples
    offset        what cannot be heard: offsets, and silence
    folders       folders of sounds, and which of them are held out
    loudness      the K-weighting filter
    pitch         the pitch estimator
    analysis      frames, and what descriptors share of them
    descriptors   one function each, and the registry
    measuring    the descriptors of any sound
    partials      spectra split into partials and noise
    excitation    noise, coherent: the phase of spectra
    refinement    refined: Griffin-Lim at two windows
    mel           sound to mel spectra with their level taken out, and the level
    distances     how far a resynthesis is from its sound

The room knows nothing of codes: the codebook and the continuous model both stand on it.
"""
