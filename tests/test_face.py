"""The public face: names that people type, told apart, suggested, and never taken for one another."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vqsynth
from tests.conftest import Run
from vqsynth.codebook import Codebook
from vqsynth.errors import ParameterError
from vqsynth.follow.choosing import FOLLOW_OPTIONS
from vqsynth.follow.synthesis import SYNTHESIS_OPTIONS
from vqsynth.sound import audio, descriptors
from vqsynth.sound.analysis import Analysis

OPTION_NAMES = ("rest", "style", "variation", "like", "y", "taken", "seconds", "targets", "book")


@pytest.fixture
def registry() -> Iterator[None]:
    """Let a test register what it likes, and forget it."""
    known = dict(descriptors.REGISTRY)
    yield
    descriptors.REGISTRY.clear()
    descriptors.REGISTRY.update(known)


@pytest.mark.parametrize("verb", ["synthesize", "follow"])
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"smothness": 1}, "unknown option 'smothness'; did you mean 'smoothness'"),
        ({"wieghts": {}}, "unknown option 'wieghts'; did you mean 'weights'"),
        ({"centrod": 900}, "unknown descriptor 'centrod'; did you mean 'centroid'"),
        ({"brightnes": 900}, "unknown descriptor 'brightnes'; did you mean 'brightness'"),
        ({"targets": {"centrod": 900}}, "unknown descriptor 'centrod'; did you mean 'centroid'"),
        ({"targets": {"rest": 900}}, "unknown descriptor 'rest'"),
        ({"targets": {"centroid": 900}, "brightness": 800}, "centroid is asked for twice, by centroid and brightness"),
        ({"targets": {"centroid": 900, "brightness": 800}}, "names a descriptor twice"),
    ],
)
def test_name_that_is_misspelt_is_answered_with_the_nearest(
    book: Codebook, verb: str, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(ParameterError, match=says):
        getattr(book, verb)(seconds=0.2, **given)


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (Codebook.synthesize, SYNTHESIS_OPTIONS),
        (vqsynth.synthesize, SYNTHESIS_OPTIONS),
        (Codebook.follow, FOLLOW_OPTIONS),
    ],
)  # fmt: skip
def test_options_are_keywords_that_help_knows(function: Callable[..., Any], options: tuple[str, ...]) -> None:
    parameters = inspect.signature(function).parameters.values()
    keywords = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    assert keywords == set(options)
    text = inspect.getdoc(function) or ""
    assert all(name in text for name in options)


@pytest.mark.parametrize("name", OPTION_NAMES)
def test_descriptor_named_as_an_option_is_followed_by_targets(registry: None, book: Codebook, name: str) -> None:
    @vqsynth.descriptor(name, unit="dB")
    def level(sound: Analysis) -> Any:
        """Take the level above 1 kHz beside the whole."""
        high = sound.magnitude[..., sound.grid.frequencies_hz > 1000].sum(-1)
        return 20 * np.log10(high / sound.magnitude.sum(-1))

    measured = book.measured_again()
    made = measured.synthesize(targets={name: "line(p10,p90)"}, seconds=0.3, rest=0, rounds=0)
    asked = measured.sample_curves(targets={name: "line(p10,p90)"}, seconds=0.3)[name]
    assert asked[0] < asked[-1]
    assert list(made.path.codes) == list(measured.follow(targets={name: "line(p10,p90)"}, seconds=0.3).codes)


@pytest.mark.parametrize(("word", "name"), [("brightness", "centroid"), ("noisiness", "flatness")])
def test_plain_word_is_a_name_for_the_descriptor(book: Codebook, word: str, name: str) -> None:
    asked = {"seconds": 0.3, "rounds": 1}
    one = book.synthesize(targets={word: "line(p10,p90)"}, weights={word: 2}, mapping={word: "rank"}, **asked)
    two = book.synthesize(targets={name: "line(p10,p90)"}, weights={name: 2}, mapping={name: "rank"}, **asked)
    assert (one.y == two.y).all() and one.path.to_fields() == two.path.to_fields()
    assert (book.table.column(word) == book.table.column(name)).tolist() == [True] * len(book)
    assert book.table.filter(f"{word}>p50").tolist() == book.table.filter(f"{name}>p50").tolist()
    assert book.table.sort(word).tolist() == book.table.sort(name).tolist()
    assert book.traverse(word).to_fields() == book.traverse(name).to_fields()


def test_plain_word_that_is_a_descriptor_of_its_own_is_that_one(registry: None, book: Codebook) -> None:
    vqsynth.descriptor("brightness", unit="")(lambda sound: sound.frames[..., 0] * 0 + 7)
    assert (book.measured_again().table.column("brightness") == 7).all()


def test_synthesize_in_python_and_on_the_command_line_gives_the_same_samples(
    book: Codebook, book_folder: Path, run: Run, tmp_path: Path
) -> None:
    made = book.synthesize(targets={"brightness": "sin(p5,p95,2)", "loudness": -24}, seconds=0.7, rest=2)
    targets = ["--target", "brightness=sin(p5,p95,2)", "--target", "loudness=-24"]
    code, _, err = run("synth", book_folder, *targets, "--seconds", "0.7", "--rest", "2", "-o", tmp_path / "a.wav")
    assert code == 0, err
    audio.save(tmp_path / "b.wav", made.y, book.grid.sr)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--target", "centrod=3", "--seconds", "1"], "did you mean 'centroid'"),
        (["--target", "centroid=3", "--weight", "centrod=3", "--seconds", "1"], "did you mean 'centroid'"),
        (["--target", "centroid=3", "--smothness", "1", "--seconds", "1"], "--smoothness"),
    ],
)
def test_synth_with_a_misspelt_name_suggests_the_nearest(
    book_folder: Path, run: Run, tmp_path: Path, arguments: list[str], says: str
) -> None:
    code, _, err = run("synth", book_folder, *arguments, "-o", tmp_path / "a.wav")
    assert code and says in err
