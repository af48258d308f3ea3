"""A path played by another codebook keeps its loudness and its pitch, and says what is out of reach."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from tests.sound_worlds import GRID, harmonic_magnitudes
from vqsynth.codebook import Codebook
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.follow.limits import Limits
from vqsynth.path import CodePath
from vqsynth.sound.descriptors import measure
from vqsynth.sound.frames import FrameGrid


def rebuild(book: Codebook, order: np.ndarray, grid: FrameGrid = GRID, name: str = "other") -> Codebook:
    """Make a codebook of some of the same spectra in another order, maybe at another hop."""
    return Codebook.build(
        name=name, grid=grid, magnitudes=harmonic_magnitudes()[order], counts=np.arange(len(order)) + 1,
        model_config=dict(book.card["model"]), model_state=dict(book.model_state), card={},
    )  # fmt: skip


@pytest.fixture(scope="module")
def turned(book: Codebook) -> Codebook:
    return rebuild(book, np.arange(64)[::-1])


@pytest.fixture
def path(book: Codebook) -> CodePath:
    return book.follow(pitch="exp(160,700)", loudness="line(-30,-18)", seconds=1)


def test_translate_to_the_same_spectra_in_another_order_finds_them(
    book: Codebook, turned: Codebook, path: CodePath
) -> None:
    made = turned.translate(path, book).paths[0]
    np.testing.assert_array_equal(made.codes, 63 - path.codes)
    np.testing.assert_allclose(made.gain_db, path.gain_db, atol=1e-3)
    np.testing.assert_allclose(turned.render(made), book.render(path), atol=2e-3)


def test_translate_to_its_own_codebook_changes_nothing(book: Codebook, path: CodePath) -> None:
    made = book.translate(path, book)
    assert made.paths[0].to_fields() | {"transpose_cents": 0} == path.to_fields() | {"transpose_cents": 0}
    assert all(kept.out_of_reach == 0 and kept.miss and kept.miss.error < 1e-9 for kept in made.kept.values())


def test_translation_gives_the_path_of_the_first_layer_and_shows_itself_in_a_line(
    book: Codebook, turned: Codebook, path: CodePath
) -> None:
    made = turned.translate([path, path], book)
    assert made.path is made.paths[0] and made.path == turned.translate(path, book).path
    assert repr(made) == "Translation('other', 1.00 s, 2 layers, by centroid, flatness, pitch)"


def test_translate_keeps_loudness_and_pitch_frame_by_frame_on_another_grid(book: Codebook, path: CodePath) -> None:
    other = rebuild(book, np.arange(0, 64, 3), FrameGrid(sr=16000, n_fft=1024, hop_length=128))
    found = other.translate(path, book)
    made = found.paths[0]
    assert (made.sr, made.hop_length, made.n_samples) == (16000, 128, path.n_samples)
    before, after = (measure(y, GRID, ("loudness", "pitch")) for y in (book.render(path), other.render(made)))
    inside = slice(4, -4)
    assert np.abs(before["loudness"] - after["loudness"])[inside].mean() < 0.5
    assert (
        found.kept["pitch"].miss is not None and (found.kept["pitch"].miss.cents or 0) < 250
    )  # rows of thirds, thinned


def test_translate_transposes_no_further_than_the_limit(book: Codebook, path: CodePath) -> None:
    other = rebuild(book, np.arange(0, 64, 3))
    bent = other.translate(path, book, limits=Limits(transpose_cents=30)).paths[0]
    assert bent.controls is not None and np.abs(bent.controls.transpose_cents).max() <= 30
    assert other.translate(path, book, limits=Limits(transpose_cents=0)).paths[0].controls is None


def test_translate_of_what_is_out_of_reach_says_so_and_mapping_brings_it_in(book: Codebook, path: CodePath) -> None:
    low = rebuild(book, np.arange(24))
    plain, mapped = low.translate(path, book), low.translate(path, book, mapping={"pitch": "minmax"})
    far, near = (made.kept["pitch"].miss for made in (plain, mapped))
    assert plain.kept["pitch"].out_of_reach > 0.3 and far and near and near.cents < 0.1 * far.cents
    (line,) = (line for line in plain.summarize() if line.startswith("pitch"))
    assert "% out of reach (145.6 to 245.3 Hz); missed by" in line


def test_translate_of_silence_stays_silent_and_noise_needs_no_pitch(book: Codebook, turned: Codebook) -> None:
    codes, gains = np.array([7, 7, 15, 8, 8]), np.array([-20.0, -120, -120, -20, -20])
    path = CodePath(book.name, book.sha256, 16000, 256, 5 * 256 - 1, codes, gains)
    made = turned.translate([path, path], book).paths
    assert len(made) == 2 and (made[0].gain_db == -120).tolist() == [False, True, True, False, False]
    assert made[0].codes.tolist() == [56, 56, 48, 55, 55]


def test_translate_of_a_path_of_another_codebook_is_refused(book: Codebook, turned: Codebook, path: CodePath) -> None:
    with pytest.raises(CodebookError, match="this is 'other'"):
        book.translate(path, turned)
    with pytest.raises(ParameterError, match="each layer must be a CodePath"):
        turned.translate([3], book)  # type: ignore[list-item]
    renamed = replace(turned, table=replace(turned.table, names=tuple(f"x{n}" if n != "loudness" else n
                                                                      for n in turned.table.names)))  # fmt: skip
    with pytest.raises(ParameterError, match="must share one of centroid, flatness, pitch"):
        renamed.translate(path, book)


def test_decode_translate_writes_sound_and_path_and_says_what_is_out_of_reach(
    run: Run, book_folder: Path, turned: Codebook, path: CodePath
) -> None:
    turned.save("turned")
    path.save("p.json")
    options = ("--book", "turned", "--translate", "--from", book_folder, "--path", "t.json")
    code, out, err = run("decode", "p.json", *options, "-o", "t.wav")
    assert code == 0, err
    assert "pitch: 0.0 % out of reach" in out
    assert run("decode", "t.json", "--book", "turned", "-o", "again.wav")[0] == 0
    assert Path("again.wav").read_bytes() == Path("t.wav").read_bytes()
    code, _, err = run("decode", "p.json", "--book", book_folder, "--map", "rank", "-o", "x.wav")
    assert code == 2 and "--map is an option of --translate; leave it out" in err
    code, _, err = run("decode", "p.json", "--book", "turned", "-o", "x.wav")
    assert code == 1 and "translate the path" in err
