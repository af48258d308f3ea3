"""Latent paths that need no model."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from vqsynth.continuous.latents import LatentPath

SR, HOP = 8000, 100


def make_path(seconds: float = 0.5, *, seed: int = 0, n_components: int = 16, **others: Any) -> LatentPath:
    """Make a path that wanders as sounds do, of any length, at 8 kHz and 80 frames a second."""
    rng, n_samples = np.random.default_rng(seed), max(1, round(seconds * SR))
    frames = 1 + n_samples // HOP
    components = np.cumsum(rng.standard_normal((n_components, frames)), axis=1) * 0.2 + rng.standard_normal()
    facts: dict[str, Any] = {"model": "strings", "sha256": "ab" * 32, "components": components}
    return LatentPath(**facts | {"loudness_db": rng.uniform(-50, -10, frames)} | others, sr=SR, hop_length=HOP,
                      n_samples=n_samples)  # fmt: skip


paths = st.builds(
    make_path, st.floats(1e-4, 1.5), seed=st.integers(0, 2**32), n_components=st.integers(1, 16)
)  # fmt: skip


def same(a: LatentPath, b: LatentPath, *, tolerance: float = 0.0) -> bool:
    """Tell whether two paths hold the same numbers."""
    pairs = ((a.components, b.components), (a.loudness_db, b.loudness_db))
    return all(x.shape == y.shape and np.allclose(x, y, rtol=tolerance, atol=tolerance) for x, y in pairs)
