"""What steps cost in a file is what they cost in the library."""

from dataclasses import replace

import numpy as np
import torch

from vqsynth.codebook import Codebook
from vqsynth.codes.selection import Selection, price_jumps
from vqsynth.export.choosing import CodeChooser


def test_prices_of_steps_are_those_of_the_library(book: Codebook, rng: np.random.Generator) -> None:
    steps = np.unique(rng.integers(0, len(book), (300, 2)), axis=0)
    known = replace(book, transitions=np.column_stack([steps, rng.integers(1, 50, len(steps))]))
    chooser = CodeChooser(known)
    chooser.price_steps(torch.from_numpy(known.spectra.magnitudes))
    assert np.allclose(chooser.distances, known.spectra.distances, atol=1e-5)
    rare = price_jumps(known.spectra.distances, Selection(smoothness=1.0, style=1.0), known.transitions)
    assert np.allclose(chooser.seldom, rare * np.log(len(book)), rtol=1e-4, atol=1e-4)
