"""Distances between generated magnitudes or sounds and their targets.

No loss compares samples: a vocoder chooses its own phases, which are not heard.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vqsynth.continuous.vocoders.magnitude import FLOOR
from vqsynth.continuous.vocoders.networks import LOUDEST
from vqsynth.sound.mel import QUIET_DB, MelGrid

SIZES = (2048, 1024, 512, 256)
"""Windows of the multi-resolution loss, their hops a quarter of them."""
RELATIVE_WEIGHT = 0.1
"""Of the relative error of magnitudes beside their log-spectral distance."""
LEAST_NORM = 0.1
"""The norm that a level-free frame has at least, but for silence, by which nothing is to be divided."""


def target_magnitudes(x: Tensor, loudness_db: Tensor, grid: MelGrid) -> Tensor:
    """Transform frames to the level-free magnitudes that log mel bands are averages of.

    x: [N, T, n_fft], as cut and not windowed; loudness_db: [N, T]. Returns [N, n_bins, T].
    """
    window = torch.hann_window(grid.frames.n_fft, dtype=x.dtype, device=x.device)
    unit = grid.peak * 10 ** (loudness_db.clamp(min=QUIET_DB) / 20)
    magnitudes: Tensor = torch.fft.rfft(x * window).abs().transpose(1, 2)
    return magnitudes / unit[:, None]


def magnitude_loss(log_magnitude: Tensor, target: Tensor) -> Tensor:
    """Add the log-spectral distance, which the ear's loudness scale asks for, and some of the relative error.

    log_magnitude: [N, n_bins, T], as `MagnitudeNetwork` gives it; target: the same of `target_magnitudes`. Measured on
    held-out strings after 1000 steps more of a trained vocoder, log-spectral distance, spectral convergence and
    mel-cepstral distance: mean absolute log error and all of the relative one 6.86 / .368 / 2.52; log-spectral distance
    and all of it 6.82 / .368 / 2.48, a third 6.77 / .368 / 2.45, a twentieth 6.76 / .372 / 2.42.
    """
    distance = log_spectral_distance(log_magnitude, (target + FLOOR).log())
    return distance + RELATIVE_WEIGHT * relative_error(log_magnitude, target)


def log_spectral_distance(a: Tensor, b: Tensor) -> Tensor:
    """Average over frames the root mean square over bins of the difference of log magnitudes [N, n_bins, T], in nepers.

    Gray, Markel, "Distance measures for speech processing", 1976.
    """
    distance: Tensor = torch.linalg.vector_norm(a - b, dim=1).mean() / a.shape[1] ** 0.5
    return distance


def relative_error(log_magnitude: Tensor, target: Tensor) -> Tensor:
    """Average over frames how large the error is beside the frame, both as norms, which the loudest bins decide.

    log_magnitude: ln(magnitude + FLOOR), bins or bands, [N, B, T]; target: magnitudes of the same shape.
    """
    norm = torch.linalg.vector_norm(target, dim=1).clamp(min=LEAST_NORM)
    # As it is played, and so that no bin of a new network, far too loud, outweighs all others.
    difference = log_magnitude.clamp(max=LOUDEST).exp() - FLOOR - target
    relative: Tensor = torch.linalg.vector_norm(difference, dim=1) / norm
    return relative.mean()


def multi_resolution_loss(made: Tensor, sound: Tensor, *, sizes: Sequence[int] = SIZES) -> Tensor:
    """Average spectral convergence plus log error over windows, sounds of unit loudness [N, n] each.

    Only whole windows count: what is outside the excerpt is not known. Windows longer than the excerpt are left out.
    Yamamoto, Song, Kim, "Parallel WaveGAN", 2020, section 2.2.
    Raises ValueError where no window fits.
    """
    fitting = [size for size in sizes if size <= made.shape[-1]]
    if not fitting:
        raise ValueError(f"excerpts must have {min(sizes)} samples or more (got {made.shape[-1]})")
    losses = [_spectral_loss(made, sound, size) for size in fitting]
    return torch.stack(losses).mean()


def _spectral_loss(made: Tensor, sound: Tensor, size: int) -> Tensor:
    a, b = _magnitudes(made, size), _magnitudes(sound, size)
    norm = torch.linalg.vector_norm(b, dim=(1, 2)).clamp(min=LEAST_NORM)
    convergence = torch.linalg.vector_norm(a - b, dim=(1, 2)) / norm
    loss: Tensor = convergence.mean() + F.l1_loss((a + FLOOR).log(), (b + FLOOR).log())
    return loss


def _magnitudes(x: Tensor, size: int) -> Tensor:
    """Transform to [N, bins, frames], a sinusoid of RMS 1 peaking at 1."""
    window = torch.hann_window(size, dtype=x.dtype, device=x.device)
    spectra = torch.stft(x, size, size // 4, window=window, center=False, return_complex=True)
    # The square root of a zero has no gradient.
    power = spectra.real.square() + spectra.imag.square() + 1e-12
    magnitudes: Tensor = power.sqrt() * (2**0.5 / window.sum())
    return magnitudes
