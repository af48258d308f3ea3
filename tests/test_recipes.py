"""The recipes: scores are the same each time, files are MIDI, and what is missing is named."""

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from vqsynth.codebooks.recipes import packages, soundfont, violin
from vqsynth.codebooks.recipes.__main__ import RECIPES, make_codebook
from vqsynth.codebooks.recipes.midi import Score
from vqsynth.codebooks.recipes.packages import PackageError
from vqsynth.codebooks.recipes.phrases import Instrument, write_phrases

needs_synth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not packages.SOUNDFONT.is_file(), reason="FluidSynth or its SoundFont missing"
)


def test_to_midi_of_a_note_holds_it_at_its_ticks() -> None:
    score = Score(program=40)
    score.note(0.5, 69, 100, 1.0)
    data = score.to_midi()
    assert data[:14] == b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480)
    length = struct.unpack(">I", data[18:22])[0]
    assert len(data) == 22 + length
    # 480 ticks after the controls at 0, and 960 ticks after that, as variable-length numbers.
    assert b"\x83\x60\x90\x45\x64" + b"\x87\x40\x80\x45\x00" in data
    assert data.endswith(b"\xff\x2f\x00")


def test_bend_of_nothing_is_the_centre_and_of_the_range_the_end() -> None:
    score = Score(program=0)
    score.bend(0.0, 0)
    score.bend(1.0, 12)
    score.bend(2.0, -12)
    data = score.to_midi()
    for low, high in ((0, 64), (127, 127), (0, 0)):
        assert bytes([0xE0, low, high]) in data


def test_write_phrases_twice_gives_the_same_files() -> None:
    one, two = ({n: s.to_midi() for n, s in write_phrases(violin.VIOLIN)} for _ in range(2))
    assert one == two
    assert one != {n: s.to_midi() for n, s in write_phrases(violin.VIOLIN, seed=1)}


def test_write_phrases_stay_in_the_range_and_last_about_seven_minutes() -> None:
    instrument = Instrument(program=42, lowest=36, highest=76)
    seconds = 0.0
    for _, score in write_phrases(instrument):
        seconds += score.end_s
        pitches = [message[1] for _, _, message in score._events if message[0] == 0x90]
        assert pitches and min(pitches) >= 36 and max(pitches) <= 76
    assert 300 < seconds < 600


def test_hold_out_takes_every_fifth_path() -> None:
    paths = [Path(f"{i:02d}.wav") for i in range(15)]
    assert [p.stem for p in violin.hold_out(paths)] == ["04", "09", "14"]


@needs_synth
def test_render_score_of_a_note_has_its_pitch_and_the_same_bits_each_time() -> None:
    score = Score(program=40)
    score.note(0.1, 69, 100, 0.8)
    y = soundfont.render_score(score)
    np.testing.assert_array_equal(y, soundfont.render_score(score))
    middle = y[20000:36384] * np.hanning(16384)
    spectrum = np.abs(np.fft.rfft(middle, 65536))
    hz = np.arange(len(spectrum)) * 44100 / 65536
    near = (hz > 400) & (hz < 480)
    assert hz[near][spectrum[near].argmax()] == pytest.approx(440, rel=0.01)


def test_require_tool_that_is_missing_names_the_package() -> None:
    with pytest.raises(PackageError, match="'no-such-tool' is not installed; install the package 'some-package'"):
        packages.require_tool("no-such-tool", "some-package")


def test_require_soundfont_that_is_missing_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="fluid-soundfont-gm"):
        packages.require_soundfont(tmp_path / "a.sf2")


def test_install_npm_package_that_is_there_already_needs_no_npm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    unpacked = tmp_path / "node_modules" / "notes"
    unpacked.mkdir(parents=True)
    assert packages.install_npm_package("notes", "1.0.0", tmp_path) == unpacked
    with pytest.raises(PackageError, match="npm"):
        packages.install_npm_package("others", "1.0.0", tmp_path)


def test_make_codebook_without_its_tools_fails_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    result = CliRunner().invoke(make_codebook, ["violin"])
    assert result.exit_code == 1
    assert result.output == "Error: 'fluidsynth' is not installed; install the package 'fluidsynth'\n"
    assert not (tmp_path / "codebooks" / "violin").exists()


def test_every_recipe_has_a_name_that_can_be_asked_for() -> None:
    result = CliRunner().invoke(make_codebook, ["theremin"])
    assert result.exit_code == 2
    for name in RECIPES:
        assert name in result.output
