"""`vqsynth continuous`: every verb once with real files, what is refused before any work, and what loads torch."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import Run
from tests.continuous.latent_paths import make_path, same
from tests.continuous.small import LATENTS, SR, make_small_model, make_sound
from tests.plot.pictures import texts
from vqsynth.cli.names import CONTINUOUS_VERBS as VERBS
from vqsynth.continuous.bending import bend
from vqsynth.continuous.latents import LatentPath
from vqsynth.continuous.morphing import morph
from vqsynth.continuous.plane import walk_plane


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two small models, `small` and `other`."""
    folder = tmp_path_factory.mktemp("models")
    make_small_model().save(folder / "small")
    make_small_model("other", seed=1).save(folder / "other")
    return folder


@pytest.fixture
def model(models: Path) -> Path:
    return models / "small"


@pytest.fixture
def run(run: Run, tmp_path: Path) -> Run:
    """`run("morph", model, ...)` calls a verb where a.wav to d.wav lie: exit code, stdout, stderr."""
    for i, name in enumerate("abcd"):
        soundfile.write(tmp_path / f"{name}.wav", make_sound(0.3 + 0.05 * i, seed=i), SR, subtype="FLOAT")
    return partial(run, "continuous")


def encode(name: str) -> LatentPath:
    return make_small_model().encode(soundfile.read(name)[0], SR)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_has_an_example(run: Run, verb: str) -> None:
    code, out, _ = run(verb, "--help")
    assert code == 0
    assert re.search(rf"Examples?:\n +vqsynth continuous {verb} ?", out)


def test_continuous_without_a_verb_or_with_a_wrong_one_exits_with_two(run: Run) -> None:
    assert run()[0] == 2
    assert run("sing")[0] == 2
    code, out, _ = run("--help")
    assert code == 0 and all(words in out for words in (*VERBS, *VERBS.values()))


def test_list_shows_the_models_of_a_folder(run: Run, models: Path) -> None:
    code, out, err = run("list", models)
    assert code == 0 and err == ""
    for name in ("small", "other"):
        assert re.search(rf"^{name} +6 +8000 +{LATENTS} +magnitude,griffin-lim$", out, re.MULTILINE)


def test_list_with_a_damaged_model_shows_the_others_and_fails(run: Run, models: Path) -> None:
    for name in ("good", "spoiled"):
        make_small_model(name).save(name)
    Path("spoiled/vae.safetensors").write_bytes(b"")
    code, out, err = run("list", ".")
    assert code == 1 and "good" in out and err.count("\n") == 1 and "spoiled" in err


def test_info_shows_the_card_and_what_each_component_follows(run: Run, model: Path) -> None:
    code, out, err = run("info", model)
    assert code == 0 and err == ""
    for line in ("name: small", "licence: CC0", "vocoders: magnitude, griffin-lim", "  1: loudness +0.90",
                 "  6: crest -0.60"):  # fmt: skip
        assert line in out.splitlines()


def test_encode_bend_and_decode_are_what_the_library_does(run: Run, model: Path) -> None:
    assert run("encode", model, "a.wav", "-o", "a é.json")[0] == 0
    assert same(LatentPath.load("a é.json"), encode("a.wav"))
    code, out, err = run("bend", "a é.json", "--component", 1, "--scale", 1.5, "--bias", -0.2, "--randomize", "0.1",
                         "--reverse", "--draw", "0:0 2:1.5", "--seed", 3, "-o", "bent.safetensors")  # fmt: skip
    assert code == 0 and err == "" and "wrote bent.safetensors" in out
    wanted = bend(encode("a.wav"), component=1, scale=1.5, bias=-0.2, randomize=0.1, reverse=True, draw="0:0 2:1.5",
                  seed=3)  # fmt: skip
    assert same(LatentPath.load("bent.safetensors"), wanted)
    assert run("decode", "bent.safetensors", "--model", model, "--excitation", "coherent", "-o", "bent.wav")[0] == 0
    y, sr = soundfile.read("bent.wav")
    assert sr == SR
    np.testing.assert_allclose(y, make_small_model().decode(wanted, excitation="coherent"), atol=1e-6)


def test_bend_of_the_loudness_is_heard(run: Run, model: Path) -> None:
    run("encode", model, "a.wav", "-o", "a.json")
    for name, db in (("loud", -20), ("soft", -40)):
        assert run("bend", "a.json", "--component", "loudness", "--draw", db, "-o", f"{name}.json")[0] == 0
        assert run("decode", f"{name}.json", "--model", model, "--excitation", "coherent", "-o", f"{name}.wav")[0] == 0
    loud, soft = (np.std(soundfile.read(f"{name}.wav")[0][800:-800]) for name in ("loud", "soft"))
    assert 20 * np.log10(loud / soft) == pytest.approx(20, abs=1)


def test_transfer_is_encode_then_decode(run: Run, model: Path) -> None:
    assert run("encode", model, "a.wav", "-o", "a.json")[0] == 0
    assert run("decode", "a.json", "--model", model, "-o", "b1.wav")[0] == 0
    assert run("transfer", model, "a.wav", "-o", "b2.wav")[0] == 0
    assert Path("b1.wav").read_bytes() == Path("b2.wav").read_bytes()


@pytest.mark.parametrize("vocoder", ["magnitude", "griffin-lim"])
def test_decode_of_a_written_path_gives_the_same_bytes(run: Run, model: Path, vocoder: str) -> None:
    options = ["--vocoder", vocoder, "--seed", 7, "--path", "m.json", "-o", "m.wav"]
    assert run("morph", model, "a.wav", "b.wav", *options)[0] == 0
    assert run("decode", "m.json", "--model", model, "-o", "again.wav")[0] == 0
    assert Path("m.wav").read_bytes() == Path("again.wav").read_bytes()


def test_morph_takes_sounds_and_paths_and_its_options(run: Run, model: Path) -> None:
    assert run("encode", model, "b.wav", "-o", "b.safetensors")[0] == 0
    code, out, err = run("morph", model, "a.wav", "b.safetensors", "--weight", "0:0 0.2:1", "--align", "dtw", "--of",
                         "latents", "--seconds", 0.4, "--path", "m.json", "-o", "m.wav")  # fmt: skip
    assert code == 0 and err == "" and out.startswith("0.40 s")
    wanted = morph(encode("a.wav"), encode("b.wav"), weight="0:0 0.2:1", align="dtw", of="latents", seconds=0.4)
    assert same(LatentPath.load("m.json"), wanted)
    assert soundfile.info("m.wav").frames == 3200


def test_morph_of_an_instant_with_a_sound_is_a_warning_and_a_sound(run: Run, model: Path) -> None:
    soundfile.write("click.wav", make_sound(0.01), SR)
    code, _, err = run("morph", model, "click.wav", "a.wav", "-o", "m.wav")
    assert code == 0 and err.startswith("Warning: a sound of 0.01 s is stretched") and err.count("\n") == 1


def test_morph_and_plane_draw_what_they_made(run: Run, model: Path) -> None:
    assert run("morph", model, "a.wav", "b.wav", "-o", "m.wav", "--plot", "m.svg", "--path", "m.json")[0] == 0
    assert "small: a to b, weight line(0,1)" in Path("m.svg").read_text() and Path("m.json").exists()
    corners = ("a.wav", "b.wav", "c.wav", "d.wav")
    assert run("plane", model, *corners, "--at", "0.5,0.5", "-o", "p.wav", "--plot", "p.svg", "--dark")[0] == 0
    assert "small: a, b, c, d at 0.5,0.5" in Path("p.svg").read_text()
    code, _, err = run("morph", model, "a.wav", "b.wav", "-o", "x.wav", "--plot", "x.gif")
    assert code == 1 and "a picture must end in" in err and not Path("x.wav").exists()


def test_plane_walks_between_four_sounds(run: Run, model: Path) -> None:
    walk = "0:0.1,0.2 0.5:0.9,0.8"
    code, out, err = run("plane", model, *(f"{n}.wav" for n in "abcd"), "--at", walk, "--path", "p.json", "-o", "p.wav")
    assert code == 0 and err == "" and out.startswith("0.50 s")
    assert same(LatentPath.load("p.json"), walk_plane([encode(f"{n}.wav") for n in "abcd"], walk))


def test_plot_draws_a_path_over_another(run: Run) -> None:
    make_path().save("a.json")
    bend(make_path(), bias=1).save("bent é.json")
    code, out, _ = run("plot", "bent é.json", "--before", "a.json", "--components", 3, "--dark", "-o", "p.svg")
    assert code == 0 and out == "wrote p.svg\n"
    assert {"bent", "é", "before", "after"} <= set(texts(Path("p.svg")).split())


WRONG: Iterable[tuple[str, str]] = [
    ("encode MODEL no.wav -o x.json", "no.wav"),
    ("encode MODEL empty.wav -o x.json", "empty.wav' holds no samples"),
    ("encode MODEL a.wav -o x.wav", "a latent path must end in .json or .safetensors"),
    ("encode MODEL a.wav -o no/x.json", "does not exist"),
    ("encode MODEL a.wav -o MODEL/vae.safetensors", "would overwrite the input"),
    ("encode nowhere a.wav -o x.json", "no continuous model 'nowhere'"),
    ("decode path.json -o x.wav", "--model can name another folder"),
    ("decode path.json --model OTHER -o x.wav", "was made with model 'small'"),
    ("decode path.json --model MODEL -o x.mp3", "must end in"),
    ("decode path.json --model MODEL -o x.wav --vocoder best", "vocoder of model 'small' must be one of"),
    ("decode path.json --model MODEL -o x.wav --path path.json", "would overwrite the input"),
    ("decode nan.json --model MODEL -o x.wav", "NaN stands where JSON has finite numbers"),
    ("decode short.json --model MODEL -o x.wav", "short.json' cannot be used: 2400 samples"),
    ("decode narrow.json --model MODEL -o x.wav", "the latent path has 5 components"),
    (
        "decode a.wav --model MODEL -o x.wav",
        "'a.wav' is a sound, and continuous decode takes a latent path there; use: vqsynth",
    ),
    ("transfer MODEL roaring.wav -o x.wav", "where full scale is 1"),
    ("encode MODEL roaring.wav -o x.json", "where full scale is 1"),
    ("transfer MODEL a.wav -o a.wav", "would overwrite the input"),
    ("transfer MODEL a.wav -o x.wav --vocoder griffin-lim --excitation noise", "excitation"),
    ("morph MODEL a.wav b.wav -o b.wav", "would overwrite the input"),
    ("morph MODEL a.wav b.wav -o x.wav --path x.txt", "a latent path must end in"),
    ("morph MODEL a.wav other.json -o x.wav", "was made with model 'other'"),
    ("morph MODEL a.wav empty.wav -o x.wav", "empty.wav' holds no samples"),
    ("morph MODEL a.wav b.wav --weight 0:0_0.2:1.5 -o x.wav", "weight must lie between 0, all of A, and 1"),
    ("morph MODEL a.wav b.wav --weight half -o x.wav", "curve 'half'"),
    ("morph MODEL a.wav b.wav --weight @w.json -o x.wav --path w.json", "would overwrite the input 'w.json'"),
    ("morph MODEL a.wav b.wav --seconds 0 -o x.wav", "seconds must be above 0"),
    ("plane MODEL a.wav b.wav c.wav d.wav --at 0:2,0 -o x.wav", "x and y of a walk must lie between 0 and 1"),
    ("plane MODEL a.wav b.wav c.wav d.wav --at here -o x.wav", "a point of a walk is"),
    ("plane MODEL a.wav b.wav c.wav d.wav --at @path.json -o x.wav", "the walk '@path.json': the file must hold"),
    ("plane MODEL a.wav b.wav c.wav other.json --at 0,0 -o x.wav", "was made with model 'other'"),
    ("bend path.json -o x.json", "there is nothing to bend"),
    ("bend path.json --component 0 --scale 2 -o x.json", "component must be a number from 1 to 6"),
    ("bend path.json --component 17 --scale 2 -o x.json", "component must be a number from 1 to 6"),
    ("bend path.json --component one --scale 2 -o x.json", "a component is a number from 1"),
    ("bend path.json --scale much -o x.json", "curve 'much'"),
    ("bend path.json --scale 2 -o path.json", "would overwrite the input"),
    ("bend nan.json --scale 2 -o x.json", "finite numbers"),
    ("plot path.json -o x.gif", "a picture must end in"),
    ("plot short.json -o x.png", "short.json' cannot be used"),
    ("info a.wav", "'a.wav' is a sound, and continuous info takes a continuous model there"),
    ("list a.wav", "is a file"),
]


@pytest.mark.parametrize(("command", "message"), WRONG)
def test_wrong_input_is_one_line_and_writes_nothing(run: Run, models: Path, command: str, message: str) -> None:
    soundfile.write("empty.wav", np.zeros(0), SR)
    soundfile.write("roaring.wav", make_sound(0.2) * 1e9, SR, subtype="FLOAT")
    Path("w.json").write_text("[[0, 0], [1, 1]]")
    path = encode("a.wav")
    path.save("path.json")
    fields = json.loads(Path("path.json").read_text())
    edits = {
        "nan": {"components": [[float("nan")] * len(path)] * LATENTS},
        "short": {"loudness_db": [1.0]},
        "narrow": {"components": fields["components"][:-1]},
        "other": {"model": "other", "sha256": "0" * 64},
    }
    for name, edit in edits.items():
        Path(f"{name}.json").write_text(json.dumps(fields | edit))
    before = {file: file.read_bytes() for file in Path.cwd().iterdir()}
    words = [word.replace("MODEL", str(models / "small")).replace("OTHER", str(models / "other")).replace("_", " ")
             for word in command.split()]  # fmt: skip
    code, out, err = run(*words)
    assert code in (1, 2) and out == ""
    assert message in err and "Traceback" not in err
    assert code == 2 or (err.startswith("Error: ") and err.count("\n") == 1)
    assert {file: file.read_bytes() for file in Path.cwd().iterdir()} == before


def test_decode_with_another_vocoder_leaves_out_the_excitation_of_the_first(run: Run, model: Path) -> None:
    assert run("transfer", model, "a.wav", "--excitation", "noise", "--path", "n.json", "-o", "n.wav")[0] == 0
    assert LatentPath.load("n.json").excitation == "noise"
    code, _, err = run(
        "decode", "n.json", "--model", model, "--vocoder", "griffin-lim", "--path", "g.json", "-o", "g.wav"
    )
    assert code == 0, err
    assert LatentPath.load("g.json").excitation is None


def test_list_info_bend_and_plot_load_no_torch(run: Run, model: Path) -> None:
    encode("a.wav").save("a.json")
    for words in (["list", str(model)], ["info", str(model)], ["bend", "a.json", "--reverse", "-o", "b.json"],
                  ["plot", "a.json", "-o", "a.png"]):  # fmt: skip
        program = (
            "import sys; from vqsynth.cli.main import main\n"
            f"sys.argv = ['vqsynth', 'continuous', *{words!r}]; main()\n"
            "import vqsynth.continuous; vqsynth.continuous.load, vqsynth.continuous.LatentPath\n"
            "assert not {'torch', 'librosa', 'sklearn', 'scipy.signal'} & set(sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
