"""The descriptors of any sound, measured as those of codes are."""

from collections.abc import Iterable

from numpy.typing import ArrayLike

from vqsynth.sound.audio import check_samples, to_mono
from vqsynth.sound.descriptors import REGISTRY, Descriptor, check_names, lookup, measure_clean
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.offset import remove_offset
from vqsynth.sound.tracking import ANY_PITCH, carry_on_pitch


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
    tracked: list[Descriptor] = [ANY_PITCH, lookup("pitch_confidence"), lookup("centroid")] if "pitch" in wanted else []
    measured = measure_clean(remove_offset(samples, sr), grid, [*wanted.values(), *tracked])
    if tracked:
        measured["pitch"] = carry_on_pitch(*(measured[part.name] for part in tracked))
    return {name: measured[name] for name in wanted}
