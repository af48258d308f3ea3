from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tests.continuous.small import GRID, make_small_model
from tests.training.continuous.sound_files import VAE_SIZES, flatten_all, small_corpus, write_sounds
from vqsynth.continuous.vae import VAE
from vqsynth.sound.descriptors import measure
from vqsynth.sound.distances import Distances, compare_sounds
from vqsynth.training.continuous import figures
from vqsynth.training.continuous.corpus import MelCorpus, load_mels
from vqsynth.training.continuous.decoded import encode_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> MelCorpus:
    return small_corpus(tmp_path_factory.mktemp("sounds"), transpose=1)


def measure_corpus(corpus: MelCorpus, name: str) -> np.ndarray:
    """Measure a descriptor of all frames, sound by sound; what has no value is 0."""
    parts = []
    for first, end in corpus.pieces:
        n_samples = int(end - first - 1) * GRID.frames.hop_length + 1
        parts.append(measure(corpus.sounds(np.array([first]), n_samples)[0], GRID.frames, [name])[name])
    return np.nan_to_num(np.concatenate(parts))


def test_describe_components_finds_the_descriptor_that_a_component_is_made_of(corpus: MelCorpus) -> None:
    centroid_hz, flatness_db = (measure_corpus(corpus, name) for name in ("centroid", "flatness"))
    noise = np.random.default_rng(0).standard_normal(len(centroid_hz))
    made = np.stack([-np.log2(np.maximum(centroid_hz, 1)), flatness_db, noise], axis=1).astype(np.float32)
    brightness, noisiness, nothing = figures.describe_components(corpus, made)
    assert brightness == {"component": 1, "descriptor": "centroid", "correlation": pytest.approx(-1, abs=0.01)}
    assert noisiness == {"component": 2, "descriptor": "flatness", "correlation": pytest.approx(1, abs=0.01)}
    assert abs(nothing["correlation"]) < 0.3


def test_regress_loudness_reads_it_where_it_is_and_not_where_it_is_not(tmp_path: Path) -> None:
    """A sound that gets brighter as it gets louder, through an encoder of random weights, and of none."""
    vae, sr = VAE(VAE_SIZES), GRID.frames.sr
    t = np.arange(4 * sr) / sr
    for i, path in enumerate(paths := [tmp_path / f"{i}.wav" for i in range(2)]):
        louder = 0.5 - 0.5 * np.cos(2 * np.pi * (i + 1) * t / 4)
        y = np.sin(2 * np.pi * 220 * t) * (0.01 + louder) + louder**2 * np.sin(2 * np.pi * 2200 * t)
        soundfile.write(path, 0.2 * y, sr, subtype="FLOAT")
    told = load_mels([paths[0]], GRID)
    flattening = flatten_all(told)
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)) / 4)
    told_r2 = figures.regress_loudness(vae, encode_corpus(vae, told), told, flattening, paths[1:])
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.zero_()
    deaf_r2 = figures.regress_loudness(vae, encode_corpus(vae, told), told, flattening, paths[1:])
    assert told_r2 is not None and deaf_r2 is not None
    assert told_r2 > 0.5 and deaf_r2 < 0.05
    assert figures.regress_loudness(vae, encode_corpus(vae, told), told, flattening, []) is None


def test_measure_vocoders_decodes_the_beginning_of_every_file_with_each(tmp_path: Path) -> None:
    model = make_small_model(vocoders=("magnitude", "melgan"))
    paths = write_sounds(tmp_path / "sounds", 2)
    measured = figures.measure_vocoders(model, paths, seconds=1.0)
    assert set(measured) == {"magnitude", "melgan", "griffin-lim"}
    assert set(measured["melgan"]) == {"sounds/sound00.wav", "sounds/sound01.wav"}
    y = soundfile.read(paths[0], dtype="float32")[0][:8000]
    decoded = model.render(model.encode(y, 8000), vocoder="melgan")
    assert measured["melgan"]["sounds/sound00.wav"] == compare_sounds(y, decoded, sr=8000)


def test_choose_vocoder_takes_the_nearest_of_the_trained_ones() -> None:
    far, near, best = Distances(8.0, 0.5, 3.0), Distances(6.0, 0.4, 2.5), Distances(1.0, 0.1, 0.1)
    measured = {"magnitude": {"a": far}, "melgan": {"a": near}, "griffin-lim": {"a": best}}
    assert figures.choose_vocoder(measured, ["magnitude", "melgan"]) == "melgan"
    assert figures.choose_vocoder({"magnitude": {}, "melgan": {}}, ["magnitude", "melgan"]) == "magnitude"
