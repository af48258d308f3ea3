"""The acoustic descriptors: one function each, and the registry that gives each a name, a unit and a scale.

Every function takes an `Analysis` of one or many sounds and returns a value per frame, NaN where a frame has none, as
silent frames mostly do. Frames are those of `vqsynth.sound.frames`: centred, Hann-windowed, 2048 samples long and 512
apart by default. A pitch is estimated in longer frames about the same centres, 93 ms long, so that it does not depend
on n_fft. The spectral descriptors are computed from the magnitude, not the power, unless their docstring says
otherwise, and agree with librosa's descriptors of the same name.

A new descriptor is a function and a decorator::

    @descriptor("highs", unit="dB", scale="linear")
    def highs(sound: Analysis) -> Floats:
        high = sound.magnitude[..., sound.grid.frequencies_hz > 1500]
        return 20 * np.log10(high.sum(-1) / sound.magnitude.sum(-1))
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from keyword import iskeyword
from typing import Literal, TypeVar

import numpy as np

from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_choice, check_kind, check_whole, show, unknown_name
from vqsynth.sound.analysis import Analysis as Analysis
from vqsynth.sound.frames import Floats, FrameGrid, frames_between
from vqsynth.sound.loudness import k_weight
from vqsynth.sound.offset import remove_offset
from vqsynth.sound.pitch import keep_usable

Scale = Literal["octave", "linear"]
FLOOR = 1e-10
"""The least power in the flatness, as in librosa's: lower powers are raised to it."""
RESERVED = frozenset(("code", "count"))
"""Names that no descriptor may have, because they are columns of every table. Names of options are allowed, because
`targets` tells a descriptor from an option."""
ALIASES = {"brightness": "centroid", "noisiness": "flatness"}
"""Plain words for descriptors. A descriptor that has such a name itself comes first."""
_BLOCK = 512  # frames at a time: 4 MB, which the allocator can reuse without new pages


@dataclass(frozen=True)
class Descriptor:
    """Describe a descriptor.

    Parameters
    ----------
    name : str
        Its name in tables, targets and filters.
    unit : str
        Unit of its values, "" for none.
    scale : {"octave", "linear"}
        Whether values are compared as ratios or as differences.
    summary : {"mean", "median"}
        How the values of a code's frames become one value.
    function : callable
        Takes an `Analysis` and returns a value per frame.

    """

    name: str
    unit: str
    scale: Scale
    summary: Literal["mean", "median"]
    function: Callable[[Analysis], Floats]


AnyName = TypeVar("AnyName", str, "str | Descriptor")
REGISTRY: dict[str, Descriptor] = {}


def descriptor(
    name: str, *, unit: str, scale: Scale = "linear", summary: Literal["mean", "median"] = "mean"
) -> Callable[[Callable[[Analysis], Floats]], Callable[[Analysis], Floats]]:
    """Register the decorated function as a descriptor.

    The function takes an `Analysis` of frames (..., T, n_fft) and returns a value per frame, (..., T), NaN where a
    frame has none. A function that is defined again, as in a cell of a notebook, replaces the earlier one. The
    descriptor is then measured by `vqsynth.measure`, and `book.measured_again()` adds its column to a codebook's table.

    Parameters
    ----------
    name : str
        Name of the descriptor: letters, digits and underscores.
    unit : str
        Unit of its values, "" for none.
    scale : {"linear", "octave"}
        "octave" compares values as ratios, as is right for frequencies; "linear" compares them as differences.
    summary : {"mean", "median"}
        How the values of a code's frames become the one value in the table.

    Returns
    -------
    callable
        The decorator. It returns the function unchanged.

    Raises
    ------
    ParameterError
        If the name is not an identifier, belongs to another function, or means something else in tables or filters; if
        the unit, scale or summary is not as above.

    Examples
    --------
    >>> import numpy as np
    >>> import vqsynth
    >>> from vqsynth.descriptors import REGISTRY, descriptor
    >>> @descriptor("highs", unit="dB")
    ... def highs(sound):
    ...     high = sound.magnitude[..., sound.grid.frequencies_hz > 4000].sum(-1)
    ...     return 20 * np.log10(high / sound.magnitude.sum(-1))
    >>> noise = 0.1 * np.random.default_rng(0).standard_normal(22050)
    >>> -6 < float(vqsynth.measure(noise, 44100, ["highs"])["highs"].mean()) < 0
    True
    >>> del REGISTRY["highs"]

    """

    def register(function: Callable[[Analysis], Floats]) -> Callable[[Analysis], Floats]:
        """Add the function to the registry and return it."""
        _check_name(name)
        taken = REGISTRY.get(name)
        if taken and _home(taken.function) != _home(function):
            raise ParameterError(f"a descriptor {name!r} exists already; give yours another name")
        check_kind(f"the unit of {name!r}", unit, str, "text")
        check_choice(f"the scale of {name!r}", scale, ("octave", "linear"))
        check_choice(f"the summary of {name!r}", summary, ("mean", "median"))
        REGISTRY[name] = Descriptor(name, unit, scale, summary, function)
        return function

    return register


def _check_name(name: str) -> None:
    if not (isinstance(name, str) and name.isidentifier()) or iskeyword(name) or re.fullmatch(r"p[0-9_]+", name):
        raise ParameterError(
            f"{name!r} cannot name a descriptor; use letters, digits and underscores, and not a Python keyword"
        )
    if name in RESERVED:
        raise ParameterError(
            f"{name!r} cannot name a descriptor, because every table has a column of that name; add a word to it"
        )


def _home(function: Callable[[Analysis], Floats]) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def measure(
    y: Floats, grid: FrameGrid, names: Iterable[str] | None = None, *, n_fft: int | None = None
) -> dict[str, Floats]:
    """Measure descriptors of sounds, frame by frame. An offset, which cannot be heard, is removed first.

    `vqsynth.measure` does the same for one sound of any number of channels.

    Parameters
    ----------
    y : (..., n) float
        Samples of one or many sounds.
    grid : FrameGrid
        Sample rate, window and hop.
    names : list of str, optional
        The descriptors to measure. By default all that are registered.
    n_fft : int, optional
        Length of a frame in samples, if it is not that of the grid. The hop stays.

    Returns
    -------
    dict of str to (..., T) float32
        Values by descriptor, T = 1 + n // hop_length, NaN where a frame has none.

    Raises
    ------
    ParameterError
        If samples are not finite, a name is unknown, or a descriptor does not return a number per frame.

    """
    y = np.asarray(y, np.float32)
    if not np.isfinite(y).all():
        raise ParameterError("y must hold finite samples (got NaN or infinite ones)")
    return measure_clean(remove_offset(y, grid.sr), grid, names, n_fft=n_fft)


def measure_clean(
    y: Floats,
    grid: FrameGrid,
    names: Iterable[str | Descriptor] | None = None,
    *,
    n_fft: int | None = None,
    first: int = 0,
    last: int | None = None,
) -> dict[str, Floats]:
    """Measure sounds as `measure` does, if they are known to be finite and free of offset.

    Parameters
    ----------
    y, grid, names, n_fft
        As for `measure`.
    first, last : int
        The range of frames to measure, by default all.

    Returns
    -------
    dict of str to (..., T) float32
        Values of the T = last - first frames, by descriptor.

    """
    known = REGISTRY if names is None else check_names(names)
    wanted = dict.fromkeys(name if isinstance(name, Descriptor) else lookup(name) for name in known)
    n_fft = grid.n_fft if n_fft is None else check_whole("n_fft", n_fft, 4, 2**20)
    wide = FrameGrid(grid.sr, n_fft, math.gcd(n_fft // 4, grid.hop_length))
    weighted = cache(lambda: k_weight(y, grid.sr))
    parts: dict[str, list[Floats]] = {d.name: [] for d in wanted}
    n_frames, step = last or grid.count(y.shape[-1]), max(1, _BLOCK // max(1, math.prod(y.shape[:-1])))
    for start in range(first, n_frames, step):
        stop = min(start + step, n_frames)
        cut = partial(frames_between, start=start, stop=stop, hop_length=grid.hop_length)
        sound = Analysis(
            cut(y, n_fft=n_fft),
            lambda cut=cut: cut(weighted(), n_fft=n_fft),  # type: ignore[misc]
            wide,
            lambda n, cut=cut: cut(y, n_fft=n),  # type: ignore[misc]
        )
        for d in wanted:
            parts[d.name].append(_per_frame(d, sound))
    return {name: np.concatenate(values, axis=-1) for name, values in parts.items()}


def check_names(names: Iterable[AnyName]) -> list[AnyName]:
    """Check that names come as a list or another iterable, not as one text. Raises ParameterError otherwise."""
    if (
        not isinstance(names, Iterable)
        or isinstance(names, str | bytes)
        or (isinstance(names, np.ndarray) and not names.ndim)
    ):
        raise ParameterError(f"names must be a list of descriptors (got {show(names)})")
    return list(names)


def _per_frame(d: Descriptor, sound: Analysis) -> Floats:
    values = np.asarray(d.function(sound))
    if values.shape != sound.frames.shape[:-1] or values.dtype.kind not in "fiub":
        raise ParameterError(
            f"descriptor {d.name!r} must return a number per frame, of shape {sound.frames.shape[:-1]} "
            f"(got {values.dtype} of shape {values.shape})"
        )
    return values.astype(np.float32, copy=False)


def lookup(name: str) -> Descriptor:
    """Return the descriptor of a name. Raises ParameterError, which lists the known names."""
    return REGISTRY[find_name(name, tuple(REGISTRY))]


def find_name(name: str, known: Sequence[str]) -> str:
    """Return the name of a descriptor, given this name or a plain word for it.

    Raises ParameterError, which suggests the nearest name, if it is not among the `known` names.
    """
    if isinstance(name, str) and name in known:
        return name
    if isinstance(name, str) and ALIASES.get(name) in known:
        return ALIASES[name]
    raise unknown_name(name, known, "descriptor", also=plain_words(known))


def plain_words(known: Sequence[str]) -> list[str]:
    """List the plain words for those descriptors that are among the `known` names."""
    return [word for word, name in ALIASES.items() if word not in known and name in known]


@descriptor("centroid", unit="Hz", scale="octave")
def centroid(sound: Analysis) -> Floats:
    """Return the mean frequency in Hz, weighted by magnitude.

    References
    ----------
    Peeters et al., "The Timbre Toolbox: extracting audio descriptors from musical signals", 2011.

    """
    mean_hz: Floats = sound.shares @ sound.grid.frequencies_hz
    return mean_hz


@descriptor("bandwidth", unit="Hz", scale="octave")
def bandwidth(sound: Analysis) -> Floats:
    """Return the standard deviation in Hz of the frequencies about the centroid, weighted by magnitude."""
    distance = sound.grid.frequencies_hz - centroid(sound)[..., None]
    spread_hz: Floats = np.sqrt(np.sum(sound.shares * distance**2, axis=-1))
    return spread_hz


@descriptor("rolloff", unit="Hz", scale="octave")
def rolloff(sound: Analysis) -> Floats:
    """Return the frequency in Hz of the lowest bin up to which 85 % of the magnitude lies."""
    total = np.cumsum(sound.magnitude, axis=-1)
    found = sound.grid.frequencies_hz[np.argmax(total >= 0.85 * total[..., -1:], axis=-1)]
    return np.where(total[..., -1] > 0, found, np.float32(np.nan))


@descriptor("flatness", unit="dB")
def flatness(sound: Analysis) -> Floats:
    """Return the ratio of geometric to arithmetic mean of the power spectrum, in dB: 0 if flat, near -100 for sines."""
    power = np.maximum(sound.magnitude**2, FLOOR)
    ratio_db = 10 / math.log(10) * (np.log(power).mean(-1) - np.log(power.mean(-1)))  # log10 is five times slower
    return np.where(sound.magnitude.max(-1) > 0, ratio_db, np.float32(np.nan))


@descriptor("crest", unit="dB")
def crest(sound: Analysis) -> Floats:
    """Return the ratio of the largest to the mean magnitude of the spectrum, in dB."""
    with np.errstate(invalid="ignore", divide="ignore"):
        crest_db: Floats = 20 * np.log10(sound.magnitude.max(-1) / sound.magnitude.mean(-1))
    return crest_db


@descriptor("loudness", unit="dB")
def loudness(sound: Analysis) -> Floats:
    """Return the K-weighted level in LUFS of each Hann-weighted frame (ITU-R BS.1770-4). Silence is -120."""
    mean_square = (sound.weighted**2) @ (sound.grid.window / sound.grid.window.sum())
    level: Floats = -0.691 + 10 * np.log10(mean_square + 1e-12)
    return level


@descriptor("pitch", unit="Hz", scale="octave", summary="median")
def pitch(sound: Analysis) -> Floats:
    """Return the fundamental in Hz, from 30 to 4000, estimated by YIN. NaN where pitch_confidence is under 0.8."""
    return keep_usable(*sound.pitch)


@descriptor("pitch_confidence", unit="")
def pitch_confidence(sound: Analysis) -> Floats:
    """Return how periodic a frame is, from 0 to 1: one minus YIN's normalised difference at the pitch."""
    return sound.pitch[1]
