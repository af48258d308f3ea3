"""The small codebook and the small model, exported once."""

from pathlib import Path

import pytest

from tests.continuous.small import make_small_model
from vqsynth.codebook import Codebook
from vqsynth.export.writing import export_codebook, export_model


@pytest.fixture(scope="session")
def book_file(book: Codebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The codebook of 64 codes at 16 kHz, with its patches."""
    return export_codebook(book, tmp_path_factory.mktemp("exported") / "thirds.ts")[0]


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The continuous model of 6 components at 8 kHz, with its patches."""
    return export_model(make_small_model(), tmp_path_factory.mktemp("exported") / "small.ts")[0]
