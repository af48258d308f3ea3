"""K-weighting, the ear's frequency response as ITU-R BS.1770-4 defines it, at any sample rate.

The standard prints the two biquads for 48 kHz only. Here they are computed from the analogue prototypes behind them, a
shelf of 4 dB over 1.7 kHz and a high-pass at 38 Hz. The filter is applied by overlap-save with its exact frequency
response. The overlap is a tenth of a second, after which the response to a pulse has fallen under 1e-9.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vqsynth.sound.frames import Floats, fast_length, rfft

_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_HIGHPASS_HZ, _HIGHPASS_Q = 38.13547087602444, 0.5003270373238773
_MEMORY_S = 0.1
_BLOCK = 1 << 17


def k_weight(y: Floats, sr: int) -> Floats:
    """Filter sounds (..., n) at `sr` Hz with the K-weighting. Return the same shape."""
    n, overlap = y.shape[-1], round(_MEMORY_S * sr)
    size = min(_BLOCK, fast_length(n + overlap))
    step, response = size - overlap, _sample_response(size, sr)
    out = np.empty_like(y)
    for start in range(0, n, step):
        before = [(0, 0)] * (y.ndim - 1) + [(max(0, overlap - start), 0)]
        heard = np.pad(y[..., max(0, start - overlap) : start + step], before)
        block = np.fft.irfft(rfft(heard, size) * response, size, axis=-1)
        out[..., start : start + step] = block[..., overlap : overlap + min(step, n - start)]
    return out


@lru_cache(maxsize=4)
def _sample_response(size: int, sr: int) -> NDArray[np.complex64]:
    return k_response(np.fft.rfftfreq(size).astype(np.float64), sr).astype(np.complex64)


def k_response(cycles: NDArray[np.float64], sr: int) -> NDArray[np.complex128]:
    """Return the filter's complex response at frequencies given in cycles per sample."""
    k = np.tan(np.pi * _SHELF_HZ / sr)
    high, q = 10 ** (_SHELF_DB / 20), _SHELF_Q
    band = high**0.4996667741545416
    shelf = _biquad(
        (high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k),
        (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k),
        cycles,
    )
    k, q = np.tan(np.pi * _HIGHPASS_HZ / sr), _HIGHPASS_Q
    scale = 1 + k / q + k * k
    highpass = _biquad((scale, -2 * scale, scale), (scale, 2 * (k * k - 1), 1 - k / q + k * k), cycles)
    return shelf * highpass


def _biquad(
    b: tuple[float, float, float], a: tuple[float, float, float], cycles: NDArray[np.float64]
) -> NDArray[np.complex128]:
    delay = np.exp(-2j * np.pi * cycles)
    response = np.polyval(b[::-1], delay) / np.polyval(a[::-1], delay)
    return response.astype(np.complex128)
