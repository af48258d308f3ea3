"""The recipes: scores are the same each time, files are MIDI, and what is missing is named."""

import shutil
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from vqsynth.codebooks.recipes import packages, soundfont
from vqsynth.codebooks.recipes.__main__ import make_codebook
from vqsynth.codebooks.recipes.bank import CELLO, RECIPES, VIOLIN
from vqsynth.codebooks.recipes.continuous import MODEL_RECIPES, ModelRecipe, make_model, make_model_job
from vqsynth.codebooks.recipes.midi import DRUMS, EXPRESSION, VIBRATO, Score
from vqsynth.codebooks.recipes.packages import FLUID, SONIC_PI, Package, PackageError
from vqsynth.codebooks.recipes.phrases import write_phrases, write_struck_phrases
from vqsynth.codebooks.recipes.recipe import Recipe, hold_out, make_job
from vqsynth.codebooks.recipes.scenes import HITS, RINGING, write_hits, write_pads
from vqsynth.codebooks.recipes.sources import Notes, Rendered, Samples, Source
from vqsynth.model.vqvae import VQVAE
from vqsynth.sound import audio

needs_synth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not FLUID.path.is_file(), reason="FluidSynth or its SoundFont missing"
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
    one, two = ({n: s.to_midi() for n, s in write_phrases(VIOLIN)} for _ in range(2))
    assert one == two
    assert one != {n: s.to_midi() for n, s in write_phrases(VIOLIN, seed=1)}


def test_score_of_another_bank_selects_it_before_the_program() -> None:
    data = Score(48, bank=20).to_midi()
    assert 0 < data.index(bytes([0xB0, 0, 20])) < data.index(bytes([0xC0, 48]))
    assert bytes([0xB0, 0]) not in Score(48).to_midi()


def test_write_struck_phrases_neither_bend_nor_swing_nor_swell() -> None:
    told = set()
    for _, score in write_struck_phrases(CELLO):
        messages = [message for _, _, message in score._events]
        assert not any(m[0] == 0xE0 for m in messages)
        told |= {m[1:] for m in messages if m[0] == 0xB0 and m[1] in (VIBRATO, EXPRESSION)}
        assert all(CELLO.lowest <= m[1] <= CELLO.highest for m in messages if m[0] == 0x90)
    assert told == {bytes([EXPRESSION, 127])}


def test_write_phrases_stay_in_the_range_and_last_about_seven_minutes() -> None:
    seconds = 0.0
    for _, score in write_phrases(CELLO):
        seconds += score.end_s
        pitches = [message[1] for _, _, message in score._events if message[0] == 0x90]
        assert pitches and min(pitches) >= 36 and max(pitches) <= 76
    assert 300 < seconds < 600


def test_write_hits_play_every_key_of_each_kit_on_the_drum_channel() -> None:
    scores = dict(write_hits([("brush", 40), ("jazz", 32)], velocities=(30, 90)))
    assert list(scores) == ["brush_v030", "brush_v090", "jazz_v030", "jazz_v090"]
    for name, score in scores.items():
        messages = [message for _, _, message in score._events]
        assert {m[0] & 15 for m in messages} == {DRUMS}
        assert [m[1] for m in messages if m[0] == 0x90 | DRUMS] == list(HITS)
        assert bytes([0xC0 | DRUMS, 40 if name.startswith("brush") else 32]) in messages


def test_write_hits_leave_cymbals_time_to_ring() -> None:
    _, score = next(write_hits([("standard", 0)]))
    starts = [(tick, m[1]) for tick, _, m in score._events if m[0] == 0x90 | DRUMS]
    gaps = {key: later - tick for (tick, key), (later, _) in zip(starts[:-1], starts[1:], strict=True)}
    assert min(gaps[key] for key in RINGING) > 2 * max(gap for key, gap in gaps.items() if key not in RINGING)


def test_write_pads_end_after_their_last_note() -> None:
    for _, score in write_pads([("warm", 89)]):
        last = max(tick for tick, _, message in score._events if message[0] == 0x80)
        assert score.end_s * 960 > last


@pytest.mark.parametrize(("count", "held_out"), [(15, [4, 9, 14]), (9, [4]), (5, [4]), (4, [3]), (2, [1]), (1, [])])
def test_hold_out_takes_every_fifth_path_and_leaves_one_to_train_on(count: int, held_out: list[int]) -> None:
    paths = [Path(f"{i:02d}.wav") for i in range(count)]
    assert [paths.index(p) for p in hold_out(paths)] == held_out


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: str(recipe.name))
def test_recipe_names_package_sound_and_licence_of_all_its_sources(recipe: Recipe) -> None:
    card = recipe.card()
    assert card["recipe"] == f"make codebook NAME={recipe.name}"
    assert card["about"] and card["licence"] and len(card["sources"]) == len(recipe.sources) >= 1
    for credit in card["sources"]:
        assert set(credit) == {"package", "sound", "licence"} and all(credit.values())
    assert any("CC BY" in credit["licence"] for credit in card["sources"]) == ("CC BY" in card["licence"])


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: str(recipe.name))
def test_recipe_makes_a_model_that_leaves_room_in_a_codebook_of_8_megabytes(recipe: Recipe) -> None:
    n_weights = sum(array.size for array in VQVAE(recipe.config.model).to_tensors().values())
    n_spectra = recipe.codes * recipe.grid.n_bins
    # float16 both; the table and the transitions take the rest.
    assert 2 * (n_weights + n_spectra) < 7.3e6


def test_recipes_render_each_source_into_a_folder_of_its_own() -> None:
    for recipe in RECIPES.values():
        folders = [source.folder for source in recipe.sources if isinstance(source, Rendered)]
        assert len(set(folders)) == len(folders)


def test_make_job_holds_out_of_each_source_and_keeps_their_order(tmp_path: Path) -> None:
    job = make_job(_recipe(_Files(6), _Files(3)), tmp_path, tmp_path / "book", say=lambda line: None)
    assert [Path(p).name for p in job.sounds] == ["0.wav", "1.wav", "2.wav", "3.wav", "4.wav", "5.wav",
                                                  "0.wav", "1.wav", "2.wav"]  # fmt: skip
    assert [Path(p).name for p in job.validation or ()] == ["4.wav", "2.wav"]
    assert job.config.model.n_fft == job.grid.n_fft and job.about["note"] == "thin"
    assert job.transposed == []


def test_make_job_transposes_the_recorded_notes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = [tmp_path / f"{name}.ogg" for name in "abcde"]
    monkeypatch.setattr(Notes, "check", lambda source: None)
    monkeypatch.setattr(Notes, "gather", lambda source, build: notes)
    recipe = replace(_recipe(_Files(6), Notes("some-notes", "1.0.0", "5 recorded notes")), transpose=2)
    job = make_job(recipe, tmp_path, tmp_path / "book", say=lambda line: None)
    assert job.transposed == notes and job.config.transpose == 2


def test_make_job_with_a_package_missing_gathers_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(PackageError, match="not there"):
        make_job(_recipe(_Files(6), _Files(0)), tmp_path, tmp_path / "book", say=said.append)
    assert said == []


def test_make_job_without_any_sound_of_a_source_says_which(tmp_path: Path) -> None:
    gongs = Samples(("gong_*",), "gongs", Package("gongs", "Gongs", tmp_path, "CC0 1.0"))
    with pytest.raises(PackageError, match="'gong_\\*'"):
        make_job(_recipe(gongs), tmp_path, tmp_path / "book", say=lambda line: None)


def test_samples_are_sorted_and_each_there_once(tmp_path: Path) -> None:
    for name in ("drum_b.flac", "drum_a.flac", "bd_c.flac", "loop_a.flac", "drum.txt"):
        (tmp_path / name).touch()
    found = Samples(("drum_*", "*_a", "bd_*"), "hits", Package("hits", "Hits", tmp_path, "CC0 1.0")).gather(tmp_path)
    assert [path.name for path in found] == ["bd_c.flac", "drum_a.flac", "drum_b.flac", "loop_a.flac"]


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
    with pytest.raises(PackageError, match=r"^missing: the command 'no-such-tool'; sudo apt-get install some-package$"):
        packages.require_tool("no-such-tool", "some-package")


def test_require_soundfont_that_is_missing_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="fluid-soundfont-gm"):
        packages.require_soundfont(replace(FLUID, path=tmp_path / "a.sf2"))


def test_require_samples_that_are_missing_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="sonic-pi-samples"):
        packages.require_samples(replace(SONIC_PI, path=tmp_path / "samples"))


def test_make_job_with_several_packages_missing_names_all_in_one_line_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    rendered = Rendered("violin", lambda: (), soundfont=replace(FLUID, path=tmp_path / "a.sf2"))
    with pytest.raises(PackageError, match=r"sudo apt-get install fluidsynth fluid-soundfont-gm npm$") as raised:
        make_job(_recipe(rendered, Notes("a", "1.0.0", "notes"), rendered), tmp_path, tmp_path / "b", say=print)
    assert "\n" not in str(raised.value) and str(raised.value).count("the SoundFont") == 1


def test_install_npm_package_that_is_there_already_needs_no_npm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    unpacked = tmp_path / "node_modules" / "notes"
    unpacked.mkdir(parents=True)
    assert packages.install_npm_package("notes", "1.0.0", tmp_path) == unpacked
    with pytest.raises(PackageError, match="npm"):
        packages.install_npm_package("others", "1.0.0", tmp_path)


def test_notes_name_package_and_version_in_their_credit() -> None:
    credit = Notes("some-notes", "1.2.3", "12 recorded notes").credit()
    assert credit["package"] == "some-notes@1.2.3"


def test_notes_at_another_level_are_copies_whose_credit_says_so(tmp_path: Path) -> None:
    unpacked = tmp_path / "npm" / "node_modules" / "some-notes" / "samples"
    unpacked.mkdir(parents=True)
    y = 0.9 * np.sin(np.arange(2000) / 20).astype(np.float32)
    for name in "ab":
        audio.save(unpacked / f"{name}.wav", y, 44100)
    as_they_are = Notes("some-notes", "1.0.0", "2 recorded notes")
    softer = replace(as_they_are, gain_db=-8.0)
    assert as_they_are.gather(tmp_path) == [unpacked / "a.wav", unpacked / "b.wav"]
    for _ in range(2):
        copies = softer.gather(tmp_path)
        assert [(path.parent.name, path.name) for path in copies] == [("some-notes", "a.wav"), ("some-notes", "b.wav")]
        np.testing.assert_allclose(audio.load(copies[0])[0], y * 10**-0.4, atol=1e-5)
    assert softer.credit()["sound"] == "2 recorded notes, -8 dB"


def test_make_codebook_without_its_tools_fails_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("vqsynth.codebooks.recipes.sources.require_soundfont", lambda soundfont: soundfont.path)
    result = CliRunner().invoke(make_codebook, ["violin"])
    assert result.exit_code == 1
    said = "missing: the command 'fluidsynth', the command 'npm'; sudo apt-get install fluidsynth npm"
    assert result.output == f"Error: {said}\n"
    assert not (tmp_path / "codebooks" / "violin").exists()


@pytest.mark.parametrize("recipe", MODEL_RECIPES.values(), ids=lambda recipe: str(recipe.name))
def test_model_recipe_names_package_sound_and_licence_of_all_its_sources(recipe: ModelRecipe) -> None:
    card = recipe.card()
    assert card["recipe"] == f"make model NAME={recipe.name}"
    assert "codebook" not in card["licence"] and "the model" in card["licence"]
    assert len(card["sources"]) == len(recipe.sources) >= 2
    assert any("CC BY" in credit["licence"] for credit in card["sources"]) == ("CC BY" in card["licence"])
    assert recipe.grid.frames.sr == 44100


def test_model_recipe_of_strings_has_the_sources_of_violin_and_cello_in_folders_of_their_own() -> None:
    """npm clears what another package put into its folder, and phrases of two instruments have the same names."""
    sources = MODEL_RECIPES["strings"].sources
    books = [*RECIPES["violin"].sources[:2], *RECIPES["cello"].sources[:2]]
    assert [source.credit()["package"] for source in sources] == [source.credit()["package"] for source in books]
    folders = [source.folder for source in sources if isinstance(source, Rendered | Notes)]
    assert len(set(folders)) == len(folders) == 4


def test_make_model_job_holds_out_as_codebooks_do_and_transposes_notes_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = [tmp_path / f"{name}.wav" for name in "abcde"]
    monkeypatch.setattr(Notes, "check", lambda source: None)
    monkeypatch.setattr(Notes, "gather", lambda source, build: notes)
    sources: tuple[Source, ...] = (_Files(6), Notes("some-notes", "1.0.0", "5 recorded notes"))
    recipe = ModelRecipe(name="some", about="some", licence="CC0 1.0", sources=sources, transpose=2)
    job = make_model_job(recipe, tmp_path, tmp_path / "model", say=lambda line: None)
    assert [Path(p).name for p in job.sounds] == [*(f"{i}.wav" for i in range(6)), *(p.name for p in notes)]
    assert [Path(p).name for p in job.validation or ()] == ["4.wav", "e.wav"]
    assert job.transpose == 2 and job.transposed == notes
    assert job.vae.steps == recipe.steps["vae"] and job.vae.model.n_mels == recipe.grid.n_mels
    assert {name: vocoder.steps for name, vocoder in job.vocoders.items()} | {"vae": job.vae.steps} == recipe.steps


def test_make_model_without_its_tools_fails_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("vqsynth.codebooks.recipes.sources.require_soundfont", lambda soundfont: soundfont.path)
    result = CliRunner().invoke(make_model, ["strings"])
    assert result.exit_code == 1
    said = "missing: the command 'fluidsynth', the command 'npm'; sudo apt-get install fluidsynth npm"
    assert result.output == f"Error: {said}\n"
    assert not (tmp_path / "codebooks" / "continuous" / "strings").exists()


def test_every_recipe_has_a_name_that_can_be_asked_for() -> None:
    result = CliRunner().invoke(make_codebook, ["theremin"])
    assert result.exit_code == 2
    for name in RECIPES:
        assert name in result.output


class _Files:
    """A source of so many files; of none, a package that is missing."""

    def __init__(self, count: int) -> None:
        self.count = count

    def check(self) -> None:
        if not self.count:
            raise PackageError("the files are not there")

    def doing(self) -> str:
        return "counting"

    def gather(self, build: Path) -> list[Path]:
        return [build / f"{i}.wav" for i in range(self.count)]

    def credit(self) -> dict[str, str]:
        return {"package": "files", "sound": "files", "licence": "CC0 1.0"}


def _recipe(*sources: Source) -> Recipe:
    return Recipe(name="some", about="some", licence="CC0 1.0", sources=sources, note="thin")
