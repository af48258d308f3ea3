"""The descriptors of any sound, measured as those of codes are."""

from collections.abc import Iterable

from numpy.typing import ArrayLike

from vqsynth.sound.audio import check_samples, to_mono
from vqsynth.sound.descriptors import REGISTRY, check_names, lookup, measure_clean
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.offset import remove_offset
from vqsynth.sound.tracking import TRACKED, track_pitch

JUDGED_N_FFT = 2048
"""Window in samples in which spectral descriptors are measured, librosa's default, whatever the codebook's window is.
A cello centroid that is corrected in the codebook's own windows of 3072 samples has an error of .001 of the range in
these and of .035 in windows of 2048. With the shorter windows of percussion it is .001 and .012."""
JUDGED_FROM_HZ = 32000
"""Below this sample rate a window of 2048 samples is too long, and the codebook's own window is used."""


def judged_n_fft(grid: FrameGrid) -> int:
    """Return the window in samples in which the spectral descriptors of a render are judged."""
    return JUDGED_N_FFT if grid.sr >= JUDGED_FROM_HZ else grid.n_fft


def measure(
    y: ArrayLike, sr: int, names: Iterable[str] | None = None, *, n_fft: int = 2048, hop_length: int = 512
) -> dict[str, Floats]:
    """Measure the descriptors of a sound, frame by frame.

    A pitch that is sure is carried on into frames beside it that are less sure. The tables of codebooks and the reports
    of renders do not do this, because there every frame stands for itself.

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
    samples, grid = check_samples(to_mono(y)), FrameGrid(sr, n_fft, hop_length)
    wanted = {lookup(name).name: lookup(name) for name in (REGISTRY if names is None else check_names(names))}
    tracked = TRACKED if "pitch" in wanted else ()
    measured = measure_clean(remove_offset(samples, sr), grid, [*wanted.values(), *tracked])
    measured = track_pitch(measured) if tracked else measured
    return {name: measured[name] for name in wanted}
