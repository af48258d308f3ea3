"""Nearest code vector on the unit sphere, with exponential moving averages.

Started by k-means over a pool of encoder outputs. A code whose average count falls under a share of the uniform one
is dead and restarts from a current latent, its count and its sum together: with an old sum the next update would
undo the restart. Without both, a codebook of 1024 keeps a tenth of its codes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqsynth.errors import CodebookError

DEAD_SHARE = 0.2
"""A code is dead when its average count is under this share of the uniform count per batch."""


class Quantizer(nn.Module):
    """Keep the code vectors [K, D] on the unit sphere and the moving averages that they follow."""

    code_vectors: Tensor
    sums: Tensor
    counts: Tensor

    def __init__(self, *, codes: int, latent: int, decay: float = 0.99, dead_share: float = DEAD_SHARE) -> None:
        super().__init__()
        self.decay, self.dead_share = decay, dead_share
        self.register_buffer("code_vectors", torch.zeros(codes, latent))
        self.register_buffer("sums", torch.zeros(codes, latent))
        self.register_buffer("counts", torch.ones(codes))

    def nearest(self, z: Tensor) -> Tensor:
        """Find the nearest code of latents [N, D] of length 1: int64 [N]."""
        return (z @ self.code_vectors.to(z.dtype).T).argmax(dim=1)

    def start(self, vectors: Tensor, *, batch: int) -> None:
        """Take over code vectors [K, D], each as if it had its uniform share of a batch of `batch` latents."""
        uniform = batch / len(self.code_vectors)
        self.code_vectors.copy_(F.normalize(vectors, dim=1))
        self.sums.copy_(self.code_vectors * uniform)
        self.counts.fill_(uniform)

    @torch.no_grad()
    def update(self, z: Tensor, codes: Tensor, *, generator: torch.Generator, revive: bool) -> int:
        """Move the averages towards the latents z [N, D] of this batch, and restart dead codes from some of them.

        Returns how many codes were restarted.
        """
        share = 1 - self.decay
        self.counts.mul_(self.decay).add_(torch.bincount(codes, minlength=len(self.counts)), alpha=share)
        self.sums.mul_(self.decay).add_(torch.zeros_like(self.sums).index_add_(0, codes, z), alpha=share)
        revived = self._revive(z, generator) if revive else 0
        self.code_vectors.copy_(F.normalize(self.sums, dim=1))
        return revived

    def _revive(self, z: Tensor, generator: torch.Generator) -> int:
        uniform = len(z) / len(self.counts)
        dead = self.counts < self.dead_share * uniform
        n_dead = int(dead.sum())
        if n_dead:
            rows = torch.randint(len(z), (n_dead,), generator=generator).to(z.device)
            self.sums[dead] = z[rows] * uniform
            self.counts[dead] = uniform
        return n_dead


def find_centres(pool: Tensor, codes: int, *, seed: int) -> Tensor:
    """Cluster a pool of latents [P, D], P >= codes, by k-means, the same way each time: centres [codes, D].

    Raises CodebookError where the pool holds NaN or infinite values, as after a training that ran away.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if not bool(torch.isfinite(pool).all()):
        raise CodebookError(
            "the encoder's outputs are not finite; the training ran away: check the sounds for clicks and start again"
        )
    # Several threads sum in an order that changes from run to run, and with it the last bits of the centres.
    with threadpool_limits(limits=1):
        fitted = KMeans(codes, n_init=1, max_iter=10, random_state=seed % 2**32).fit(pool.cpu().numpy())
    return torch.from_numpy(fitted.cluster_centers_).to(pool)
