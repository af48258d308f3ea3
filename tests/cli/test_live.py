"""`vqsynth live`: played in real time without a card, written whole, and refused in one line."""

import io
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import mido
import numpy as np
import pytest
from rich.console import Console

import vqsynth
from tests.conftest import Run, Sound
from tests.continuous.small import make_small_model, make_sound
from vqsynth.cli.viewing import draw_status
from vqsynth.live import cards
from vqsynth.live.addresses import ADDRESSES
from vqsynth.live.gliding import MODEL_ADDRESSES
from vqsynth.live.session import Status
from vqsynth.path import load_layers
from vqsynth.sound import audio

DOCS = Path(__file__).parents[2] / "docs" / "live.md"
NULL = ("--null", "--seconds", "0.3", "--port", "0")


def test_what_is_played_is_written_and_its_path_gives_the_same_samples(run: Run, book_folder: Path) -> None:
    targets = ("--target", "centroid=p60", "--target", "pitch=A4", "--seed", "3")
    code, out, err = run("live", book_folder, *NULL, *targets, "-o", "a.wav", "--record", "a.json")
    assert code == 0 and re.match(r"0.3\d s, \d+ late blocks\nwrote a.json\nwrote a.wav\n", out), err
    assert re.fullmatch(r"listening to OSC at 127.0.0.1:\d+\n", err)
    code, _, err = run("decode", "a.json", "--book", book_folder, "-o", "b.wav")
    assert code == 0, err
    played, again = audio.load(Path("a.wav"))[0], audio.load(Path("b.wav"))[0]
    np.testing.assert_array_equal(played[512:], again)
    assert again.any()


def test_sound_is_as_long_as_it_was_to_be(run: Run, book_folder: Path) -> None:
    run("live", book_folder, *NULL, "--target", "centroid=900", "--sr", "22050", "--block", "100", "-o", "a.wav")
    y, sr = audio.load(Path("a.wav"))
    assert sr == 22050 and len(y) / sr == pytest.approx(0.3, abs=0.06)


def test_sound_file_is_played_by_the_codebook(run: Run, book_folder: Path, sine: Callable[..., Sound]) -> None:
    audio.save(Path("in.wav"), sine(300.0, seconds=0.5), 44100)
    code, _, err = run("live", book_folder, *NULL, "--input", "in.wav", "--transfer", "-o", "a.wav")
    assert code == 0, err
    y, sr = audio.load(Path("a.wav"))
    pitch = vqsynth.measure(y[len(y) // 2 :], sr, ["pitch"], n_fft=1024, hop_length=256)["pitch"]
    assert np.nanmedian(pitch) == pytest.approx(300, rel=0.01)


def test_midi_file_is_played_to_its_end_and_its_path_has_a_layer_a_voice(run: Run, book_folder: Path) -> None:
    track = mido.MidiTrack()
    track.append(mido.Message("note_on", note=57, velocity=90, time=0))
    track.append(mido.Message("note_on", note=64, velocity=90, time=48))
    track.append(mido.Message("note_off", note=57, time=96))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save("two.mid")
    Path("map.toml").write_text("voices = 2")
    files = ("--midi", "two.mid", "--mapping", "map.toml", "-o", "a.wav", "--record", "a.json")
    code, _, err = run("live", book_folder, "--null", "--no-osc", *files)
    assert code == 0 and not err
    y = audio.load(Path("a.wav"))[0]
    assert len(y) / 16000 == pytest.approx(0.15 + 0.5, abs=0.06)
    assert len(load_layers(Path("a.json"))) == 2
    run("decode", "a.json", "--book", book_folder, "-o", "b.wav")
    np.testing.assert_allclose(y[512:], audio.load(Path("b.wav"))[0], atol=2e-4)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--target", "centrod=3"], "did you mean 'centroid'"),
        (["--target", "centroid"], "NAME=VALUE"),
        (["--target", "pitch=-3"], "must lie above 0"),
        (["--send", "here"], "HOST:PORT"),
        (["-o", "a.mp9"], "a.mp9"),
        (["-o", "a.wav", "--record", "a.wav"], "same name"),
        (["--record", "no/where.json"], "does not exist"),
        (["--device", "3"], "--null plays without a sound card"),
        (["--jack"], "--null plays without a sound card"),
        (["--host", "no.such.host.invalid"], "cannot listen"),
        (["--like"], "start vqsynth live with --input"),
        (["--input", "nowhere.wav"], "nowhere.wav"),
        (["--input", "card"], "leave out --null"),
        (["--midi", "nowhere.mid"], "there is no MIDI file"),
        (["--midi", "a.mid", "--mapping", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_live_with_what_cannot_be_is_refused_before_it_plays(
    run: Run, book_folder: Path, arguments: list[str], says: str
) -> None:
    code, out, err = run("live", book_folder, *NULL, *arguments)
    assert code and says in err and not out
    assert not list(Path.cwd().iterdir())


def test_port_in_use_is_told_in_one_line_and_nothing_is_written(run: Run, book_folder: Path) -> None:
    Path("a.wav").write_text("mine")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        code, _, err = run("live", book_folder, "--null", "--seconds", 1, "--port", port, "-o", "a.wav")
    assert code == 1 and err.count("\n") == 1 and f"cannot listen at port {port}" in err
    assert Path("a.wav").read_text() == "mine"


def test_view_shows_what_is_asked_and_got_and_how_the_card_is_served() -> None:
    status = Status(413, {"centroid": 1200.0, "pitch": 440.0}, {"centroid": 1190.0}, -6.0, 0.25, 3, 1.5)
    console = Console(file=io.StringIO(), width=100)
    console.print(draw_status(status, console))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert re.search(r"centroid +1200.0 +1190.0 +-10.0", shown) and re.search(r"pitch +440.0 *\n", shown)
    assert "code 413" in shown and "-6 dB" in shown and "load 25 %" in shown and "late 3" in shown


def test_view_plays_the_same(run: Run, book_folder: Path) -> None:
    code, out, _ = run("live", book_folder, *NULL, "--view", "--target", "centroid=900", "-o", "a.wav")
    assert code == 0 and "wrote a.wav" in out and audio.load(Path("a.wav"))[0].any()


@pytest.mark.parametrize("module", ["sounddevice", "pythonosc.osc_packet"])
def test_missing_package_is_told_in_one_line(
    run: Run, book_folder: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    how = ("--seconds", "0.1", "--port", "0") if module == "sounddevice" else NULL
    code, _, err = run("live", book_folder, *how)
    assert code == 1 and "pip install 'vqsynth[live]'" in err and err.count("\n") == 1


class NoCards:
    """What sounddevice is on a machine without a card."""

    class PortAudioError(Exception):
        """As sounddevice raises."""

    def query_devices(self, *_: object) -> list[object]:
        if _:
            raise self.PortAudioError("Error querying device -1\nmore")
        return []

    def check_output_settings(self, **_: object) -> None:
        raise self.PortAudioError("no")


@pytest.mark.parametrize("arguments", [(), ("--list-devices",), ("--device", "loud")])
def test_missing_card_is_told_in_one_line(
    run: Run, book_folder: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "_import_sounddevice", NoCards)
    code, _, err = run("live", book_folder, *arguments)
    assert code == 1 and "card" in err and "--null" in err and err.count("\n") == 1


class Card(NoCards):
    """A card that plays three blocks, and is then unplugged."""

    def check_output_settings(self, **_: object) -> None: ...

    class OutputStream:
        def __init__(self, *, callback: Callable[..., None], **settings: object) -> None:
            self._callback, self.active, self._left = callback, True, 3
            assert settings["dtype"] == "float32" and settings["blocksize"] == 512

        def __enter__(self) -> "Card.OutputStream":
            for _ in range(self._left):
                out = np.full((512, 1), np.nan, np.float32)
                self._callback(out, 512, None, SimpleNamespace(output_underflow=False))
                assert np.isfinite(out).all()
            self.active = False
            return self

        def __exit__(self, *_: object) -> None: ...


def test_unplugged_card_is_told_in_one_line_and_what_was_played_is_kept(
    run: Run, book_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "_import_sounddevice", Card)
    code, out, err = run("live", book_folder, "--no-osc", "--target", "centroid=900", "-o", "a.wav")
    assert code == 1 and err == "Error: the sound card has gone; plug it in and start again\n"
    assert "wrote a.wav" in out and len(audio.load(Path("a.wav"))[0]) >= 3 * 512


def test_model_is_played_live_from_a_sound_and_between_two(run: Run, tmp_path: Path) -> None:
    make_small_model().save(tmp_path / "small")
    for seed, name in enumerate("ab"):
        audio.save(Path(f"{name}.wav"), make_sound(0.4, seed=seed), 8000)
    null = (*NULL, "--block", "512")
    for given in (("--input", "a.wav"), ("--between", "a.wav", "b.wav")):
        code, out, err = run("continuous", "live", "small", *null, *given, "-o", "out.wav")
        assert code == 0 and "wrote out.wav" in out, err
        y, sr = audio.load(Path("out.wav"))
        assert sr == 8000 and np.abs(y).max() > 1e-3
    assert "nothing is to sound" in run("continuous", "live", "small", *null)[2]
    assert run("continuous", "live", "small", *null, "--input", "a.wav", "-o", "a.wav")[0] == 1


def test_jack_without_a_server_is_told_in_one_line(run: Run, book_folder: Path) -> None:
    code, _, err = run("live", book_folder, "--jack", "--no-osc", "--seconds", "0.1")
    assert code == 1 and "JACK" in err and err.count("\n") == 1


def test_page_lists_every_address_and_what_comes_back() -> None:
    text = DOCS.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(/[\w/]+)` \| (.*) \|$", text, re.MULTILINE))
    said = {"/code", "/got/NAME", "/error/NAME", "/level", "/load", "/late", "/wrong"}
    known = ADDRESSES | MODEL_ADDRESSES
    assert rows.keys() == known.keys() | said
    assert all(
        f"| `{address}` | {meaning} |" in text for address, meaning in (*ADDRESSES.items(), *MODEL_ADDRESSES.items())
    )
