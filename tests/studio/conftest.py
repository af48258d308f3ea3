"""The studio with a small codebook."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studio.asking import Asker


@pytest.fixture(scope="module")
def asker(book_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """The app with the shipped codebooks and `thirds`, in a folder of its own."""
    made = Asker(book_folder, tmp_path_factory.mktemp("studio") / "trained")
    yield made
    made.studio.close()
