"""Principal components of the latents, the ones of largest variance in a corpus first, scaled to deviation 1.

Users work with components. All of them are kept, so that going from latents to components loses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ModelError, ParameterError
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.frames import Floats

LEAST_SCALE = 1e-3
"""The smallest scale relative to the largest one. A smaller scale would amplify rounding errors."""
_NAMES = ("mean", "axes", "scales")


@dataclass(frozen=True)
class Components:
    """Hold the principal components of some latents.

    Parameters
    ----------
    mean : (C,) float32
        The mean of the latents.
    axes : (C, C) float32
        Orthonormal rows, the direction of largest variance first.
    scales : (C,) float32
        The standard deviations along the rows, above 0.

    Raises
    ------
    ModelError
        For shapes that differ, rows that are not orthonormal, and scales that are not positive.

    """

    mean: Floats
    axes: Floats
    scales: Floats

    def __post_init__(self) -> None:
        n = self.mean.size
        fits = self.mean.shape == self.scales.shape == (n,) and self.axes.shape == (n, n) and n > 0
        if not fits or not all(np.isfinite(getattr(self, name)).all() for name in _NAMES):
            raise ModelError("the principal components are damaged; get a complete copy of the model")
        if (self.scales <= 0).any() or np.abs(self._axes @ self._axes.T - np.eye(n)).max() > 1e-4:
            raise ModelError("the principal components are not orthonormal; get a complete copy of the model")

    def __len__(self) -> int:
        return len(self.mean)

    def to_components(self, z: Floats) -> Floats:
        """Turn latents (..., C) into components (..., C), which have deviation 1 over the corpus."""
        self._check("z", z)
        # Inner products one by one: the rounding of a matrix product depends on the number of rows.
        turned = np.vecdot((z.astype(np.float64) - self.mean)[..., None, :], self._axes)
        components: Floats = (turned / self.scales).astype(np.float32)
        return components

    def to_latents(self, components: Floats) -> Floats:
        """Turn components (..., C) back into latents (..., C)."""
        self._check("components", components)
        turned = np.vecdot((components.astype(np.float64) * self.scales)[..., None, :], self._axes.T.copy())
        latents: Floats = (turned + self.mean).astype(np.float32)
        return latents

    @property
    def _axes(self) -> Doubles:
        return self.axes.astype(np.float64)

    def _check(self, name: str, rows: Floats) -> None:
        if rows.ndim < 1 or rows.shape[-1] != len(self):
            raise ParameterError(f"{name} must have {len(self)} columns (got shape {rows.shape})")

    @classmethod
    def of_latents(cls, z: Floats) -> "Components":
        """Compute the components of latents (T, C), T of 2 or more. The largest entry of each axis is positive.

        Raises ParameterError for fewer latents, and for values that are not finite.
        """
        z = np.asarray(z)
        if z.ndim != 2 or len(z) < 2 or not z.shape[1] or not np.isfinite(z).all():
            raise ParameterError(f"z must be finite latents (T, C), two or more (got shape {z.shape})")
        centred = z.astype(np.float64) - z.mean(axis=0, dtype=np.float64)
        variances, columns = np.linalg.eigh(centred.T @ centred / len(z))
        axes, scales = columns.T[::-1], np.sqrt(np.maximum(variances[::-1], 0))
        farthest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
        least = max(float(scales[0]) * LEAST_SCALE, 1e-12)
        return cls(
            mean=z.mean(axis=0, dtype=np.float64).astype(np.float32),
            axes=np.ascontiguousarray(axes * np.sign(farthest), np.float32),
            scales=np.maximum(scales, least).astype(np.float32),
        )

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to store."""
        return {name: getattr(self, name) for name in _NAMES}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> "Components":
        """Make components of stored arrays. Raises ModelError where one is missing or does not fit."""
        missing = [name for name in _NAMES if name not in tensors]
        if missing:
            raise ModelError(f"the principal components lack {', '.join(missing)}; get a complete copy of the model")
        return cls(*(np.asarray(tensors[name], np.float32) for name in _NAMES))
