"""The quantizer: the nearest code vector on the unit sphere, with exponential moving averages.

The code vectors start from k-means over a pool of encoder outputs. A code is dead if its average count falls below a
share of the uniform count. It then restarts from a current latent. Its count and its sum restart together, because with
the old sum the next update would undo the restart. Without k-means and restarts, a codebook of 1024 codes keeps a tenth
of them.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqsynth.errors import CodebookError

DEAD_SHARE = 0.2
"""A code is dead if its average count is below this share of the uniform count per batch."""


class Quantizer(nn.Module):
    """Hold the code vectors [K, D] on the unit sphere, and the moving averages from which they are computed."""

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
        """Return the nearest code of each latent. Latents [N, D] have length 1, codes are int64 [N]."""
        return (z @ self.code_vectors.to(z.dtype).T).argmax(dim=1)

    def start(self, vectors: Tensor, *, batch: int) -> None:
        """Set the code vectors [K, D]. Each gets the count of a uniform share of `batch` latents."""
        uniform = batch / len(self.code_vectors)
        self.code_vectors.copy_(F.normalize(vectors, dim=1))
        self.sums.copy_(self.code_vectors * uniform)
        self.counts.fill_(uniform)

    @torch.no_grad()
    def update(self, z: Tensor, codes: Tensor, *, generator: torch.Generator, revive: bool) -> int:
        """Move the averages towards the latents of a batch, and restart dead codes from some of them.

        Parameters
        ----------
        z : [N, D]
            Latents of length 1.
        codes : int64 [N]
            The nearest code of each latent.
        generator : torch.Generator
            Draws the latents from which dead codes restart.
        revive : bool
            Whether dead codes restart.

        Returns
        -------
        int
            Number of codes that were restarted.

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
    """Cluster a pool of latents by k-means. The result is the same in every run.

    Parameters
    ----------
    pool : [P, D]
        Latents, at least as many as codes.
    codes : int
        Number of clusters.
    seed : int
        Seed of k-means.

    Returns
    -------
    [codes, D]
        The centres.

    Raises
    ------
    CodebookError
        If the pool holds NaN or infinite values, as it does when a training diverges.

    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if not bool(torch.isfinite(pool).all()):
        raise CodebookError(
            "the encoder's outputs must be finite (got NaN or infinite values), so the training diverged; "
            "check the sounds for clicks and train again"
        )
    # With several threads the order of the sums, and with it the last bits of the centres, changes from run to run.
    with threadpool_limits(limits=1):
        fitted = KMeans(codes, n_init=1, max_iter=10, random_state=seed % 2**32).fit(pool.cpu().numpy())
    return torch.from_numpy(fitted.cluster_centers_).to(pool)
