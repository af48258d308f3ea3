"""Spread, from curves to files: one stereo sound by every way, judged by its mono sum, and kept by the path file."""

import io
import json
import re
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
import soundfile

import vqsynth
from tests.conftest import Run
from vqsynth.codebook import Codebook
from vqsynth.errors import AudioError, CodebookError, ParameterError, VqsynthWarning
from vqsynth.follow.synthesis import synthesize
from vqsynth.page import check_length, write_render_page
from vqsynth.path import CodePath, load_layers, save_layers
from vqsynth.sound import audio

ASKED = {"seconds": 0.5, "centroid": "line(p5,p95)", "rounds": 1}
TYPED = ("--target", "centroid=line(p5,p95)", "--seconds", 0.5, "--rounds", 1)
REFUSED = "spread must be a number of 0 or more, up to 1"


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("excitation", ["coherent", "refined"])
def test_synthesize_measures_the_mono_sum(book: Codebook, layers: int, excitation: str) -> None:
    mono, wide = (synthesize(book, layers=layers, excitation=excitation, spread=s, **ASKED) for s in (0, 0.8))
    assert mono.y.ndim == 1 and wide.y.shape == (len(mono.y), 2)
    np.testing.assert_allclose(wide.y.mean(axis=1), mono.y, atol=1e-6)
    np.testing.assert_array_equal([p.codes for p in wide.paths], [p.codes for p in mono.paths])
    for name, row in mono.report.descriptors.items():
        got = [np.array(values, np.float64) for values in (row.got, wide.report.descriptors[name].got)]
        np.testing.assert_allclose(*got, rtol=1e-3)
    np.testing.assert_array_equal(book.render(*wide.paths), wide.y)
    np.testing.assert_array_equal(book.render(*wide.paths, spread=0), mono.y)
    np.testing.assert_array_equal(book.render(*mono.paths, spread=0.8), wide.y)


def test_peaks_of_both_channels_are_turned_down_together(book: Codebook) -> None:
    asked = {**ASKED, "loudness": -3, "layers": 2}
    made = synthesize(book, spread=1.0, **asked)
    assert np.abs(made.y).max() == pytest.approx(1) and made.report.scaled_db < 0
    with pytest.warns(VqsynthWarning, match="turned down"):
        np.testing.assert_array_equal(book.render(*made.paths), made.y)
    free = synthesize(book, spread=1.0, **asked | {"loudness": -40}).y
    ratios = [np.std(y[:, 1]) / np.std(y[:, 0]) for y in (made.y, free)]
    assert ratios[0] == pytest.approx(ratios[1], rel=0.2)


@pytest.mark.parametrize("layers", [1, 2])
def test_path_file_keeps_the_spread(book: Codebook, tmp_path: Path, layers: int) -> None:
    made = synthesize(book, spread=0.5, layers=layers, **ASKED)
    save_layers(made.paths, tmp_path / "p.json")
    again = load_layers(tmp_path / "p.json")
    assert {path.spread for path in again} == {0.5} and again == made.paths
    np.testing.assert_array_equal(book.render(*again), made.y)
    assert (again[0][3:9] + again[0][9:]).spread == 0.5


def test_path_file_without_a_spread_does_not_speak_of_it(book: Codebook, tmp_path: Path) -> None:
    synthesize(book, **ASKED).path.save(tmp_path / "p.json")
    assert "spread" not in (tmp_path / "p.json").read_text()


def test_translated_path_keeps_the_spread(book: Codebook) -> None:
    made = book.translate(synthesize(book, spread=0.25, **ASKED).path, book)
    assert made.path.spread == 0.25


@pytest.mark.parametrize("spread", [-1, 1.5, "wide", None, [0.5], True])
def test_path_file_with_a_spread_that_is_none_is_refused(book: Codebook, tmp_path: Path, spread: object) -> None:
    synthesize(book, **ASKED).path.save(tmp_path / "p.json")
    fields = json.loads((tmp_path / "p.json").read_text()) | {"spread": spread}
    (tmp_path / "p.json").write_text(json.dumps(fields))
    with pytest.raises(CodebookError, match="spread"):
        CodePath.load(tmp_path / "p.json")


def test_path_file_takes_a_whole_number(book: Codebook, tmp_path: Path) -> None:
    synthesize(book, **ASKED).path.save(tmp_path / "p.json")
    fields = json.loads((tmp_path / "p.json").read_text()) | {"spread": 1}
    (tmp_path / "p.json").write_text(json.dumps(fields))
    assert CodePath.load(tmp_path / "p.json").spread == 1.0


@pytest.mark.parametrize("spread", [-0.5, 1.5, np.nan, "wide"])
def test_spread_that_is_none_is_refused_in_one_sentence(book: Codebook, spread: object) -> None:
    with pytest.raises(ParameterError, match=REFUSED):
        synthesize(book, spread=spread, **ASKED)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=REFUSED):
        book.render(book.follow(seconds=0.2, centroid=900), spread=spread)  # type: ignore[arg-type]


@pytest.mark.parametrize("layers", [1, 2])
def test_every_way_gives_the_same_samples(book: Codebook, book_folder: Path, run: Run, layers: int) -> None:
    wide = ("--layers", layers, "--spread", 0.75)
    assert run("synth", book_folder, *TYPED, *wide, "-o", "a.wav", "--path", "p.json")[0] == 0
    made = synthesize(book, layers=layers, spread=0.75, **ASKED)
    audio.save("python.wav", made.y, made.sr)
    assert run("decode", "p.json", "--book", book_folder, "-o", "decoded.wav")[0] == 0
    asked = ("-b", book_folder, "--target", "centroid=line(p5,p95)", "--seconds", 0.5, "--rounds", 1)
    assert run("batch", *asked, *wide, "-o", "many")[0] == 0
    sounds = {Path(name).read_bytes() for name in ("a.wav", "python.wav", "decoded.wav", "many/thirds-1.wav")}
    assert len(sounds) == 1 and soundfile.info("a.wav").channels == 2


def test_decode_spread_overrides_the_path(book_folder: Path, run: Run) -> None:
    made = ("synth", book_folder, *TYPED)
    assert run(*made, "-o", "mono.wav", "--path", "mono.json")[0] == 0
    assert run(*made, "-o", "wide.wav", "--path", "wide.json", "--spread", 1)[0] == 0
    assert run(*made, "-o", "zero.wav", "--path", "zero.json", "--spread", 0)[0] == 0
    assert run("decode", "wide.json", "--book", book_folder, "--spread", 0, "-o", "narrow.wav")[0] == 0
    assert run("decode", "mono.json", "--book", book_folder, "--spread", 1, "-o", "widened.wav")[0] == 0
    read = {name: Path(f"{name}.wav").read_bytes() for name in ("mono", "wide", "zero", "narrow", "widened")}
    assert read["mono"] == read["zero"] == read["narrow"] and read["wide"] == read["widened"] != read["mono"]
    assert Path("mono.json").read_bytes() == Path("zero.json").read_bytes()


@pytest.mark.parametrize("verb", ["synth", "batch", "decode"])
@pytest.mark.parametrize("spread", [-0.1, 2, "nan", "wide"])
def test_spread_that_is_none_is_one_line(book_folder: Path, run: Run, verb: str, spread: object) -> None:
    synthesize(vqsynth.load(book_folder), **ASKED).path.save("p.json")
    wrong = ("--spread", spread)
    code, out, err = {
        "synth": lambda: run("synth", book_folder, *TYPED, *wrong, "-o", "a.wav"),
        "batch": lambda: run("batch", "-b", book_folder, *TYPED, *wrong, "-o", "many"),
        "decode": lambda: run("decode", "p.json", "--book", book_folder, *wrong, "-o", "a.wav"),
    }[verb]()
    assert code and not out and not Path("a.wav").exists() and not Path("many").exists()
    last = err.splitlines()[-1]
    assert last.startswith("Error: ") and "spread" in last and ("wide" in last or (REFUSED in last and code == 1))


def test_batch_that_was_made_without_a_spread_goes_on(book_folder: Path, run: Run) -> None:
    asked = ("batch", "-b", book_folder, "--target", "centroid=900", "--seconds", 0.2, "--rounds", 0, "-o", "many")
    assert run(*asked)[0] == 0
    assert "spread" not in json.loads(Path("many/thirds-1.json").read_text())["made_for"]["options"]
    assert "finished before" in run(*asked, "--resume")[2]
    assert run(*asked, "--resume", "--spread", 1)[0] == 1


def test_stereo_sound_is_followed_by_its_mono_sum(book_folder: Path, run: Run) -> None:
    for spread in (0, 1):
        assert run("synth", book_folder, *TYPED, "--spread", spread, "-o", f"{spread}.wav")[0] == 0
        assert run("synth", book_folder, "--like", f"{spread}.wav", "--path", f"{spread}.json", "-o", "a.wav")[0] == 0
    one, two = (CodePath.load(f"{spread}.json") for spread in (0, 1))
    np.testing.assert_array_equal(one.codes, two.codes)


def test_page_and_notebook_play_both_channels(book: Codebook, tmp_path: Path) -> None:
    made = synthesize(book, spread=1, **ASKED)
    write_render_page(tmp_path / "a.html", made.path, made.report, made.y, book.table)
    for text in ((tmp_path / "a.html").read_text(), made._repr_html_()):
        found = re.search(r'src="data:audio/wav;base64,([^"]+)"', text)
        assert found
        y, sr = soundfile.read(io.BytesIO(b64decode(found[1])))
        assert sr == made.sr
        np.testing.assert_allclose(y * 32768 / 32767, made.y, atol=0.51 / 32767)
    assert "spread 1" in (tmp_path / "a.html").read_text()
    made.plot(tmp_path / "a.png")


def test_page_of_a_long_stereo_sound_is_refused() -> None:
    check_length(500)
    with pytest.raises(ParameterError, match="at most 450 s"):
        check_length(500, channels=2)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".ogg"])
def test_stereo_file_comes_back(tmp_path: Path, suffix: str) -> None:
    y = np.random.default_rng(0).uniform(-0.5, 0.5, (4000, 2)).astype(np.float32)
    audio.save(tmp_path / f"a{suffix}", y, 16000)
    read, _ = soundfile.read(tmp_path / f"a{suffix}")
    assert read.shape == y.shape
    if suffix != ".ogg":
        np.testing.assert_allclose(read, y, atol=2**-23)
        np.testing.assert_allclose(audio.load(tmp_path / f"a{suffix}")[0], y.mean(axis=1), atol=2**-22)


@pytest.mark.parametrize("shape", [(2, 50), (50, 3), (50, 1), (0, 2), (5, 2, 2)])
def test_sound_of_other_channels_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(AudioError, match="y must"):
        audio.save(tmp_path / "a.wav", np.zeros(shape, np.float32), 16000)
    with pytest.raises(AudioError, match="y must"):
        audio.limit_peak(np.zeros(shape, np.float32))
