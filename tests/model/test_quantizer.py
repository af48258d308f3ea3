import pytest
import torch

from vqsynth.errors import CodebookError
from vqsynth.model.networks import to_sphere
from vqsynth.model.quantizer import Quantizer, find_centres


def draw(n: int, seed: int = 0) -> torch.Tensor:
    return to_sphere(torch.randn(n, 8, generator=torch.Generator().manual_seed(seed)))


def started(codes: int, vectors: torch.Tensor, **options: float) -> Quantizer:
    quantizer = Quantizer(codes=codes, latent=8, **options)  # type: ignore[arg-type]
    quantizer.start(vectors, batch=64)
    return quantizer


def test_nearest_agrees_with_the_smallest_distance() -> None:
    quantizer, z = started(32, draw(32)), draw(200, seed=1)
    by_distance = torch.cdist(z, quantizer.code_vectors).argmin(dim=1)
    assert torch.equal(quantizer.nearest(z), by_distance)


def test_nearest_of_the_code_vectors_is_themselves() -> None:
    quantizer = started(32, draw(32))
    assert torch.equal(quantizer.nearest(quantizer.code_vectors), torch.arange(32))


def test_update_repeated_on_one_batch_moves_codes_to_the_means_of_their_latents() -> None:
    quantizer, z = started(4, draw(4), decay=0.5), draw(64, seed=3)
    codes = quantizer.nearest(z)
    for _ in range(40):
        quantizer.update(z, codes, generator=torch.Generator(), revive=False)
    for k in range(4):
        torch.testing.assert_close(quantizer.code_vectors[k], to_sphere(z[codes == k].mean(dim=0)))


def test_update_with_revival_restarts_a_dead_code_from_a_current_latent_for_good() -> None:
    vectors = draw(4)
    quantizer, z = started(4, vectors, decay=0.5), to_sphere(vectors[0] + 0.1 * draw(64, seed=4))
    generator = torch.Generator().manual_seed(0)
    revived = 0
    for _ in range(5):
        revived += quantizer.update(z, quantizer.nearest(z), generator=generator, revive=True)
    assert revived >= 3
    assert (quantizer.code_vectors @ vectors[0]).min() > 0.9, "every code is now where the latents are"


def test_update_without_revival_leaves_an_unused_code_where_it_is() -> None:
    vectors = draw(4)
    quantizer, z = started(4, vectors), vectors[:1].repeat(64, 1)
    for _ in range(300):
        assert quantizer.update(z, quantizer.nearest(z), generator=torch.Generator(), revive=False) == 0
    torch.testing.assert_close(quantizer.code_vectors, vectors)


def test_find_centres_of_separate_clusters_finds_each() -> None:
    means = torch.eye(8)
    pool = (means[:, None] + 0.01 * torch.randn(8, 40, 8, generator=torch.Generator().manual_seed(5))).flatten(0, 1)
    centres = find_centres(pool, 8, seed=0)
    assert sorted((centres @ means.T).argmax(dim=1).tolist()) == list(range(8))


def test_find_centres_twice_gives_the_same_bits() -> None:
    pool = draw(2000)
    assert torch.equal(find_centres(pool, 50, seed=7), find_centres(pool, 50, seed=7))


def test_find_centres_given_nan_refuses() -> None:
    pool = draw(100)
    pool[3, 2] = float("nan")
    with pytest.raises(CodebookError, match="must be finite"):
        find_centres(pool, 4, seed=0)
