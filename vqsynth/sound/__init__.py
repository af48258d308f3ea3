"""Sounds: read, cut into frames, measured, and given their phase.

    arrays        type aliases of arrays
    decoders      formats that only ffmpeg reads: m4a, wma, video
    resampling    change of sample rate, block by block
    reading/      sound files decoded in spite of wrong headers
    audio         sound files in and out, mono, resampling
    frames        windows, framing, overlap-add; samples, frames, seconds
    attacks       sounds that set in at a sample
    streams       the interface of all streams: push, finish, delay_samples
    offset        inaudible parts of a sound: offsets and silence
    onsets        where sounds set in, and how fast
    folders       folders of sounds, and which sounds are held out
    loudness      the K-weighting filter
    pitch         the pitch estimator
    analysis      frames, and the spectra that descriptors share
    descriptors   one function each, and the registry
    tracking      the pitch of a sound over time
    measuring     the descriptors of any sound
    partials      spectra split into partials and noise
    excitation    the phase of spectra: noise or coherent
    width         left and right: the places of layers, and a second noise
    refinement    the refined excitation: Griffin-Lim at two windows
    mel           mel spectra without their level, and the level
    distances     distances between a sound and its resynthesis

This room knows nothing of codes; the codebook and the continuous model both use it.
"""
