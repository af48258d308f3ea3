"""Bring loudness to a uniform distribution by the quantiles of a corpus. The decoder is given this."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.errors import ModelError, ParameterError
from vqsynth.sound.frames import Floats

QUANTILES = 257
LEAST_STEP_DB = 1e-3
"""Least distance of two quantiles. Equal ones, as those of silence are, are moved apart to keep the map invertible."""


@dataclass(frozen=True)
class Flattening:
    """Hold evenly spaced quantiles of a corpus's loudness.

    Parameters
    ----------
    quantiles_db : (Q,) float32
        Rising values in LUFS, 2 or more.

    Raises
    ------
    ModelError
        For too few values, and for values that are not finite or do not rise.

    """

    quantiles_db: Floats

    def __post_init__(self) -> None:
        q = self.quantiles_db
        if q.ndim != 1 or len(q) < 2 or not np.isfinite(q).all() or not (np.diff(q) > 0).all():
            raise ModelError(
                f"loudness quantiles must be two or more rising numbers (got an array of shape {q.shape}); "
                "get a complete copy of the model"
            )

    def flatten(self, loudness_db: ArrayLike) -> Floats:
        """Return the share of the corpus that is quieter, 0 to 1, in the shape of `loudness_db` (LUFS)."""
        shares = np.linspace(0, 1, len(self.quantiles_db))
        values = np.asarray(loudness_db, np.float64)
        if not np.isfinite(values).all():
            raise ParameterError("loudness_db must be finite (got NaN or infinite values)")
        return np.interp(values, self.quantiles_db, shares).astype(np.float32)

    @classmethod
    def of_corpus(cls, loudness_db: ArrayLike, *, n: int = QUANTILES) -> "Flattening":
        """Compute `n` quantiles of the loudness (T,) of a corpus's frames. Raises ParameterError for no frames."""
        values = np.asarray(loudness_db, np.float64)
        if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
            raise ParameterError(f"loudness_db must be finite values (T,), at least one (got shape {values.shape})")
        if n < 2:
            raise ParameterError(f"n must be 2 or more quantiles (got {n})")
        quantiles = np.quantile(values, np.linspace(0, 1, n))
        apart = LEAST_STEP_DB * np.arange(n)
        return cls((np.maximum.accumulate(quantiles - apart) + apart).astype(np.float32))

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to store."""
        return {"quantiles_db": self.quantiles_db}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> "Flattening":
        """Make a flattening of stored arrays. Raises ModelError where the quantiles are missing or do not fit."""
        if "quantiles_db" not in tensors:
            raise ModelError("the loudness quantiles are missing; get a complete copy of the model")
        return cls(np.asarray(tensors["quantiles_db"], np.float32))
