"""Codebooks and continuous models as TorchScript files that nn~ plays in Pd and Max, and nn.ar in SuperCollider.

    pdfiles        patches of Pd as text
    contract       what nn~ looks for in a file: methods, attributes, labels
    interfaces     engines, as modules see them
    chance         NumPy's random numbers in tensors
    shaping        the spectra of codes, transposed and bent
    playing        shaped spectra to sound
    hearing        sound to frames, and frames to codes
    choosing       targets to codes, without a look ahead
    correcting     what went out, listened to
    engine         the work of a codebook's methods
    book           a codebook as one module
    towers         causal networks, chunk by chunk
    finding        the partials of spectra
    gliding        the work of a continuous model's methods
    model          a continuous model as one module
    labels         methods and inlets of a codebook and a model
    abstractions   patches of Pd for each method
    maxfiles       a patch of Max
    writing        the files, written whole

Modules are scripted as they stand: no code of nn~ is imported. A file plays what the library renders, sample for
sample, so everything that makes sound here is held equal to the library by tests. All operators are those of torch 2.5.
"""
