"""The acoustic descriptors: one function each, and the registry that names them with unit and scale.

Every function takes an `Analysis` of one or many sounds and returns a value per frame. Frames are those of
`vqsynth.sound.frames`: centred, Hann-windowed, n_fft and hop_length of the grid at hand (2048 and 512 by default); a
pitch is
looked for in frames of its own about the same centres, 93 ms long, so that it is the same whatever n_fft is. The
spectral descriptors are taken of the magnitude (not the power) unless their docstring says otherwise, and agree with
librosa's of the same name. What a silent frame has no value for is NaN.

A new descriptor is a function and a decorator::

    @descriptor("brightness", unit="dB", scale="linear")
    def brightness(sound: Analysis) -> Floats:
        high = sound.magnitude[..., sound.grid.frequencies_hz > 1500]
        return 20 * np.log10(high.sum(-1) / sound.magnitude.sum(-1))
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from keyword import iskeyword
from typing import Literal

import numpy as np

from vqsynth.checks import check_choice, check_kind, check_whole, show, unknown_name
from vqsynth.errors import ParameterError
from vqsynth.sound.analysis import Analysis as Analysis
from vqsynth.sound.frames import Floats, FrameGrid, frames_between
from vqsynth.sound.loudness import k_weight
from vqsynth.sound.offset import remove_offset
from vqsynth.sound.pitch import USABLE_CONFIDENCE

Scale = Literal["octave", "linear"]
FLOOR = 1e-10
"""Power under which librosa's flatness, and so ours, does not look."""
RESERVED = frozenset(("code", "count"))
"""Names that are keys of tables. Those of options may be had: `targets` tells a descriptor from an option."""
ALIASES = {"brightness": "centroid", "noisiness": "flatness"}
"""Plain words for descriptors, where no descriptor has that name itself."""
_BLOCK = 512  # frames at a time: 4 MB, which the allocator hands out again without new pages


@dataclass(frozen=True)
class Descriptor:
    """Name a function, its unit, the scale its values are compared on, and how they are summed up over time."""

    name: str
    unit: str
    scale: Scale
    summary: Literal["mean", "median"]
    function: Callable[[Analysis], Floats]


REGISTRY: dict[str, Descriptor] = {}


def descriptor(
    name: str, *, unit: str, scale: Scale = "linear", summary: Literal["mean", "median"] = "mean"
) -> Callable[[Callable[[Analysis], Floats]], Callable[[Analysis], Floats]]:
    """Register the decorated function under `name`; `scale` "octave" compares values as ratios.

    The function takes an `Analysis` of frames (..., T, n_fft) and returns a value per frame (..., T), NaN where there
    is none. Defined again, as a notebook's cell is, it replaces itself.
    Raises ParameterError where the name is no identifier, is taken by another function, or means something else in
    tables, filters or options.
    """

    def register(function: Callable[[Analysis], Floats]) -> Callable[[Analysis], Floats]:
        """Put the function into the registry and give it back. Raises ParameterError."""
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
        raise ParameterError(f"{name!r} cannot name a descriptor; use letters, digits and underscores, and no keyword")
    if name in RESERVED:
        raise ParameterError(f"{name!r} cannot name a descriptor, it means something else; add a word to it")


def _home(function: Callable[[Analysis], Floats]) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def measure(
    y: Floats, grid: FrameGrid, names: Iterable[str] | None = None, *, n_fft: int | None = None
) -> dict[str, Floats]:
    """Measure sounds frame by frame. An offset, which cannot be heard, is taken out before.

    y: (..., n), finite. names: those of the registry, by default all. n_fft: of a frame, by default that of the
    grid, whose hop is kept. Returns a dict of (..., T) float32.
    Raises ParameterError for samples that are not finite, for a name that no descriptor has, and for a descriptor that
    does not return a number per frame.
    """
    y = np.asarray(y, np.float32)
    if not np.isfinite(y).all():
        raise ParameterError("y must hold finite samples (got NaN or infinite ones)")
    return measure_clean(remove_offset(y, grid.sr), grid, names, n_fft=n_fft)


def measure_clean(
    y: Floats,
    grid: FrameGrid,
    names: Iterable[str] | None = None,
    *,
    n_fft: int | None = None,
    first: int = 0,
    last: int | None = None,
) -> dict[str, Floats]:
    """Measure sounds as `measure` does, of which it is known that they are finite and have no offset.

    first, last: the frames that are measured, and given, T of them; by default all.
    """
    wanted = [lookup(name) for name in (REGISTRY if names is None else check_names(names))]
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


def check_names(names: Iterable[str]) -> list[str]:
    """Take a list of names. Raises ParameterError for what is none."""
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
    """Find a descriptor by name. Raises ParameterError that lists the names there are."""
    return REGISTRY[find_name(name, tuple(REGISTRY))]


def find_name(name: str, known: Sequence[str]) -> str:
    """Find what a descriptor is called, of some that are known, by its name or a plain word for it.

    Raises ParameterError that suggests the nearest name.
    """
    if isinstance(name, str) and name in known:
        return name
    if isinstance(name, str) and ALIASES.get(name) in known:
        return ALIASES[name]
    raise unknown_name(name, known, "descriptor", also=plain_words(known))


def plain_words(known: Sequence[str]) -> list[str]:
    """List the plain words for descriptors of which some are known."""
    return [word for word, name in ALIASES.items() if word not in known and name in known]


@descriptor("centroid", unit="Hz", scale="octave")
def centroid(sound: Analysis) -> Floats:
    """Take the mean frequency in Hz, weighted by magnitude (Peeters et al., "The Timbre Toolbox", 2011)."""
    mean_hz: Floats = sound.shares @ sound.grid.frequencies_hz
    return mean_hz


@descriptor("bandwidth", unit="Hz", scale="octave")
def bandwidth(sound: Analysis) -> Floats:
    """Take the standard deviation in Hz of the frequencies around the centroid, weighted by magnitude."""
    distance = sound.grid.frequencies_hz - centroid(sound)[..., None]
    spread_hz: Floats = np.sqrt(np.sum(sound.shares * distance**2, axis=-1))
    return spread_hz


@descriptor("rolloff", unit="Hz", scale="octave")
def rolloff(sound: Analysis) -> Floats:
    """Find the frequency in Hz of the first bin under and at which 85 % of the magnitude lies."""
    total = np.cumsum(sound.magnitude, axis=-1)
    found = sound.grid.frequencies_hz[np.argmax(total >= 0.85 * total[..., -1:], axis=-1)]
    return np.where(total[..., -1] > 0, found, np.float32(np.nan))


@descriptor("flatness", unit="dB")
def flatness(sound: Analysis) -> Floats:
    """Compare the geometric to the arithmetic mean of the power spectrum, in dB: 0 is flat, a sine near -100."""
    power = np.maximum(sound.magnitude**2, FLOOR)
    ratio_db = 10 / math.log(10) * (np.log(power).mean(-1) - np.log(power.mean(-1)))  # log10 is five times slower
    return np.where(sound.magnitude.max(-1) > 0, ratio_db, np.float32(np.nan))


@descriptor("crest", unit="dB")
def crest(sound: Analysis) -> Floats:
    """Compare the largest to the mean magnitude of the spectrum, in dB."""
    with np.errstate(invalid="ignore", divide="ignore"):
        crest_db: Floats = 20 * np.log10(sound.magnitude.max(-1) / sound.magnitude.mean(-1))
    return crest_db


@descriptor("loudness", unit="dB")
def loudness(sound: Analysis) -> Floats:
    """Take the K-weighted level in LUFS of each Hann-weighted frame (ITU-R BS.1770-4); silence is -120."""
    mean_square = (sound.weighted**2) @ (sound.grid.window / sound.grid.window.sum())
    level: Floats = -0.691 + 10 * np.log10(mean_square + 1e-12)
    return level


@descriptor("pitch", unit="Hz", scale="octave", summary="median")
def pitch(sound: Analysis) -> Floats:
    """Estimate the fundamental in Hz by YIN, from 30 to 4000; NaN where pitch_confidence is under 0.8."""
    f0_hz, confidence = sound.pitch
    return np.where(confidence >= USABLE_CONFIDENCE, f0_hz, np.float32(np.nan))


@descriptor("pitch_confidence", unit="")
def pitch_confidence(sound: Analysis) -> Floats:
    """Say from 0 to 1 how periodic a frame is: 1 less YIN's normalised difference at the pitch."""
    return sound.pitch[1]
