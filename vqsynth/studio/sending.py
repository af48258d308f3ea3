"""A codebook as the page receives it: bytes that are read there without a library.

Numbers are little-endian, K is the number of codes, n_bins that of the bins, and rows of one code follow each other.

    card         JSON: name, sha256, sr, n_fft, hop_length, codes, excitations, and `about` of the codebook
    table        JSON: names, units, scales, spreads and ends, a list of each by descriptor (F,); `values` and
                 `deviations`, F lists of K numbers; `counts` and `fundamentals`, K numbers. What is not known is null.
    places       JSON: `points`, K pairs of numbers, `labels` of the two axes, and their `unit`
    grains       float16 (K, n_bins): the spectra, of unit power
    distances    float32 (K, K): the squared distances between them
    transitions  uint32 (N, 3): from, to, count; empty where the codebook holds none
    partials     the peaks of the spectra, P in all, in five parts:
                     uint32 (K,)   how many peaks each code has
                     float32 (P,)  frequency of a peak, in bins
                     int16 (P,)    the bin of the peak
                     int16 (P,)    the first bin that belongs to it; those up to the next peak's follow
                     uint8 (P,)    1 where the peak sounds with its own phase, 0 where it is noise

Partials are sent because logarithms differ between machines by a rounding, and phases would drift apart by it. What
follows of a peak is exact: the bins around it that are tonal, `vqsynth.sound.partials.LOBE` to either side, and the
advance of their phases.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.projection import project_codes
from vqsynth.codes.reaching import find_ends
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.spectra import EXCITATIONS
from vqsynth.sound.partials import Partials
from vqsynth.storage.records import list_numbers

JSON, BYTES = "application/json", "application/octet-stream"
PLACES_DECIMALS = 4


def pack_card(book: CodebookRecord) -> bytes:
    """Pack name, hash and clock of a codebook.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.

    Returns
    -------
    bytes
        JSON, see the module.

    """
    grid = book.grid
    return _to_json(
        {"name": book.name, "sha256": book.sha256, "sr": grid.sr, "n_fft": grid.n_fft, "hop_length": grid.hop_length,
         "codes": len(book), "excitations": EXCITATIONS, "about": book.card.get("about", "")}
    )  # fmt: skip


def pack_table(book: CodebookRecord) -> bytes:
    """Pack the descriptors of the codes.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.

    Returns
    -------
    bytes
        JSON, see the module. Numbers are those of the table, to the bit.

    """
    table = book.table
    deviations, fundamentals = table.deviations, table.fundamentals
    return _to_json(
        {
            "names": table.names,
            "units": table.units,
            "scales": table.scales,
            "spreads": table.spreads.tolist(),
            "ends": [list_numbers(np.array(find_ends(table, name))) for name in table.names],
            "counts": table.counts.tolist(),
            "values": [list_numbers(row) for row in table.values.T],
            "deviations": None if deviations is None else [list_numbers(row) for row in deviations.T],
            "fundamentals": None if fundamentals is None else list_numbers(fundamentals),
        }
    )


def pack_places(book: CodebookRecord) -> bytes:
    """Pack the places of the codes on a plane, near to each other if their spectra are alike.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.

    Returns
    -------
    bytes
        JSON, see the module.

    """
    made = project_codes(book.spectra.magnitudes)
    points = made.points.round(PLACES_DECIMALS).tolist()
    return _to_json({"points": points, "labels": made.labels, "unit": made.unit})


def pack_grains(book: CodebookRecord) -> bytes:
    """Pack the spectra, float16 (K, n_bins), as codebooks hold them."""
    return np.ascontiguousarray(book.spectra.magnitudes, "<f2").tobytes()


def pack_distances(book: CodebookRecord) -> bytes:
    """Pack the squared distances between the spectra, float32 (K, K)."""
    return np.ascontiguousarray(book.spectra.distances, "<f4").tobytes()


def pack_transitions(book: CodebookRecord) -> bytes:
    """Pack the steps of the training corpus, uint32 (N, 3)."""
    return b"" if book.transitions is None else np.ascontiguousarray(book.transitions, "<u4").tobytes()


def pack_partials(book: CodebookRecord) -> bytes:
    """Pack the peaks of the spectra, see the module."""
    parts = list_peaks(book.spectra.partials)
    kinds = ("<u4", "<f4", "<i2", "<i2", "u1")
    return b"".join(np.ascontiguousarray(part, kind).tobytes() for part, kind in zip(parts, kinds, strict=True))


def list_peaks(partials: Partials) -> tuple[NDArray[Any], ...]:
    """List the peaks of spectra.

    Parameters
    ----------
    partials : Partials
        Those of K spectra.

    Returns
    -------
    counts : (K,)
        The number of peaks of each spectrum, 0 where it has none.
    frequency, peak, first, tonal : (P,) each
        Of all peaks: frequency in bins, the bin of the peak, the first bin that belongs to it, and whether it sounds
        with its own phase.

    """
    is_first = np.diff(partials.peak, axis=1, prepend=-1) != 0
    is_first &= partials.peak > 0  # a spectrum without peaks says bin 0, where there is never one
    rows, first = np.nonzero(is_first)
    peak = partials.peak[rows, first]
    return is_first.sum(axis=1), partials.frequency[rows, first], peak, first, partials.tonal[rows, peak]


def _to_json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


PARTS: dict[str, tuple[Callable[[CodebookRecord], bytes], str]] = {
    "card": (pack_card, JSON),
    "table": (pack_table, JSON),
    "places": (pack_places, JSON),
    "grains": (pack_grains, BYTES),
    "distances": (pack_distances, BYTES),
    "transitions": (pack_transitions, BYTES),
    "partials": (pack_partials, BYTES),
}
"""What the page asks for by name: how it is packed, and of what kind it is."""
