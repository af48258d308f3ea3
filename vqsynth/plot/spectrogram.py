"""Spectra as images, with frequencies in octaves: the spectrogram of a sound, and spectra side by side."""

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.plot.look import LEVELS, apply_look
from vqsynth.sound.audio import check_samples
from vqsynth.sound.frames import Floats, FrameGrid, frame_signal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOWEST_HZ = 50.0
DEPTH_DB = 80.0

_MAX_COLUMNS = 1600  # more than a picture has pixels across
_ROWS = 400
_BLOCK = 1024
_TICKS_KHZ = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


@dataclass(frozen=True, eq=False)
class SpectrumImage:
    """Hold an image of spectra.

    Parameters
    ----------
    levels_db : (rows, columns) float32
        Levels in dB relative to the loudest, 0 or less. The lowest frequency is first, and rows rise by equal ratios
        from LOWEST_HZ to `top_hz`.
    edges_s : (columns + 1,) float64
        Times in seconds between which the columns lie.
    top_hz : float
        Highest frequency.

    """

    levels_db: NDArray[np.float32]
    edges_s: NDArray[np.float64]
    top_hz: float

    @property
    def equal_s(self) -> float:
        """Return the length in seconds of the image if its last column were as wide as its first."""
        return float(self.edges_s[1]) * (len(self.edges_s) - 1)


def image_sound(y: ArrayLike, sr: int) -> SpectrumImage:
    """Return the spectrogram of a sound (n,) at `sr` Hz, with at most as many columns as a picture has."""
    samples = check_samples(y)
    n_fft = 2048 if sr > 16000 else 1024
    grid = FrameGrid(sr, n_fft, n_fft // 4)
    step = max(1, -(-grid.count(len(samples)) // _MAX_COLUMNS))
    frames = frame_signal(samples, grid)[::step]
    blocks = [np.abs(np.fft.rfft(frames[i : i + _BLOCK] * grid.window)) ** 2 for i in range(0, len(frames), _BLOCK)]
    times_s = np.arange(len(frames)) * step * grid.hop_length / sr
    end_s = len(samples) / sr
    edges_s = np.append(times_s, end_s) if len(times_s) > 1 else np.array([0.0, end_s])
    return _image(np.concatenate(blocks), edges_s, sr)


def image_spectra(magnitudes: ArrayLike, edges_s: ArrayLike, sr: int) -> SpectrumImage:
    """Return an image of spectra (N, n_bins) side by side. Each lasts from one time of edges_s (N + 1,) to the next."""
    power = np.asarray(magnitudes, np.float32) ** 2
    # Some of many spectra are left out. A mean of neighbours would show partials that none of them has.
    step = max(1, -(-len(power) // _MAX_COLUMNS))
    kept = np.append(np.arange(0, len(power), step), len(power))
    return _image(power[::step], np.asarray(edges_s, np.float64)[kept], sr)


def draw_image(figure: "Figure", axes: tuple["Axes", "Axes"], image: SpectrumImage) -> None:
    """Draw an image and its colour bar into a pair of axes."""
    axis, bar = axes
    edges_khz = np.geomspace(LOWEST_HZ, image.top_hz, _ROWS + 1) / 1000
    mesh = axis.pcolormesh(
        image.edges_s, edges_khz, image.levels_db, cmap=LEVELS, vmin=-DEPTH_DB, vmax=0.0, rasterized=True
    )
    axis.set_yscale("log")
    ticks = [khz for khz in _TICKS_KHZ if khz < image.top_hz / 1000]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()
    axis.grid(False)
    axis.set_ylabel("frequency (kHz)")
    axis.set_xlim(0.0, image.edges_s[-1])
    figure.colorbar(mesh, cax=bar).set_label("level (dB, loudest = 0)")
    bar.grid(False)


def encode_image(image: SpectrumImage) -> bytes:
    """Return an image as PNG without axes: a pixel per row and column, the highest frequency on top."""
    buffer, about = BytesIO(), {"Software": "vqsynth"}
    with apply_look():
        from matplotlib.image import imsave

        imsave(buffer, image.levels_db[::-1], vmin=-DEPTH_DB, vmax=0.0, cmap=LEVELS, format="png", metadata=about)
    return buffer.getvalue()


def _image(power: Floats, edges_s: NDArray[np.float64], sr: int) -> SpectrumImage:
    """Return the image of power spectra (columns, n_bins)."""
    at = np.geomspace(LOWEST_HZ, sr / 2, 2 * _ROWS + 1) * (2 * (power.shape[1] - 1) / sr)
    rows = _to_octaves(power, at)
    levels = 10 * np.log10(np.maximum(rows / max(float(power.max()), 1e-20), 1e-12))
    return SpectrumImage(levels.T.astype(np.float32), edges_s, sr / 2)


def _to_octaves(power: Floats, at: NDArray[np.float64]) -> Floats:
    """Turn bins into rows. `at` holds the edges and the centres of the rows in turn, in bins.

    A row that is narrower than a bin is interpolated. A wider row takes the loudest of its bins, so that no partial is
    lost.
    """
    edges, centres = at[::2], at[1::2]
    low = np.floor(centres).astype(np.int64).clip(0, power.shape[1] - 2)
    share = (centres - low).astype(np.float32)
    rows: Floats = power[:, low] * (1 - share) + power[:, low + 1] * share
    starts = np.ceil(edges).astype(np.int64).clip(0, power.shape[1] - 1)
    loudest = np.maximum.reduceat(power, starts[:-1], axis=1)
    return np.where(np.diff(starts) > 0, np.maximum(rows, loudest), rows)
