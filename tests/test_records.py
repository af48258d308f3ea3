"""Tables and paths as Python people expect of records: indexed, iterated, cut, joined, compared, not overwritten."""

import sys

import numpy as np
import pytest

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.errors import ParameterError


def test_table_is_indexed_iterated_and_an_array(book: Codebook) -> None:
    table = book.table
    assert (table["centroid"] == table.column("centroid")).all() and (table["brightness"] == table["centroid"]).all()
    assert np.array_equal(np.asarray(table), table.values, equal_nan=True)
    rows = list(table)
    assert len(rows) == len(table) and rows[3]["code"] == 3 and rows[3]["centroid"] == table["centroid"][3]


def test_table_without_pandas_says_what_to_install(book: Codebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ParameterError, match="pip install pandas"):
        book.table.to_dataframe()


def test_path_cut_and_joined_is_the_path(book: Codebook) -> None:
    path = book.synthesize(centroid="line(p20,p80)", seconds=0.5, rounds=1).path
    assert path.controls is not None
    assert path[:7] + path[7:] == path and path[:] == path and hash(path[:]) == hash(path)
    assert path[3:9].codes.tolist() == path.codes[3:9].tolist() and path[:7] != path[7:14]
    assert len(book.render(path[3:9])) == path[3:9].n_samples


def test_path_of_other_gains_sounds_by_as_much_softer(book: Codebook) -> None:
    path = book.follow(centroid="p50", seconds=0.3)
    softer = book.render(path.with_gain(path.gain_db - 6))
    np.testing.assert_allclose(softer, book.render(path) * 10 ** (-6 / 20), atol=1e-6)
    assert set(path.with_gain(-30).gain_db.tolist()) == {-30.0}


@pytest.mark.parametrize("name", ["codes", "gain_db"])
def test_path_cannot_be_written_to(book: Codebook, name: str) -> None:
    path = book.follow(centroid="p50", seconds=0.3)
    with pytest.raises(ValueError, match="read-only"):
        getattr(path, name)[0] = 1


def test_path_cut_to_nothing_is_refused(book: Codebook) -> None:
    with pytest.raises(ParameterError, match="must hold a frame"):
        _ = book.follow(centroid="p50", seconds=0.3)[5:5]


def test_measure_gives_the_descriptors_of_any_sound() -> None:
    y = 0.3 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)
    found = vqsynth.measure(np.stack([y, y], axis=1), 16000, ["pitch", "brightness"])
    assert np.median(found["pitch"]) == pytest.approx(440, rel=0.002)
    assert set(found) == {"pitch", "centroid"} and len(found["centroid"]) == 1 + 8000 // 512
    assert set(vqsynth.measure(y, 16000)) >= {"loudness", "flatness"}


def test_names_at_the_top_are_those_people_need() -> None:
    for name in (
        "measure",
        "Limits",
        "Report",
        "Synthesis",
        "Translation",
        "AudioError",
        "CodebookError",
        "ParameterError",
    ):
        assert name in vqsynth.__all__ and getattr(vqsynth, name).__name__.startswith(name)
