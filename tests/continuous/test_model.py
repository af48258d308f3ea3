"""A model of random weights: what holds whatever it has learned."""

from dataclasses import replace

import numpy as np
import pytest

from tests.continuous.small import GRID, LATENTS, SR, make_small_model, make_sound
from vqsynth.continuous.bounds import LARGEST_MEL, bound_mel
from vqsynth.continuous.latents import LatentPath
from vqsynth.continuous.model import ContinuousModel
from vqsynth.errors import AudioError, ModelError, ParameterError, VqsynthWarning
from vqsynth.sound.loudness import k_weight
from vqsynth.sound.mel import EPS, SILENT_LUFS, analyse_sound

TRAINED = ("magnitude", "melgan")
EVERY = (*TRAINED, "griffin-lim")


@pytest.fixture(scope="module")
def model() -> ContinuousModel:
    return make_small_model(vocoders=TRAINED)


@pytest.fixture(scope="module")
def path(model: ContinuousModel) -> LatentPath:
    return model.encode(make_sound(1.0), SR)


def test_encode_twice_gives_the_same_path(model: ContinuousModel, path: LatentPath) -> None:
    again = model.encode(make_sound(1.0), SR)
    np.testing.assert_array_equal(again.components, path.components)
    np.testing.assert_array_equal(again.loudness_db, path.loudness_db)


def test_encode_components_vary_by_one_over_the_corpus_and_do_not_correlate(model: ContinuousModel) -> None:
    """They are principal components of this very sound, but for rounding and the frames where its parts meet."""
    y = np.concatenate([make_sound(2.0, seed=i) for i in range(3)])
    components = model.encode(y, SR).components
    np.testing.assert_allclose(np.cov(components), np.eye(LATENTS), atol=0.02)
    np.testing.assert_allclose(components.mean(axis=1), 0, atol=0.02)


@pytest.mark.parametrize("gain_db", [-30.0, -6.0, 12.0])
def test_encode_level_moves_the_loudness_alone(model: ContinuousModel, path: LatentPath, gain_db: float) -> None:
    louder = model.encode(make_sound(1.0) * np.float32(10 ** (gain_db / 20)), SR)
    np.testing.assert_allclose(louder.loudness_db - path.loudness_db, gain_db, atol=1e-3)
    np.testing.assert_allclose(louder.components, path.components, atol=1e-3)


@pytest.mark.parametrize("sr", [8000, 22050, 48000, 192000])
def test_encode_any_rate_and_channels_keep_the_duration(model: ContinuousModel, sr: int) -> None:
    path = model.encode(np.zeros((sr // 2, 8), np.float32) + 0.1, sr)
    assert path.n_samples == 4000 and len(path) == GRID.frames.count(4000)


def test_encode_of_the_same_sound_at_a_higher_rate_is_nearly_the_same(model: ContinuousModel) -> None:
    from vqsynth.sound.audio import resample

    t = np.arange(SR) / SR
    y = (0.2 * np.sin(2 * np.pi * 300 * t) + 0.1 * np.sin(2 * np.pi * 700 * t)).astype(np.float32)
    low, high = model.encode(y, SR), model.encode(resample(y, orig_sr=SR, sr=44100), 44100)
    np.testing.assert_allclose(low.loudness_db[8:-8], high.loudness_db[8:-8], atol=0.05)
    np.testing.assert_allclose(low.components[:, 8:-8], high.components[:, 8:-8], atol=0.1)


@pytest.mark.parametrize(
    ("y", "message"),
    [([], "at least one sample"), ([0.0, np.nan], "NaN"), ([np.inf], "NaN or infinite"), ([1e9, 0.0], "full scale")],
)
def test_encode_what_is_no_sound_is_refused(model: ContinuousModel, y: list[float], message: str) -> None:
    with pytest.raises(AudioError, match=message):
        model.encode(np.array(y, np.float32), SR)


@pytest.mark.parametrize("sr", [0, -8000, 500, 8000.5, 10**7])
def test_encode_at_an_impossible_rate_is_refused(model: ContinuousModel, sr: int) -> None:
    with pytest.raises(ParameterError, match="orig_sr must be a whole number from 1000 to 768000 Hz"):
        model.encode(make_sound(0.1), sr)


@pytest.mark.parametrize("vocoder", EVERY)
def test_decode_lasts_as_long_as_the_sound_and_is_sound(model: ContinuousModel, vocoder: str) -> None:
    for n_samples in (1, 127, 128, 4000):
        y = model.transfer(make_sound(1.0)[:n_samples], SR, vocoder=vocoder)
        assert y.shape == (n_samples,) and y.dtype == np.float32
        assert np.isfinite(y).all() and np.abs(y).max() <= 1


@pytest.mark.parametrize("vocoder", EVERY)
def test_decode_of_silence_is_silence(model: ContinuousModel, vocoder: str) -> None:
    path = model.encode(np.zeros(3000, np.float32), SR)
    assert (path.loudness_db == SILENT_LUFS).all()
    assert not model.decode(path, vocoder=vocoder).any()


def test_decode_with_loudness_drawn_has_that_loudness(model: ContinuousModel, path: LatentPath) -> None:
    """Measured on the sound by the K-weighting filter, not by the model's own analysis."""
    quiet = path.with_values(loudness_db=np.full(len(path), -40.0))
    loud = path.with_values(loudness_db=np.full(len(path), -22.0))
    levels = []
    for drawn in (quiet, loud):
        y = k_weight(model.render(drawn, excitation="refined"), SR)[1000:-1000].astype(np.float64)
        levels.append(-0.691 + 10 * np.log10(np.mean(y**2)))
    assert levels == pytest.approx([-40, -22], abs=1.5)


def test_decode_loudness_reaches_the_decoder_beside_the_latents(model: ContinuousModel, path: LatentPath) -> None:
    """Weights are random here, so the spectrum depends on the loudness; a trained adversary undoes what it can."""
    low, high = (path.with_values(loudness_db=np.full(len(path), db)) for db in (-45.0, -20.0))
    mels = [analyse_sound(model.render(p, vocoder="griffin-lim"), GRID).log_mel[8:-8] for p in (low, high)]
    assert np.abs(mels[0] - mels[1]).mean() > 0.1


def test_render_of_a_path_and_of_its_file_are_the_same(
    model: ContinuousModel, path: LatentPath, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for suffix in ("json", "safetensors"):
        file = tmp_path_factory.mktemp("paths") / f"a.{suffix}"
        path.save(file)
        np.testing.assert_array_equal(model.render(LatentPath.load(file)), model.render(path))


def test_decode_over_full_scale_warns_and_does_not_clip(model: ContinuousModel, path: LatentPath) -> None:
    loud = path.with_values(loudness_db=path.loudness_db + 30)
    assert np.abs(model.render(loud)).max() > 1
    with pytest.warns(VqsynthWarning, match="turned down by"):
        y = model.decode(loud)
    assert np.abs(y).max() == pytest.approx(1, abs=1e-6)


def test_decode_takes_vocoder_excitation_and_seed_from_the_path(model: ContinuousModel, path: LatentPath) -> None:
    named = replace(path, vocoder="magnitude", excitation="noise", seed=3)
    expected = model.decode(path, vocoder="magnitude", excitation="noise", seed=3)
    np.testing.assert_array_equal(model.decode(named), expected)
    assert np.abs(model.decode(named, seed=4) - expected).max() > 1e-3
    assert np.abs(model.decode(named, excitation="coherent") - expected).max() > 1e-3
    np.testing.assert_array_equal(model.decode(path), model.decode(path, vocoder="magnitude", excitation="refined"))


def test_decode_with_another_vocoder_forgets_the_excitation_that_it_has_not(
    model: ContinuousModel, path: LatentPath
) -> None:
    named = replace(path, vocoder="magnitude", excitation="coherent")
    np.testing.assert_array_equal(model.decode(named, vocoder="melgan"), model.decode(path, vocoder="melgan"))
    directed = model.direct(named, vocoder="melgan", seed=None)
    assert (directed.vocoder, directed.excitation, directed.seed) == ("melgan", None, 0)
    assert model.direct(named, vocoder="magnitude").excitation == "coherent"
    with pytest.raises(ParameterError, match="excitation of the vocoder 'melgan' is its own"):
        model.decode(named, vocoder="melgan", excitation="coherent")


@pytest.mark.parametrize("vocoder", EVERY)
def test_decode_of_a_path_bent_beyond_reason_is_finite(model: ContinuousModel, path: LatentPath, vocoder: str) -> None:
    rng = np.random.default_rng(0)
    wild = path.with_values(components=rng.uniform(-1e6, 1e6, path.components.shape))
    assert np.isfinite(model.decode(wild, vocoder=vocoder)).all()


def test_bound_mel_leaves_real_sounds_alone(rng: np.random.Generator) -> None:
    t = np.arange(2 * SR) / SR
    for y in (np.sin(2 * np.pi * 40 * t), np.sin(2 * np.pi * 3000 * t), rng.standard_normal(2 * SR), np.ones(2 * SR)):
        log_mel = analyse_sound(y.astype(np.float32), GRID).log_mel
        np.testing.assert_array_equal(bound_mel(log_mel), log_mel)
        assert log_mel.max() < LARGEST_MEL / 2
    assert bound_mel(np.array([-99, 99], np.float32)) == pytest.approx([np.log(EPS), LARGEST_MEL])


def test_check_path_of_another_model_is_refused(model: ContinuousModel) -> None:
    foreign = make_small_model("other", seed=1).encode(make_sound(0.2), SR)
    for use in (model.check_path, model.decode):
        with pytest.raises(ModelError, match=rf"made with model 'other' of hash {foreign.sha256[:8]}, this is 'small'"):
            use(foreign)


def test_check_path_of_the_same_model_with_another_vocoder_is_accepted(model: ContinuousModel) -> None:
    """A vocoder can be trained later: the paths that were bent meanwhile stay."""
    before = make_small_model()
    assert before.sha256 == model.sha256 and before.vocoders != model.vocoders
    model.decode(before.encode(make_sound(0.2), SR))


def test_check_path_of_wrong_size_is_refused(model: ContinuousModel, path: LatentPath) -> None:
    wide = path.with_values(components=np.zeros((LATENTS + 1, len(path))))
    other_sr = replace(path, sr=44100)
    for wrong in (wide, other_sr):
        with pytest.raises(ModelError, match=r"the latent path has \d components at .*; model 'small' has 6, 8000 Hz"):
            model.decode(wrong)


def test_decode_with_a_vocoder_or_excitation_there_is_not_says_which_there_are(
    model: ContinuousModel, path: LatentPath
) -> None:
    with pytest.raises(ParameterError, match=r"must be one of magnitude, melgan, griffin-lim \(got 'harp'\)"):
        model.decode(path, vocoder="harp")
    with pytest.raises(ParameterError, match="excitation of the vocoder 'magnitude' must be one of refined, coherent"):
        model.decode(path, excitation="steam")
    with pytest.raises(ParameterError, match="seed must be a whole number"):
        model.decode(path, seed=-1)


def test_decode_more_than_an_hour_is_refused_before_it_fills_the_memory(
    model: ContinuousModel, path: LatentPath
) -> None:
    n_frames = 3601 * SR // 128
    values = {"components": np.zeros((LATENTS, n_frames)), "loudness_db": np.zeros(n_frames)}
    with pytest.raises(ParameterError, match="longer than an hour"):
        model.decode(replace(path, n_samples=n_frames * 128 - 1, **values))


def test_build_rounds_weights_to_what_is_stored_and_refuses_those_that_are_none(model: ContinuousModel) -> None:
    parts = {"name": "x", "grid": model.grid, "vae_config": model.card["vae"], "components": model.components}
    parts |= {"flattening": model.flattening, "card": {}}
    exact = {name: values.astype(np.float32) * np.float32(1.0001) for name, values in model.vae_state.items()}
    built = ContinuousModel.build(**parts, vae_state=exact, vocoders={})
    assert built.vocoders == ("griffin-lim",) and built.card["vocoder"] == "griffin-lim"
    assert {values.dtype for name, values in built.vae_state.items() if "band" not in name} == {np.dtype(np.float16)}
    for bad in (np.nan, np.inf, 1e6):
        spoiled = {**exact, "encoder.entry.bias": np.full_like(exact["encoder.entry.bias"], bad)}
        with pytest.raises(ModelError, match=r"weights of the VAE hold NaN .* in 'encoder\.entry\.bias'"):
            ContinuousModel.build(**parts, vae_state=spoiled, vocoders={})
    with pytest.raises(ModelError, match="but a VAE of 7 latents"):
        ContinuousModel.build(**{**parts, "vae_config": {"latents": 7, "n_mels": 24}}, vae_state=exact, vocoders={})
    with pytest.raises(ModelError, match="vocoder of model 'x' must be one of griffin-lim"):
        ContinuousModel.build(**{**parts, "card": {"vocoder": "harp"}}, vae_state=exact, vocoders={})
