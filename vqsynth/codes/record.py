"""Everything that a codebook holds, as one record: card, spectra, table, weights.

Rooms that follow curves work with this record. `vqsynth.codebook.Codebook` adds the methods that people use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.onsets import Onsets
from vqsynth.codes.spectra import CodeSpectra
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import CodebookError
from vqsynth.sound.frames import FrameGrid
from vqsynth.storage.bundle import Card, Kind

GRAINS, TABLE, MODEL = "grains.safetensors", "table.csv", "model.safetensors"
ALSO = "also"
"""The entry of a card with earlier hashes of `grains.safetensors`, which changes with the table's columns in it."""
CODEBOOK = Kind(
    noun="codebook",
    fields={"name": str, "sr": int, "n_fft": int, "hop_length": int, "codes": int, "descriptors": list, "model": dict},
    files=(GRAINS, TABLE, MODEL),
    error=CodebookError,
)
"""The folder of a codebook: the spectra of the codes, the table of their descriptors, and the model."""


@dataclass(frozen=True, eq=False, repr=False)
class CodebookRecord:
    """Hold what a codebook's folder holds.

    Parameters
    ----------
    card : dict
        What `card.json` says.
    grid : FrameGrid
        Sample rate, window and hop.
    spectra : CodeSpectra
        The spectra of K codes.
    table : DescriptorTable
        The descriptors of K codes.
    model_state : dict of str to ndarray
        The weights of encoder, code vectors and decoder.
    transitions : (N, 3) int64, optional
        How often the training corpus went from one code to another: from, to, count.
    onsets : Onsets, optional
        How the training sounds set in.

    """

    card: Card
    grid: FrameGrid
    spectra: CodeSpectra
    table: DescriptorTable
    model_state: Mapping[str, NDArray[Any]]
    transitions: NDArray[np.int64] | None = None
    onsets: Onsets | None = None

    @property
    def name(self) -> str:
        """Return the codebook's name."""
        return str(self.card["name"])

    @cached_property
    def sha256(self) -> str:
        """Return the hash of the spectra, by which paths know their codebook. A new table does not change it."""
        return self.spectra.fingerprint

    @property
    def known_hashes(self) -> frozenset[str]:
        """Return all hashes that paths of this codebook may carry. Older paths have that of `grains.safetensors`."""
        also = self.card.get(ALSO)
        return frozenset([self.sha256, self.card["files"][GRAINS], *(map(str, also) if isinstance(also, list) else ())])

    def __len__(self) -> int:
        return len(self.spectra)
