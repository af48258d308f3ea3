import pytest
import torch

from vqsynth.model.networks import Decoder, Encoder, to_sphere


@pytest.fixture
def windows() -> torch.Tensor:
    return torch.randn(8, 256, generator=torch.Generator().manual_seed(1))


def test_encoder_given_one_window_or_many_gives_the_same_latents(windows: torch.Tensor) -> None:
    encoder = Encoder(n_fft=256, width=32, latent=8)
    together = encoder(windows)
    alone = torch.cat([encoder(window[None]) for window in windows])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_encoder_given_a_window_and_its_negative_hears_no_difference(windows: torch.Tensor) -> None:
    encoder = Encoder(n_fft=256, width=32, latent=8)
    torch.testing.assert_close(encoder(windows), encoder(-windows))


def test_encoder_given_a_circular_shift_hears_no_difference(windows: torch.Tensor) -> None:
    encoder = Encoder(n_fft=256, width=32, latent=8)
    torch.testing.assert_close(encoder(windows), encoder(windows.roll(40, dims=1)), atol=1e-4, rtol=1e-4)


def test_decoder_given_a_latent_in_another_context_gives_the_same_spectrum() -> None:
    decoder = Decoder(n_fft=256, width=32, latent=8)
    z = torch.randn(20, 8, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(decoder(z)[7], decoder(z.flip(0))[12], atol=1e-5, rtol=1e-5)
    assert decoder(z).shape == (20, 129)


def test_to_sphere_gives_length_one_in_the_same_direction() -> None:
    z = torch.tensor([[3.0, 4.0], [0.0, -2.0]])
    torch.testing.assert_close(to_sphere(z), torch.tensor([[0.6, 0.8], [0.0, -1.0]]))
