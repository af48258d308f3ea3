"""Files and folders on disk: safe writing, bundles with hashes, and checked reading.

    locks        file locks that a killed process releases
    files        output files that appear only when complete, and regular files read whole
    records      JSON, parsed and checked
    placement    replacing all files of a folder at once
    tensors      safetensors, parsed and checked
    bundle       the folder of a codebook or model: card, hashes, files
    collection   finding such folders by path or by shipped name

vqsynth never removes or replaces what it did not write, and never executes what it reads.
"""
