"""What a codebook holds, as one record: card, spectra, table, weights. Rooms that follow curves work with it.

`vqsynth.codebook.Codebook` is this record with the methods that people use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.spectra import CodeSpectra
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import CodebookError
from vqsynth.sound.frames import FrameGrid
from vqsynth.storage.bundle import Card, Kind

GRAINS, TABLE, MODEL = "grains.safetensors", "table.csv", "model.safetensors"
ALSO = "also"
"""What a card calls the hashes that `grains.safetensors`, which holds columns of the table too, has had before."""
CODEBOOK = Kind(
    noun="codebook",
    fields={"name": str, "sr": int, "n_fft": int, "hop_length": int, "codes": int, "descriptors": list, "model": dict},
    files=(GRAINS, TABLE, MODEL),
    error=CodebookError,
)
"""The folder: the spectra of the codes; their descriptors, a row per code; encoder, code vectors and decoder."""


@dataclass(frozen=True, eq=False, repr=False)
class CodebookRecord:
    """Hold what a codebook's folder holds.

    card: what `card.json` says. spectra: K spectra on `grid`. table: K rows of descriptors. model_state: the weights,
    name to array. transitions: (N, 3), how often the training corpus went from code to code, or None.
    """

    card: Card
    grid: FrameGrid
    spectra: CodeSpectra
    table: DescriptorTable
    model_state: Mapping[str, NDArray[Any]]
    transitions: NDArray[np.int64] | None = None

    @property
    def name(self) -> str:
        """Tell the codebook's name."""
        return str(self.card["name"])

    @cached_property
    def sha256(self) -> str:
        """Tell the hash of the spectra, by which paths know their codebook; measuring the table anew leaves it."""
        return self.spectra.fingerprint

    @property
    def known_hashes(self) -> frozenset[str]:
        """List the hashes that paths of this codebook may carry: older ones have that of `grains.safetensors`."""
        also = self.card.get(ALSO)
        return frozenset([self.sha256, self.card["files"][GRAINS], *(map(str, also) if isinstance(also, list) else ())])

    def __len__(self) -> int:
        return len(self.spectra)
