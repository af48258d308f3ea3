"""Change of a sound's sample rate, block by block, with soxr."""

from collections.abc import Callable, Iterator

import numpy as np

from vqsynth.sound.arrays import Floats


def resample_blocks(blocks: Iterator[Floats], *, orig_sr: int, sr: int) -> Iterator[Floats]:
    """Change the sample rate of a sound that comes in blocks, with soxr at its very high quality.

    Parameters
    ----------
    blocks : iterator of (n,) float32
        The sound, at least one sample in all.
    orig_sr, sr : int
        The sample rates in Hz before and after.

    Yields
    ------
    (m,) float32
        Together max(1, round(n * sr / orig_sr)) samples, however the sound is cut into blocks.

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
        # soxr drops samples that do not fill an output sample. Silence follows a sound, so some may be added here.
        rest = resampler.resample_chunk(np.zeros(2 * -(-orig_sr // sr), np.float32), last=True)
        yield rest[: max(1, round(read * sr / orig_sr)) - given]


def make_resampler(orig_sr: int, sr: int) -> Callable[[Floats], Floats]:
    """Make what changes the sample rate of a sound without end, with soxr at its high quality.

    Parameters
    ----------
    orig_sr, sr : int
        The sample rates in Hz before and after.

    Returns
    -------
    function
        Takes the next samples (n,) float32, and returns those that are known now, (m,). It is some 1 to 2 ms behind at
        44.1 kHz. Where the rates are the same, nothing is done.

    """
    if orig_sr == sr:
        return lambda y: y
    import soxr

    resampler = soxr.ResampleStream(orig_sr, sr, 1, dtype="float32", quality="HQ")
    return lambda y: np.asarray(resampler.resample_chunk(y))
