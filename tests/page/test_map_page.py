"""On the page of a map every code lies where it was projected and sounds as the table says."""

import json
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

from tests.page.parsing import assert_needs_no_network, parse_page
from vqsynth.codebook import Codebook
from vqsynth.codes.projection import Projection, project_codes
from vqsynth.errors import ParameterError
from vqsynth.page import write_map_page
from vqsynth.page.sounds import shorten_codes


@pytest.fixture(scope="module")
def projection(book: Codebook) -> Projection:
    return project_codes(book.spectra.magnitudes)


@pytest.fixture
def file(book: Codebook, projection: Projection, tmp_path: Path) -> Path:
    write_map_page(tmp_path / "a.html", projection, book.table, book.spectra, color="pitch", title="a <map> & more")
    return tmp_path / "a.html"


def test_map_page_needs_no_network_and_says_its_title(file: Path) -> None:
    assert_needs_no_network(file)
    page = parse_page(file)
    assert page.find("h1")[0].text == "a <map> & more"
    (canvas,) = page.find("canvas")
    assert canvas.attributes["tabindex"] == "0" and canvas.attributes["aria-label"] == "map of the codes"
    assert [button.attributes.get("aria-label") for button in page.find("button")] == ["zoom in", "zoom out", None]


def test_map_page_holds_places_values_and_sounds_of_every_code(
    file: Path, book: Codebook, projection: Projection
) -> None:
    page = parse_page(file)
    data = json.loads(page.by_id("data").text)
    np.testing.assert_allclose(data["points"], projection.points, rtol=1e-4, atol=1e-4)
    values = np.array([[np.nan if v is None else v for v in row] for row in data["values"]])
    np.testing.assert_allclose(values, book.table.values, rtol=1e-5)
    assert data["names"] == list(book.table.names) == page.texts("option") and data["color"] == "pitch"
    assert data["counts"] == book.table.counts.tolist()
    assert np.all(np.diff(np.array(data["counts"])[data["order"]]) <= 0)
    sounds = shorten_codes(book.spectra, book.table.codes, -20 - book.table.column("loudness").astype(np.float64))
    samples = np.frombuffer(b64decode(json.loads(page.by_id("sounds").text)), np.int8).reshape(64, data["length"])
    np.testing.assert_array_equal(samples, sounds.samples)


def test_map_page_of_an_unknown_descriptor_or_extension_is_refused(
    book: Codebook, projection: Projection, tmp_path: Path
) -> None:
    for name, color, says in (("a.html", "darkness", "unknown descriptor"), ("a.txt", "pitch", "must end in .html")):
        with pytest.raises(ParameterError, match=says):
            write_map_page(tmp_path / name, projection, book.table, book.spectra, color=color, title="x")
    assert list(tmp_path.iterdir()) == []


def test_map_page_coloured_by_a_plain_word_takes_the_descriptor_of_it(
    book: Codebook, projection: Projection, tmp_path: Path
) -> None:
    for name, color in (("a.html", "brightness"), ("b.html", "centroid")):
        write_map_page(tmp_path / name, projection, book.table, book.spectra, color=color, title="x")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
