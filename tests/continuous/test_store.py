"""Continuous models on disk: the way there and back, and every damage that a folder can take."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import vqsynth
from tests.continuous.small import SR, make_small_model, make_sound
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.store import find_model, list_models, load, models_at_hand
from vqsynth.errors import CodebookError, ModelError, VqsynthWarning

FILES = ("vae.safetensors", "vocoder-magnitude.safetensors", "vocoder-melgan.safetensors")


@pytest.fixture(scope="module")
def model() -> ContinuousModel:
    return make_small_model(vocoders=("magnitude", "melgan"))


@pytest.fixture(scope="module")
def saved(model: ContinuousModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    model.save(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(saved, tmp_path / "small é"))


def change_card(folder: Path, **changes: object) -> None:
    """Edit the card as a person would who removes its own hash."""
    card = json.loads((folder / "card.json").read_text())
    del card["card_sha256"]
    (folder / "card.json").write_text(json.dumps(card | changes))


def change_arrays(folder: Path, name: str, change: Callable[[dict[str, np.ndarray]], object]) -> None:
    """Edit the arrays of a file, and put its new hash on the card."""
    arrays = load_file(folder / name)
    change(arrays)
    save_file(arrays, folder / name)
    files = json.loads((folder / "card.json").read_text())["files"]
    change_card(folder, files=files | {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()})


def test_save_and_load_return_the_same_model(model: ContinuousModel, folder: Path) -> None:
    again = load(folder)
    assert again.card == model.card and again.sha256 == model.sha256 and again.grid == model.grid
    assert again.vocoders == ("magnitude", "melgan", "griffin-lim")
    path = again.encode(make_sound(), SR)
    np.testing.assert_array_equal(path.components, model.encode(make_sound(), SR).components)
    for name in again.vocoders:
        np.testing.assert_array_equal(again.decode(path, vocoder=name), model.decode(path, vocoder=name))


def test_save_twice_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    load(folder).save(tmp_path / "again")
    assert sorted(p.name for p in folder.iterdir()) == sorted(["card.json", *FILES])
    for file in folder.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


def test_save_keeps_weights_in_two_bytes_and_statistics_in_four(folder: Path) -> None:
    arrays = load_file(folder / "vae.safetensors") | load_file(folder / "vocoder-magnitude.safetensors")
    exact = {name for name, values in arrays.items() if values.dtype == np.float32}
    assert all(values.dtype in (np.float16, np.float32) for values in arrays.values())
    assert exact == {name for name in arrays if name.startswith(("components.", "loudness.")) or "band_" in name}
    assert {"components.axes", "loudness.quantiles_db", "vae.band_mean"} <= exact


def test_save_over_something_else_is_refused(model: ContinuousModel, book_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "song.txt").write_text("la")
    with pytest.raises(ModelError, match="holds something that is not a continuous model"):
        model.save(tmp_path)
    with pytest.raises(ModelError, match="is a file; name a folder for the continuous model"):
        model.save(tmp_path / "song.txt")
    with pytest.raises(ModelError, match="holds something that is not a continuous model"):
        model.save(book_folder)
    assert len(vqsynth.load(book_folder)) == 64


@pytest.mark.parametrize("name", ["card.json", *FILES])
@pytest.mark.parametrize("damage", ["missing", "truncated", "bit flipped"])
def test_load_damaged_file_names_it(folder: Path, name: str, damage: str) -> None:
    file = folder / name
    data = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    else:
        data[len(data) // 3] ^= 0xFF if name == "card.json" else 4
        file.write_bytes(data if damage == "bit flipped" else data[: len(data) // 2])
    with pytest.raises(ModelError, match=r"card\.json" if name == "card.json" and damage == "missing" else name):
        load(folder)


def test_load_vocoder_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    make_small_model("other", seed=1).save(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "vae.safetensors", folder)
    with pytest.raises(ModelError, match=r"vae\.safetensors' is damaged or belongs to another continuous model"):
        load(folder)


def test_load_newer_format_asks_for_an_update(folder: Path) -> None:
    change_card(folder, format=2)
    with pytest.raises(ModelError, match="has format 2, this version of vqsynth reads up to 1; update"):
        load(folder)


@pytest.mark.parametrize("name", FILES)
def test_load_weights_with_nan_are_refused(folder: Path, name: str) -> None:
    first = sorted(load_file(folder / name))[0]
    change_arrays(folder, name, lambda arrays: arrays[first].flat.__setitem__(0, np.nan))
    with pytest.raises(ModelError, match=f"NaN or infinite values in '{first}'"):
        load(folder)


@pytest.mark.parametrize("name", ["components.axes", "components.scales", "loudness.quantiles_db"])
def test_load_without_components_or_loudness_is_refused(folder: Path, name: str) -> None:
    change_arrays(folder, "vae.safetensors", lambda arrays: arrays.pop(name))
    with pytest.raises(ModelError, match=r"small é' cannot be used: .* get a complete copy"):
        load(folder)


@pytest.mark.parametrize(("part", "file"), [("VAE", FILES[0]), ("vocoder 'magnitude'", FILES[1])])
def test_decode_with_weights_that_are_missing_is_refused(folder: Path, part: str, file: str) -> None:
    """What networks look like is known where torch is loaded: not when a model is listed."""
    name = sorted(name for name in load_file(folder / file) if name.endswith("entry.weight"))[0]
    change_arrays(folder, file, lambda arrays: arrays.pop(name))
    model = load(folder)
    with pytest.raises(ModelError, match=f"the weights of the {part} do not fit its config"):
        model.decode(model.encode(make_sound(0.2), SR))


@pytest.mark.parametrize(("key", "value"), [("name", None), ("grid", {}), ("grid", []), ("vae", {"latents": 6}),
                                            ("vae", {"latents": 99, "n_mels": 24}), ("vocoders", []), ("vocoder", 1),
                                            ("vocoders", {"melgan": {}}), ("vocoders", {"magnitude": 3}),
                                            ("vocoder", "harp"), ("vocoders", {"../x": {}}), ("files", None),
                                            ("kind", "novel"), ("format", True), ("grid", {"sr": "fast"}),
                                            ])  # fmt: skip
def test_load_card_with_nonsense_is_refused(folder: Path, key: str, value: object) -> None:
    change_card(folder, **{key: value})
    with pytest.raises(ModelError, match=r"small é"):
        load(folder)


def test_load_card_with_any_bit_flipped_is_refused(folder: Path, rng: np.random.Generator) -> None:
    data = (folder / "card.json").read_bytes()
    for place in [data.index(b"8000") + 1, *rng.integers(data.index(b"card_sha256"), size=200)]:
        damaged = bytearray(data)
        damaged[place] ^= 1
        (folder / "card.json").write_bytes(damaged)
        with pytest.raises(ModelError, match=r"card\.json"):
            load(folder)


def test_load_pickles_are_not_opened(folder: Path, tmp_path: Path) -> None:
    import pickle

    class Bomb:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
            return (Path.touch, (tmp_path / "exploded",))

    (folder / FILES[1]).write_bytes(pickle.dumps(Bomb()))
    files = json.loads((folder / "card.json").read_text())["files"]
    change_card(folder, files=files | {FILES[1]: hashlib.sha256((folder / FILES[1]).read_bytes()).hexdigest()})
    with pytest.raises(ModelError, match="damaged"):
        load(folder)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "", "no/such", "theremin"])
def test_load_a_name_that_is_no_model_says_what_there_is(name: str) -> None:
    with pytest.raises(ModelError, match=r"no continuous model .*name a shipped one or the folder of one"):
        load(name)


def test_load_a_folder_of_something_else_says_what_it_is(book_folder: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"it has no card\.json"):
        load(tmp_path / "empty")
    with pytest.raises(ModelError, match=r"not a continuous model's card.*so it is a codebook's"):
        load(book_folder)
    with pytest.raises(CodebookError, match=r"not a codebook's card: its kind is 'continuous'"):
        vqsynth.load(folder)


def test_list_models_finds_folders_and_those_inside_and_no_codebooks(folder: Path, book_folder: Path) -> None:
    shutil.copytree(book_folder, folder.parent / "thirds")
    shipped = [path.name for path in models_at_hand()]
    for where in (folder, folder.parent, str(folder.parent)):
        assert [m.card["name"] for m in list_models(where)][len(shipped) :] == ["small"]
    assert "small" not in [book.name for book in vqsynth.list_codebooks([folder.parent])]
    with pytest.raises(ModelError, match="is not a folder; name one that holds continuous models"):
        list_models(folder / "card.json")


def test_find_model_takes_a_folder_by_its_path(folder: Path) -> None:
    assert find_model(folder) == folder == find_model(str(folder))


def test_load_and_list_do_not_import_torch(folder: Path) -> None:
    program = (
        "import sys\nfrom vqsynth import continuous\n"
        f"continuous.load({str(folder)!r}); continuous.list_models({str(folder)!r})\n"
        "continuous.ContinuousModel, continuous.LatentPath, continuous.bend, continuous.morph, continuous.walk_plane\n"
        "print('loaded:', *sorted({'torch', 'librosa', 'sklearn', 'matplotlib', 'scipy.signal'} & set(sys.modules)))"
    )
    root = Path(__file__).parent.parent.parent
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=False)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "loaded:", "")


@pytest.mark.parametrize("sizes", [{"width": 4096, "kernel": 16, "blocks": 10}, {"width": 17}, {"kernel": 4}])
def test_vae_of_sizes_that_the_weights_have_not_is_refused_at_once(folder: Path, sizes: dict[str, int]) -> None:
    """The first would take 22 GB."""
    change_card(folder, vae=json.loads((folder / "card.json").read_text())["vae"] | sizes)
    with pytest.raises(ModelError, match="the weights of the VAE do not fit its config"):
        _ = load(folder).vae


@pytest.mark.parametrize("sizes", [{"width": 4096, "kernel": 16, "blocks": 16}, {"blocks": 17}, {"kernel": True}])
def test_vocoder_of_sizes_that_the_weights_have_not_is_refused_at_once(folder: Path, sizes: dict[str, int]) -> None:
    change_card(folder, vocoders=dict.fromkeys(("magnitude", "melgan"), sizes))
    with pytest.raises(ModelError, match=r"do not fit its config|may hold whole numbers"):
        load(folder).make_vocoder("melgan")


def test_load_a_model_with_a_vocoder_that_is_gone_plays_with_the_others(saved: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved, tmp_path / "old"))
    card = json.loads((folder / "card.json").read_text())
    (folder / "vocoder-melgan.safetensors").rename(folder / "vocoder-istft.safetensors")
    files = {name.replace("melgan", "istft"): value for name, value in card["files"].items()}
    change_card(
        folder, vocoders={"istft": {}, "magnitude": card["vocoders"]["magnitude"]}, vocoder="istft", files=files
    )
    with pytest.warns(
        VqsynthWarning, match="vocoder 'istft' of model .* is played no more, 'magnitude' takes its place"
    ):
        model = load(folder)
    assert model.vocoders == ("magnitude", "griffin-lim") and model.card["vocoder"] == "magnitude"
    assert (folder / "vocoder-istft.safetensors").is_file()
