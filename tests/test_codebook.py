"""Codebooks: playing, encoding, the way to disk and back, and every damage that a folder can take."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

import vqsynth
from tests.sound_worlds import make_codebook
from vqsynth.codebook import Codebook
from vqsynth.errors import AudioError, CodebookError, ParameterError, VqsynthWarning
from vqsynth.sound.descriptors import REGISTRY, Analysis, descriptor

Sound = NDArray[np.float32]


@pytest.fixture
def folder(book_folder: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(book_folder, tmp_path / "thirds é"))


def forge(folder: Path, name: str) -> None:
    """Put the true hash of a changed file on the card."""
    files = json.loads((folder / "card.json").read_text())["files"]
    change_card(folder, files=files | {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()})


def change_card(folder: Path, **changes: object) -> None:
    """Edit the card as a person would who removes its own hash."""
    card = json.loads((folder / "card.json").read_text())
    del card["card_sha256"]
    (folder / "card.json").write_text(json.dumps(card | changes))


def test_save_and_load_return_the_same_codebook(book: Codebook, folder: Path) -> None:
    again = vqsynth.load(folder)
    np.testing.assert_array_equal(again.spectra.magnitudes, book.spectra.magnitudes)
    np.testing.assert_array_equal(again.table.values, book.table.values)
    np.testing.assert_array_equal(again.table.counts, book.table.counts)
    np.testing.assert_array_equal(again.table.deviations, book.table.deviations)
    assert again.card == book.card and again.sha256 == book.sha256
    for name, array in book.model_state.items():
        np.testing.assert_array_equal(again.model_state[name], array)


def test_save_twice_writes_the_same_bytes(book: Codebook, folder: Path, tmp_path: Path) -> None:
    make_codebook().save(tmp_path / "again")
    for file in folder.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


def test_save_over_a_codebook_replaces_it_and_leaves_no_scrap(book: Codebook, folder: Path) -> None:
    book.save(folder)
    assert len(vqsynth.load(folder)) == 64
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_save_over_something_else_is_refused(book: Codebook, tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "song.txt").write_text("la")
    with pytest.raises(CodebookError, match="holds something that is not a codebook"):
        book.save(tmp_path / "music")
    with pytest.raises(CodebookError, match="is a file"):
        book.save(tmp_path / "music" / "song.txt")
    with pytest.raises(CodebookError, match="does not exist"):
        book.save(tmp_path / "no" / "where")
    assert (tmp_path / "music" / "song.txt").read_text() == "la"


@pytest.mark.parametrize("name", ["card.json", "grains.safetensors", "table.csv", "model.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "bit flipped"])
def test_load_damaged_file_names_it(folder: Path, name: str, damage: str) -> None:
    file = folder / name
    data = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    else:
        data[len(data) // 3] ^= 0xFF if name == "card.json" else 4
        file.write_bytes(data if damage == "bit flipped" else data[: len(data) // 2])
    with pytest.raises(CodebookError, match=r"card\.json" if name == "card.json" else name):
        vqsynth.load(folder)


def test_load_card_with_any_bit_flipped_is_refused(folder: Path, rng: np.random.Generator) -> None:
    data = (folder / "card.json").read_bytes()
    for place in [data.index(b"16000") + 1, *rng.integers(data.index(b"card_sha256"), size=200)]:
        damaged = bytearray(data)
        damaged[place] ^= 1
        (folder / "card.json").write_bytes(damaged)
        with pytest.raises(CodebookError, match=r"card\.json"):
            vqsynth.load(folder)


def test_load_parses_the_bytes_that_were_checked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save in the midst of a load, between the check of a file and its parsing, changes nothing of what is loaded."""
    from vqsynth import store

    before = vqsynth.load(folder)
    read = store.read_bundle

    def read_and_save(*arguments: Any) -> Any:
        found = read(*arguments)
        for name in ("table.csv", "grains.safetensors", "model.safetensors"):
            (folder / name).write_bytes(b"another")
        return found

    monkeypatch.setattr(store, "read_bundle", read_and_save)
    loaded = vqsynth.load(folder)
    np.testing.assert_array_equal(loaded.table.values, before.table.values)
    np.testing.assert_array_equal(loaded.spectra.magnitudes, before.spectra.magnitudes)


def spoil_arrays(folder: Path, name: str, **arrays: np.ndarray) -> None:
    save_file({**load_file(folder / name), **arrays}, folder / name)
    forge(folder, name)


@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        ("grains.safetensors", {"grains": np.ones((64, 513), np.int32)}),
        ("grains.safetensors", {"grains": np.ones((64, 513), bool)}),
        ("grains.safetensors", {"grains": np.ones((64, 513), np.complex64)}),
        ("grains.safetensors", {"grains": np.zeros((64, 513), np.float16)}),
        ("grains.safetensors", {"grains": -np.ones((64, 513), np.float16)}),
        ("grains.safetensors", {"grains": np.ones((64, 513, 1), np.float16)}),
        ("grains.safetensors", {"grains": np.ones((64, 512), np.float16)}),
        ("grains.safetensors", {"deviations": np.ones((64, 3), np.float32)}),
        ("grains.safetensors", {"deviations": np.ones((64, 8), np.int64)}),
        ("grains.safetensors", {"transitions": np.ones((2, 3), np.float32)}),
        ("grains.safetensors", {"transitions": np.array([[0, 64, 1]], np.int32)}),
        ("grains.safetensors", {"transitions": np.array([0, 1, 1], np.int32)}),
        ("model.safetensors", {"quantizer.code_vectors": np.ones((64, 8), np.int32)}),
    ],
)
def test_load_arrays_of_another_kind_or_rank_is_refused(folder: Path, name: str, arrays: dict[str, np.ndarray]) -> None:
    spoil_arrays(folder, name, **arrays)
    with pytest.raises(CodebookError, match=r"thirds|spectra must have shape"):
        vqsynth.load(folder)


@pytest.mark.parametrize("changes", [{"n_fft": 2048}, {"codes": 65}, {"codes": 10**400}, {}])
def test_load_card_with_a_model_of_other_sizes_is_refused(folder: Path, changes: dict[str, int]) -> None:
    model = json.loads((folder / "card.json").read_text())["model"]
    change_card(folder, model=model | changes if changes else {})
    with pytest.raises(CodebookError, match="a model whose n_fft or number of codes differs"):
        vqsynth.load(folder)


def test_load_swapped_file_is_refused(folder: Path) -> None:
    shutil.copy(folder / "grains.safetensors", folder / "model.safetensors")
    with pytest.raises(CodebookError, match=r"model\.safetensors' is damaged or belongs to another codebook"):
        vqsynth.load(folder)


def test_load_newer_format_asks_for_an_update(folder: Path) -> None:
    change_card(folder, format=2)
    with pytest.raises(CodebookError, match="has format 2, this version of vqsynth reads up to 1; update"):
        vqsynth.load(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "grains.safetensors"])
def test_load_weights_with_nan_are_refused(folder: Path, name: str) -> None:
    arrays = load_file(folder / name)
    first = sorted(arrays)[0]
    arrays[first].flat[0] = np.nan
    save_file(arrays, folder / name)
    forge(folder, name)
    with pytest.raises(CodebookError, match=f"NaN or infinite values in '{first}'"):
        vqsynth.load(folder)


def test_load_spectra_of_another_size_are_refused(folder: Path) -> None:
    save_file({"grains": np.ones((10, 513), np.float16)}, folder / "grains.safetensors")
    forge(folder, "grains.safetensors")
    with pytest.raises(CodebookError, match="10 spectra, 64 table rows"):
        vqsynth.load(folder)


@pytest.mark.parametrize(("key", "value"), [("sr", "fast"), ("n_fft", 1000), ("hop_length", 0), ("files", []),
                                            ("descriptors", [1]), ("name", None), ("format", True), ("format", 0),
                                            ("sr", True), ("descriptors", [{"name": [], "unit": "", "scale": ""}]),
                                            ("descriptors", [{"name": "x", "unit": 1, "scale": "linear"}]),
                                            ])  # fmt: skip
def test_load_card_with_nonsense_is_refused(folder: Path, key: str, value: object) -> None:
    change_card(folder, **{key: value})
    with pytest.raises(CodebookError):
        vqsynth.load(folder)


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 4000, "a\0b", "", "no/such"])
def test_load_a_name_that_is_no_codebook_is_a_codebook_error(name: str) -> None:
    with pytest.raises(CodebookError, match="no codebook"):
        vqsynth.load(name)


def test_list_codebooks_takes_a_single_folder(folder: Path) -> None:
    assert [b.name for b in vqsynth.list_codebooks(folder)] == [b.name for b in vqsynth.list_codebooks([str(folder)])]


def test_load_pickles_are_not_opened(folder: Path, tmp_path: Path) -> None:
    import pickle

    class Bomb:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
            return (Path.touch, (tmp_path / "exploded",))

    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    forge(folder, "model.safetensors")
    with pytest.raises(CodebookError, match="damaged"):
        vqsynth.load(folder)
    assert not (tmp_path / "exploded").exists()


def test_load_unknown_name_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match="no codebook 'theremin'"):
        vqsynth.load("theremin")
    with pytest.raises(CodebookError, match=r"no card\.json"):
        vqsynth.load(tmp_path)


def test_list_codebooks_finds_folders_and_those_inside(folder: Path) -> None:
    for where in (folder, folder.parent):
        assert "thirds" in [book.name for book in vqsynth.list_codebooks([where])]


def test_follow_demands_are_met_by_the_table(book: Codebook) -> None:
    path = book.follow(centroid="line(p20,p80)", loudness=-25, seconds=1.0, method="nearest")
    asked = np.linspace(*(book.table.percentile("centroid", p) for p in (20, 80)), len(path))
    got = book.table.column("centroid")[path.codes]
    assert np.abs(np.log2(got / asked)).max() < 0.4
    np.testing.assert_allclose(path.gain_db + book.table.column("loudness")[path.codes], -25, atol=1e-3)


def test_follow_loudness_alone_holds_the_most_used_code(book: Codebook) -> None:
    path = book.follow(loudness="line(-40,-10)", seconds=0.5)
    assert set(path.codes) == {63}


@pytest.mark.parametrize("seconds", [0, -1, 36000, float("nan"), float("inf"), 1e-9])
def test_follow_impossible_duration_is_refused(book: Codebook, seconds: float) -> None:
    with pytest.raises(ParameterError, match="seconds must be above 0 and at most 3600"):
        book.follow(centroid=1000, seconds=seconds)


def test_follow_unknown_descriptor_lists_the_known(book: Codebook) -> None:
    with pytest.raises(ParameterError, match="centroid"):
        book.follow(gloom=1000, seconds=1)


def test_render_over_full_scale_warns_and_does_not_clip(book: Codebook) -> None:
    path = book.follow(centroid="p50", loudness=3, seconds=0.5)
    with pytest.warns(VqsynthWarning, match="turned down"):
        y = book.render(path)
    assert np.abs(y).max() == pytest.approx(1, abs=1e-6)


def test_render_path_of_another_codebook_is_refused(book: Codebook) -> None:
    path = book.follow(centroid=1000, seconds=0.2)
    from dataclasses import replace

    with pytest.raises(CodebookError, match="made with codebook 'thirds' of hash 00000000"):
        book.render(replace(path, sha256="0" * 64))


def test_traverse_goes_up_and_leaves_out_what_has_no_value(book: Codebook) -> None:
    path = book.traverse("pitch", frames_per_code=2)
    values = book.table.column("pitch")[path.codes]
    assert (np.diff(values) >= 0).all()
    assert len(path) == 2 * np.sum(~np.isnan(book.table.column("pitch")))
    down = book.traverse("centroid", descending=True)
    assert (np.diff(book.table.column("centroid")[down.codes]) <= 0).all()


@pytest.mark.parametrize("gain_db", [-40.0, -20.0, 12.0])
def test_encode_level_is_no_part_of_the_codes(book: Codebook, rng: np.random.Generator, gain_db: float) -> None:
    y = (np.cumsum(rng.standard_normal(16000)) / 500).astype(np.float32)
    reference = book.encode(y, 16000)
    other = book.encode(y * np.float32(10 ** (gain_db / 20)), 16000)
    audible = reference.gain_db > -70 - gain_db
    np.testing.assert_array_equal(other.codes[audible], reference.codes[audible])
    np.testing.assert_allclose((other.gain_db - reference.gain_db)[audible], gain_db, atol=1e-3)


def test_encode_gain_is_the_level_of_the_sound(book: Codebook) -> None:
    y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000).astype(np.float32)
    path = book.encode(y, 16000)
    assert np.median(path.gain_db) == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.05)


@pytest.mark.parametrize("sr", [8000, 22050, 48000, 192000])
def test_encode_any_rate_keeps_the_duration(book: Codebook, sr: int) -> None:
    path = book.encode(np.zeros((sr // 2, 8), np.float32) + 0.1, sr)
    assert path.n_samples == 8000


def test_encode_silence_decodes_to_silence(book: Codebook) -> None:
    path = book.encode(np.zeros(5000, np.float32), 16000)
    assert (path.gain_db == -120).all()
    assert not book.render(path).any()


def test_encode_one_sample_is_a_sound(book: Codebook) -> None:
    assert len(book.render(book.encode(np.array([0.5], np.float32), 16000))) == 1


@pytest.mark.parametrize(("y", "message"), [([], "at least one sample"), ([0.0, np.nan], "NaN"), ([np.inf], "NaN")])
def test_encode_what_is_no_sound_is_refused(book: Codebook, y: list[float], message: str) -> None:
    with pytest.raises(AudioError, match=message):
        book.encode(np.array(y, np.float32), 16000)


def check_that_paths_of_both_play_with_both(book: Codebook, wider: Codebook) -> None:
    """Paths know a codebook by its spectra; those of versions that knew it by the hash of their file play too."""
    assert wider.card["files"] != book.card["files"] and wider.sha256 == book.sha256
    y = book.render(book.follow(centroid=900, seconds=0.2))
    old = replace(book.follow(centroid=900, seconds=0.2), sha256=book.card["files"]["grains.safetensors"])
    for path in (wider.follow(centroid=900, seconds=0.2), old):
        for either in (book, wider):
            np.testing.assert_array_equal(either.render(path), y)
    assert len(wider.render(old, replace(old, sha256=wider.sha256))) == len(y)
    newer = replace(old, sha256=wider.card["files"]["grains.safetensors"])
    assert len(wider.render(newer)) == len(y)
    with pytest.raises(CodebookError, match="made with codebook"):
        book.render(newer)


def test_sha256_is_that_of_the_spectra_and_their_grid(book: Codebook) -> None:
    magnitudes = book.spectra.magnitudes.copy()
    magnitudes[3, 5] += 0.01
    louder = replace(book, spectra=replace(book.spectra, magnitudes=magnitudes))
    slower = replace(book, spectra=replace(book.spectra, grid=replace(book.grid, hop_length=128)))
    assert len({book.sha256, louder.sha256, slower.sha256}) == 3
    assert replace(book, transitions=np.array([[0, 1, 5]])).sha256 == book.sha256


def test_measured_again_has_the_users_descriptor(book: Codebook, tmp_path: Path) -> None:
    before = dict(REGISTRY)
    try:

        @descriptor("highs", unit="dB")
        def highs(sound: Analysis) -> Sound:
            high = sound.magnitude[..., sound.grid.frequencies_hz > 4000]
            return 20 * np.log10(high.sum(-1) / sound.magnitude.sum(-1))

        wider = book.measured_again().measured_again()
        wider.save(tmp_path / "wider")
    finally:
        REGISTRY.clear()
        REGISTRY.update(before)
    again = vqsynth.load(tmp_path / "wider")
    check_that_paths_of_both_play_with_both(book, again)
    assert again.table.names[-1] == "highs" and again.table.units[-1] == "dB"
    assert np.corrcoef(again.table.column("highs"), again.table.column("centroid"))[0, 1] > 0.5
    assert len(again.follow(highs="p50", seconds=0.3)) > 1


@pytest.mark.parametrize("seconds", ["3", None, 1j])
def test_follow_a_duration_that_is_no_number_is_refused(book: Codebook, seconds: object) -> None:
    with pytest.raises(ParameterError, match="seconds must be"):
        book.follow(centroid=900, seconds=seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize(("choice", "message"), [({"method": "x"}, "method"), ({"smoothness": -1}, "smoothness"),
                                                 ({"weights": {"centroid": 1}}, "needs a target")])  # fmt: skip
def test_follow_loudness_alone_checks_its_options_too(book: Codebook, choice: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        book.follow(loudness=-20, seconds=1, **choice)


def test_render_more_than_an_hour_is_refused_before_it_fills_the_memory(book: Codebook) -> None:
    path = book.follow(centroid=900, seconds=1)
    n_frames = 3601 * 16000 // 256
    codes, gain_db = np.zeros(n_frames, np.int64), np.zeros(n_frames)
    with pytest.raises(ParameterError, match="longer than an hour"):
        book.render(replace(path, n_samples=n_frames * 256 - 1, codes=codes, gain_db=gain_db))


def test_render_with_a_negative_seed_is_refused(book: Codebook) -> None:
    with pytest.raises(ParameterError, match="seed must be"):
        book.render(book.follow(centroid=900, seconds=0.1), seed=-1)
