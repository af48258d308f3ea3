"""Layers: no code twice at a time, as loud together as asked, and the same sound again from a path file."""

import json
from pathlib import Path

import numpy as np
import pytest

import vqsynth
from tests.conftest import Run
from vqsynth.codebook import Codebook
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.follow.limits import Limits
from vqsynth.follow.mixing import lead
from vqsynth.follow.synthesis import Synthesis, synthesize
from vqsynth.path import CodePath, load_layers, save_layers
from vqsynth.sound.audio import limit_peak
from vqsynth.sound.descriptors import measure


def loudness_error_db(made: Synthesis) -> float:
    row = made.report["descriptors"]["loudness"]
    return float(np.mean(np.abs(np.array(row["got"]) - np.array(row["asked"]))[3:-3]))


@pytest.mark.parametrize(
    "choices", [{}, {"method": "nearest"}, {"rest": 20}, {"variation": 0.3}, {"pitch": "p50"}], ids=str
)
def test_choose_layers_never_share_a_code_at_a_frame(book: Codebook, choices: dict[str, object]) -> None:
    made = synthesize(book, seconds=2.0, centroid="sin(p10,p90,1)", layers=5, rounds=0, **choices)
    codes = np.array([path.codes for path in made.paths])
    assert all(len(np.unique(frame)) == 5 for frame in codes.T)
    assert made.report["layers"] == codes.tolist() and made.report["codes"] == codes[0].tolist()
    assert made.report["codes_used"] == len(np.unique(codes))


def test_choose_layers_of_loudness_alone_hold_the_most_used_codes(book: Codebook) -> None:
    made = synthesize(book, seconds=0.5, layers=3, rounds=0)
    assert [set(path.codes) for path in made.paths] == [{63}, {62}, {61}]


def test_choose_layers_the_first_is_the_only_one_of_one(book: Codebook) -> None:
    one, three = (synthesize(book, seconds=1.0, centroid="line(p5,p95)", layers=n, rounds=0) for n in (1, 3))
    np.testing.assert_array_equal(one.path.codes, three.path.codes)
    np.testing.assert_allclose(one.path.gain_db - three.path.gain_db, 10 * np.log10(3), atol=2e-4)


@pytest.mark.parametrize("target", [{"centroid": "sin(p20,p80,0.5)"}, {"pitch": "steps(300,380)"}, {}], ids=str)
@pytest.mark.parametrize(("loudness", "layers"), [(-24, 2), ("line(-45,-20)", 4)])
def test_correct_layers_the_mix_is_as_loud_as_asked(
    book: Codebook, target: dict[str, str], loudness: str | float, layers: int
) -> None:
    """Layers on one pitch add up to more or less than as powers, until it is measured and taken back."""
    made = synthesize(book, seconds=2.0, loudness=loudness, layers=layers, **target)
    assert loudness_error_db(made) < 0.3
    assert made.report["rounds"][made.report["kept"]]["loudness"] <= made.report["rounds"][0]["loudness"]


def test_correct_layers_without_gain_leaves_the_levels(book: Codebook) -> None:
    asked = {"seconds": 1.0, "pitch": 300, "layers": 2, "weights": {"pitch": 1.0}}  # the same codes, corrected or not
    off = synthesize(book, limits=Limits(gain=False), **asked)
    plain = synthesize(book, rounds=0, **asked)
    for kept, first in zip(off.paths, plain.paths, strict=True):
        np.testing.assert_array_equal(kept.gain_db, first.gain_db)


def test_synthesize_layers_the_mix_follows_the_curve() -> None:
    """Two layers of the choir, each corrected alone, miss the curve together by a tenth of its range."""
    made = vqsynth.load("choir").synthesize(centroid="line(p10,p90)", seconds=2.0, layers=2)
    centroid, loudness = (made.report.descriptors[name] for name in ("centroid", "loudness"))
    assert centroid.nrmse is not None and centroid.nrmse < 0.015
    assert loudness.error is not None and loudness.error < 0.2


def test_correct_layers_that_nearly_cancel_are_not_all_raised() -> None:
    """Two layers of the choir on one pitch, raised until their mix is loud enough, were 13 dB louder than it."""
    book = vqsynth.load("choir")
    made = book.synthesize(pitch="steps(220,247,262)", seconds=2.0, layers=2)
    levels = [measure(y, book.grid, ["loudness"])["loudness"][3:-3] for y in (made.y, *map(book.render, made.paths))]
    powers = 10 ** (np.array(levels) / 10)
    assert 10 * np.log10((powers[1] + powers[2]) / powers[0]).max() < 4
    assert loudness_error_db(made) < 0.1


@pytest.mark.parametrize("missing_db", [-3.0, 0.0, 1.0, 3.0, 200.0])
def test_lead_brings_the_mix_of_two_to_its_power(book: Codebook, missing_db: float) -> None:
    """What two layers lose to each other goes by the product of their amplitudes, and that stays."""
    path = book.follow(seconds=0.5, centroid=900)
    first, second = (moved.gain_db - path.gain_db for moved in lead([path, path], np.full(len(path), missing_db)))
    np.testing.assert_allclose(first, -second, atol=1e-3)
    lost = 1 - 10 ** (-max(missing_db, 0) / 10)
    np.testing.assert_allclose((10 ** (first / 10) + 10 ** (second / 10)) / 2 - lost, 1, atol=1e-3)


def test_lead_is_taken_in_turns(book: Codebook) -> None:
    path = book.follow(seconds=1.0, centroid=900)
    missing = np.where(np.arange(len(path)) // 15 % 2, 6.0, -1.0)
    gains = np.array([moved.gain_db - path.gain_db for moved in lead([path, path, path], missing)])
    assert [np.argmax(gains[:, frame]) for frame in (22, 52)] == [0, 1]
    assert not gains[:, [3, 37]].any()


def test_lead_leaves_silence(book: Codebook) -> None:
    path = book.follow(seconds=0.5, centroid=900).with_gain(-120)
    assert all((moved.gain_db == -120).all() for moved in lead([path, path], np.full(len(path), 9.0)))


def test_synthesize_layers_is_the_sum_of_its_paths(book: Codebook) -> None:
    made = synthesize(book, seconds=1.0, centroid="line(p5,p95)", layers=3, seed=5)
    assert [path.seed for path in made.paths] == [5, 6, 7]
    each = [book.render(path) for path in made.paths]
    np.testing.assert_array_equal(made.y, limit_peak(each[0] + each[1] + each[2])[0])
    np.testing.assert_array_equal(made.y, book.render(*made.paths))
    np.testing.assert_array_equal(made.y, book.render(*made.paths, seed=5))


@pytest.mark.parametrize(("target", "layers"), [({}, 65), ({"centroid": 900}, 65), ({"pitch": 300}, 64)])
def test_synthesize_more_layers_than_codes_is_refused(book: Codebook, target: dict[str, float], layers: int) -> None:
    with pytest.raises(ParameterError, match=r"layers must be at most \d+, the number of codes"):
        synthesize(book, seconds=0.2, layers=layers, **target)


def test_synthesize_layers_that_no_frame_has_codes_for_are_refused(book: Codebook) -> None:
    """The codes that have a pitch are counted, and those taken in a frame."""
    pitched = int((~np.isnan(book.table.column("pitch"))).sum())
    made = synthesize(book, seconds=0.1, pitch=300, layers=pitched, rounds=0)
    assert len({path.codes[0] for path in made.paths}) == pitched
    taken = np.array([path.codes for path in made.paths])
    targets = book.sample_curves(seconds=0.1, pitch=300)
    with pytest.raises(ParameterError, match="ask for fewer layers"):
        book.choose(targets, seconds=0.1, taken=taken)


@pytest.mark.parametrize("layers", [0, -1, 1.5, "2"])
def test_synthesize_layers_of_no_count_are_refused(book: Codebook, layers: object) -> None:
    with pytest.raises(ParameterError, match="layers must be a whole number of 1 or more"):
        synthesize(book, seconds=0.2, layers=layers)  # type: ignore[arg-type]


@pytest.mark.parametrize("layers", [1, 3])
def test_save_layers_comes_back_from_load_layers(book: Codebook, tmp_path: Path, layers: int) -> None:
    made = synthesize(book, seconds=0.5, centroid="line(p5,p95)", layers=layers)
    save_layers(made.paths, tmp_path / "p.json")
    again = load_layers(tmp_path / "p.json")
    assert [path.to_fields() for path in again] == [path.to_fields() for path in made.paths]
    np.testing.assert_array_equal(made.y, book.render(*again))


def test_save_layers_of_one_path_is_its_path_file(book: Codebook, tmp_path: Path) -> None:
    path = book.follow(seconds=0.3, centroid=900)
    save_layers([path], tmp_path / "a.json")
    path.save(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_load_of_a_layered_file_as_one_path_is_refused(book: Codebook, tmp_path: Path) -> None:
    save_layers(synthesize(book, seconds=0.2, layers=2, rounds=0).paths, tmp_path / "p.json")
    with pytest.raises(CodebookError, match=r"must hold one path .got 2 layers"):
        CodePath.load(tmp_path / "p.json")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda fields: fields | {"layers": []}, "at least one path"),
        (lambda fields: fields | {"layers": 3}, "must be of type list"),
        (lambda fields: fields | {"layers": [fields, fields]}, "is missing"),
        (lambda fields: fields | {"format": 99}, "format is 99"),
        (lambda fields: {"format": 1, "layers": [fields["layers"][0] | {"sha256": "0"}, fields["layers"][1]]}, "one"),
    ],
)  # fmt: skip
def test_load_layers_of_damaged_files_says_what_is_wrong(
    book: Codebook, tmp_path: Path, damage: object, says: str
) -> None:
    save_layers(synthesize(book, seconds=0.2, layers=2, rounds=0).paths, tmp_path / "p.json")
    fields = json.loads((tmp_path / "p.json").read_text())
    assert callable(damage)
    (tmp_path / "p.json").write_text(json.dumps(damage(fields)))
    with pytest.raises(CodebookError, match=says):
        load_layers(tmp_path / "p.json")


@pytest.mark.parametrize("excitation", ["coherent", "refined"])
def test_decode_of_layers_gives_the_same_bytes(run: Run, book_folder: Path, excitation: str) -> None:
    made = ["--target", "centroid=sin(p10,p90,1)", "--seconds", 1, "--layers", 3, "--excitation", excitation]
    assert run("synth", book_folder, *made, "-o", "a.wav", "--path", "p.json", "--html", "p.html")[0] == 0
    assert len(json.loads(Path("p.json").read_text())["layers"]) == 3
    assert run("decode", "p.json", "--book", book_folder, "-o", "b.wav")[0] == 0
    assert Path("a.wav").read_bytes() == Path("b.wav").read_bytes()


def test_synth_of_too_many_layers_is_one_line(run: Run, book_folder: Path) -> None:
    code, _, err = run("synth", book_folder, "--target", "pitch=300", "--seconds", 1, "--layers", 64, "-o", "a.wav")
    assert code == 1 and err.startswith("Error: layers must be at most") and err.count("\n") == 1
    assert not Path("a.wav").exists()
