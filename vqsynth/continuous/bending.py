"""Bend a latent path by hand: scale, shift, randomize, reverse, draw.

A function bends one component, 1 to C, `"all"` of them, or the `"loudness"`. Components are in standard deviations of
the model's corpus around its mean, 0. The loudness is in dB and is scaled around its loudest frame: a factor widens or
narrows the dynamics, and the loudest frame keeps its level. Amounts are numbers or curves.
"""

from typing import Any

import numpy as np

from vqsynth.continuous.latents import LatentPath, check_latents
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_flag, check_kind
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.excitation import check_seed

ALL, LOUDNESS = "all", "loudness"
Part = int | str


def bend(
    path: LatentPath,
    *,
    component: Part | None = None,
    scale: Any = None,
    bias: Any = None,
    randomize: Any = None,
    reverse: bool = False,
    draw: Any = None,
    seed: int = 0,
) -> LatentPath:
    """Bend a path in several ways, in this order: reverse, draw, scale, bias, randomize.

    Parameters
    ----------
    path : LatentPath
        The path; it is not changed.
    component : int or str, optional
        The part to bend: a component from 1, `"all"` of them, or the `"loudness"`. By default all components;
        `reverse` then reverses the loudness too.
    scale : number or curve, optional
        Factor. The loudness is scaled around its loudest frame.
    bias : number or curve, optional
        Amount to add: standard deviations, or dB for the loudness.
    randomize : number or curve, optional
        Standard deviation of the random number that is added to each frame, 0 or more.
    reverse : bool
        Whether to play it backwards.
    draw : number or curve, optional
        Values to put in its place: standard deviations, or dB for the loudness.
    seed : int
        Seed of `randomize`.

    Returns
    -------
    LatentPath
        The bent path.

    Raises
    ------
    ParameterError
        For a component that the path does not have, and for curves that cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from vqsynth import continuous
    >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(22050) / 44100)
    >>> path = continuous.load("strings").encode(tone, 44100)
    >>> bent = continuous.bend(path, component=1, scale=0, bias="line(0,2)")
    >>> bent.components[0, [0, -1]]
    array([0., 2.], dtype=float32)

    """
    check_latents(path)
    check_flag("reverse", reverse)
    part = ALL if component is None else component
    _rows(path, part)
    if reverse:
        path = reverse_component(path, component)
    if draw is not None:
        path = draw_component(path, part, draw)
    if scale is not None:
        path = scale_component(path, part, scale)
    if bias is not None:
        path = shift_component(path, part, bias)
    return path if randomize is None else randomize_component(path, part, randomize, seed=seed)


def scale_component(path: LatentPath, component: Part, factor: Any) -> LatentPath:
    """Multiply a component by a curve, or scale the loudness by it around the loudest frame."""
    pivot = path.loudness_db.max() if component == LOUDNESS else 0.0
    return _replace(path, component, pivot + (_values(path, component) - pivot) * path.sample(factor))


def shift_component(path: LatentPath, component: Part, bias: Any) -> LatentPath:
    """Add a curve to a component, in standard deviations, or to the loudness, in dB."""
    return _replace(path, component, _values(path, component) + path.sample(bias))


def randomize_component(path: LatentPath, component: Part, amount: Any, *, seed: int = 0) -> LatentPath:
    """Add a normal random number to each frame, with a curve for its standard deviation.

    A component gets the same numbers when it is bent alone and among all. Raises ParameterError for an amount or a
    seed below 0.
    """
    spread = path.sample(amount)
    if spread.min() < 0:
        raise ParameterError(f"an amount to randomize by must be 0 or more (got {spread.min():g})")
    seed = check_seed(seed)
    # The loudness takes the number 0, which no component has.
    numbers = [0] if component == LOUDNESS else [row + 1 for row in _rows(path, component)]
    noise = np.stack([np.random.default_rng((seed, number)).standard_normal(len(path)) for number in numbers])
    return _replace(path, component, _values(path, component) + spread * noise)


def reverse_component(path: LatentPath, component: Part | None = None) -> LatentPath:
    """Reverse a component or the loudness in time. None reverses everything, which plays the sound backwards."""
    if component is None:
        return reverse_component(reverse_component(path, ALL), LOUDNESS)
    return _replace(path, component, _values(path, component)[:, ::-1])


def draw_component(path: LatentPath, component: Part, curve: Any) -> LatentPath:
    """Replace a component, in standard deviations, or the loudness, in dB, by a curve.

    Raises ParameterError for all components at once, since one curve for all would leave nothing of the sound.
    """
    if component == ALL:
        raise ParameterError(f"a curve is drawn into one component, 1 to {path.n_components}, or into the loudness")
    return _replace(path, component, path.sample(curve)[None])


def parse_component(text: str) -> Part:
    """Read a component as it is typed: a number, `all` or `loudness`. Raises ParameterError."""
    word = check_kind("a component", text, str, "text").strip().lower()
    if word in (ALL, LOUDNESS):
        return word
    if not word.isdecimal():
        raise ParameterError(f"a component is a number from 1, '{ALL}' or '{LOUDNESS}' (got {text!r})")
    return int(word)


def _rows(path: LatentPath, component: Part) -> list[int]:
    """Return the rows of `components` that a part stands for, none for the loudness. Raises ParameterError."""
    if isinstance(component, str) and component in (ALL, LOUDNESS):
        return list(range(path.n_components)) if component == ALL else []
    is_number = isinstance(component, int | np.integer) and not isinstance(component, bool)
    if not is_number or not 1 <= int(component) <= path.n_components:
        raise ParameterError(
            f"component must be a number from 1 to {path.n_components}, '{ALL}' or '{LOUDNESS}' (got {component!r})"
        )
    return [int(component) - 1]


def _values(path: LatentPath, component: Part) -> Doubles:
    """Return the rows that a part stands for, (N, T)."""
    rows = _rows(path, component)
    return path.components[rows].astype(np.float64) if rows else path.loudness_db[None]


def _replace(path: LatentPath, component: Part, values: Doubles) -> LatentPath:
    rows = _rows(path, component)
    if not rows:
        return path.with_values(loudness_db=values[0])
    components = path.components.astype(np.float64)
    components[rows] = values
    return path.with_values(components=components)
