"""Mel spectra without their level, and the level itself, frame by frame.

Both are computed from the frame alone, without a filter that has a memory, so frames can be cut in any blocks. The
loudness is the K-weighted level in LUFS of the window's own samples, as the descriptor `loudness` measures it. The mel
spectrum is divided by it before the logarithm, so a sound that is turned up or down keeps its mel spectrum.

Every row is computed by itself, by operations whose rounding does not depend on the number of rows. Any split into
blocks therefore gives the same bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vqsynth.errors import ModelError, ParameterError
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.audio import check_samples
from vqsynth.sound.frames import Floats, FrameGrid, frame_signal
from vqsynth.sound.loudness import k_response
from vqsynth.sound.offset import remove_offset

SILENT_LUFS = -100.0
"""The loudness in LUFS that stands for silence, and for everything quieter."""
QUIET_DB = -80.0
"""The least loudness that a mel spectrum is divided by. Spectra of quieter frames sink to the floor."""
EPS = 1e-4
"""Added to the mel magnitudes before their logarithm: 80 dB under the peak of a sinusoid that fills a frame."""
MAX_MELS = 1024
_BLOCK = 256  # frames at a time: 2 MB, which the allocator can reuse without new pages


@dataclass(frozen=True)
class MelGrid:
    """Hold the frames and the mel bands of a continuous model.

    Parameters
    ----------
    frames : FrameGrid
        Sample rate, window and hop.
    n_mels : int
        Number of bands: 4 to 1024, and not more than bins.
    f_min_hz, f_max_hz : float
        Lower end of the first band and upper end of the last one, within 0 to sr / 2.

    Raises
    ------
    ParameterError
        If a value is not as above.

    """

    frames: FrameGrid = field(default_factory=FrameGrid)
    n_mels: int = 192
    f_min_hz: float = 30.0
    f_max_hz: float = 18000.0

    def __post_init__(self) -> None:
        if not isinstance(self.frames, FrameGrid):
            raise ParameterError(f"frames must be a FrameGrid (got {self.frames!r})")
        if not isinstance(self.n_mels, int | np.integer) or isinstance(self.n_mels, bool):
            raise ParameterError(f"n_mels must be a whole number (got {self.n_mels!r})")
        if not 4 <= self.n_mels <= min(MAX_MELS, self.frames.n_bins):
            most = min(MAX_MELS, self.frames.n_bins)
            raise ParameterError(f"n_mels must lie between 4 and {most} for this window (got {self.n_mels})")
        for name in ("f_min_hz", "f_max_hz"):
            value = getattr(self, name)
            if not isinstance(value, int | float | np.number) or isinstance(value, bool) or not np.isfinite(value):
                raise ParameterError(f"{name} must be a number of Hz (got {value!r})")
        if not 0 <= self.f_min_hz < self.f_max_hz <= self.frames.sr / 2:
            raise ParameterError(
                f"f_min_hz and f_max_hz must rise and lie between 0 and {self.frames.sr / 2:g}, half of sr "
                f"(got {self.f_min_hz:g} and {self.f_max_hz:g})"
            )

    @cached_property
    def filters(self) -> Floats:
        """Return triangular filters that average magnitudes in bands, (n_mels, n_bins).

        They are evenly spaced on Slaney's mel scale (Slaney, "Auditory Toolbox", 1998), and each sums to 1. Where bands
        are closer together than bins, a triangle is as wide as a bin to either side, so that none is empty.
        """
        edges_hz = mel_to_hz(np.linspace(hz_to_mel(self.f_min_hz), hz_to_mel(self.f_max_hz), self.n_mels + 2))
        bin_hz = self.frames.sr / self.frames.n_fft
        above_hz = np.arange(self.frames.n_bins) * bin_hz - edges_hz[1:-1, None]
        widths_hz = np.maximum(np.diff(edges_hz), bin_hz)[:, None]
        triangles = np.maximum(0, 1 - np.where(above_hz < 0, -above_hz / widths_hz[:-1], above_hz / widths_hz[1:]))
        filters: Floats = (triangles / triangles.sum(axis=1, keepdims=True)).astype(np.float32)
        return filters

    @cached_property
    def centres_hz(self) -> Doubles:
        """Return the bands' centre frequencies in Hz, (n_mels,)."""
        return mel_to_hz(np.linspace(hz_to_mel(self.f_min_hz), hz_to_mel(self.f_max_hz), self.n_mels + 2))[1:-1]

    @cached_property
    def loudness_weights(self) -> Doubles:
        """Return the weights (n_bins,) of squared magnitudes whose weighted sum is a frame's K-weighted mean square.

        The magnitudes are those of a Hann-windowed frame. All bins but the first and the last stand for two bins of the
        whole transform.
        """
        window, n_fft = self.frames.window.astype(np.float64), self.frames.n_fft
        twice = np.full(self.frames.n_bins, 2.0)
        twice[[0, -1]] = 1
        response = k_response(np.arange(self.frames.n_bins) / n_fft, self.frames.sr)
        weights: Doubles = twice * np.abs(response) ** 2 / (n_fft * np.sum(window**2))
        return weights

    @property
    def peak(self) -> float:
        """Return the peak magnitude of a sinusoid of RMS 1 in a Hann-windowed frame."""
        return float(np.sum(self.frames.window, dtype=np.float64) / np.sqrt(2))

    def to_dict(self) -> dict[str, Any]:
        """Return the grid as a dict for JSON."""
        clock = {name: int(getattr(self.frames, name)) for name in _CLOCK}
        limits = {name: float(getattr(self, name)) for name in _RANGE}
        return {**clock, "n_mels": int(self.n_mels), **limits, "eps": EPS, "quiet_db": QUIET_DB}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "MelGrid":
        """Read a grid from a card.

        Raises ModelError if an entry is missing, unknown, mistyped or impossible, and if the card asks for mel spectra
        that this version computes in another way, because the networks were not trained on these.
        """
        names = (*_CLOCK, "n_mels", *_RANGE)
        if not isinstance(values, Mapping) or set(values) - set(_UNSAID) != set(names):
            raise ModelError(f"the mel grid must have exactly {', '.join(names)} (got {values}); the card is damaged")
        for name, here in (("eps", EPS), ("quiet_db", QUIET_DB)):
            if (said := values.get(name, _UNSAID[name])) != here:
                raise ModelError(
                    f"the mel grid has {name} {said!r}, where this version of vqsynth has {here:g}; use the version "
                    "that the model was made with, or train it again"
                )
        try:
            clock = FrameGrid(*(values[name] for name in _CLOCK))
            return cls(clock, values["n_mels"], *(values[name] for name in _RANGE))
        except ParameterError as e:
            raise ModelError(f"the mel grid is impossible: {e}; the card is damaged") from e


_CLOCK = tuple(f.name for f in fields(FrameGrid))
_RANGE = ("f_min_hz", "f_max_hz")
_UNSAID = {"eps": 1e-4, "quiet_db": -80.0}
"""Values for cards without these entries: those of the first models. They stay, even if the ones above change."""


@dataclass(frozen=True)
class MelFrames:
    """Hold the mel spectra of frames, and their loudness.

    Parameters
    ----------
    log_mel : (T, n_mels) float32
        Natural logarithms of the mel magnitudes, independent of level.
    loudness_db : (T,) float32
        Loudness in LUFS, at least SILENT_LUFS.

    """

    log_mel: Floats
    loudness_db: Floats


def analyse_sound(y: ArrayLike, grid: MelGrid) -> MelFrames:
    """Analyse the centred frames of a sound. An offset, which cannot be heard, is removed first.

    Parameters
    ----------
    y : (n,) float
        The samples, at the sample rate of the grid.
    grid : MelGrid
        Frames and bands.

    Returns
    -------
    MelFrames
        Of grid.frames.count(n) frames.

    Raises
    ------
    AudioError
        If y is not a mono sound of finite samples.

    """
    clean = remove_offset(check_samples(y), grid.frames.sr)
    return analyse_frames(frame_signal(clean, grid.frames), grid)


def analyse_frames(frames: Floats, grid: MelGrid) -> MelFrames:
    """Analyse frames. Any split into blocks gives the same bits.

    Parameters
    ----------
    frames : (T, n_fft) float32
        Frames as they are cut, not windowed. T may be 0.
    grid : MelGrid
        Frames and bands.

    Returns
    -------
    MelFrames

    Raises
    ------
    ParameterError
        If the frames have another length.

    """
    if frames.ndim != 2 or frames.shape[1] != grid.frames.n_fft:
        raise ParameterError(f"frames must have shape (T, {grid.frames.n_fft}) (got {frames.shape})")
    log_mel = np.empty((len(frames), grid.n_mels), np.float32)
    loudness_db = np.empty(len(frames), np.float32)
    for start in range(0, len(frames), _BLOCK):
        block = slice(start, start + _BLOCK)
        magnitudes = np.abs(np.fft.rfft(frames[block] * grid.frames.window, axis=-1)).astype(np.float32, copy=False)
        loudness_db[block] = loudness_of(magnitudes, grid)
        log_mel[block] = to_log_mel(magnitudes, loudness_db[block], grid)
    return MelFrames(log_mel, loudness_db)


def to_log_mel(magnitudes: Floats, loudness_db: Floats, grid: MelGrid) -> Floats:
    """Average magnitudes in bands, divide them by their loudness, and take the logarithm.

    Parameters
    ----------
    magnitudes : (T, n_bins) float32
        Magnitudes of the rfft of Hann-windowed frames.
    loudness_db : (T,) float32
        Their loudness in LUFS.
    grid : MelGrid
        Frames and bands.

    Returns
    -------
    (T, n_mels) float32
        A sinusoid of any level peaks near ln(1) = 0, before it is averaged over its band. No value is below ln(EPS).

    """
    # The rounding of a matrix product depends on the number of rows; that of single inner products does not.
    bands = np.vecdot(magnitudes[:, None, :], grid.filters)
    unit = grid.peak * 10 ** (np.maximum(loudness_db.astype(np.float64), QUIET_DB) / 20)
    log_mel: Floats = np.log(bands / unit[:, None] + EPS).astype(np.float32)
    return log_mel


def loudness_of(magnitudes: Floats, grid: MelGrid) -> Floats:
    """Return the K-weighted level in LUFS of magnitude spectra (ITU-R BS.1770-4), (T,), at least SILENT_LUFS.

    The magnitudes (T, n_bins) are in units of the rfft of a Hann-windowed frame.
    """
    mean_square = np.vecdot(np.square(magnitudes, dtype=np.float64), grid.loudness_weights)
    level = -0.691 + 10 * np.log10(mean_square + 1e-30)
    loudness_db: Floats = np.maximum(level, SILENT_LUFS).astype(np.float32)
    return loudness_db


def hz_to_mel(hz: float) -> float:
    """Convert a frequency in Hz to Slaney's mel scale, which is linear up to 1 kHz."""
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * float(np.log(hz / 1000) / np.log(6.4))


def mel_to_hz(mel: Doubles) -> Doubles:
    """Convert places on Slaney's mel scale to frequencies in Hz."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (np.maximum(mel, 15) - 15)))
