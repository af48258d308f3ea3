"""The change of a sound's rate, block by block, with soxr."""

from collections.abc import Iterator

import numpy as np

from vqsynth.sound.arrays import Floats


def resample_blocks(blocks: Iterator[Floats], *, orig_sr: int, sr: int) -> Iterator[Floats]:
    """Change the rate of a sound that comes in blocks (n,), one or more samples in all, with soxr's very high quality.

    Together they are max(1, round(n * sr / orig_sr)) samples, whatever the blocks.
    """
    import soxr

    resampler = soxr.ResampleStream(orig_sr, sr, 1, dtype="float32", quality="VHQ")
    read, given = 0, 0
    for block in blocks:
        read += len(block)
        piece: Floats = resampler.resample_chunk(block)
        given += len(piece)
        yield piece
    if read:
        # soxr drops what does not fill an output sample; a sound is followed by silence, so silence may be added.
        rest = resampler.resample_chunk(np.zeros(2 * -(-orig_sr // sr), np.float32), last=True)
        yield rest[: max(1, round(read * sr / orig_sr)) - given]
