"""The command line: every verb once with a real file, exit codes, and errors that are one clear line."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import Run
from vqsynth.cli.names import VERBS
from vqsynth.path import CodePath


def test_synth_writes_sound_path_report_and_plot(run: Run, book_folder: Path, tmp_path: Path) -> None:
    code, out, err = run(
        "synth", book_folder, "--target", "centroid=sin(p10,p90,2)", "--target", "loudness=-25", "--weight",
        "centroid=2", "--seconds", 1.5, "-o", "a b é.wav", "--path", "p.json", "--report", "r.json", "--plot", "p.png",
    )  # fmt: skip
    assert code == 0 and err == ""
    assert "centroid: asked" in out and "error" in out
    y, sr = soundfile.read(tmp_path / "a b é.wav")
    assert (len(y), sr) == (24000, 16000)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["codes"] == CodePath.load(tmp_path / "p.json").codes.tolist()
    assert set(report["descriptors"]) == {"centroid", "loudness"}


@pytest.mark.parametrize("excitation", ["noise", "coherent", "refined"])
def test_decode_of_a_synthesized_path_gives_the_same_bytes(run: Run, book_folder: Path, excitation: str) -> None:
    made = ["--target", "centroid=line(p5,p95)", "--seconds", 1, "--seed", 7, "--excitation", excitation]
    assert run("synth", book_folder, *made, "-o", "a.wav", "--path", "p.json")[0] == 0
    assert run("decode", "p.json", "--book", book_folder, "-o", "b.wav")[0] == 0
    assert Path("a.wav").read_bytes() == Path("b.wav").read_bytes()


def test_transfer_is_encode_then_decode(run: Run, book_folder: Path, write_sound: Callable[..., Path]) -> None:
    y = np.sin(2 * np.pi * 300 * np.arange(30000) / 48000) * np.linspace(0, 0.4, 30000)
    sound = write_sound("voice.wav", np.stack([y, y], axis=1), rate=48000, subtype="PCM_24")
    assert run("encode", book_folder, sound, "-o", "p.json")[0] == 0
    assert run("decode", "p.json", "-o", "b.wav", "--book", book_folder, "--keep", "envelope=0")[0] == 0
    assert run("transfer", book_folder, sound, "-o", "c.wav")[0] == 0
    assert Path("b.wav").read_bytes() == Path("c.wav").read_bytes()


def test_traverse_plays_every_code(run: Run, book_folder: Path) -> None:
    code, out, _ = run("traverse", book_folder, "--by", "centroid", "-o", "t.wav", "--plot", "t.svg")
    assert code == 0 and "64 codes" in out
    assert soundfile.info("t.wav").frames == 64 * 4 * 256 - 1
    assert Path("t.svg").read_text().startswith("<?xml")


WRONG: Iterable[tuple[list[str], str]] = [
    (["--target", "centroid=1000", "--seconds", "0", "-o", "a.wav"], "seconds must be above 0"),
    (["--target", "centroid=1000", "--seconds", "-3", "-o", "a.wav"], "seconds must be above 0"),
    (["--target", "centroid=1000", "--seconds", "36000", "-o", "a.wav"], "at most 3600"),
    (["--target", "centroid=1000", "--seconds", "nan", "-o", "a.wav"], "seconds must be above 0"),
    (["--target", "centroid", "--seconds", "1", "-o", "a.wav"], "--target expects NAME=VALUE"),
    (["--target", "brightnes=3", "--seconds", "1", "-o", "a.wav"], "did you mean 'brightness'"),
    (["--target", "centroid=nan", "--seconds", "1", "-o", "a.wav"], "nan"),
    (["--target", "centroid=0:1 0:2", "--seconds", "1", "-o", "a.wav"], "times"),
    (["--target", "centroid=1:1 0:2", "--seconds", "1", "-o", "a.wav"], "times"),
    (["--target", "centroid=-5", "--seconds", "1", "-o", "a.wav"], "above 0 in every frame"),
    (["--target", "centroid=@no.csv", "--seconds", "1", "-o", "a.wav"], "no.csv"),
    (["--target", "centroid=9", "--target", "centroid=8", "--seconds", "1", "-o", "a.wav"], "twice"),
    (["--target", "centroid=9", "--seconds", "1", "-o", "a.mp3"], "must end in"),
    (["--target", "centroid=9", "--seconds", "1", "-o", "no/where/a.wav"], "does not exist"),
    (["--target", "centroid=9", "--seconds", "1", "-o", "a.wav", "--plot", "a.gif"], "picture must end in"),
    (["--target", "centroid=9", "--seconds", "1", "-o", "a.wav", "--weight", "centroid=x"], "expected a number"),
    (["--target", "centroid=9", "--seconds", "1", "-o", "a.wav", "--weight", "crest=1"], "needs a target"),
    (["--target", "centroid=9", "--seconds", "1", "-o", "a.wav", "--smoothness", "-1"], "smoothness must be"),
    (["--target", "centroid=9", "--seconds", "1", "-o", "a.wav", "--path", "./a.wav"], "same name"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_synth_wrong_input_is_one_line_and_writes_nothing(
    run: Run, book_folder: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    code, out, err = run("synth", book_folder, *arguments)
    assert code == 1 and out == ""
    assert err.startswith("Error: ") and err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_synth_out_of_reach_is_one_warning(run: Run, book_folder: Path) -> None:
    code, _, err = run("synth", book_folder, "--target", "centroid=90000", "--seconds", 1, "-o", "a.wav")
    assert code == 0
    assert (
        err
        == "Warning: 100.0 % of the centroid target is out of the codebook's reach; there the nearest value is played\n"
    )


def test_transfer_over_its_input_is_refused(run: Run, book_folder: Path, write_sound: Callable[..., Path]) -> None:
    sound = write_sound("voice.wav", np.zeros(3000))
    before = sound.read_bytes()
    code, _, err = run("transfer", book_folder, sound, "-o", "./voice.wav")
    assert code == 1 and "would overwrite the input" in err
    assert sound.read_bytes() == before


def test_decode_path_of_another_book_is_refused(run: Run, book_folder: Path, tmp_path: Path) -> None:
    run("synth", book_folder, "--target", "centroid=900", "--seconds", 1, "-o", "a.wav", "--path", "p.json")
    fields = json.loads(Path("p.json").read_text())
    Path("p.json").write_text(json.dumps(fields | {"sha256": "0" * 64}))
    code, _, err = run("decode", "p.json", "--book", book_folder, "-o", "b.wav")
    assert code == 1 and "hash 00000000" in err
    Path("p.json").write_text(json.dumps(fields | {"runs": [run | {"code": 999} for run in fields["runs"]]}))
    code, _, err = run("decode", "p.json", "--book", book_folder, "-o", "b.wav")
    assert code == 1 and "(got 999)" in err
    assert not (tmp_path / "b.wav").exists()


def test_synth_full_disk_is_an_error_and_leaves_nothing(run: Run, book_folder: Path, tmp_path: Path) -> None:
    """A limit on file sizes stands in for the full disk: both refuse the same write."""
    resource = pytest.importorskip("resource")
    command = ("synth", str(book_folder), "--target", "centroid=900", "--seconds", "3", "-o", "a.wav")
    done = subprocess.run(
        [sys.executable, "-c", "from vqsynth.cli.main import main; main()", *command],
        capture_output=True, text=True, cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)),
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Error: could not write 'a.wav'") and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_has_an_example(run: Run, verb: str) -> None:
    code, out, _ = run(verb, "--help")
    assert code == 0
    assert re.search(rf"Examples?:\n +vqsynth {verb} ?", out)


def test_main_without_a_verb_or_with_a_wrong_one_exits_with_two(run: Run) -> None:
    assert run("sing")[0] == 2
    assert run("synth")[0] == 2
    assert run("--version")[0] == 0


@pytest.mark.parametrize("arguments", [["synth", "--target", "centroid=sin(p5,p95,1)", "--seconds", "1", "-o", "a.wav"],
                                       ["traverse", "--by", "centroid", "-o", "t.wav"], ["table"], ["info"],
                                       ["decode", "p.json", "-o", "d.wav", "--book"]])  # fmt: skip
def test_playing_loads_no_heavy_library(run: Run, book_folder: Path, arguments: list[str], tmp_path: Path) -> None:
    run("synth", book_folder, "--target", "centroid=900", "--seconds", 1, "-o", "a.wav", "--path", "p.json")
    command = (
        [*arguments, str(book_folder)] if arguments[0] == "decode" else [arguments[0], str(book_folder), *arguments[1:]]
    )
    script = (
        "import sys; from vqsynth.cli.main import main\n"
        f"sys.argv = ['vqsynth'] + {command!r}\n"
        "main()\n"
        "heavy = {'torch', 'librosa', 'sklearn', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("given", "expected"), [(None, "1"), ("2", "2")])
def test_playing_takes_one_thread_unless_the_user_says_otherwise(
    given: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import sys; sys.argv = ['vqsynth', 'list']\n"
        "from vqsynth.cli.main import main; main()\n"
        "import torch; print(torch.get_num_threads())"
    )
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if given:
        monkeypatch.setenv("OMP_NUM_THREADS", given)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == expected


@pytest.mark.parametrize("verb", [("list",), ("continuous", "list")])
def test_list_tells_of_links_to_nowhere(run: Run, tmp_path: Path, verb: tuple[str, ...]) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "gone").symlink_to("away")
    code, out, err = run(*verb, "books")
    assert code == 1 and "name" in out
    assert err.startswith("Error: ") and "books/gone' is a broken link (away)" in err


def test_synth_without_seconds_lasts_until_the_last_breakpoint(run: Run, book_folder: Path) -> None:
    code, _, err = run("synth", book_folder, "--target", "pitch=0:A3 ~0.7:C5", "-o", "a.wav", "--path", "p.json")
    assert code == 0, err
    assert CodePath.load("p.json").n_samples == round(0.7 * 16000)


@pytest.mark.parametrize(("options", "message"), [
    (["--map", "pitch=loud"], "--map pitch must be one of clamp, squeeze, minmax"),
    (["--map", "loud"], "--map must be one of"),
    (["--map", "rank", "--map", "clamp"], "says twice how all targets are mapped"),
    (["--map", "picth=rank"], "unknown descriptor 'picth'; did you mean 'pitch'"),
    (["--map", "pitch=rank", "--map", "pitch=clamp"], "names 'pitch' twice"),
])  # fmt: skip
def test_synth_map_that_says_nothing_usable_is_refused(
    run: Run, book_folder: Path, options: list[str], message: str
) -> None:
    code, _, err = run("synth", book_folder, "--target", "pitch=300", "--seconds", 1, "-o", "a.wav", *options)
    assert code == 1 and message in err


def test_synth_map_of_a_descriptor_maps_it_alone(run: Run, book_folder: Path) -> None:
    target = ["--target", "centroid=line(1,2)", "--target", "flatness=line(1,2)", "--seconds", 0.5, "--rounds", 0]
    asked = {}
    for name, options in (("all", ["--map", "minmax"]), ("one", ["--map", "centroid=minmax"]),
                          ("both", ["--map", "clamp", "--map", "flatness=minmax"])):  # fmt: skip
        assert run("synth", book_folder, *target, *options, "-o", "a.wav", "--report", "r.json")[0] == 0
        rows = json.loads(Path("r.json").read_text())["descriptors"]
        asked[name] = [rows[key]["asked"] for key in ("centroid", "flatness")]
    assert asked["one"][0] == asked["all"][0] and asked["one"][1] != asked["all"][1]
    assert asked["both"][0] != asked["all"][0] and asked["both"][1] == asked["all"][1]


def test_batch_without_seconds_takes_what_the_curves_say_or_refuses(run: Run, book_folder: Path) -> None:
    code, _, err = run("batch", "-b", book_folder, "--target", "pitch=300", "-o", "out")
    assert code == 1 and "--target needs --seconds, or a curve that says how long it lasts" in err
    code, _, err = run("batch", "-b", book_folder, "--target", "pitch=0:A3 0.5:A4; centroid=900", "-o", "out")
    assert code == 0, err
    assert json.loads(Path("out/thirds-1.json").read_text())["seconds"] == 0.5


def test_decode_keep_leaves_the_codebooks_own_pitch_and_timbre(
    run: Run, book_folder: Path, write_sound: Callable[..., Path]
) -> None:
    y = 0.2 * np.sin(2 * np.pi * 318 * np.arange(30000) / 44100)
    assert run("encode", book_folder, write_sound("voice.wav", y), "-o", "p.json")[0] == 0
    sounds = {}
    for keep in ("pitch=1,envelope=1", "pitch=0", "envelope=0", "pitch=0,envelope=0"):
        assert run("decode", "p.json", "--book", book_folder, "-o", "a.wav", "--keep", keep)[0] == 0
        sounds[keep] = Path("a.wav").read_bytes()
    assert len(set(sounds.values())) == 4
    assert run("decode", "p.json", "--book", book_folder, "-o", "a.wav")[0] == 0
    assert Path("a.wav").read_bytes() == sounds["pitch=1,envelope=1"]


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ("pich=1", "did you mean 'pitch'"),
        ("pitch=2", "keep pitch must"),
        ("pitch=much", "--keep pitch must be a number"),
        ("pitch", "--keep expects NAME=VALUE"),
    ],
)
def test_keep_that_cannot_be_read_is_refused_in_one_line(run: Run, book_folder: Path, keep: str, said: str) -> None:
    code, _, err = run("transfer", book_folder, "none.wav", "-o", "a.wav", "--keep", keep)
    assert code != 0 and said in err and err.count("\n") == 1
