"""Codes shaped in tensors are shaped as the renderer shapes them."""

import numpy as np
import torch

from vqsynth.codebook import Codebook
from vqsynth.codes.controls import Controls
from vqsynth.codes.envelopes import BANDS
from vqsynth.export.shaping import CodeShaper


def make_rows(rng: np.random.Generator) -> tuple[np.ndarray, Controls]:
    cents, tilt, codes = rng.uniform(-1200, 1200, 40), rng.uniform(-6, 6, 40), rng.integers(0, 64, 40)
    envelope = np.broadcast_to(rng.uniform(-20, 20, BANDS), (40, BANDS))
    return codes, Controls(tilt, cents, np.zeros(40), np.zeros(40), envelope)


def test_shaped_codes_are_those_of_the_renderer(book: Codebook, rng: np.random.Generator) -> None:
    codes, controls = make_rows(rng)
    shaper = CodeShaper(book.spectra, book.table)
    amplitudes, peak, advance, tonal = shaper.look_up(
        torch.from_numpy(codes), torch.from_numpy(controls.transpose_cents)
    )
    cents, tilt, envelope = controls.transpose_cents, controls.tilt_db, controls.envelope_db[0].copy()
    bent = shaper.bend(torch.from_numpy(codes), amplitudes, *map(torch.from_numpy, (cents, tilt, envelope)))
    wanted = book.spectra.look_up(codes[None], controls)
    assert np.abs(bent.numpy() - wanted.amplitudes[0]).max() < 1e-5 * wanted.amplitudes.max()
    loud = wanted.tonal[0]
    for got, right in ((peak, wanted.peak), (advance, wanted.advance)):
        assert np.abs(got.numpy()[loud] - right[0][loud]).max() < 1e-5
    assert np.array_equal(tonal.numpy(), wanted.tonal[0])


def test_codes_as_they_are_have_the_bits_of_the_codebook(book: Codebook) -> None:
    amplitudes, peak, advance, tonal = CodeShaper(book.spectra, book.table).look_up(
        torch.arange(64), torch.zeros(64, dtype=torch.float64)
    )
    partials = book.spectra.partials
    for got, wanted in ((amplitudes, book.spectra.amplitudes), (peak, partials.peak), (advance, partials.advance),
                        (tonal, partials.tonal)):  # fmt: skip
        assert np.array_equal(got.numpy(), wanted)


def test_tilt_that_is_aimed_moves_the_centroid_of_the_spectrum_where_it_is_wanted(book: Codebook) -> None:
    shaper, codes = CodeShaper(book.spectra, book.table), torch.arange(56)
    still = torch.zeros(56, dtype=torch.float64)
    amplitudes = shaper.look_up(codes, still)[0]
    octave = torch.from_numpy(np.log2(book.table["centroid"][:56] * 1.1))
    tilt = shaper.aim(codes, amplitudes, octave, 6.0)
    bent = shaper.bend(codes, amplitudes, still, tilt.double(), torch.zeros(BANDS, dtype=torch.float64)).numpy()
    hertz = book.grid.frequencies_hz
    moved = (bent @ hertz / bent.sum(1)) / (amplitudes.numpy() @ hertz / amplitudes.numpy().sum(1))
    assert np.abs(moved - 1.1).max() < 0.01
    assert not shaper.aim(codes, amplitudes, torch.zeros(56), 6.0).any()
