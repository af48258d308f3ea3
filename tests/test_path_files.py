"""Path files of runs: a person can edit and write them, and what is written is what is read, to the bit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vqsynth.codebook import Codebook
from vqsynth.codes.controls import no_controls
from vqsynth.codes.runs import MOST_FRAMES
from vqsynth.errors import CodebookError, VqsynthWarning
from vqsynth.path import CodePath, load_layers, save_layers

HEAD: dict[str, Any] = {"format": 2, "codebook": "violin", "sr": 16000, "hop_length": 256}
RUNS: list[dict[str, Any]] = [
    {"code": 7, "frames": 3, "gain_db": -20}, {"code": None, "frames": 2},
    {"code": 9, "gain_db": [-20, -21.5], "tilt_db": 1.5},
]  # fmt: skip
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(runs: Any = RUNS, **fields: Any) -> Path:
        (tmp_path / "p.json").write_text(json.dumps(HEAD | {"runs": runs} | fields))
        return tmp_path / "p.json"

    return written


def same(a: CodePath, b: CodePath) -> bool:
    return json.dumps(a.to_fields()) == json.dumps(b.to_fields())


def draw(rng: np.random.Generator, frames: int, *, controls: bool) -> CodePath:
    """Make a path of held codes, of silences, and of controls that are zero here and there."""
    held = rng.integers(1, 6, frames)
    codes = np.repeat(rng.integers(0, 4, frames), held)[:frames]
    gains = np.repeat(rng.choice([-120.0, -20.0, -7.1234], frames), np.roll(held, 1))[:frames]
    gains = np.where(rng.random(frames) < 0.1, -33.0, gains)
    used = no_controls(frames)
    used.tilt_db[:] = np.repeat(rng.choice([0, 0, 0.5, -1.25], frames), held)[:frames]
    n_samples = int((frames - 1) * 256 + rng.integers(frames == 1, 256))
    return CodePath("a", "ab", 16000, 256, n_samples, codes, gains, controls=used if controls else None)


@given(seed=st.integers(0, 2**32), frames=st.integers(1, 40), controls=st.booleans(), layers=st.integers(1, 3))
def test_save_layers_of_runs_comes_back_to_the_bit(
    seed: int, frames: int, controls: bool, layers: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    first = draw(rng, frames, controls=controls)
    paths = [first, *(first.with_codes(rng.permutation(first.codes)) for _ in range(layers - 1))]
    file = tmp_path_factory.mktemp("paths") / "p.json"
    save_layers(paths, file)
    assert all(map(same, load_layers(file), paths))
    assert '"runs"' in file.read_text()


@given(seed=st.integers(0, 2**32), frames=st.integers(1, 40))
def test_load_of_rows_as_they_were_written_before_gives_the_same_path(
    seed: int, frames: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = draw(np.random.default_rng(seed), frames, controls=True)
    file = tmp_path_factory.mktemp("paths") / "p.json"
    file.write_text(json.dumps(path.to_fields()))
    assert path.to_fields()["format"] == 1 and same(CodePath.load(file), path)


def test_save_writes_a_line_for_each_run_and_silence_as_null(tmp_path: Path) -> None:
    codes, gains = np.array([5, 5, 5, 5, 2, 2]), np.array([-20.0, -20, -120, -120, -3, -4])
    CodePath("a", "ab", 16000, 256, 6 * 256 - 1, codes, gains).save(tmp_path / "p.json")
    lines = (tmp_path / "p.json").read_text().splitlines()
    assert [line.strip().rstrip(",") for line in lines if '"code"' in line] == [
        '{"code": 5, "frames": 2, "gain_db": -20.0}', '{"code": null, "frames": 2}',
        '{"code": 2, "gain_db": [-3.0, -4.0]}',
    ]  # fmt: skip
    assert not any("n_samples" in line for line in lines)


def test_load_of_runs_written_by_hand_fills_in_the_rest(write: Write) -> None:
    path = CodePath.load(write())
    assert path.codes.tolist() == [7, 7, 7, 7, 7, 9, 9]
    assert path.gain_db.tolist() == [-20, -20, -20, -120, -120, -20, -21.5]
    assert path.controls is not None and path.controls.tilt_db.tolist() == [0, 0, 0, 0, 0, 1.5, 1.5]
    assert (path.n_samples, path.sha256, path.excitation, path.seed) == (7 * 256 - 1, "", "coherent", 0)


def test_load_of_silence_at_the_start_takes_the_first_code(write: Write) -> None:
    path = CodePath.load(write([{"code": None}, {"code": 3, "gain_db": -1}]))
    assert path.codes.tolist() == [3, 3] and path.gain_db.tolist() == [-120, -1]
    assert CodePath.load(write([{"code": None, "frames": 4}])).gain_db.tolist() == [-120] * 4


def test_load_of_null_in_rows_is_silence(tmp_path: Path) -> None:
    rows = HEAD | {"format": 1, "codes": [4, None, 6], "gain_db": [-3, -3, None]}
    (tmp_path / "p.json").write_text(json.dumps(rows))
    path = CodePath.load(tmp_path / "p.json")
    assert path.codes.tolist() == [4, 4, 6] and path.gain_db.tolist() == [-3, -120, -120]


def test_load_of_runs_that_were_shortened_lasts_as_they_do_and_says_so(write: Write) -> None:
    with pytest.warns(VqsynthWarning, match="a path of 7 frames does not last 99999 samples.*leave n_samples away"):
        path = CodePath.load(write(n_samples=99999))
    assert path.n_samples == 7 * 256 - 1
    assert CodePath.load(write(n_samples=6 * 256)).n_samples == 6 * 256


@pytest.mark.parametrize(("run", "message"), [
    ({"code": 1, "frames": 3, "gain_db": [-1, -2]}, "run 2: gain_db holds 2 numbers, and the run has 3 frames"),
    ({"code": 1, "gain_db": [-1, -2], "tilt_db": [0]}, "run 2: tilt_db holds 1 numbers, and the run has 2 frames"),
    ({"code": 1, "frames": 0, "gain_db": -1}, "run 2: frames must be a whole number of 1 or more .got 0."),
    ({"code": 1, "frames": True, "gain_db": -1}, "run 2: frames must be"),
    ({"code": 1, "frames": MOST_FRAMES, "gain_db": -1}, "the runs have more than 2097152 frames"),
    ({"code": 1, "gain_db": []}, "run 2: frames must be"), ({"code": 1}, "run 2: 'gain_db' is missing"),
    ({"gain_db": 1}, "run 2: 'code' is missing; silence is null"), ({"code": 1.5, "gain_db": 0}, "run 2: code must be"),
    ({"code": True, "gain_db": 0}, "code must be"), ({"code": -1, "gain_db": 0}, "codes must be 0 or more"),
    ({"code": None, "gain_db": -3}, "run 2: silence, a code of null, has no gain_db"),
    ({"code": 1, "gian_db": 0}, "run 2: unknown field 'gian_db'; did you mean 'gain_db'"),
    ({"code": 1, "gain_db": "x"}, "'gain_db' must hold numbers only"), ([1, 2], "run 2: expected an entry such as"),
    ({"code": 1, "gain_db": 0, "tilt_db": 99}, "tilt_db must hold 2 numbers from -6 to 6"),
    ({"code": 10**30, "gain_db": 0}, "below 2"), ({"code": 1, "gain_db": [[1]]}, "must hold numbers only"),
])  # fmt: skip
def test_load_of_a_run_that_is_none_names_it(write: Write, run: Any, message: str) -> None:
    with pytest.raises(CodebookError, match=message):
        CodePath.load(write([{"code": 0, "gain_db": -1}, run]))


def test_load_of_no_runs_says_so(write: Write) -> None:
    with pytest.raises(CodebookError, match="no frames; give at least one run"):
        CodePath.load(write([]))
    with pytest.raises(CodebookError, match="'runs' must be of type list"):
        CodePath.load(write({"code": 1}))


def test_render_of_a_path_without_a_hash_goes_by_the_codebooks_name(write: Write, book: Codebook) -> None:
    path = CodePath.load(write([{"code": 3, "frames": 20, "gain_db": -20}], codebook=book.name))
    whole = CodePath(book.name, book.sha256, 16000, 256, path.n_samples, path.codes, path.gain_db)
    np.testing.assert_array_equal(book.render(path), book.render(whole))
    with pytest.raises(CodebookError, match=r"made with codebook 'violin' of hash \?, this is 'thirds'"):
        book.render(CodePath.load(write([{"code": 3, "gain_db": -20}])))


def test_save_of_very_many_runs_writes_rows_which_are_read_as_well(tmp_path: Path) -> None:
    frames = 270_000
    codes, gains = np.arange(frames) % 1000, np.round(np.linspace(-60, 0, frames), 4)
    path = CodePath("a", "ab", 44100, 512, frames * 512 - 1, codes, gains)
    path.save(tmp_path / "p.json")
    text = (tmp_path / "p.json").read_text()
    assert '"codes"' in text and '"runs"' not in text and len(text) < 5_000_000
    again = CodePath.load(tmp_path / "p.json")
    assert (again.codes == codes).all() and (again.gain_db == gains).all()


def test_load_of_layers_that_together_claim_too_many_frames_is_refused(tmp_path: Path) -> None:
    layer = HEAD | {"runs": [{"code": 1, "frames": MOST_FRAMES // 2 + 1, "gain_db": -1}]}
    (tmp_path / "p.json").write_text(json.dumps({"format": 2, "layers": [layer] * 9}))
    with pytest.raises(CodebookError, match="run 1: with it the runs have more than 2097152 frames"):
        load_layers(tmp_path / "p.json")
