"""Data inside a page: the short sounds of many codes as 8-bit samples, and pictures."""

from base64 import b64encode
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.spectra import CodeSpectra, sound_codes
from vqsynth.sound.audio import resample
from vqsynth.sound.frames import Floats, fade_ends

RATE_HZ = 22050
SECONDS = 0.25
MAX_BYTES = 6_000_000
"""Most bytes of all sounds of a page together. In base64 they take a third more."""
_FADE_S = 0.006
_CODES_AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class CodeSounds:
    """Hold N short sounds of equal length.

    Codes are steady sounds, so the error of eight bits is noise, some 40 dB below the sound.

    Parameters
    ----------
    samples : (N, n) int8
        The samples. The peak of each sound is at 127.
    peaks : (N,) float32
        The peak of each sound, 1 for full scale.
    sr : int
        Sample rate in Hz.

    """

    samples: NDArray[np.int8]
    peaks: Floats
    sr: int

    def decode(self) -> Floats:
        """Return the sounds (N, n) as a page plays them."""
        sounds: Floats = self.samples.astype(np.float32) / np.float32(127) * self.peaks[:, None]
        return sounds

    def to_text(self) -> str:
        """Return the samples as base64."""
        return b64encode(self.samples.tobytes()).decode("ascii")


def embed_png(png: bytes) -> str:
    """Return a picture as a data URI."""
    return "data:image/png;base64," + b64encode(png).decode("ascii")


def shorten_codes(spectra: CodeSpectra, codes: NDArray[np.int64], gains_db: NDArray[np.float64]) -> CodeSounds:
    """Return a short sound of each code: the sound on which the descriptor table was measured.

    Parameters
    ----------
    spectra : CodeSpectra
        The spectra of all codes of the codebook.
    codes : (N,) int
        The codes.
    gains_db : (N,) float
        Gain of each code in dB.

    Returns
    -------
    CodeSounds
        A quarter of a second each at 22.05 kHz at most, or less if the page would exceed 6 MB of sounds.

    """
    sr = min(RATE_HZ, spectra.grid.sr)
    length = round(max(0.05, min(SECONDS, MAX_BYTES / (sr * max(len(codes), 1)))) * sr)
    parts = [np.zeros((0, length), np.float32)]
    for start in range(0, len(codes), _CODES_AT_ONCE):
        parts.append(_sound_some(spectra, codes[start : start + _CODES_AT_ONCE], sr, length))
    gains = 10 ** (np.asarray(gains_db, np.float64) / 20)
    y = np.concatenate(parts) * fade_ends(0, length, fade=_FADE_S * sr, n_samples=length) * gains[:, None]
    peaks = np.maximum(np.abs(y).max(axis=1, initial=0), 1e-6)
    return CodeSounds(np.round(y / peaks[:, None] * 127).astype(np.int8), peaks.astype(np.float32), sr)


def _sound_some(spectra: CodeSpectra, codes: NDArray[np.int64], sr: int, length: int) -> Floats:
    """Return the settled sounds (B, length) of codes at the rate `sr`."""
    held = sound_codes(spectra, codes)
    held = np.pad(held, ((0, 0), (0, max(0, -(-length * spectra.grid.sr // sr) - held.shape[1]))), mode="wrap")
    if sr == spectra.grid.sr:
        return held[:, :length]
    return np.stack([resample(y, orig_sr=spectra.grid.sr, sr=sr)[:length] for y in held])
