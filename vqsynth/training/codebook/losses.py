"""Distances between a decoded spectrum and its frame."""

import torch
import torch.nn.functional as F
from torch import Tensor

from vqsynth.model.vqvae import TARGET_FLOOR

COMMITMENT = 0.25


def target_magnitudes(x: Tensor) -> Tensor:
    """Transform windowed frames [N, n_fft] of RMS 1 to magnitudes [N, n_bins], about 1 at the largest."""
    magnitudes: Tensor = torch.fft.rfft(x).abs() * (4.0 / x.shape[1])
    return magnitudes


def log_error(log_magnitude: Tensor, target: Tensor) -> Tensor:
    """Average the absolute difference of natural log magnitudes, [N, n_bins] each, over the floor."""
    return (log_magnitude - (target + TARGET_FLOOR).log()).abs().mean()


def relative_error(log_magnitude: Tensor, target: Tensor) -> Tensor:
    """Average the L2 norm of the difference of linear magnitudes over that of the target, frame by frame."""
    difference = log_magnitude.exp() - TARGET_FLOOR - target
    size = torch.linalg.vector_norm(target, dim=1).clamp(min=1e-6)
    error: Tensor = (torch.linalg.vector_norm(difference, dim=1) / size).mean()
    return error


def reconstruction_loss(log_magnitude: Tensor, target: Tensor) -> Tensor:
    """Add the log error, which matches how loudness is heard, and the relative error, which partials dominate."""
    return log_error(log_magnitude, target) + relative_error(log_magnitude, target)


def commitment_loss(z: Tensor, z_q: Tensor) -> Tensor:
    """Return the squared distance of latents [N, D] to their codes, summed over dimensions, times COMMITMENT."""
    return COMMITMENT * F.mse_loss(z, z_q.detach()) * z.shape[1]
