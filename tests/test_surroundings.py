"""Where the command stands: "-" for standard input and output, closed pipes, and what was meant for another verb."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import Run
from tests.continuous.small import make_small_model, make_sound

COMMAND = [sys.executable, "-c", "from vqsynth.cli.main import main; main()"]
SYNTH = ["--target", "centroid=sin(p10,p90,2)", "--seconds", "0.5"]


def call(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *map(str, arguments)], input=given, capture_output=True, check=False)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    make_small_model().save(folder)
    return folder


@pytest.fixture
def files(run: Run, book_folder: Path, model: Path) -> Path:
    """A folder with a sound, a path, a report and a latent path of it, the working one."""
    soundfile.write("a.wav", make_sound(0.5), 8000)
    assert run("synth", book_folder, *SYNTH, "-o", "s.wav", "--path", "p.json", "--report", "r.json")[0] == 0
    for name in ("l.json", "l.safetensors"):
        assert run("continuous", "encode", model, "a.wav", "-o", name)[0] == 0
    return Path.cwd()


def test_sound_on_standard_output_is_the_file_and_nothing_else(files: Path, book_folder: Path) -> None:
    done = call("synth", book_folder, *SYNTH, "-o", "-")
    assert done.returncode == 0 and done.stdout == Path("s.wav").read_bytes()
    assert b"centroid: asked" in done.stderr and b"wrote -" in done.stderr
    for verb in (["decode", "p.json", "--book", book_folder], ["transfer", book_folder, "a.wav"],
                 ["traverse", book_folder, "--by", "centroid"]):  # fmt: skip
        y, sr = soundfile.read(io.BytesIO(call(*verb, "-o", "-").stdout))
        assert sr == 16000 and len(y) > 4000
    assert not Path("-").exists()


def test_path_through_pipes_is_the_path_through_files(files: Path, book_folder: Path) -> None:
    done = call("encode", book_folder, "a.wav", "-o", "-")
    assert json.loads(done.stdout)["kind"] == "path" and b"codes used" in done.stderr
    piped = call("decode", "-", "--book", book_folder, "--keep", "envelope=0", "-o", "-", given=done.stdout)
    assert piped.stdout == call("transfer", book_folder, "a.wav", "-o", "-").stdout
    report = call("synth", book_folder, *SYNTH, "-o", "b.wav", "--report", "-")
    assert report.stdout == Path("r.json").read_bytes()


def test_latent_path_through_pipes_is_the_path_through_files(files: Path, model: Path) -> None:
    encoded = call("continuous", "encode", model, "a.wav", "-o", "-")
    assert encoded.stdout == Path("l.json").read_bytes()
    bent = call("continuous", "bend", "-", "--reverse", "-o", "-", given=encoded.stdout)
    assert call("continuous", "bend", "l.json", "--reverse", "-o", "b.json").returncode == 0
    assert bent.stdout == Path("b.json").read_bytes()
    sound = call("continuous", "decode", "-", "--model", model, "-o", "-", given=bent.stdout)
    assert len(soundfile.read(io.BytesIO(sound.stdout))[0]) == 4000 and b"wrote -" in sound.stderr


@pytest.mark.parametrize(
    "words",
    ["map BOOK -o -", "table BOOK --html -", "synth BOOK --plot -", "synth BOOK --html -", "encode BOOK - -o x.json",
     "transfer BOOK - -o x.wav", "train - --name x -o x", "train a.wav --name x -o -", "batch -b BOOK -o -",
     "synth BOOK --like -", "continuous plot l.json -o -", "continuous morph MODEL - a.wav -o x.wav"],
)  # fmt: skip
def test_dash_where_only_a_file_will_do_is_refused_in_one_line(
    run: Run, files: Path, book_folder: Path, model: Path, words: str
) -> None:
    before = sorted(files.iterdir())
    places = {"BOOK": str(book_folder), "MODEL": str(model)}
    code, out, err = run(*(places.get(word, word) for word in words.split()))
    assert code == 1 and out == ""
    assert err.startswith("Error: ") and err.count("\n") == 1 and "cannot be standard input or output" in err
    assert sorted(files.iterdir()) == before


def test_sound_on_a_terminal_is_refused(run: Run, book_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    code, out, err = run("synth", book_folder, *SYNTH, "-o", "-")
    assert code == 1 and out == "" and "a terminal shows no sound" in err and err.count("\n") == 1


def test_two_outputs_on_standard_output_are_refused(run: Run, book_folder: Path) -> None:
    code, out, err = run("synth", book_folder, *SYNTH, "-o", "a.wav", "--path", "-", "--report", "-")
    assert code == 1 and out == "" and "two outputs have the same name" in err


def test_what_stands_on_standard_input_is_named_where_it_is_no_path(book_folder: Path) -> None:
    done = call("decode", "-", "--book", book_folder, "-o", "-", given=b"[3]")
    assert done.returncode == 1 and done.stdout == b""
    assert done.stderr.startswith(b"Error: the path file standard input") and done.stderr.count(b"\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="a pipe that is closed")
def test_sound_into_a_closed_pipe_ends_without_a_word(book_folder: Path, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*COMMAND, "synth", str(book_folder), *SYNTH, "-o", "-"], stdout=writing,
                          stderr=subprocess.PIPE, cwd=tmp_path, check=False)  # fmt: skip
    os.close(writing)
    assert done.returncode == 1 and done.stderr == b"" and list(tmp_path.iterdir()) == []


WRONG = [
    ("decode l.json -o x.wav", "a latent path", "vqsynth continuous decode l.json -o out.wav"),
    ("decode l.safetensors -o x.wav", "a latent path", "vqsynth continuous decode l.safetensors -o out.wav"),
    ("decode a.wav -o x.wav", "a sound", "vqsynth transfer violin a.wav -o out.wav"),
    ("decode r.json -o x.wav", "a report", "--path"),
    ("table p.json", "a path", "vqsynth decode p.json -o out.wav"),
    ("info l.json", "a latent path", "vqsynth continuous decode l.json"),
    ("info MODEL", "a continuous model", "vqsynth continuous info MODEL"),
    ("info strings", "a continuous model", "vqsynth continuous info strings"),
    ("synth strings --target pitch=440 --seconds 1 -o x.wav", "a continuous model", "vqsynth continuous --help"),
    ("synth MODEL --target pitch=440 --seconds 1 -o x.wav", "a continuous model", "vqsynth continuous"),
    ("synth BOOK --like p.json -o x.wav", "a path", "vqsynth decode p.json"),
    ("batch -b strings --target pitch=440 --seconds 1 -o out", "a continuous model", "vqsynth continuous"),
    ("encode a.wav BOOK -o x.json", "a sound", "vqsynth encode violin a.wav -o path.json"),
    ("transfer BOOK p.json -o x.wav", "a path", "vqsynth decode p.json -o out.wav"),
    ("continuous decode p.json -o x.wav", "a path", "vqsynth decode p.json -o out.wav"),
    ("continuous decode a.wav -o x.wav", "a sound", "vqsynth continuous encode"),
    ("continuous encode violin a.wav -o x.json", "a codebook", "vqsynth encode violin ..."),
    ("continuous encode BOOK a.wav -o x.json", "a codebook", "vqsynth encode BOOK ..."),
    ("continuous bend p.json --reverse -o x.json", "a path", "vqsynth decode p.json"),
    ("continuous plot a.wav -o x.png", "a sound", "vqsynth continuous encode"),
    ("continuous morph MODEL a.wav p.json -o x.wav", "a path", "vqsynth decode p.json"),
    ("continuous decode l.json --model BOOK -o x.wav", "a codebook", "vqsynth decode BOOK"),
]


@pytest.mark.parametrize(("words", "kind", "advice"), WRONG, ids=[words for words, _, _ in WRONG])
def test_wrong_verb_says_what_it_was_given_and_which_is_right(
    run: Run, files: Path, book_folder: Path, model: Path, words: str, kind: str, advice: str
) -> None:
    places = {"BOOK": str(book_folder), "MODEL": str(model)}
    before = sorted(files.iterdir())
    code, out, err = run(*(places.get(word, word) for word in words.split()))
    assert code == 1 and out == "" and err.startswith("Error: ") and err.count("\n") == 1
    assert f"is {kind}, and " in err
    for name, place in places.items():
        advice = advice.replace(name, place)
    assert advice in err
    assert sorted(files.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("syhtn violin", "did you mean: vqsynth synth?"),
        ("morph a.wav b.wav", "did you mean: vqsynth continuous morph?"),
        ("continuous synth strings", "did you mean: vqsynth synth?"),
        ("continuous mroph strings", "did you mean: vqsynth continuous morph?"),
        ("violin", "'violin' is a codebook, not a verb; put a verb first, as in: vqsynth info violin"),
        ("strings", "as in: vqsynth continuous info strings"),
        ("xyzzy", "verbs are: list, info, table"),
    ],
)
def test_verb_that_is_none_says_which_is_meant(run: Run, words: str, says: str) -> None:
    code, out, err = run(*words.split())
    assert code == 2 and out == "" and says in err


def test_wrong_input_of_the_right_kind_keeps_its_own_message(run: Run, files: Path, book_folder: Path) -> None:
    fields = json.loads(Path("p.json").read_text())
    Path("p.json").write_text(json.dumps(fields | {"runs": [run | {"code": 999} for run in fields["runs"]]}))
    code, _, err = run("decode", "p.json", "--book", book_folder, "-o", "x.wav")
    assert code == 1 and "(got 999)" in err and "use:" not in err


def test_path_files_with_and_without_their_kind_are_the_same(run: Run, files: Path, book_folder: Path) -> None:
    fields = json.loads(Path("p.json").read_text())
    assert fields.pop("kind") == "path"
    Path("old.json").write_text(json.dumps(fields))
    assert run("decode", "old.json", "--book", book_folder, "-o", "old.wav")[0] == 0
    np.testing.assert_array_equal(soundfile.read("old.wav")[0], soundfile.read("s.wav")[0])
