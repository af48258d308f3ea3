"""Morph one sound into another along a weight curve w: z[n] = z_a[n] (1 - w[n]) + z_b[n] w[n]."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vqsynth.continuous.alignment import align_dtw, stretch
from vqsynth.continuous.latents import LatentPath, check_same_model, count_samples
from vqsynth.curves.language import make_curve
from vqsynth.errors import ParameterError, VqsynthWarning
from vqsynth.errors.checks import check_choice
from vqsynth.sound.arrays import Doubles

ALIGNMENTS = ("stretch", "dtw")
PARTS = ("both", "latents", "loudness")
FAR_STRETCHED = 10.0
"""A sound that is stretched by more than this factor nearly stands still, and a warning says so."""
_BETWEEN_FRAMES = 16


def morph(
    a: LatentPath,
    b: LatentPath,
    *,
    weight: Any = "line(0,1)",
    align: str = "stretch",
    of: str = "both",
    seconds: float | None = None,
) -> LatentPath:
    """Turn one sound into another: z[n] = z_a[n] (1 - w[n]) + z_b[n] w[n].

    Parameters
    ----------
    a, b : LatentPath
        Two paths of one model.
    weight : number or curve
        The share of `b`, from 0 (only `a`) to 1 (only `b`).
    align : {"stretch", "dtw"}
        How both are brought to one length: evenly, or by dynamic time warping, so that similar frames coincide.
    of : {"both", "latents", "loudness"}
        What is mixed: the components, the loudness in dB, or both. The rest is that of `a`.
    seconds : float, optional
        Length of the morph. By default that of the longer sound.

    Returns
    -------
    LatentPath
        The morph. `a` and `b` are not changed.

    Warns
    -----
    VqsynthWarning
        Where a sound is stretched more than ten times.

    Raises
    ------
    ModelError
        For paths of different models.
    ParameterError
        For a weight outside 0 to 1 and other unusable arguments.

    Examples
    --------
    >>> import numpy as np
    >>> from vqsynth import continuous
    >>> model, t = continuous.load("strings"), np.arange(22050) / 44100
    >>> low, high = (model.encode(0.1 * np.sin(2 * np.pi * f * t), 44100) for f in (220, 440))
    >>> continuous.morph(low, high, weight="line(0,1)", seconds=1)
    LatentPath('strings', 87 frames, 1.00 s, 16 components)

    """
    check_choice("align", align, ALIGNMENTS)
    check_choice("of", of, PARTS)
    check_same_model(a, b)
    n_samples = max(a.n_samples, b.n_samples) if seconds is None else count_samples(seconds, a.sr)
    warn_far_stretched((a, b), n_samples)
    pair = align_dtw(a, b, n_samples=n_samples) if align == "dtw" else tuple(stretch(p, n_samples) for p in (a, b))
    share = _sample_weight(pair[0], weight)
    return mix(pair, np.stack([1 - share, share]), of=of)


def mix(paths: Sequence[LatentPath], weights: Doubles, *, of: str = "both") -> LatentPath:
    """Add up P paths of one model and length with weights per frame.

    Parameters
    ----------
    paths : sequence of LatentPath
        The paths.
    weights : (P, T)
        Their weights, which add up to 1 in each frame.
    of : {"both", "latents", "loudness"}
        What is mixed. Everything else is that of the first path.

    Returns
    -------
    LatentPath

    """
    first = paths[0]
    components = sum(path.components * share for path, share in zip(paths, weights, strict=True))
    loudness_db = sum(path.loudness_db * share for path, share in zip(paths, weights, strict=True))
    return replace(
        first,
        components=first.components if of == "loudness" else components,
        loudness_db=first.loudness_db if of == "latents" else loudness_db,
    )


def warn_far_stretched(paths: Sequence[LatentPath], n_samples: int) -> None:
    """Warn of sounds that will be stretched more than ten times."""
    shortest = min(path.n_samples for path in paths)
    if n_samples > FAR_STRETCHED * shortest:
        sr = paths[0].sr
        warnings.warn(
            f"a sound of {shortest / sr:.3g} s is stretched to {n_samples / sr:.3g} s and nearly stands still; choose "
            "sounds of like length, or other seconds",
            VqsynthWarning,
            stacklevel=3,
        )


def _sample_weight(path: LatentPath, weight: Any) -> Doubles:
    """Return the weight at the frames, (T,). Raises ParameterError where it leaves 0 to 1, also between frames."""
    curve, share = make_curve(weight), path.sample(weight)
    end_s = float(path.times_s[-1]) or path.seconds
    between = np.linspace(0.0, end_s, _BETWEEN_FRAMES * len(path))
    times, values = np.append(path.times_s, between), np.append(share, curve.sample(between, end_s))
    worst = int(np.abs(values - 0.5).argmax())
    if not 0 <= values[worst] <= 1:
        raise ParameterError(
            f"a morph's weight must lie between 0, all of A, and 1, all of B, but the curve '{curve.text}' comes to "
            f"{values[worst]:.4g} at {times[worst]:.3g} s; draw it within 0 to 1"
        )
    return share
