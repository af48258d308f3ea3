"""Exported files, loaded anew for each test as nn~ loads them, and what feeds them block by block."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Row = NDArray[np.float32]


def load_file(file: Path, **attributes: Any) -> Any:
    """Load an exported file, once, restart it, and set attributes, all others as they were at first."""
    module, first = _load(file)
    for name, values in (first | attributes).items():
        given = values if isinstance(values, list | tuple) else (values,)
        assert getattr(module, f"set_{name}")(*given) == 0, name
    return module


@cache
def _load(file: Path) -> tuple[Any, dict[str, Any]]:
    module = torch.jit.load(str(file))
    return module, {name: getattr(module, f"get_{name}")() for name in module.get_attributes()}


def run_method(module: Any, method: str, x: NDArray[Any], *, block: int = 8192) -> Row:
    """Run a method over rows (channels, T), or (batch, channels, T), `block` samples at a time."""
    ratio = int(getattr(module, f"{method}_params")[1])
    rows = torch.tensor(np.asarray(x, np.float32))
    batch = rows if rows.dim() == 3 else rows[None]
    size = max(1, block // ratio)
    with torch.inference_mode():
        parts = [getattr(module, method)(batch[..., i : i + size]).numpy() for i in range(0, batch.shape[-1], size)]
    y: Row = np.concatenate(parts, axis=-1)
    return y if rows.dim() == 3 else y[0]


def level_db(missed: NDArray[Any], whole: NDArray[Any]) -> float:
    """Return the level of an error under that of a sound, in dB."""
    return float(
        10
        * np.log10(np.mean(np.square(missed, dtype=np.float64)) / np.mean(np.square(whole, dtype=np.float64)) + 1e-30)
    )


def make_voice(n_samples: int, sr: int, *, seed: int = 0) -> Row:
    """Make a sound: a tone of ten partials that glides over an octave and swells, with some noise."""
    t = np.arange(n_samples) / sr
    turns = 2 * np.pi * np.cumsum(200 * 2 ** (0.5 + 0.5 * np.sin(2 * t))) / sr
    tone = sum(np.sin(k * turns) / k for k in range(1, 11)) * (0.1 + 0.08 * np.sin(5 * t))
    return (tone + 0.01 * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)
