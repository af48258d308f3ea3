"""The descriptors of any sound, measured as those of codes are."""

from collections.abc import Iterable

from numpy.typing import ArrayLike

from vqsynth.sound.audio import check_samples, to_mono
from vqsynth.sound.descriptors import measure as measure_frames
from vqsynth.sound.frames import Floats, FrameGrid


def measure(
    y: ArrayLike, sr: int, names: Iterable[str] | None = None, *, n_fft: int = 2048, hop_length: int = 512
) -> dict[str, Floats]:
    """Measure the descriptors of a sound, frame by frame.

    Parameters
    ----------
    y : array (n,) or (n, channels)
        Samples; channels are mixed.
    sr : int
        Sample rate in Hz.
    names : list of str, optional
        Descriptors, by default all that are registered, one's own among them.
    n_fft, hop_length : int
        Length of a frame and step between frames, in samples.

    Returns
    -------
    dict of name to array (T,)
        T = 1 + n // hop_length values in the descriptor's unit, NaN where a frame has none.

    Raises
    ------
    AudioError
        If the samples are not a sound.
    ParameterError
        For unknown names, a rate or lengths that cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> import vqsynth
    >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(22050) / 44100)
    >>> round(float(vqsynth.measure(tone, 44100)["pitch"][20]))
    440

    """
    return measure_frames(check_samples(to_mono(y)), FrameGrid(sr, n_fft, hop_length), names)
