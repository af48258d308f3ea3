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
    """Make what changes the sample rate of a sound without end, soon, with soxr at its low quality.

    It is level up to 16 kHz, 3.5 dB down at 18 kHz, and aliases lie 87 dB under the sound. The higher qualities work in
    long blocks: they are 20 ms behind.

    Parameters
    ----------
    orig_sr, sr : int
        The sample rates in Hz before and after.

    Returns
    -------
    function
        Takes the next samples (n,) float32, and returns those that are known now, (m,). It is .5 to 10 ms behind. Where
        the rates are the same, nothing is done.

    """
    if orig_sr == sr:
        return lambda y: y
    import soxr

    resampler = soxr.ResampleStream(orig_sr, sr, 1, dtype="float32", quality="LQ")
    return lambda y: np.asarray(resampler.resample_chunk(y))
