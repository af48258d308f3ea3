"""What is sent of a codebook gives back what the library holds, to the bit."""

import json

import numpy as np
import pytest

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.codes.projection import project_codes
from vqsynth.sound.partials import LOBE, phase_advance
from vqsynth.studio.sending import PARTS


@pytest.fixture(scope="module", params=["thirds", "cello"])
def any_book(request: pytest.FixtureRequest, book: Codebook) -> Codebook:
    """A small codebook with spectra that have no peak, and no transitions; and a shipped one, with n_fft 3072."""
    return book if request.param == "thirds" else vqsynth.load(request.param)


def packed(book: Codebook, name: str) -> bytes:
    return PARTS[name][0](book)


def test_partials_come_back_bin_by_bin(any_book: Codebook) -> None:
    data, true = packed(any_book, "partials"), any_book.spectra.partials
    counts = np.frombuffer(data, "<u4", len(any_book))
    n, at = int(counts.sum()), 4 * len(any_book)
    frequency = np.frombuffer(data, "<f4", n, at)
    peak, first = np.frombuffer(data, "<i2", 2 * n, at + 4 * n).reshape(2, n)
    tonal = np.frombuffer(data, "u1", n, at + 8 * n)
    assert len(data) == at + 9 * n
    starts = np.cumsum(counts) - counts
    for code, (start, count) in enumerate(zip(starts, counts, strict=True)):
        hills = slice(start, start + count)
        assert count == 0 or first[start] == 0
        widths = np.diff(first[hills], append=np.full(min(count, 1), any_book.grid.n_bins))
        for sent, held in ((frequency, true.frequency), (peak, true.peak)):
            assert (np.repeat(sent[hills], widths) == (held[code] if count else held[code][:0])).all()
        bins, peaks = np.arange(widths.sum()), np.repeat(peak[hills], widths)
        lobes = (np.repeat(tonal[hills], widths) == 1) & (np.abs(bins - peaks) <= LOBE)
        assert (lobes == true.tonal[code, : len(bins)]).all()
        advance = phase_advance(np.repeat(frequency[hills], widths), peaks, any_book.grid)
        assert (advance == true.advance[code, : len(bins)]).all()
        assert count or not (true.tonal[code].any() or true.frequency[code].any() or true.peak[code].any())


def test_arrays_come_back_to_the_bit(any_book: Codebook) -> None:
    shape = len(any_book), any_book.grid.n_bins
    grains = np.frombuffer(packed(any_book, "grains"), "<f2").reshape(shape)
    assert (grains.astype(np.float32) == any_book.spectra.magnitudes).all()
    distances = np.frombuffer(packed(any_book, "distances"), "<f4").reshape(shape[0], shape[0])
    assert (distances == any_book.spectra.distances).all()
    steps = np.frombuffer(packed(any_book, "transitions"), "<u4").reshape(-1, 3)
    known = any_book.transitions
    assert len(steps) == 0 if known is None else (steps == known).all()


def test_table_comes_back_to_the_bit_and_says_what_is_not_known(any_book: Codebook) -> None:
    said, table = json.loads(packed(any_book, "table")), any_book.table
    values = np.array(said["values"], float).T
    assert np.array_equal(values.astype(np.float32), table.values, equal_nan=True) and np.isnan(values).any()
    assert said["names"] == list(table.names) and said["spreads"] == table.spreads.tolist()
    deviations = said["deviations"]
    assert (deviations is None) == (table.deviations is None)
    assert table.deviations is None or (table.deviations == np.array(deviations, np.float32).T).all()
    low, high = said["ends"][table.names.index("pitch")]
    assert np.nanmin(table["pitch"]) <= low < 220 < 440 < high


def test_card_names_the_book_as_paths_do(any_book: Codebook) -> None:
    said = json.loads(packed(any_book, "card"))
    wanted = {"name": any_book.name, "sha256": any_book.sha256, "codes": len(any_book)}
    assert wanted.items() <= said.items()


def test_places_are_those_of_the_map(book: Codebook) -> None:
    said = json.loads(packed(book, "places"))
    assert np.array(said["points"]) == pytest.approx(project_codes(book.spectra.magnitudes).points, abs=1e-3)
