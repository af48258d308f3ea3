import math

import torch

from vqsynth.training.codebook.augment import NOISE_DB, augment_windows, octaves_over_lowest

SR = 44100


def draw(n: int = 64) -> torch.Tensor:
    x = torch.randn(n, 512, generator=torch.Generator().manual_seed(0)) * torch.hann_window(512)
    return x / x.square().mean(dim=1, keepdim=True).sqrt()


def test_augment_windows_keeps_the_level_and_the_shape() -> None:
    y = augment_windows(draw(), sr=SR, generator=torch.Generator().manual_seed(1))
    assert y.shape == (64, 512)
    torch.testing.assert_close(y.square().mean(dim=1), torch.ones(64), atol=1e-4, rtol=1e-4)


def test_augment_windows_with_the_same_generator_seed_gives_the_same_bits() -> None:
    one, two = (augment_windows(draw(), sr=SR, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(one, two)
    assert not torch.equal(one, augment_windows(draw(), sr=SR, generator=torch.Generator().manual_seed(2)))


def test_augment_windows_of_a_tone_keeps_its_frequency_and_adds_noise_within_the_range() -> None:
    bin_ = 100
    t = torch.arange(4096)
    x = (torch.cos(2 * math.pi * bin_ * t / 4096) * torch.hann_window(4096)).repeat(64, 1)
    x = x / x.square().mean(dim=1, keepdim=True).sqrt()
    power = torch.fft.rfft(augment_windows(x, sr=SR, generator=torch.Generator().manual_seed(3))).abs().square()
    assert power.argmax(dim=1).eq(bin_).all()
    tone = power[:, bin_ - 4 : bin_ + 5].sum(dim=1)
    noise_db = 10 * torch.log10((power.sum(dim=1) - tone) / tone)
    assert noise_db.max() < -NOISE_DB[0] + 0.5
    assert noise_db.min() > -NOISE_DB[1] - 0.5
    assert noise_db.max() - noise_db.min() > 25, "every level between occurs"


def test_augment_windows_flips_polarity_of_about_half() -> None:
    x = draw(400)
    y = augment_windows(x, sr=SR, generator=torch.Generator().manual_seed(4))
    flipped = ((x * y).sum(dim=1) < 0).float().mean()
    assert 0.4 < flipped < 0.6


def test_octaves_over_lowest_rise_by_one_per_doubling() -> None:
    octaves = octaves_over_lowest(1025, sr=SR)
    assert octaves[0] == 0
    high = octaves[1024] - octaves[512]
    assert 0.99 < high < 1.0, "one octave, less what the 50 Hz offset takes"
