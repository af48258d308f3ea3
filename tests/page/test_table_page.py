"""On the page of a table every code sounds as the table says, in a file of bounded size."""

import json
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

from tests.page.parsing import assert_needs_no_network, parse_page
from vqsynth.codebook import Codebook
from vqsynth.codes.spectra import sound_codes
from vqsynth.errors import ParameterError
from vqsynth.page import write_table_page
from vqsynth.page.sounds import MAX_BYTES, CodeSounds, shorten_codes
from vqsynth.sound.descriptors import measure


@pytest.fixture
def file(book: Codebook, tmp_path: Path) -> Path:
    write_table_page(tmp_path / "a.html", book.table, book.spectra, title="thirds & <sixths>")
    return tmp_path / "a.html"


@pytest.fixture(scope="module")
def sounds(book: Codebook) -> CodeSounds:
    return shorten_codes(book.spectra, book.table.codes, -20 - book.table.column("loudness").astype(np.float64))


def test_table_page_needs_no_network(file: Path) -> None:
    assert_needs_no_network(file)
    assert parse_page(file).find("h1")[0].text == "thirds & <sixths>"


def test_table_page_has_a_row_per_code_with_the_tables_values(file: Path, book: Codebook) -> None:
    page = parse_page(file)
    data = json.loads(page.by_id("data").text)
    assert data["names"] == ["code", "count", *book.table.names]
    assert len(page.find("tr")) == 1 + len(data["rows"]) == 65
    values = np.array([[np.nan if v is None else v for v in row[2:]] for row in data["rows"]])
    np.testing.assert_allclose(values, book.table.values, rtol=1e-5)
    assert [row[:2] for row in data["rows"]] == np.stack([book.table.codes, book.table.counts], axis=1).tolist()


def test_table_page_plays_what_was_shortened(file: Path, sounds: CodeSounds) -> None:
    """The bytes in the page, read as its script reads them, are the sounds."""
    page = parse_page(file)
    data = json.loads(page.by_id("data").text)
    samples = np.frombuffer(b64decode(json.loads(page.by_id("sounds").text)), np.int8).reshape(64, data["length"])
    np.testing.assert_array_equal(samples, sounds.samples)
    assert data["peaks"] == pytest.approx(sounds.peaks.tolist(), rel=1e-5) and data["sr"] == sounds.sr == 16000


def test_table_page_of_a_selection_holds_its_codes_only(book: Codebook, tmp_path: Path, sounds: CodeSounds) -> None:
    write_table_page(tmp_path / "a.html", book.table.select([40, 3]), book.spectra, title="two")
    page = parse_page(tmp_path / "a.html")
    samples = np.frombuffer(b64decode(json.loads(page.by_id("sounds").text)), np.int8).reshape(2, -1)
    np.testing.assert_array_equal(samples, sounds.samples[[40, 3]])


def test_table_page_of_no_code_is_a_page(book: Codebook, tmp_path: Path) -> None:
    write_table_page(tmp_path / "a.html", book.table.select(np.zeros(64, bool)), book.spectra, title="none")
    assert len(parse_page(tmp_path / "a.html").find("tr")) == 1


def test_shorten_codes_keeps_pitch_brightness_and_loudness(book: Codebook, sounds: CodeSounds) -> None:
    """What is heard is what the table says."""
    got = {name: values[:, 5:-5] for name, values in measure(sounds.decode(), book.grid).items()}
    pitched = ~np.isnan(book.table.column("pitch"))
    cents = 1200 * np.log2(np.nanmedian(got["pitch"][pitched], axis=1) / book.table.column("pitch")[pitched])
    assert np.abs(cents).max() < 10
    assert np.median(np.abs(np.log2(got["centroid"].mean(axis=1) / book.table.column("centroid")))) < 0.05
    assert got["loudness"].mean(axis=1) == pytest.approx(np.full(64, -20), abs=1.0)


def test_shorten_codes_is_noisy_by_less_than_a_hundredth(book: Codebook, sounds: CodeSounds) -> None:
    """Eight bits under the peak: the error is 35 dB or more under each sound."""
    codes = np.arange(32)
    whole = sound_codes(book.spectra, codes)[:, 200 : sounds.samples.shape[1] - 200].astype(np.float64)
    short = sounds.decode()[codes, 200:-200].astype(np.float64)
    gain = (whole * short).sum(axis=1) / (whole**2).sum(axis=1)
    error = ((short - gain[:, None] * whole) ** 2).sum(axis=1) / (short**2).sum(axis=1)
    assert 10 * np.log10(error).max() < -35


def test_shorten_codes_of_very_many_stays_within_the_size(book: Codebook) -> None:
    codes = np.tile(np.arange(64), 32)
    found = shorten_codes(book.spectra, codes, np.zeros(len(codes)))
    assert len(found.samples) == 2048
    assert 0.9 * MAX_BYTES < found.samples.nbytes <= 1.001 * MAX_BYTES


def test_shorten_codes_starts_and_ends_silent(sounds: CodeSounds) -> None:
    assert not sounds.samples[:, [0, -1]].any()
    assert (np.abs(sounds.samples).max(axis=1) == 127).all()


def test_table_page_of_another_extension_is_refused(book: Codebook, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"must end in \.html"):
        write_table_page(tmp_path / "a.txt", book.table, book.spectra, title="x")
    assert list(tmp_path.iterdir()) == []
