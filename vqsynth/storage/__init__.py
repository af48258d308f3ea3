"""Files written whole or not at all, bundles with hashes, where they are found, records read from JSON.

    locks        locks that a killed holder leaves free
    files        outputs written whole or not at all, and regular files read
    records      what JSON says, checked
    placement    the files of a folder, put in place together
    tensors      what safetensors hold, checked
    bundle       the folder on disk: card, hashes, files
    collection   where such folders are found: by path, by shipped name

Nothing that vqsynth did not write is removed or replaced, and nothing that is read from a file is executed.
"""
